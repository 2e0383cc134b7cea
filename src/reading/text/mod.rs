//! Reads flattened text: a page as "select all" copies it, or an agency's copy. Lines are its only structure.
//!
//! 1. Words and shape identify boilerplate.
//! 2. A small model selects the body lines by their features; on a page of few lines, prose does.
//! 3. The headline is the best-scoring line above the body: words shared with the body, repetition, and more.
//! 4. Each line is labelled: the head of the page is mined for byline, date and agency, the body is kept, the foot is
//!    mined for the publisher, and the rest is removed with a reason.

mod body;
mod boilerplate;
mod features;
mod headline;
mod headline_features;
mod lines;
mod metadata_lines;
mod model;
pub mod prose;
pub mod publisher;
mod wire;

use super::{Finding, Paragraph, ParsedPage, visible_text::visible_text};
use crate::{
    article::{Label, Span},
    enrich::dateline,
};
use lines::{LabelledSpan, Line};

pub use boilerplate::{by_words_alone, ends_as_sentence, find as boilerplate};
pub use prose::weight;

pub fn read(document: &str) -> ParsedPage {
    let lines = lines::lines(document);
    let mut reader = Reader { document, parts: Vec::new(), page: ParsedPage::default() };
    reader.read(&lines);
    let Reader { parts, page, .. } = reader;
    ParsedPage { pieces: lines::pieces(document, parts), ..page }
}

/// Maximum lines of a page that is a body and little else: agency copy, a list entry, a page cut out by hand.
const FEW_LINES: usize = 25;
/// Boilerplate reasons that end the body, if little of the page's prose follows.
const ENDS: [&str; 2] = ["related stories", "comments"];

/// Returns the span and the features of each line of a page, to train the body model.
pub fn examples(document: &str) -> Vec<(Span, Vec<f32>)> {
    let lines = lines::lines(document);
    let is_boilerplate: Vec<bool> = reasons(&lines).iter().map(Option::is_some).collect();
    let features = features::features(&lines, &is_boilerplate);
    lines.iter().zip(features).map(|(line, features)| (line.span, features.to_vec())).collect()
}

/// Returns the text and the features of each line that may be the headline, to train its model, given which lines are in
/// the body.
pub fn headline_examples(document: &str, kept: &[bool]) -> Vec<(String, Vec<f32>)> {
    let lines = lines::lines(document);
    let is_boilerplate: Vec<bool> = reasons(&lines).iter().map(Option::is_some).collect();
    let kept = kept_lines(kept, &is_boilerplate);
    let candidates = headline_features::candidates(&lines, &kept);
    let rows = headline_features::rows(&lines, &is_boilerplate, &kept, &candidates);
    candidates.lines.iter().zip(rows).map(|(at, row)| (lines[*at].text.to_owned(), row.to_vec())).collect()
}

/// Returns the lines that may be in the body: those that the model keeps, except boilerplate.
fn kept_lines(kept: &[bool], is_boilerplate: &[bool]) -> Vec<bool> {
    kept.iter().zip(is_boilerplate).map(|(kept, boilerplate)| *kept && !boilerplate).collect()
}

struct Reader<'a> {
    document: &'a str,
    parts: Vec<LabelledSpan>,
    page: ParsedPage,
}

impl Reader<'_> {
    fn read(&mut self, lines: &[Line<'_>]) {
        let reasons = reasons(lines);
        let mut is_boilerplate: Vec<bool> = reasons.iter().map(Option::is_some).collect();
        let ends: Vec<bool> =
            reasons.iter().map(|reason| reason.is_some_and(|reason| ENDS.contains(&reason))).collect();
        let kept = model::body(&features::features(lines, &is_boilerplate));
        let mut kept = kept_lines(&kept, &is_boilerplate);
        let title = if lines.len() > FEW_LINES && kept.contains(&true) {
            headline::find(lines, &is_boilerplate, &kept)
        } else {
            let is_prose = |(line, boilerplate): (&Line<'_>, &bool)| line.prose && !boilerplate;
            headline::find(lines, &is_boilerplate, &lines.iter().zip(&is_boilerplate).map(is_prose).collect::<Vec<_>>())
        };
        let mut head = 0;
        if let Some((at, rule)) = title {
            self.headline(&lines[at], rule);
            head = at + 1;
            for ((boilerplate, kept), line) in is_boilerplate.iter_mut().zip(&mut kept).zip(lines) {
                *boilerplate |= line.text == lines[at].text;
                *kept &= line.text != lines[at].text;
            }
        }
        // Prose decides on a short page, in any language, and where the model finds no body.
        let extent = body::extent(lines, head, &is_boilerplate, &ends);
        let by_prose = lines.len() <= FEW_LINES || !kept[head..].iter().any(|kept| *kept);
        if by_prose {
            kept =
                (0..lines.len()).map(|at| extent.is_some_and(|(first, last)| (first..=last).contains(&at))).collect();
        }
        let first = (head..lines.len()).find(|at| kept[*at]).unwrap_or(lines.len());
        let last = kept.iter().rposition(|kept| *kept).unwrap_or(lines.len());
        let kinds = match lines.get(first..=last) {
            Some(body) => body::kinds(body, &is_boilerplate[first..=last]),
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
                self.boilerplate(line, reason);
            } else if at < first || at > last {
                let zone = metadata_lines::Zone { before_headline: at + 1 < head, before_body: at < first };
                let neighbours = [at.checked_sub(1), Some(at + 1)]
                    .map(|neighbour| neighbour.and_then(|at| lines.get(at)).map(|line| line.text));
                self.around(line, &zone, neighbours);
            } else if by_prose && kinds[at - first] == body::LineKind::Links {
                self.part(line.span, Label::Removed, "list of links");
            } else if kept[at] {
                self.body_line(line, kinds[at - first]);
            } else if !self.mark(line) {
                self.part(line.span, Label::Removed, "not part of the body");
            }
        }
    }

    fn part(&mut self, span: Span, label: Label, reason: &'static str) {
        self.parts.push(LabelledSpan { span, label, reason });
    }

    fn headline(&mut self, line: &Line<'_>, rule: &'static str) {
        let mark = headline::update_mark(line.text);
        if mark > 0 {
            let end = line.span.start + mark;
            self.part(Span { start: line.span.start, end }, Label::Removed, "filing mark");
        }
        let span = Span { start: line.span.start + mark, end: line.span.end };
        self.page.headline = Some(Finding::new(visible_text(&line.text[mark..]), span, rule));
        self.part(span, Label::Kept, "headline");
    }

    /// Adds a line of the body; the first may carry the dateline, and the deck after it.
    fn body_line(&mut self, line: &Line<'_>, kind: body::LineKind) {
        if self.near_the_top() && self.mark(line) {
            return;
        }
        let found =
            if self.page.dateline.is_none() && self.page.body.is_empty() { dateline::find(line.text) } else { None };
        let mut start = line.span.start;
        if let Some(found) = found {
            self.page.deck_before_dateline();
            let within = |range: std::ops::Range<usize>| Span { start: start + range.start, end: start + range.end };
            let printed = within(found.printed);
            if let Some((agency, name)) = found.agency {
                self.page.agency = Some(Finding::new(name.to_owned(), within(agency), "dateline-agency"));
            }
            let text = visible_text(&self.document[printed.start..printed.end]);
            self.page.dateline = Some(Finding::new(text, printed, "dateline"));
            let body_start = start + found.body_start;
            self.part(Span { start, end: body_start }, Label::Mined, "dateline");
            start = body_start;
        }
        let span = Span { start, end: line.span.end };
        let text = visible_text(&self.document[start..line.span.end]);
        let dateline_here = start > line.span.start;
        if dateline_here && self.page.deck.is_none() && body::is_title_case(&text) {
            self.page.deck = Some(Finding::new(text, span, "deck-after-dateline"));
            self.part(span, Label::Kept, "deck");
        } else {
            let reason = if kind == body::LineKind::Subheading { "subheading" } else { "body" };
            self.page.body.push(Paragraph { text, spans: vec![span] });
            self.part(span, Label::Kept, reason);
        }
    }

    /// Whether a byline or a date may still follow: agency copy prints them before the body, or after its deck.
    fn near_the_top(&self) -> bool {
        self.page.body.is_empty()
    }
}

/// Blank lines separate blocks if at least one line in this many opens a block.
const BLOCK_LINES: usize = 4;
/// Maximum lines of a list under a heading, if no blank lines separate blocks.
const LIST_LINES: usize = 8;

/// Returns the reason why each line is boilerplate, or `None`.
fn reasons(lines: &[Line<'_>]) -> Vec<Option<&'static str>> {
    let has_blocks = lines.iter().filter(|line| line.opens_block).count() * BLOCK_LINES >= lines.len();
    let mut block = None;
    let mut listed = 0;
    lines
        .iter()
        .map(|line| {
            listed += 1;
            if line.opens_block || !has_blocks && (line.prose || listed > LIST_LINES) {
                block = None;
            }
            if prose::is_credit(line.text) {
                return Some("credits");
            }
            // A title within a list of titles may look like the heading of the list.
            let found = boilerplate::find(line.text).filter(|_| publisher::tagline(line.text).is_none());
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
