//! The features of a line that may be the headline: how many of its words the body has, where it stands, what is around
//! it, how it is written. The trees of `model/headline_trees.txt` were trained on exactly these.

use super::{
    boilerplate::{asks, ends_as_sentence},
    features::long_words,
    lines::Line,
    metadata_lines::is_date_line,
    prose::weight,
    wire,
};
use crate::enrich::byline;
use rustc_hash::{FxHashMap, FxHashSet};

pub const COUNT: usize = 43;
pub type Row = [f32; COUNT];

/// Maximum lines between the headline and the body, in which a page has its menus, and behind the body's first line.
const ABOVE_BODY: usize = 200;
const BEHIND_START: usize = 3;
/// Maximum length of a headline, in words and in characters.
const WORDS_MAX: usize = 40;
const CHARS_MAX: usize = 250;
/// Maximum lines without body between two lines of one run.
const GAP: usize = 10;
/// Lines of the body that lead it.
const LEAD: usize = 6;
/// Lines from a headline to a copy of it, to a byline or date after it and before it, and to other short or long lines.
const COPY: usize = 4;
const METADATA_AFTER: usize = 11;
const METADATA_BEFORE: usize = 7;
const AROUND: usize = 6;
/// Without metadata near the line.
const FAR: f32 = 20.0;
/// Characters of a short and of a long line.
const SHORT: usize = 25;
const LONG: usize = 60;

/// Where the body begins, and the lines above it that may be its headline.
pub struct Candidates {
    pub lines: Vec<usize>,
    pub body: usize,
}

/// Returns the candidates of a page. `kept` are the lines that may be in the body.
pub fn candidates(lines: &[Line<'_>], kept: &[bool]) -> Candidates {
    let body = heaviest_run(lines, kept).unwrap_or(lines.len());
    let prose = (0..lines.len()).find(|at| kept[*at] && lines[*at].prose && !asks(lines[*at].text));
    let body = if body < lines.len() { body.max(prose.unwrap_or(body)) } else { body };
    let near = |at: &usize| *at == 0 || body.saturating_sub(*at) <= ABOVE_BODY;
    // A sentence of the body is no headline, even where nothing stands above it.
    let of_body = |at: &usize| *at >= body && kept[*at] && lines[*at].prose;
    let above = (0..(body + BEHIND_START).min(lines.len())).filter(|at| near(at) && !of_body(at));
    Candidates { lines: above.filter(|at| may_be_headline(lines[*at].text)).collect(), body }
}

fn may_be_headline(text: &str) -> bool {
    let is_short = text.chars().count() <= CHARS_MAX && (1..=WORDS_MAX).contains(&text.split_whitespace().count());
    is_short && !wire::is_filing(text)
}

/// Returns the first line of the heaviest run of kept lines.
fn heaviest_run(lines: &[Line<'_>], kept: &[bool]) -> Option<usize> {
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for at in (0..lines.len()).filter(|at| kept[*at]) {
        let weight = weight(lines[at].text);
        match runs.last_mut() {
            Some((_, last, all)) if at - *last <= GAP => (*last, *all) = (at, *all + weight),
            _ => runs.push((at, at, weight)),
        }
    }
    runs.into_iter().rev().max_by_key(|run| run.2).map(|run| run.0)
}

/// What the features of one candidate are compared with.
struct Page<'l, 'a> {
    lines: &'l [Line<'a>],
    is_boilerplate: &'l [bool],
    kept: &'l [bool],
    body: usize,
    /// How many lines of the body have a word, and the words of its first lines.
    counts: FxHashMap<u64, u32>,
    lead: FxHashSet<u64>,
    /// How often each line occurs.
    times: FxHashMap<&'a str, u32>,
    is_metadata: Vec<bool>,
    chars: Vec<usize>,
}

/// A candidate's words and how many of them the body has.
struct Shared {
    words: Vec<u64>,
    /// The sum, over the words, of the logarithm of how many lines of the body have the word.
    sum: f32,
    lead: f32,
    count: usize,
}

/// Returns the features of each candidate.
pub fn rows(lines: &[Line<'_>], is_boilerplate: &[bool], kept: &[bool], candidates: &Candidates) -> Vec<Row> {
    let page = Page::new(lines, is_boilerplate, kept, candidates.body);
    let shared: Vec<Shared> = candidates.lines.iter().map(|at| page.shared(*at)).collect();
    let first = is_boilerplate.iter().position(|boilerplate| !boilerplate);
    let row = |index: usize| page.row(candidates, &shared, index, first);
    (0..shared.len()).map(row).collect()
}

impl<'l, 'a> Page<'l, 'a> {
    fn new(lines: &'l [Line<'a>], is_boilerplate: &'l [bool], kept: &'l [bool], body: usize) -> Self {
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for at in (0..lines.len()).filter(|at| kept[*at]) {
            long_words(lines[at].text).into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
        }
        let lead = (body..lines.len().min(body + LEAD)).filter(|at| kept[*at]);
        let lead = lead.flat_map(|at| long_words(lines[at].text)).collect();
        let mut times: FxHashMap<&str, u32> = FxHashMap::default();
        lines.iter().for_each(|line| *times.entry(line.text).or_default() += 1);
        let near = |at: usize| {
            at < body + BEHIND_START + METADATA_AFTER
                && (at <= METADATA_AFTER || at + ABOVE_BODY + METADATA_BEFORE >= body)
        };
        let is_metadata = |(at, line): (usize, &Line<'_>)| near(at) && is_metadata_line(line.text);
        let is_metadata = lines.iter().enumerate().map(is_metadata).collect();
        let chars = lines.iter().map(|line| line.text.chars().count()).collect();
        Self { lines, is_boilerplate, kept, body, counts, lead, times, is_metadata, chars }
    }

    fn shared(&self, at: usize) -> Shared {
        let words = long_words(self.lines[at].text);
        let own = u32::from(self.kept[at]);
        let elsewhere = |word: &u64| self.counts.get(word).map_or(0, |count| count - own.min(*count));
        let sum = words.iter().map(|word| (elsewhere(word) as f32).ln_1p()).sum();
        let lead = words.iter().filter(|word| self.lead.contains(word)).count() as f32 / words.len().max(1) as f32;
        let count = words.iter().filter(|word| elsewhere(word) > 0).count();
        Shared { words, sum, lead, count }
    }

    /// Counts the lines in a part of the page that hold.
    fn count(&self, from: usize, to: usize, holds: impl Fn(usize) -> bool) -> f32 {
        (from..to.min(self.lines.len())).filter(|at| holds(*at)).count() as f32
    }

    fn row(&self, candidates: &Candidates, shared: &[Shared], index: usize, first: Option<usize>) -> Row {
        let at = candidates.lines[index];
        let own = &shared[index];
        let text = self.lines[at].text;
        let is = |holds: bool| f32::from(u8::from(holds));
        let rank = |holds: &dyn Fn(&Shared) -> bool| shared.iter().filter(|other| holds(other)).count() as f32;
        let words = own.words.len().max(1) as f32;
        let copies = &self.lines[at.saturating_sub(COPY)..(at + COPY + 1).min(self.lines.len())];
        let after = (at + 1..(at + 1 + METADATA_AFTER).min(self.lines.len())).find(|line| self.is_metadata[*line]);
        let before = (at.saturating_sub(METADATA_BEFORE)..at).rev().find(|line| self.is_metadata[*line]);
        let length = |at: Option<usize>| at.and_then(|at| self.chars.get(at)).map_or(-1.0, |chars| *chars as f32);
        let letters = text.chars().filter(|letter| letter.is_alphabetic()).count().max(1);
        let capitals = text.chars().filter(|letter| letter.is_uppercase()).count();
        let others = || shared.iter().enumerate().filter(|(other, _)| *other != index);
        let contained = others().filter(|(_, other)| !own.words.is_empty() && is_subset(&own.words, &other.words));
        let alike = others()
            .filter(|(other, _)| candidates.lines[*other].abs_diff(at) < LONG)
            .map(|(_, other)| similarity(&own.words, &other.words))
            .fold(0.0, f32::max);
        [
            text.split_whitespace().count() as f32,
            self.chars[at] as f32,
            own.sum,
            own.sum / words,
            rank(&|other| other.sum > own.sum),
            own.lead,
            rank(&|other| other.lead > own.lead),
            own.count as f32 / words,
            own.words.len() as f32,
            self.times[text] as f32,
            copies.iter().filter(|copy| copy.text == text).count() as f32,
            after.map_or(FAR, |after| (after - at) as f32),
            before.map_or(FAR, |before| (at - before) as f32),
            is(ends_as_sentence(text)),
            is(asks(text)),
            at as f32,
            self.body as f32 - at as f32,
            at as f32 / self.body.max(1) as f32,
            is(first == Some(at)),
            self.count(at.saturating_sub(3), at, |line| self.is_boilerplate[line]),
            self.count(at + 1, at + 4, |line| self.is_boilerplate[line]),
            length(at.checked_sub(1)),
            length(at.checked_sub(2)),
            length(Some(at + 1)),
            length(Some(at + 2)),
            length(Some(at + 3)),
            capitals as f32 / letters as f32,
            self.count(at.saturating_sub(AROUND), at, |line| self.chars[line] > LONG),
            self.count(at.saturating_sub(AROUND), at, |line| self.chars[line] < SHORT),
            self.count(at + 1, at + 1 + AROUND, |line| self.chars[line] < SHORT),
            is(text.contains(['|', '»', '›'])),
            text.matches(',').count() as f32,
            is(text.contains(':')),
            is(text.contains(char::is_numeric)),
            is(self.kept[at]),
            contained.count() as f32,
            alike,
            candidates.lines.len() as f32,
            index as f32,
            is(self.is_boilerplate[at]),
            is(self.is_metadata[at]),
            is(self.lines[at].prose),
            self.count(at + 1, self.body, |line| self.lines[line].prose),
        ]
    }
}

/// Whether a line is a byline or a date line.
fn is_metadata_line(text: &str) -> bool {
    byline::line(text).is_some() || is_date_line(text)
}

/// Whether all words of a sorted list are in another.
fn is_subset(words: &[u64], others: &[u64]) -> bool {
    words.iter().all(|word| others.binary_search(word).is_ok())
}

/// Returns the share of the words of two sorted lists that are in both.
fn similarity(words: &[u64], others: &[u64]) -> f32 {
    let common = words.iter().filter(|word| others.binary_search(word).is_ok()).count();
    common as f32 / (words.len() + others.len() - common).max(1) as f32
}
