//! Finds the headline of flattened text: of the lines above the body, the one that the trees of `model/headline.py` take
//! for it by its [`headline_features`].

use super::{
    headline_features::{self, Candidates, candidates, rows},
    lines::Line,
};
use crate::{enrich::byline, reading::trees::Trees};
use std::sync::LazyLock;

/// Minimum words of a title; a shorter line names the site or the section.
const TITLE_WORDS: usize = 3;

static TREES: LazyLock<Trees> = LazyLock::new(|| {
    Trees::read(include_str!("model/headline_trees.txt"), headline_features::COUNT)
        .expect("the trees are checked in as headline.py writes them, and a test reads them")
});

/// Returns the index of the headline's line and the rule that found it. `kept` are the lines that may be in the body.
pub fn find(lines: &[Line<'_>], is_boilerplate: &[bool], kept: &[bool]) -> Option<(usize, &'static str)> {
    let candidates = candidates(lines, kept);
    let odds: Vec<f64> = rows(lines, is_boilerplate, kept, &candidates).iter().map(|row| TREES.odds(row)).collect();
    let Candidates { lines: above, body } = candidates;
    // Of equal lines the first wins; reversed, because `max_by` returns the last.
    let best = above.iter().copied().zip(odds).rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
    // Of two equal lines, the second is the copy.
    let same = |at: usize| above.iter().copied().find(|other| lines[*other].text == lines[at].text);
    let best = best.map(|at| same(at).unwrap_or(at));
    // `Home » Money » Who saves` is the breadcrumb of the page `Who saves`.
    let last_step = |at: usize| {
        let is_title = |other: &usize| *other != at && words(lines[*other].text) >= TITLE_WORDS;
        above.iter().copied().filter(is_title).find(|other| is_last_step(lines[at].text, lines[*other].text))
    };
    let best = best.map(|at| last_step(at).unwrap_or(at));
    // Without a candidate, the first line that is not boilerplate is the headline, unless it is a byline.
    let first = is_boilerplate.iter().take(body).position(|boilerplate| !boilerplate);
    let only = || first.filter(|at| byline::line(lines[*at].text).is_none());
    let at = best.or_else(only)?;
    let rule = match () {
        () if lines.iter().filter(|line| line.text == lines[at].text).count() > 1 => "headline-repeated",
        () if first == Some(at) => "headline-first",
        () => "headline-above-body",
    };
    Some((at, rule))
}

/// Whether a line is a breadcrumb whose last step is the title.
fn is_last_step(breadcrumb: &str, title: &str) -> bool {
    let before = breadcrumb.strip_suffix(title).map(str::trim_end);
    before.is_some_and(|text| text.ends_with(['»', '>', '›', '/', '|', '→', '-', '–']))
}

/// Counts words; two ideographs count as one word, because no blanks separate them.
pub fn words(text: &str) -> usize {
    let ideographs =
        text.chars().filter(|character| matches!(character, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')).count();
    text.split_whitespace().count().max(ideographs / 2)
}

/// Returns the byte length of the filing prefix before a headline: `UPDATE 2-`, `WRAPUP 1-`.
pub fn update_mark(text: &str) -> usize {
    const PREFIXES: &[&str] = &["UPDATE", "WRAPUP", "REFILE", "CORRECTED", "EXCLUSIVE", "ANALYSIS", "FACTBOX", "RPT"];
    let Some(end) = text.find('-').filter(|end| *end <= 14) else { return 0 };
    let mut words = text[..end].split(' ');
    let has_prefix = words.next().is_some_and(|word| PREFIXES.contains(&word));
    let numbered = words.all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()));
    if has_prefix && numbered { end + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trees_can_be_read() {
        assert!(TREES.odds(&[0.0; headline_features::COUNT]).is_finite());
    }

    #[test]
    fn a_breadcrumb_that_ends_with_the_title_is_recognised() {
        for (breadcrumb, expected) in
            [("Home » Money » Who saves most", true), ("Money – Who saves most", true), ("And Who saves most", false)]
        {
            assert_eq!(is_last_step(breadcrumb, "Who saves most"), expected, "{breadcrumb}");
        }
    }

    #[test]
    fn filing_prefixes_are_not_part_of_a_headline() {
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
