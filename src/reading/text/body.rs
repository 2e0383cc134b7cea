//! Selects the lines of the body by prose.
//!
//! Prose is recognised by its form: complete sentences of some length. The body extends from the first prose after the
//! headline to the last prose before the foot of the page. Everything in between is kept except boilerplate by name or
//! shape, because a lost sentence is worse than a kept button.

use super::{boilerplate::ends_as_sentence, lines::Line, prose::weight};

/// Minimum consecutive short lines that form a list of links rather than subheadings.
const LINKS: usize = 4;
/// If less than this share of the page's prose follows related stories or comments, it is teasers and remarks.
const REMARKS_PERCENT: usize = 35;

/// The kind of a line in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    Paragraph,
    Subheading,
    Links,
}

/// Returns the first and the last line of the body, among the lines from `from` on. `is_boilerplate` flags boilerplate,
/// `ends_story` the boilerplate after which the body may be over.
pub fn extent(lines: &[Line<'_>], from: usize, is_boilerplate: &[bool], ends_story: &[bool]) -> Option<(usize, usize)> {
    let prose: Vec<usize> = (from..lines.len()).filter(|at| !is_boilerplate[*at] && lines[*at].prose).collect();
    let (first, mut last) = (*prose.first()?, *prose.last()?);
    let all: usize = prose.iter().map(|at| weight(lines[*at].text)).sum();
    for end in (first..lines.len()).filter(|at| ends_story[*at]) {
        let after: usize = prose.iter().filter(|at| **at > end).map(|at| weight(lines[*at].text)).sum();
        let before = prose.iter().copied().filter(|at| *at < end).max();
        if let Some(before) = before
            && after * 100 < all * REMARKS_PERCENT
        {
            last = before;
            break;
        }
    }
    // A list that the last sentence introduces continues after it.
    let items = lines[last + 1..].iter().zip(&is_boilerplate[last + 1..]);
    last += items.take_while(|(line, boilerplate)| !**boilerplate && is_item(line.text)).count();
    Some((first, last))
}

fn is_item(text: &str) -> bool {
    text.starts_with(['•', '–', '*', '·']) || text.starts_with("- ")
}

/// Maximum distance between two prose lines of one run, in lines.
const GAP: usize = 10;

/// Returns the first and the last line of the page's heaviest run of prose: teasers and notices are lighter runs.
pub fn stretch(lines: &[Line<'_>], is_boilerplate: &[bool]) -> Option<(usize, usize)> {
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for at in (0..lines.len()).filter(|at| !is_boilerplate[*at] && lines[*at].prose) {
        let weight = weight(lines[at].text);
        match runs.last_mut() {
            Some((_, last, all)) if at - *last <= GAP => (*last, *all) = (at, *all + weight),
            _ => runs.push((at, at, weight)),
        }
    }
    runs.into_iter().rev().max_by_key(|run| run.2).map(|(first, last, _)| (first, last))
}

/// Classifies the lines from the first to the last of the body, in order; the caller handles boilerplate.
pub fn kinds(lines: &[Line<'_>], is_boilerplate: &[bool]) -> Vec<LineKind> {
    let short: Vec<bool> =
        lines.iter().zip(is_boilerplate).map(|(line, boilerplate)| !boilerplate && !line.prose).collect();
    let mut kinds = Vec::with_capacity(lines.len());
    for at in 0..lines.len() {
        if !short[at] {
            kinds.push(LineKind::Paragraph);
            continue;
        }
        let before = short[..at].iter().rev().take_while(|short| **short).count();
        let after = short[at..].iter().take_while(|short| **short).count();
        let run = &lines[at - before..at + after];
        let links = run.len() >= LINKS && run.iter().filter(|line| is_link(line.text)).count() * 2 > run.len();
        let sentence = ends_as_sentence(lines[at].text);
        kinds.push(if links {
            LineKind::Links
        } else if sentence || run.len() > 1 {
            LineKind::Paragraph
        } else {
            LineKind::Subheading
        });
    }
    kinds
}

/// Whether a line has the shape of a link's text: short, without a sentence end or a list bullet.
fn is_link(text: &str) -> bool {
    let is_list_item = is_item(text) || text.chars().next().is_some_and(|character| character.is_ascii_digit());
    !is_list_item && !ends_as_sentence(text) && !text.contains(": ") && text.chars().count() < 100
}

/// Whether a text is in title case: longer words capitalised, no sentence end.
pub fn is_title_case(text: &str) -> bool {
    let long: Vec<&str> = text.split_whitespace().filter(|word| word.chars().count() >= 4).collect();
    let capitals = long
        .iter()
        .filter(|word| {
            word.chars().next().is_some_and(|character| character.is_uppercase() || character.is_ascii_digit())
        })
        .count();
    long.len() >= 3 && !ends_as_sentence(text) && capitals * 10 >= long.len() * 8
}
