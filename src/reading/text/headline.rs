//! The headline of flattened text: of the lines above the story the one that is most like a headline. Its words come back
//! in the story, a byline or a date follows it, it stands twice, it is the first line of a page that was saved from its
//! title on.

use super::{
    furniture::{asks, ends_as_sentence},
    lines::Line,
    marks::is_date_line,
};
use crate::enrich::{byline, passage::lower};
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

/// How far above the story its headline stands at most, in lines: byline, date, buttons and captions are between them, and
/// summaries and tables of contents.
const ABOVE_STORY: usize = 60;
/// The length of a headline, in words.
const WORDS_MAX: usize = 32;
const CHARS_MAX: usize = 250;
/// From so many words on a line may be a title; what is shorter names the site or the section.
const TITLE_WORDS: usize = 3;
/// A page that was saved from its title on has the story no further below.
const TITLE_ABOVE_STORY: usize = 8;
/// The copy of a line stands so near.
const COPY: usize = 4;
/// A byline or a date follows a headline within so many lines.
const MARK: usize = 5;
/// Shorter words stand in every story.
const WORD_LETTERS: usize = 4;

/// What speaks for a line, and against it: `model/headline.py` fits the weights, rounded here to twentieths.
mod weights {
    /// As long as most headlines are.
    pub const LENGTH: f64 = 1.75;
    pub const LENGTH_WORDS: std::ops::RangeInclusive<usize> = 4..=16;
    /// For the logarithm of how often a word of the line comes in the story, on average.
    pub const WORDS: f64 = 0.75;
    /// For the logarithm of how many lines have more words of the story.
    pub const BETTER: f64 = -2.05;
    pub const REPEATED: f64 = 2.45;
    pub const MARK: f64 = 1.75;
    /// It ends as a statement does, which a description under the headline mostly is.
    pub const STATEMENT: f64 = -2.45;
    /// For each line of furniture among the three before it: a menu ends, or a row of buttons.
    pub const FURNITURE: f64 = 0.4;
    pub const FURNITURE_LINES: usize = 3;
    /// It is the first line of the document.
    pub const TOP: f64 = 2.4;
    /// It is the first that is no furniture, and the story has most of its words; and the story begins near it.
    pub const FIRST: f64 = 1.65;
    pub const FIRST_NEAR: f64 = 0.95;
}

/// The line of the headline, and the rule that found it. `kept` are the lines that may be the story, which begins with
/// line `story`.
pub fn find(lines: &[Line<'_>], is_furniture: &[bool], kept: &[bool], story: usize) -> Option<(usize, &'static str)> {
    // The first line is near enough wherever the story begins.
    let above = (0..story).filter(|at| *at == 0 || story - at <= ABOVE_STORY);
    let above: Vec<usize> = above.filter(|at| !is_furniture[*at]).collect();
    let near = |at: usize| at <= MARK || at + ABOVE_STORY >= story && at < story + MARK;
    let marks: Vec<bool> = lines.iter().enumerate().map(|(at, it)| near(at) && is_mark(it.text)).collect();
    let candidates: Vec<usize> =
        above.iter().copied().filter(|at| is_headline(lines[*at].text) && !marks[*at]).collect();
    let common = common(lines, kept, &candidates);
    let first = (0..story).find(|at| !is_furniture[*at]);
    let score = |at: usize, shared: &Common| {
        let text = lines[at].text;
        let length = words(text);
        let better = common.iter().filter(|it| it.sum > shared.sum).count();
        let copy = lines[at.saturating_sub(COPY)..(at + COPY + 1).min(lines.len())].iter();
        let repeated = length >= TITLE_WORDS && copy.filter(|it| it.text == text).count() > 1;
        let marked = marks.iter().skip(at + 1).take(MARK).any(|it| *it);
        let statement = ends_as_sentence(text) && !asks(text);
        let furniture = is_furniture[at.saturating_sub(weights::FURNITURE_LINES)..at].iter().filter(|it| **it).count();
        let is_first = first == Some(at) && length >= TITLE_WORDS;
        let if_so = |it: bool, weight: f64| if it { weight } else { 0.0 };
        if_so(weights::LENGTH_WORDS.contains(&length), weights::LENGTH)
            + weights::WORDS * shared.mean
            + weights::BETTER * (1.0 + better as f64).ln()
            + if_so(repeated, weights::REPEATED)
            + if_so(marked, weights::MARK)
            + if_so(statement, weights::STATEMENT)
            + weights::FURNITURE * furniture as f64
            + if_so(at == 0, weights::TOP)
            + if_so(is_first && shared.most, weights::FIRST)
            + if_so(first == Some(at) && story - at <= TITLE_ABOVE_STORY, weights::FIRST_NEAR)
    };
    let scored = candidates.iter().zip(&common).map(|(at, common)| (*at, score(*at, common)));
    // Of equals the first: `max_by` gives the last.
    let best = scored.rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|it| it.0);
    // Of two that say the same, the second is the copy.
    let same = |at: usize| above.iter().copied().find(|it| lines[*it].text == lines[at].text);
    let best = best.map(|at| same(at).unwrap_or(at));
    // `Home » Money » Who saves` is the way to the page `Who saves`.
    let last_step = |at: usize| {
        let of_way = |it: &usize| *it != at && words(lines[*it].text) >= TITLE_WORDS;
        above.iter().copied().filter(of_way).find(|it| is_last_step(lines[at].text, lines[*it].text))
    };
    let best = best.map(|at| last_step(at).unwrap_or(at));
    // A page of nothing but short lines still has a first one.
    let only = || first.filter(|at| byline::line(lines[*at].text).is_none());
    let at = best.or_else(only)?;
    let times = lines.iter().take(story + ABOVE_STORY).filter(|it| it.text == lines[at].text).count();
    let rule = match () {
        () if times > 1 => "headline-repeated",
        () if first == Some(at) => "headline-first",
        () => "headline-above-story",
    };
    Some((at, rule))
}

/// What a line has in common with the story.
struct Common {
    /// The logarithms of how many lines of the story have each of its words, in sum and on average.
    sum: f64,
    mean: f64,
    /// Whether the story has most of its words.
    most: bool,
}

fn common(lines: &[Line<'_>], kept: &[bool], candidates: &[usize]) -> Vec<Common> {
    // In an order of their own, because sums of numbers with fractions depend on it.
    let sets: Vec<BTreeSet<Cow<'_, str>>> = candidates.iter().map(|at| long_words(lines[*at].text).collect()).collect();
    // In how many lines of the story each word stands, and the last of them.
    let mut times: HashMap<&str, (u32, usize)> =
        sets.iter().flatten().map(|it| (it.as_ref(), (0, usize::MAX))).collect();
    for at in (0..lines.len()).filter(|at| kept[*at]) {
        for word in long_words(lines[at].text) {
            if let Some((times, last)) = times.get_mut(word.as_ref()).filter(|it| it.1 != at) {
                *times += 1;
                *last = at;
            }
        }
    }
    let of = |(words, at): (&BTreeSet<Cow<'_, str>>, &usize)| {
        // The line itself may be taken for a line of the story.
        let elsewhere = words.iter().map(|it| times[it.as_ref()].0 - u32::from(kept[*at]));
        let (sum, shared) =
            elsewhere.fold((0.0, 0), |(sum, shared), it| (sum + f64::from(it).ln_1p(), shared + usize::from(it > 0)));
        Common { sum, mean: sum / words.len().max(1) as f64, most: shared > 0 && shared * 2 >= words.len() }
    };
    sets.iter().zip(candidates).map(of).collect()
}

fn long_words(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let words = text.split(|it: char| !it.is_alphanumeric()).filter(|it| it.chars().nth(WORD_LETTERS - 1).is_some());
    words.map(lower)
}

/// Whether a line is the way to a page, of which the title is the last step.
fn is_last_step(way: &str, title: &str) -> bool {
    let before = way.strip_suffix(title).map(str::trim_end);
    before.is_some_and(|it| it.ends_with(['»', '>', '›', '/', '|', '→', '-', '–']))
}

/// A byline or a date line.
fn is_mark(text: &str) -> bool {
    byline::line(text).is_some() || is_date_line(text)
}

fn is_headline(text: &str) -> bool {
    (1..=WORDS_MAX).contains(&words(text)) && text.chars().count() <= CHARS_MAX
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
    use super::*;

    #[test]
    fn the_way_to_a_page_is_not_its_title() {
        for (way, expected) in
            [("Home » Money » Who saves most", true), ("Money – Who saves most", true), ("And Who saves most", false)]
        {
            assert_eq!(is_last_step(way, "Who saves most"), expected, "{way}");
        }
    }

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
