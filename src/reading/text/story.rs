//! Which lines are the story.
//!
//! Prose proves itself: sentences that end, of some length. The story goes from the first prose after the headline to the
//! last that is not the foot of the page. In between everything stays but what is furniture by name or by shape, because
//! a sentence that is lost is worse than a button that stays.

use super::{
    furniture::ends_as_sentence,
    lines::Line,
    publisher::{copyright, tagline},
};
use crate::enrich::dateline;

/// The length from which a line that ends as a sentence is prose, and from which any line is. An ideograph counts as two
/// and a half letters, which is about what a translation takes.
const SENTENCE: usize = 50;
const LINE: usize = 150;
const QUOTE: usize = 25;
/// The fewest short lines in a row that are a list of links and not subheadings.
const LINKS: usize = 4;
/// Past related stories or comments, less than this share of the page's prose is teasers and remarks.
const REMARKS_PERCENT: usize = 35;

pub fn is_prose(text: &str) -> bool {
    let length = weight(text);
    let quoted = text.starts_with(['"', '“', '«', '„', '「', '‘']);
    let long = length >= LINE || ends_as_sentence(text) && (length >= SENTENCE || quoted && length >= QUOTE);
    (long || length >= QUOTE && dateline::find(text).is_some())
        && !is_credit(text)
        && tagline(text).is_none()
        && copyright(text).is_none()
}

pub fn weight(text: &str) -> usize {
    let ideographs = text.chars().filter(|it| matches!(it, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')).count();
    text.chars().count() + ideographs * 3 / 2
}

/// `… contributed to this report.`
pub fn is_credit(text: &str) -> bool {
    const CREDITS: [&str; 2] = ["contributed to this report.", "contributed reporting."];
    let ends = |it: &&str| {
        let start = text.len().checked_sub(it.len());
        start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(it))
    };
    CREDITS.iter().any(ends)
}

/// What a line of the story is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Paragraph,
    Subheading,
    Links,
}

/// The first and the last line of the story, among the lines from `from` on. `furniture` says which lines are, and which
/// of those begin what is not the story any more.
pub fn extent(lines: &[Line<'_>], from: usize, is_furniture: &[bool], ends_story: &[bool]) -> Option<(usize, usize)> {
    let prose: Vec<usize> = (from..lines.len()).filter(|at| !is_furniture[*at] && lines[*at].prose).collect();
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
    // A list that a sentence announced goes on past it.
    let items = lines[last + 1..].iter().zip(&is_furniture[last + 1..]);
    last += items.take_while(|(line, furniture)| !**furniture && is_item(line.text)).count();
    Some((first, last))
}

fn is_item(text: &str) -> bool {
    text.starts_with(['•', '–', '*', '·']) || text.starts_with("- ")
}

/// Prose with fewer other lines between it is of one story.
const GAP: usize = 10;

/// Where the page's heaviest stretch of prose begins: pages have teasers and notices too.
pub fn start(lines: &[Line<'_>], is_furniture: &[bool]) -> Option<usize> {
    stretch(lines, is_furniture).map(|it| it.0)
}

/// The first and the last line of it.
pub fn stretch(lines: &[Line<'_>], is_furniture: &[bool]) -> Option<(usize, usize)> {
    let mut stretches: Vec<(usize, usize, usize)> = Vec::new();
    for at in (0..lines.len()).filter(|at| !is_furniture[*at] && lines[*at].prose) {
        let weight = weight(lines[at].text);
        match stretches.last_mut() {
            Some((_, last, all)) if at - *last <= GAP => (*last, *all) = (at, *all + weight),
            _ => stretches.push((at, at, weight)),
        }
    }
    stretches.into_iter().rev().max_by_key(|it| it.2).map(|it| (it.0, it.1))
}

/// What the lines between the first and the last of the story are, in their order; furniture is left to others.
pub fn kinds(lines: &[Line<'_>], is_furniture: &[bool]) -> Vec<Kind> {
    let short: Vec<bool> = lines.iter().zip(is_furniture).map(|(line, furniture)| !furniture && !line.prose).collect();
    let mut kinds = Vec::with_capacity(lines.len());
    for at in 0..lines.len() {
        if !short[at] {
            kinds.push(Kind::Paragraph);
            continue;
        }
        let before = short[..at].iter().rev().take_while(|it| **it).count();
        let after = short[at..].iter().take_while(|it| **it).count();
        let run = &lines[at - before..at + after];
        let links = run.len() >= LINKS && run.iter().filter(|it| is_link(it.text)).count() * 2 > run.len();
        let sentence = ends_as_sentence(lines[at].text);
        kinds.push(if links {
            Kind::Links
        } else if sentence || run.len() > 1 {
            Kind::Paragraph
        } else {
            Kind::Subheading
        });
    }
    kinds
}

/// Shaped as the text of a link: short, no end of a sentence, no mark of a list item.
fn is_link(text: &str) -> bool {
    let item = is_item(text) || text.chars().next().is_some_and(|it| it.is_ascii_digit());
    !item && !ends_as_sentence(text) && !text.contains(": ") && text.chars().count() < 100
}

/// Whether a text is set as headlines are: capitals on its longer words, no end of a sentence.
pub fn is_title_case(text: &str) -> bool {
    let long: Vec<&str> = text.split_whitespace().filter(|it| it.chars().count() >= 4).collect();
    let capitals =
        long.iter().filter(|it| it.chars().next().is_some_and(|it| it.is_uppercase() || it.is_ascii_digit())).count();
    long.len() >= 3 && !ends_as_sentence(text) && capitals * 10 >= long.len() * 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_proves_itself() {
        for (text, expected) in [
            ("The barge left its course on the evening of 3 March when the water was low.", true),
            ("\"We have baked bread through all of this.\"", true),
            ("成都地铁周一起在2号线和7号线试行静音车厢。每列车的第一节为静音车厢。", true),
            ("Bridge at Braila closes for inspection", false),
            ("Subscribe now.", false),
            ("Coastline Gazette is an independent news website that reports on the cities of Sindh.", false),
            ("Danylo Kravets in Lviv contributed to this report.", false),
        ] {
            assert_eq!(is_prose(text), expected, "{text}");
        }
    }
}
