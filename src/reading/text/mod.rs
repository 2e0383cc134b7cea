//! Flattened text: a page as "select all" gives it, or an agency's copy. Lines are all there is to go by.
//!
//! 1. Furniture is told by its words and its shape.
//! 2. The lines of the story are told by a small model over what lines look like; on a page of few lines, by prose.
//! 3. The headline is weighed among the lines above the story: what the story speaks of, what stands twice, and more.
//! 4. Each line gets its fate: the head of the page is mined for byline, date and agency, the story is kept, the foot is
//!    mined for the publisher, the rest is removed with its reason.

mod features;
mod furniture;
mod headline;
mod lines;
mod marks;
mod model;
pub mod publisher;
mod story;
mod wire;

use super::{Finding, Page, Paragraph, shown::shown};
use crate::{
    article::{Label, Span},
    enrich::dateline,
};
use lines::{Line, Part};

pub use furniture::{by_words_alone, ends_as_sentence, find as furniture};

pub fn read(document: &str) -> Page {
    let lines = lines::lines(document);
    let mut reader = Reader { document, parts: Vec::new(), page: Page::default() };
    reader.read(&lines);
    let Reader { parts, page, .. } = reader;
    Page { pieces: lines::pieces(document, parts), ..page }
}

/// A page of no more lines is a story and little else: agency copy, an entry of a list, a page that was cut out by hand.
const FEW_LINES: usize = 25;
/// The reasons that end a story, when little of the page's prose comes after them.
const ENDS: [&str; 2] = ["related stories", "comments"];

/// A line of a page as the model of stories sees it, for its training: where it stands, and its features.
pub fn examples(document: &str) -> Vec<(Span, Vec<f32>)> {
    let lines = lines::lines(document);
    let is_furniture: Vec<bool> = reasons(&lines).iter().map(Option::is_some).collect();
    let features = features::features(&lines, &is_furniture);
    lines.iter().zip(features).map(|(line, features)| (line.span, features.to_vec())).collect()
}

struct Reader<'a> {
    document: &'a str,
    parts: Vec<Part>,
    page: Page,
}

impl Reader<'_> {
    fn read(&mut self, lines: &[Line<'_>]) {
        let reasons = reasons(lines);
        let mut is_furniture: Vec<bool> = reasons.iter().map(Option::is_some).collect();
        let ends: Vec<bool> = reasons.iter().map(|it| it.is_some_and(|it| ENDS.contains(&it))).collect();
        let mut kept = model::story(&features::features(lines, &is_furniture));
        for (kept, furniture) in kept.iter_mut().zip(&is_furniture) {
            *kept &= !furniture;
        }
        let prose = (0..lines.len()).find(|at| kept[*at] && lines[*at].prose && !furniture::asks(lines[*at].text));
        let starts = prose.or_else(|| kept.iter().position(|it| *it)).or_else(|| story::start(lines, &is_furniture));
        let title = headline::find(lines, &is_furniture, &kept, starts.unwrap_or(lines.len()));
        let mut head = 0;
        if let Some((at, rule)) = title {
            self.headline(&lines[at], rule);
            head = at + 1;
            for ((furniture, kept), line) in is_furniture.iter_mut().zip(&mut kept).zip(lines) {
                *furniture |= line.text == lines[at].text;
                *kept &= line.text != lines[at].text;
            }
        }
        // Where the model sees no story, a short text in whichever language, prose proves itself.
        let extent = story::extent(lines, head, &is_furniture, &ends);
        let by_prose = lines.len() <= FEW_LINES || !kept[head..].iter().any(|it| *it);
        if by_prose {
            kept =
                (0..lines.len()).map(|at| extent.is_some_and(|(first, last)| (first..=last).contains(&at))).collect();
        }
        let first = (head..lines.len()).find(|at| kept[*at]).unwrap_or(lines.len());
        let last = kept.iter().rposition(|it| *it).unwrap_or(lines.len());
        let kinds = match lines.get(first..=last) {
            Some(story) => story::kinds(story, &is_furniture[first..=last]),
            None => Vec::new(),
        };
        for (at, line) in lines.iter().enumerate() {
            let is_headline = title.is_some_and(|(title, _)| title == at);
            if is_headline {
                continue;
            }
            if title.is_some_and(|(title, _)| lines[title].text == line.text) {
                self.part(line.span, Label::Removed, "headline repeated");
            } else if let Some(reason) = reasons[at] {
                self.furniture(line, reason);
            } else if at < first || at > last {
                let zone = marks::Zone { before_headline: at + 1 < head, before_story: at < first };
                let around =
                    [at.checked_sub(1), Some(at + 1)].map(|it| it.and_then(|it| lines.get(it)).map(|it| it.text));
                self.around(line, &zone, around);
            } else if by_prose && kinds[at - first] == story::Kind::Links {
                self.part(line.span, Label::Removed, "list of links");
            } else if kept[at] {
                self.story(line, kinds[at - first]);
            } else if !self.mark(line) {
                self.part(line.span, Label::Removed, "not part of the story");
            }
        }
    }

    fn part(&mut self, span: Span, label: Label, reason: &'static str) {
        self.parts.push(Part { span, label, reason });
    }

    fn headline(&mut self, line: &Line<'_>, rule: &'static str) {
        let mark = headline::update_mark(line.text);
        if mark > 0 {
            let end = line.span.start + mark;
            self.part(Span { start: line.span.start, end }, Label::Removed, "filing mark");
        }
        let span = Span { start: line.span.start + mark, end: line.span.end };
        self.page.headline = Some(Finding::new(shown(&line.text[mark..]), span, rule));
        self.part(span, Label::Kept, "headline");
    }

    /// A line of the story: its first may carry the dateline, and the deck after it.
    fn story(&mut self, line: &Line<'_>, kind: story::Kind) {
        if self.near_the_top() && self.mark(line) {
            return;
        }
        let found =
            if self.page.dateline.is_none() && self.page.body.is_empty() { dateline::find(line.text) } else { None };
        let mut start = line.span.start;
        if let Some(found) = found {
            self.page.deck_before_dateline();
            let within = |it: std::ops::Range<usize>| Span { start: start + it.start, end: start + it.end };
            let printed = within(found.printed);
            if let Some((agency, name)) = found.agency {
                self.page.agency = Some(Finding::new(name.to_owned(), within(agency), "dateline-agency"));
            }
            let text = shown(&self.document[printed.start..printed.end]);
            self.page.dateline = Some(Finding::new(text, printed, "dateline"));
            let story = start + found.story;
            self.part(Span { start, end: story }, Label::Mined, "dateline");
            start = story;
        }
        let span = Span { start, end: line.span.end };
        let text = shown(&self.document[start..line.span.end]);
        let dateline_here = start > line.span.start;
        if dateline_here && self.page.deck.is_none() && story::is_title_case(&text) {
            self.page.deck = Some(Finding::new(text, span, "deck-after-dateline"));
            self.part(span, Label::Kept, "deck");
        } else {
            let reason = if kind == story::Kind::Subheading { "subheading" } else { "story" };
            self.page.body.push(Paragraph { text, spans: vec![span] });
            self.part(span, Label::Kept, reason);
        }
    }

    /// Whether bylines and dates may still come: copy prints them before the story, or after its deck.
    fn near_the_top(&self) -> bool {
        self.page.body.is_empty()
    }
}

/// Where blank lines tell blocks apart, one line in so many opens one.
const BLOCK_LINES: usize = 4;
/// Without blank lines, a list under a heading is no longer than this.
const LIST_LINES: usize = 8;

/// Why each line is furniture, if it is.
fn reasons(lines: &[Line<'_>]) -> Vec<Option<&'static str>> {
    let has_blocks = lines.iter().filter(|it| it.opens_block).count() * BLOCK_LINES >= lines.len();
    let mut block = None;
    let mut listed = 0;
    lines
        .iter()
        .map(|line| {
            listed += 1;
            if line.opens_block || !has_blocks && (line.prose || listed > LIST_LINES) {
                block = None;
            }
            if story::is_credit(line.text) {
                return Some("credits");
            }
            // A title within a list of titles may look like the list's own heading.
            let found = furniture::find(line.text).filter(|_| publisher::tagline(line.text).is_none());
            if let Some(found) = found {
                if found.opens_block {
                    block = Some(found.reason);
                    listed = 0;
                }
                return Some(found.reason);
            }
            block.filter(|_| publisher::copyright(line.text).is_none())
        })
        .collect()
}

#[cfg(test)]
mod tests;
