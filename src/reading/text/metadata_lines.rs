//! Reads metadata from the lines around the body: byline, dates, agency, publisher, keywords.

use super::{
    Reader,
    lines::Line,
    publisher::{copyright, publisher, tagline},
    wire,
};
use crate::{
    article::{Label, Span},
    enrich::{agencies, byline, dateline, dates, places},
    reading::{Finding, visible_text::visible_text},
};

/// Maximum characters of a date line; a longer line with a date is a sentence about it.
const DATE_LINE_CHARS: usize = 110;
/// Maximum bytes of a byline, however the line begins.
const BYLINE_BYTES: usize = 400;
/// Labels that introduce keywords.
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
/// Labels that introduce the publisher in a line with the date.
const SOURCES: &[&str] = &["来源：", "来源:", "來源：", "Source: ", "Quelle: "];

/// The position of a line relative to the headline and the body.
pub struct Zone {
    pub before_headline: bool,
    pub before_body: bool,
}

impl Reader<'_> {
    /// Labels a line outside the body that is not boilerplate.
    pub(super) fn around(&mut self, line: &Line<'_>, zone: &Zone, neighbours: [Option<&str>; 2]) {
        if self.mark(line) || self.foot(line, zone) {
            return;
        }
        if zone.before_headline {
            self.part(line.span, Label::Removed, "above the headline");
            return;
        }
        if !zone.before_body {
            self.part(line.span, Label::Removed, "after the story");
            return;
        }
        let dated = neighbours.iter().flatten().any(|neighbour| is_date_line(neighbour));
        if self.page.authors.is_none()
            && dated
            && let Some(names) = byline::bare(line.text)
        {
            self.page.authors = Some(Finding::new(names, line.span, "byline-beside-date"));
            self.part(line.span, Label::Mined, "byline");
        } else if self.page.dateline.is_none()
            && is_place(line.text)
            && neighbours[1].is_some_and(super::prose::is_prose)
        {
            self.page.dateline = Some(Finding::new(visible_text(line.text), line.span, "dateline-alone"));
            self.part(line.span, Label::Mined, "dateline");
        } else if self.page.deck.is_none() && line.text.split_whitespace().count() >= 6 && !self.has_byline_or_date() {
            self.page.deck = Some(Finding::new(visible_text(line.text), line.span, "deck-under-headline"));
            self.part(line.span, Label::Kept, "deck");
        } else {
            self.part(line.span, Label::Removed, "between headline and story");
        }
    }

    /// Whether a byline or a date was already read: a line after them is not a deck.
    fn has_byline_or_date(&self) -> bool {
        self.page.authors.is_some() || self.page.published.is_some()
    }

    /// Reads a line that states the author, the date or the agency. Returns whether it was one.
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
            self.page.publisher.get_or_insert(Finding::new(publisher(&visible_text(name)), span, "source-line"));
        }
        true
    }

    /// Reads a byline, alone on its line or next to the date. Returns whether there was one.
    fn byline(&mut self, line: &Line<'_>) -> bool {
        if line.text.len() > BYLINE_BYTES {
            return false;
        }
        let before_date = dates::stated(line.text).map_or(line.text, |stated| &line.text[..stated.range.start]);
        let mut parts =
            line.text.split(['|', '·', '•']).flat_map(|part| part.split("  ")).map(str::trim).chain([before_date]);
        let Some(names) = parts.find_map(byline::line) else { return false };
        self.page.authors.get_or_insert(Finding::new(names, line.span, "byline"));
        true
    }

    /// Reads a footer line that names the publisher or the keywords. Returns whether it was one.
    fn foot(&mut self, line: &Line<'_>, zone: &Zone) -> bool {
        let named = tagline(line.text)
            .map(|tagline| (tagline, "tagline"))
            .or_else(|| copyright(line.text).map(|copyright| (copyright, "copyright-line")));
        if let Some((name, rule)) = named {
            let span = Span { start: line.span.start + name.start, end: line.span.start + name.end };
            let name = visible_text(&line.text[name]);
            match &mut self.page.publisher {
                Some(finding) if finding.value.name != name => finding.alternatives.push(name),
                Some(finding) => finding.spans.push(span),
                None => self.page.publisher = Some(Finding::new(publisher(&name), span, rule)),
            }
            self.part(line.span, Label::Mined, "publisher");
            return true;
        }
        let Some((start, words)) = after_any(line.text, KEYWORDS).filter(|_| !zone.before_headline) else {
            return false;
        };
        let words: Vec<String> =
            words.split([',', ';', '、', '，', '/']).map(visible_text).filter(|word| !word.is_empty()).collect();
        let span = Span { start: line.span.start + start, end: line.span.end };
        self.page.keywords.get_or_insert(Finding::new(words, span, "keyword-line"));
        self.part(line.span, Label::Mined, "keywords");
        true
    }

    /// Labels a line of boilerplate, which may still state the filing time or the publisher.
    pub(super) fn boilerplate(&mut self, line: &Line<'_>, reason: &'static str) {
        let zone = Zone { before_headline: false, before_body: false };
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

/// Whether a line is the capitalised name of a place and nothing else.
fn is_place(text: &str) -> bool {
    let capital = text.chars().next().is_some_and(char::is_uppercase);
    capital
        && text.split_whitespace().count() <= 4
        && (places::city(text, None).is_some() || dateline::place(text).is_some())
}

/// Returns the text after one of the words in a line, up to a double space or the end, and its offset.
fn after_any<'a>(text: &'a str, words: &[&str]) -> Option<(usize, &'a str)> {
    let low = text.to_lowercase();
    words.iter().find_map(|word| {
        let at = low.find(&word.to_lowercase()).filter(|_| low.len() == text.len())?;
        let start = at + word.len();
        let rest = text.get(start..)?;
        let value = rest.split("  ").next().unwrap_or(rest);
        let lead = value.len() - value.trim_start().len();
        let value = value.trim();
        (!value.is_empty()).then_some((start + lead, value))
    })
}
