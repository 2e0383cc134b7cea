//! What readers see around the headline: the byline and the date, where no markup says what they are.

use super::{
    facts::Said,
    scan::{Block, Scan},
};
use crate::{
    article::Published,
    enrich::{byline, dates},
    reading::{Finding, text},
};

/// So many lines before the headline and behind it are looked at.
const BEFORE: usize = 6;
const BEHIND: usize = 14;
/// A longer line is prose.
const LINE_CHARS: usize = 160;

/// The rule that reads a byline which readers see.
pub const BYLINE: &str = "visible-byline";

/// Wherever it stands, this says who wrote the page.
const CREDIT: &str = "Written by";

/// The short lines that readers see.
pub fn lines(blocks: &[Block]) -> Vec<&Block> {
    let seen = blocks.iter().filter(|it| it.region.is_none() && !it.text.is_empty());
    seen.filter(|it| it.text.chars().count() <= LINE_CHARS).collect()
}

/// Whether a block is the headline: it says so, or the headline was read there and tidied.
pub fn is_headline(block: &Block, headline: &Finding<String>) -> bool {
    block.text == headline.value || block.spans.iter().any(|it| headline.spans.contains(it))
}

/// The short lines around the headline, those behind it first.
fn around<'a>(lines: &[&'a Block], headline: &Finding<String>) -> Vec<&'a Block> {
    let says = |it: &&Block| is_headline(it, headline);
    let titled = |it: &&Block| says(it) && it.element == "h1";
    let Some(at) = lines.iter().rposition(titled).or_else(|| lines.iter().position(says)) else { return Vec::new() };
    let behind = lines.iter().skip(at + 1).take(BEHIND);
    behind.chain(lines[..at].iter().rev().take(BEFORE)).copied().collect()
}

/// The names in the first byline, as a list.
pub fn byline(lines: &[&Block], headline: Option<&Finding<String>>) -> Option<Said> {
    // The name may stand in the line behind the words that announce it.
    let at = |lines: &[&Block], at: usize| {
        let line = &lines[at];
        let names = byline::opening(&line.text).map(|it| (it, line.spans.clone()));
        let next = || lines.get(at + 1).filter(|_| byline::is_opening(&line.text));
        names.or_else(|| next().and_then(|it| Some((byline::bare(&it.text)?, it.spans.clone()))))
    };
    let near = headline.map(|it| around(lines, it)).unwrap_or_default();
    let credit = |it: &usize| lines[*it].text.starts_with(CREDIT);
    let found = (0..near.len()).find_map(|it| at(&near, it));
    let found = found.or_else(|| (0..lines.len()).filter(credit).find_map(|it| at(lines, it)));
    found.map(|(names, spans)| Said { text: names.join(", "), spans, rule: BYLINE })
}

/// The first line that states a full date of publication, or one of a change, and is no sentence.
pub fn date(scan: &Scan, lines: &[&Block], headline: &Finding<String>, of_change: bool) -> Option<(Published, Said)> {
    let mut lines = around(lines, headline).into_iter().filter(|it| !text::ends_as_sentence(&it.text));
    lines.find_map(|it| {
        let stated = dates::stated(&it.text)?;
        let said = Said { text: it.text.clone(), spans: it.spans.clone(), rule: "visible-date" };
        let changed = scan.marks_change(it, &stated) || dates::is_of_change(&it.text[..stated.range.start]);
        (changed == of_change).then_some((stated.published, said))
    })
}
