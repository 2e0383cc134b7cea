//! The lines around the story, mined for what they tell: byline, dates, agency, publisher, keywords.

use super::{
    Reader,
    lines::Line,
    publisher::{copyright, publisher, tagline},
    wire,
};
use crate::{
    article::{Label, Span},
    enrich::{agencies, byline, dateline, dates, places},
    reading::{Finding, shown::shown},
};

/// A line this long that holds a date is a sentence about it and no date line.
const DATE_LINE_CHARS: usize = 110;
/// A line this long is no byline, however it begins.
const BYLINE_BYTES: usize = 400;
/// What introduces keywords.
const KEYWORDS: &[&str] = &[
    "tags:",
    "keywords:",
    "topics:",
    "filed under:",
    "tagged:",
    "mots-clés :",
    "etiquetas:",
    "schlagworte:",
    "标签:",
    "标签：",
    "关键词：",
];
/// What introduces the publisher in a line with the date.
const SOURCES: &[&str] = &["来源：", "来源:", "來源：", "Source: ", "Quelle: "];

/// Where a line stands.
pub struct Zone {
    pub before_headline: bool,
    pub before_story: bool,
}

impl Reader<'_> {
    /// A line outside the story that is no furniture.
    pub(super) fn around(&mut self, line: &Line<'_>, zone: &Zone, neighbours: [Option<&str>; 2]) {
        if self.mark(line) || self.foot(line, zone) {
            return;
        }
        if zone.before_headline {
            self.part(line.span, Label::Removed, "above the headline");
            return;
        }
        if !zone.before_story {
            self.part(line.span, Label::Removed, "after the story");
            return;
        }
        let dated = neighbours.iter().flatten().any(|it| is_date_line(it));
        if self.page.authors.is_none()
            && dated
            && let Some(names) = byline::bare(line.text)
        {
            self.page.authors = Some(Finding::new(names, line.span, "byline-beside-date"));
            self.part(line.span, Label::Mined, "byline");
        } else if self.page.dateline.is_none()
            && is_place(line.text)
            && neighbours[1].is_some_and(super::story::is_prose)
        {
            self.page.dateline = Some(Finding::new(shown(line.text), line.span, "dateline-alone"));
            self.part(line.span, Label::Mined, "dateline");
        } else if self.page.deck.is_none() && line.text.split_whitespace().count() >= 6 && !self.marked_head() {
            self.page.deck = Some(Finding::new(shown(line.text), line.span, "deck-under-headline"));
            self.part(line.span, Label::Kept, "deck");
        } else {
            self.part(line.span, Label::Removed, "between headline and story");
        }
    }

    /// Whether byline or date stood already: what follows them is no deck.
    fn marked_head(&self) -> bool {
        self.page.authors.is_some() || self.page.published.is_some()
    }

    /// A line that says who wrote the story, or when, or for whom. Whether it was one.
    pub(super) fn mark(&mut self, line: &Line<'_>) -> bool {
        if let Some(published) = wire::filed(line.text) {
            let found = Finding::new(published, line.span, "filing-time");
            self.page.published.get_or_insert(found);
            self.part(line.span, Label::Mined, "filing time");
            return true;
        }
        if let Some(name) = agencies::named(line.text) {
            self.page.agency.get_or_insert(Finding::new(name.to_owned(), line.span, "agency-line"));
            self.part(line.span, Label::Mined, "agency");
            return true;
        }
        let dated = self.date_line(line);
        let named = self.byline(line);
        if dated || named {
            self.part(line.span, Label::Mined, if dated { "date line" } else { "byline" });
        }
        dated || named
    }

    fn date_line(&mut self, line: &Line<'_>) -> bool {
        if !is_date_line(line.text) {
            return false;
        }
        let Some(stated) = dates::stated(line.text) else { return false };
        let span = Span { start: line.span.start + stated.range.start, end: line.span.start + stated.range.end };
        if dates::is_of_change(&line.text[..stated.range.start]) {
            self.page.modified.get_or_insert(Finding::new(stated.published, span, "date-line"));
        } else {
            self.page.published.get_or_insert(Finding::new(stated.published, span, "date-line"));
        }
        if let Some((start, name)) = after_any(line.text, SOURCES) {
            let start = line.span.start + start;
            let span = Span { start, end: start + name.len() };
            self.page.publisher.get_or_insert(Finding::new(publisher(&shown(name)), span, "source-line"));
        }
        true
    }

    /// A byline, alone in its line or beside the date.
    fn byline(&mut self, line: &Line<'_>) -> bool {
        if line.text.len() > BYLINE_BYTES {
            return false;
        }
        let before_date = dates::stated(line.text).map_or(line.text, |it| &line.text[..it.range.start]);
        let mut parts =
            line.text.split(['|', '·', '•']).flat_map(|it| it.split("  ")).map(str::trim).chain([before_date]);
        let Some(names) = parts.find_map(byline::line) else { return false };
        self.page.authors.get_or_insert(Finding::new(names, line.span, "byline"));
        true
    }

    /// A line at the foot that names the publisher or the keywords. Whether it was one.
    fn foot(&mut self, line: &Line<'_>, zone: &Zone) -> bool {
        let named = tagline(line.text)
            .map(|it| (it, "tagline"))
            .or_else(|| copyright(line.text).map(|it| (it, "copyright-line")));
        if let Some((name, rule)) = named {
            let span = Span { start: line.span.start + name.start, end: line.span.start + name.end };
            let name = shown(&line.text[name]);
            match &mut self.page.publisher {
                Some(found) if found.value.name != name => found.others.push(name),
                Some(found) => found.spans.push(span),
                None => self.page.publisher = Some(Finding::new(publisher(&name), span, rule)),
            }
            self.part(line.span, Label::Mined, "publisher");
            return true;
        }
        let Some((start, words)) = after_any(line.text, KEYWORDS).filter(|_| !zone.before_headline) else {
            return false;
        };
        let words: Vec<String> =
            words.split([',', ';', '、', '，', '/']).map(shown).filter(|it| !it.is_empty()).collect();
        let span = Span { start: line.span.start + start, end: line.span.end };
        self.page.keywords.get_or_insert(Finding::new(words, span, "keyword-line"));
        self.part(line.span, Label::Mined, "keywords");
        true
    }

    /// A line of furniture, which may name the publisher all the same.
    pub(super) fn furniture(&mut self, line: &Line<'_>, reason: &'static str) {
        let zone = Zone { before_headline: false, before_story: false };
        let filed = self.page.published.is_none() && wire::filed(line.text).is_some();
        if filed && self.mark(line) || copyright(line.text).is_some() && self.foot(line, &zone) {
            return;
        }
        self.part(line.span, Label::Removed, reason);
    }
}

pub fn is_date_line(text: &str) -> bool {
    let prose = super::ends_as_sentence(text) && text.split_whitespace().count() > 8;
    text.chars().any(char::is_numeric)
        && !prose
        && text.chars().count() <= DATE_LINE_CHARS
        && dates::stated(text).is_some()
}

/// A place's name, alone and written as one.
fn is_place(text: &str) -> bool {
    let capital = text.chars().next().is_some_and(char::is_uppercase);
    capital
        && text.split_whitespace().count() <= 4
        && (places::city(text, None).is_some() || dateline::place(text).is_some())
}

/// What follows one of the words in a line, and where: to the end, or to a wide gap.
fn after_any<'a>(text: &'a str, words: &[&str]) -> Option<(usize, &'a str)> {
    let low = text.to_lowercase();
    words.iter().find_map(|it| {
        let at = low.find(&it.to_lowercase()).filter(|_| low.len() == text.len())?;
        let start = at + it.len();
        let rest = text.get(start..)?;
        let value = rest.split("  ").next().unwrap_or(rest);
        let lead = value.len() - value.trim_start().len();
        let value = value.trim();
        (!value.is_empty()).then_some((start + lead, value))
    })
}
