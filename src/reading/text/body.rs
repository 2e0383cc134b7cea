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
    // The weight of the prose from each of its lines on.
    let mut from_here: Vec<usize> = prose
        .iter()
        .rev()
        .scan(0, |sum, at| {
            *sum += weight(lines[*at].text);
            Some(*sum)
        })
        .collect();
    from_here.reverse();
    for end in (first..lines.len()).filter(|at| ends_story[*at]) {
        let next = prose.partition_point(|at| *at <= end);
        let after = from_here.get(next).copied().unwrap_or_default();
        let before = prose[..prose.partition_point(|at| *at < end)].last();
        if let Some(before) = before
            && after * 100 < from_here[0] * REMARKS_PERCENT
        {
            last = *before;
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
    let mut kinds = Vec::with_capacity(lines.len());
    let is_short = |at: &usize| !is_boilerplate[*at] && !lines[*at].prose;
    while kinds.len() < lines.len() {
        let start = kinds.len();
        let length = (start..lines.len()).take_while(is_short).count();
        if length == 0 {
            kinds.push(LineKind::Paragraph);
            continue;
        }
        let run = &lines[start..start + length];
        let links = length >= LINKS && run.iter().filter(|line| is_link(line.text)).count() * 2 > length;
        kinds.extend(run.iter().map(|line| match () {
            () if links => LineKind::Links,
            () if length > 1 || ends_as_sentence(line.text) => LineKind::Paragraph,
            () => LineKind::Subheading,
        }));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::text::lines::lines;

    #[test]
    fn runs_of_short_lines_are_links_and_a_single_one_is_a_subheading() {
        let prose = "The ferry stops for a week because its ramp is being mended by the port.";
        let links = "Port opens\nFerry returns\nRamp mended\nFares rise";
        let text = format!("{prose}\nA new ramp\n{prose}\n{links}\n{prose}\nIt is long.\n2 metres\n{prose}");
        let lines = lines(&text);
        let kinds = kinds(&lines, &vec![false; lines.len()]);
        let (paragraph, link) = (LineKind::Paragraph, LineKind::Links);
        let expected =
            [paragraph, LineKind::Subheading, paragraph, link, link, link, link, paragraph, paragraph, paragraph];
        assert_eq!(kinds, [&expected[..], &[paragraph]].concat());
    }

    #[test]
    fn a_body_ends_before_comments_unless_much_prose_follows_them() {
        let prose = "The ferry stops for a week because its ramp is being mended by the port.";
        let end = |before: usize, after: usize| {
            let text = [vec![prose; before], vec!["Comments"], vec![prose; after]].concat().join("\n");
            let lines = lines(&text);
            let is_end: Vec<bool> = lines.iter().map(|line| line.text == "Comments").collect();
            extent(&lines, 0, &is_end, &is_end)
        };
        assert_eq!(end(4, 1), Some((0, 3)));
        assert_eq!(end(4, 4), Some((0, 8)));
        assert_eq!(end(4, 0), Some((0, 3)));
    }
}
