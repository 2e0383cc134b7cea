//! Finds the headline of flattened text: the line above the body that is most like a headline. Its words recur in the
//! body, a byline or a date follows it, it is repeated, or it is the first line of a page that was saved from its title
//! on.

use super::{
    boilerplate::{asks, ends_as_sentence},
    lines::Line,
    metadata_lines::is_date_line,
};
use crate::enrich::{byline, text_fields::lower};
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

/// Maximum distance from the headline to the body, in lines: bylines, dates, buttons, captions, summaries and tables of
/// contents come between them.
const ABOVE_BODY: usize = 60;
/// Maximum length of a headline, in words and in characters.
const WORDS_MAX: usize = 32;
const CHARS_MAX: usize = 250;
/// Minimum words of a title; a shorter line names the site or the section.
const TITLE_WORDS: usize = 3;
/// Maximum distance from the title to the body, in lines, on a page that was saved from its title on.
const TITLE_ABOVE_BODY: usize = 8;
/// Maximum distance from a line to its copy, in lines.
const COPY: usize = 4;
/// Maximum distance from a headline to the byline or date after it, in lines.
const METADATA: usize = 5;
/// Minimum letters of a word that is compared; shorter words occur in every body.
const WORD_LETTERS: usize = 4;

/// Weights of the evidence for and against a line: `model/headline.py` fits them; they are rounded to twentieths here.
mod weights {
    /// The line is as long as most headlines.
    pub const LENGTH: f64 = 1.75;
    pub const LENGTH_WORDS: std::ops::RangeInclusive<usize> = 4..=16;
    /// For the mean, over the line's words, of the logarithm of how many body lines contain the word.
    pub const WORDS: f64 = 0.75;
    /// For the logarithm of how many candidates share more words with the body.
    pub const BETTER: f64 = -2.05;
    pub const REPEATED: f64 = 2.45;
    pub const METADATA: f64 = 1.75;
    /// The line ends like a statement, as most descriptions under a headline do.
    pub const STATEMENT: f64 = -2.45;
    /// For each boilerplate line among the three before it: the end of a menu or of a row of buttons.
    pub const BOILERPLATE: f64 = 0.4;
    pub const BOILERPLATE_LINES: usize = 3;
    /// The line is the first of the document.
    pub const TOP: f64 = 2.4;
    /// The line is the first that is not boilerplate, and the body contains most of its words.
    pub const FIRST: f64 = 1.65;
    /// The line is the first that is not boilerplate, and the body begins near it.
    pub const FIRST_NEAR: f64 = 0.95;
}

/// Returns the index of the headline's line and the rule that found it. `kept` are the lines that may be in the body,
/// which begins with line `body`.
pub fn find(lines: &[Line<'_>], is_boilerplate: &[bool], kept: &[bool], body: usize) -> Option<(usize, &'static str)> {
    // The first line is near enough, wherever the body begins.
    let above = (0..body).filter(|at| *at == 0 || body - at <= ABOVE_BODY);
    let above: Vec<usize> = above.filter(|at| !is_boilerplate[*at]).collect();
    let near = |at: usize| at <= METADATA || at + ABOVE_BODY >= body && at < body + METADATA;
    let is_metadata: Vec<bool> =
        lines.iter().enumerate().map(|(at, line)| near(at) && is_metadata_line(line.text)).collect();
    let candidates: Vec<usize> =
        above.iter().copied().filter(|at| is_headline(lines[*at].text) && !is_metadata[*at]).collect();
    let common = common(lines, kept, &candidates);
    let first = (0..body).find(|at| !is_boilerplate[*at]);
    let score = |at: usize, shared: &Common| {
        let text = lines[at].text;
        let length = words(text);
        let better = common.iter().filter(|common| common.sum > shared.sum).count();
        let copy = lines[at.saturating_sub(COPY)..(at + COPY + 1).min(lines.len())].iter();
        let repeated = length >= TITLE_WORDS && copy.filter(|copy| copy.text == text).count() > 1;
        let has_metadata = is_metadata.iter().skip(at + 1).take(METADATA).any(|is_metadata| *is_metadata);
        let statement = ends_as_sentence(text) && !asks(text);
        let boilerplate = is_boilerplate[at.saturating_sub(weights::BOILERPLATE_LINES)..at]
            .iter()
            .filter(|is_boilerplate| **is_boilerplate)
            .count();
        let is_first = first == Some(at) && length >= TITLE_WORDS;
        let if_so = |holds: bool, weight: f64| if holds { weight } else { 0.0 };
        if_so(weights::LENGTH_WORDS.contains(&length), weights::LENGTH)
            + weights::WORDS * shared.mean
            + weights::BETTER * (1.0 + better as f64).ln()
            + if_so(repeated, weights::REPEATED)
            + if_so(has_metadata, weights::METADATA)
            + if_so(statement, weights::STATEMENT)
            + weights::BOILERPLATE * boilerplate as f64
            + if_so(at == 0, weights::TOP)
            + if_so(is_first && shared.most, weights::FIRST)
            + if_so(first == Some(at) && body - at <= TITLE_ABOVE_BODY, weights::FIRST_NEAR)
    };
    let scored = candidates.iter().zip(&common).map(|(at, common)| (*at, score(*at, common)));
    // Of equal scores the first wins; reversed, because `max_by` returns the last.
    let best = scored.rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
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
    let only = || first.filter(|at| byline::line(lines[*at].text).is_none());
    let at = best.or_else(only)?;
    let times = lines.iter().take(body + ABOVE_BODY).filter(|line| line.text == lines[at].text).count();
    let rule = match () {
        () if times > 1 => "headline-repeated",
        () if first == Some(at) => "headline-first",
        () => "headline-above-body",
    };
    Some((at, rule))
}

/// How far the words of a line recur in the body.
struct Common {
    /// Sum and mean, over the line's words, of the logarithm of how many body lines contain the word.
    sum: f64,
    mean: f64,
    /// Whether the body contains at least half of its words.
    most: bool,
}

fn common(lines: &[Line<'_>], kept: &[bool], candidates: &[usize]) -> Vec<Common> {
    // Sorted sets, because floating-point sums depend on the order.
    let sets: Vec<BTreeSet<Cow<'_, str>>> = candidates.iter().map(|at| long_words(lines[*at].text).collect()).collect();
    // How many body lines contain each word, and the last of them.
    let mut times: HashMap<&str, (u32, usize)> =
        sets.iter().flatten().map(|word| (word.as_ref(), (0, usize::MAX))).collect();
    for at in (0..lines.len()).filter(|at| kept[*at]) {
        for word in long_words(lines[at].text) {
            if let Some((times, last)) = times.get_mut(word.as_ref()).filter(|(_, last)| *last != at) {
                *times += 1;
                *last = at;
            }
        }
    }
    let of = |(words, at): (&BTreeSet<Cow<'_, str>>, &usize)| {
        // The line itself may be among the body lines.
        let elsewhere = words.iter().map(|word| times[word.as_ref()].0 - u32::from(kept[*at]));
        let (sum, shared) = elsewhere.fold((0.0, 0), |(sum, shared), elsewhere| {
            (sum + f64::from(elsewhere).ln_1p(), shared + usize::from(elsewhere > 0))
        });
        Common { sum, mean: sum / words.len().max(1) as f64, most: shared > 0 && shared * 2 >= words.len() }
    };
    sets.iter().zip(candidates).map(of).collect()
}

fn long_words(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let words = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|part| part.chars().nth(WORD_LETTERS - 1).is_some());
    words.map(lower)
}

/// Whether a line is a breadcrumb whose last step is the title.
fn is_last_step(breadcrumb: &str, title: &str) -> bool {
    let before = breadcrumb.strip_suffix(title).map(str::trim_end);
    before.is_some_and(|text| text.ends_with(['»', '>', '›', '/', '|', '→', '-', '–']))
}

/// Whether a line is a byline or a date line.
fn is_metadata_line(text: &str) -> bool {
    byline::line(text).is_some() || is_date_line(text)
}

fn is_headline(text: &str) -> bool {
    (1..=WORDS_MAX).contains(&words(text)) && text.chars().count() <= CHARS_MAX
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
