//! The headline of flattened text: the page's first line if it is shaped as a title, else of the lines above the
//! story the one that is most like a headline: long, near, standing twice.

use super::{furniture, lines::Line};
use crate::enrich::{byline, dates};

/// How far above the story its headline stands at most, in lines: byline, date, buttons and captions are between them.
const ABOVE_STORY: usize = 15;
/// The same for a title in the first line of the page, which summaries and tables of contents may follow.
const TITLE_ABOVE_STORY: usize = 20;
/// What speaks for a line above the story: its words up to a number, that it stands twice, and how near the story is.
const LONG_WORDS: usize = 12;
const WORD: usize = 10;
const REPEATED: usize = 40;
const LINE: usize = 7;
/// What speaks against one: it ends as a statement does, which a description under the headline mostly is.
const STATEMENT: i64 = 70;
/// The length of a headline, in words. What is shorter is a section or a button.
const WORDS: std::ops::RangeInclusive<usize> = 3..=32;
const CHARS_MAX: usize = 250;
/// The first line of a page is its title from this length on; what is shorter names the site or the section.
const TITLE_WORDS: usize = 4;

/// The line of the headline, and the rule that found it. `story` is the line that the story begins at.
pub fn find(lines: &[Line<'_>], is_furniture: &[bool], story: usize) -> Option<(usize, &'static str)> {
    let candidates: Vec<usize> = (story.saturating_sub(ABOVE_STORY)..story)
        .filter(|at| !is_furniture[*at] && is_headline(lines[*at].text) && !is_mark(lines[*at].text))
        .collect();
    let times = |at: usize| lines.iter().take(story + ABOVE_STORY).filter(|it| it.text == lines[at].text).count();
    let rule = |at: usize, rule| (at, if times(at) > 1 { "headline-repeated" } else { rule });
    // A page that was saved from its title on begins with it.
    let top = (0..story).find(|at| !is_furniture[*at]).filter(|at| story - at <= TITLE_ABOVE_STORY || times(*at) > 1);
    let titled =
        |at: &usize| words(lines[*at].text) >= TITLE_WORDS && is_headline(lines[*at].text) && !is_mark(lines[*at].text);
    if let Some(at) = top.filter(titled).filter(|at| !furniture::ends_as_sentence(lines[*at].text)) {
        return Some(rule(at, "headline-first"));
    }
    let score = |at: &usize| {
        let repeated = if times(*at) > 1 && words(lines[*at].text) >= TITLE_WORDS { REPEATED } else { 0 };
        let long = words(lines[*at].text).min(LONG_WORDS) * WORD;
        let text = lines[*at].text;
        let statement =
            if furniture::ends_as_sentence(text) && !text.ends_with(['?', '!', '？', '！']) { STATEMENT } else { 0 };
        let far = i64::try_from((story - at) * LINE).unwrap_or_default();
        i64::try_from(long + repeated).unwrap_or_default() - far - statement
    };
    // Of equals the first: `max_by_key` gives the last.
    let best = candidates.into_iter().rev().max_by_key(score);
    // Of two that stand close together, the second is the copy.
    let same = |at: usize| (at.saturating_sub(ABOVE_STORY)..at).find(|it| lines[*it].text == lines[at].text);
    let best = best.map(|at| same(at).unwrap_or(at));
    // A page of nothing but short lines still has a first one.
    let first = || (0..story).find(|at| !is_furniture[*at] && byline::line(lines[*at].text).is_none());
    best.or_else(first).map(|at| rule(at, "headline-above-story"))
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
