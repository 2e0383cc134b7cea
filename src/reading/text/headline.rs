//! The headline of flattened text: of the lines above the story, the one that stands twice on the page, else the longest
//! that is shaped as a headline.

use super::{furniture, lines::Line, story};
use crate::enrich::{byline, dates};

/// How far above the story its headline stands at most, in lines: byline, date, buttons and captions are between them.
const ABOVE_STORY: usize = 15;
/// The length of a headline, in words. What is shorter is a section or a button.
const WORDS: std::ops::RangeInclusive<usize> = 3..=32;
const CHARS_MAX: usize = 250;

/// The line of the headline, and the rule that found it. `furniture` tells which lines are.
pub fn find(lines: &[Line<'_>], is_furniture: &[bool]) -> Option<(usize, &'static str)> {
    let story = story::start(lines, is_furniture).unwrap_or(lines.len());
    let candidates: Vec<usize> = (story.saturating_sub(ABOVE_STORY)..story)
        .filter(|at| !is_furniture[*at] && is_headline(lines[*at].text) && !is_mark(lines[*at].text))
        .collect();
    let times = |at: usize| lines.iter().take(story + ABOVE_STORY).filter(|it| it.text == lines[at].text).count();
    // Of equals the first: `max_by_key` gives the last.
    let longest = |some: &mut dyn DoubleEndedIterator<Item = usize>| {
        some.rev().max_by_key(|at| words(lines[*at].text).min(*WORDS.end()))
    };
    if let Some(at) = longest(&mut candidates.iter().copied().filter(|at| times(*at) > 1)) {
        return Some((at, "headline-repeated"));
    }
    // A page of nothing but short lines still has a first one.
    let first = || (0..story).find(|at| !is_furniture[*at] && byline::line(lines[*at].text).is_none());
    longest(&mut candidates.into_iter()).or_else(first).map(|at| (at, "headline-first"))
}

/// A byline or a date line.
fn is_mark(text: &str) -> bool {
    byline::line(text).is_some() || byline::bare(text).is_some() || words(text) <= 8 && dates::stated(text).is_some()
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
