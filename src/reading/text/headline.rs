//! The headline of flattened text: the line that stands twice, else the one that stands before the story as a headline
//! does.

use super::{furniture, lines::Line, story::is_prose};
use crate::enrich::{byline, dates};

/// How far from its first place a headline is repeated, and how far down a page its first place may be, in lines.
const REPEATED_WITHIN: usize = 12;
const FIRST_WITHIN: usize = 120;
/// The length of a headline, in words. What is shorter is a section or a button.
const WORDS: std::ops::RangeInclusive<usize> = 3..=32;
const CHARS_MAX: usize = 250;

/// The line of the headline, and the rule that found it. `furniture` tells which lines are.
pub fn find(lines: &[Line<'_>], is_furniture: &[bool]) -> Option<(usize, &'static str)> {
    repeated(lines, is_furniture)
        .map(|it| (it, "headline-repeated"))
        .or_else(|| before_the_story(lines, is_furniture).map(|it| (it, "headline-first")))
}

/// Of the lines that come twice close together, the longest.
fn repeated(lines: &[Line<'_>], is_furniture: &[bool]) -> Option<usize> {
    let again = |at: usize| lines[at + 1..].iter().take(REPEATED_WITHIN).any(|it| it.text == lines[at].text);
    let candidates = (0..lines.len().min(FIRST_WITHIN)).filter(|at| !is_furniture[*at] && is_headline(lines[*at].text));
    // Of equals the first: `max_by_key` gives the last.
    candidates.filter(|at| again(*at)).rev().max_by_key(|at| words(lines[*at].text))
}

fn before_the_story(lines: &[Line<'_>], is_furniture: &[bool]) -> Option<usize> {
    let story = (0..lines.len()).find(|at| !is_furniture[*at] && is_prose(lines[*at].text)).unwrap_or(lines.len());
    let candidates: Vec<usize> = (0..story)
        .filter(|at| !is_furniture[*at] && is_headline(lines[*at].text))
        .filter(|at| byline::line(lines[*at].text).is_none() && byline::bare(lines[*at].text).is_none())
        .filter(|at| dates::stated(lines[*at].text).is_none() || words(lines[*at].text) > 8)
        .collect();
    let longest = candidates.iter().copied().rev().max_by_key(|at| words(lines[*at].text).min(*WORDS.end()));
    // A page of nothing but short lines still has a first one.
    longest.or_else(|| (0..story).find(|at| !is_furniture[*at] && byline::line(lines[*at].text).is_none()))
}

fn is_headline(text: &str) -> bool {
    WORDS.contains(&words(text)) && text.chars().count() <= CHARS_MAX && furniture::find(text).is_none()
}

/// Words; of ideographs, which stand without blanks, two count as one.
pub fn words(text: &str) -> usize {
    let ideographs = text.chars().filter(|it| matches!(it, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')).count();
    text.split_whitespace().count().max(ideographs / 2)
}

/// The length of the mark before a headline that says how often it was filed: `UPDATE 2-`, `WRAPUP 1-`.
pub fn update_mark(text: &str) -> usize {
    const MARKS: &[&str] = &["UPDATE", "WRAPUP", "REFILE", "CORRECTED", "EXCLUSIVE", "ANALYSIS", "FACTBOX", "RPT"];
    let Some(end) = text.find('-').filter(|it| *it <= 14) else { return 0 };
    let mut words = text[..end].split(' ');
    let named = words.next().is_some_and(|it| MARKS.contains(&it));
    let numbered = words.all(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()));
    if named && numbered { end + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::update_mark;

    #[test]
    fn update_marks_are_no_part_of_a_headline() {
        for (text, expected) in [
            ("UPDATE 2-Delegates agree", "Delegates agree"),
            ("REFILE-Delegates agree", "Delegates agree"),
            ("Update - delegates agree", "Update - delegates agree"),
            ("X-ray shows a crack", "X-ray shows a crack"),
        ] {
            assert_eq!(&text[update_mark(text)..], expected);
        }
    }
}
