//! Finds the byline and the date in the visible text around the headline, where no markup identifies them.

use super::{
    candidate::Candidate,
    page_regions::Region,
    scan::{HtmlBlock, Scan},
};
use crate::{
    article::{Published, Span},
    enrich::{byline, dates, entities},
    reading::{Finding, text},
};

/// Lines searched before and behind the headline.
const BEFORE: usize = 6;
const BEHIND: usize = 14;
/// Maximum characters of a line; longer ones are prose.
const LINE_CHARS: usize = 160;

/// The rule that reads a visible byline.
pub const BYLINE: &str = "visible-byline";

/// Announces the author wherever it occurs on the page.
const CREDIT: &str = "Written by";

/// Returns the short visible lines.
pub fn lines(blocks: &[HtmlBlock]) -> Vec<&HtmlBlock> {
    let visible = blocks.iter().filter(|block| block.region.is_none() && !block.text.is_empty());
    visible.filter(|block| block.text.chars().count() <= LINE_CHARS).collect()
}

/// Returns the short lines, also those of regions that hold no body text: a box of facts, a caption, breadcrumbs.
pub fn lines_of_any_region(blocks: &[HtmlBlock]) -> Vec<&HtmlBlock> {
    let of_others = |region: Region| matches!(region, Region::Comments | Region::RelatedStories);
    let own = blocks.iter().filter(|block| !block.region.is_some_and(of_others) && !block.text.is_empty());
    own.filter(|block| block.text.chars().count() <= LINE_CHARS).collect()
}

/// Returns the first date next to a word of publication, in prose too.
pub fn published_in_words(blocks: &[HtmlBlock]) -> Option<(Published, Candidate)> {
    let own = blocks.iter().filter(|block| block.region != Some(Region::Comments) && block.text.len() <= PROSE_BYTES);
    own.filter_map(|block| {
        let stated = dates::published_in(&block.text)?;
        let candidate = Candidate { text: block.text.clone(), spans: block.spans.clone(), rule: "date-in-words" };
        Some((stated.published, candidate))
    })
    .next()
}

/// Maximum bytes of a block in which a date is searched.
const PROSE_BYTES: usize = 600;

/// Whether a block is the headline: the text is the same, or the headline was read from it and tidied.
pub fn is_headline(block: &HtmlBlock, headline: &Finding<String>) -> bool {
    block.text == headline.value || block.spans.iter().any(|span| headline.spans.contains(span))
}

/// Returns the short lines around the headline, those behind it first.
fn around<'a>(lines: &[&'a HtmlBlock], headline: &Finding<String>) -> Vec<&'a HtmlBlock> {
    let is_title = |block: &&HtmlBlock| is_headline(block, headline);
    let is_h1 = |block: &&HtmlBlock| is_title(block) && block.element == "h1";
    let Some(at) = lines.iter().rposition(is_h1).or_else(|| lines.iter().position(is_title)) else { return Vec::new() };
    let behind = lines.iter().skip(at + 1).take(BEHIND);
    behind.chain(lines[..at].iter().rev().take(BEFORE)).copied().collect()
}

/// Returns the names in the first byline, as a list.
pub fn byline(lines: &[&HtmlBlock], headline: Option<&Finding<String>>) -> Option<Candidate> {
    // The name may be on the line after the words that announce it.
    let names_at = |lines: &[&HtmlBlock], at: usize| {
        let line = &lines[at];
        let names = byline::opening(&line.text).map(|opening| (opening, line.spans.clone()));
        let next = || lines.get(at + 1).filter(|_| byline::is_opening(&line.text));
        names.or_else(|| next().and_then(|line| Some((byline::bare(&line.text)?, line.spans.clone()))))
    };
    let near = headline.map(|headline| around(lines, headline)).unwrap_or_default();
    let is_credit = |index: &usize| lines[*index].text.starts_with(CREDIT);
    let found = (0..near.len()).find_map(|index| names_at(&near, index));
    let found = found.or_else(|| (0..near.len()).find_map(|index| names_next_to_date(&near, index)));
    let found = found.or_else(|| (0..lines.len()).filter(is_credit).find_map(|index| names_at(lines, index)));
    found.map(|(names, spans)| Candidate { text: names.join(", "), spans, rule: BYLINE })
}

/// Returns the names of a line without an opening, if it begins with a first name and a line next to it is a date.
fn names_next_to_date(lines: &[&HtmlBlock], at: usize) -> Option<(Vec<String>, Vec<Span>)> {
    let is_date = |at: usize| {
        let stated = lines.get(at).and_then(|line| Some((line, dates::stated(&line.text)?)));
        stated.is_some_and(|(line, date)| date.range == (0..line.text.len()))
    };
    let names = byline::bare(&lines[at].text)?;
    if !names.iter().all(|name| entities::begins_with_first_name(name)) {
        return None;
    }
    (is_date(at + 1) || at.checked_sub(1).is_some_and(is_date)).then(|| (names, lines[at].spans.clone()))
}

/// Returns the first line that is not a sentence and states a full date: of publication, or of a change if `of_change`.
pub fn date(
    scan: &Scan,
    lines: &[&HtmlBlock],
    headline: &Finding<String>,
    of_change: bool,
) -> Option<(Published, Candidate)> {
    let mut lines = around(lines, headline).into_iter().filter(|line| !text::ends_as_sentence(&line.text));
    lines.find_map(|line| {
        let stated = dates::stated(&line.text)?;
        let candidates = Candidate { text: line.text.clone(), spans: line.spans.clone(), rule: "visible-date" };
        let changed = scan.hints_at_change(&line.spans, &stated.published)
            || dates::is_of_change(&line.text[..stated.range.start]);
        (changed == of_change).then_some((stated.published, candidates))
    })
}
