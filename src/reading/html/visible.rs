//! What readers see around the headline: the byline and the date, where no markup says what they are.

use super::{facts::Said, scan::Block};
use crate::{
    article::Published,
    enrich::{byline, dates},
    reading::{Finding, shown::shown, text},
};

/// So many lines before the headline and behind it are looked at.
const BEFORE: usize = 6;
const BEHIND: usize = 14;
/// A longer line is prose.
const LINE_CHARS: usize = 160;

/// Wherever it stands, this says who wrote the page.
const CREDIT: &str = "Written by";

/// A short line that readers see, and its block.
pub type Line<'a> = (String, &'a Block);

pub fn lines(blocks: &[Block]) -> Vec<Line<'_>> {
    let lines = blocks.iter().filter(|it| it.region.is_none()).map(|it| (shown(&it.text), it));
    lines.filter(|it| !it.0.is_empty() && it.0.chars().count() <= LINE_CHARS).collect()
}

/// Whether a block is the headline: it says so, or the headline was read there and tidied.
pub fn is_headline(block: &Block, text: &str, headline: &Finding<String>) -> bool {
    text == headline.value || block.spans.iter().any(|it| headline.spans.contains(it))
}

/// The short lines around the headline, those behind it first.
fn around<'a>(lines: &[Line<'a>], headline: &Finding<String>) -> Vec<Line<'a>> {
    let says = |it: &Line| is_headline(it.1, &it.0, headline);
    let titled = |it: &Line| says(it) && it.1.element == "h1";
    let Some(at) = lines.iter().rposition(titled).or_else(|| lines.iter().position(says)) else { return Vec::new() };
    let behind = lines.iter().skip(at + 1).take(BEHIND);
    behind.chain(lines[..at].iter().rev().take(BEFORE)).cloned().collect()
}

/// The names in the first byline, as a list.
pub fn byline(lines: &[Line<'_>], headline: Option<&Finding<String>>) -> Option<Said> {
    // The name may stand in the line behind the words that announce it.
    let at = |lines: &[Line<'_>], at: usize| {
        let (line, block) = &lines[at];
        let names = byline::opening(line).map(|it| (it, block.spans.clone()));
        let next = || lines.get(at + 1).filter(|_| byline::is_opening(line));
        names.or_else(|| next().and_then(|(line, block)| Some((byline::bare(line)?, block.spans.clone()))))
    };
    let near = headline.map(|it| around(lines, it)).unwrap_or_default();
    let credit = |it: &usize| lines[*it].0.starts_with(CREDIT);
    let found = (0..near.len()).find_map(|it| at(&near, it));
    let found = found.or_else(|| (0..lines.len()).filter(credit).find_map(|it| at(lines, it)));
    found.map(|(names, spans)| Said { text: names.join(", "), spans, rule: "visible-byline" })
}

/// The first line that states a full date and is no sentence.
pub fn date(lines: &[Line<'_>], headline: &Finding<String>) -> Option<(Published, Said)> {
    let lines = around(lines, headline).into_iter().filter(|it| !text::ends_as_sentence(&it.0));
    lines.into_iter().find_map(|(text, block)| {
        let published = dates::stated(&text)?.published;
        Some((published, Said { text, spans: block.spans.clone(), rule: "visible-date" }))
    })
}
