//! The features of a word, by which the tagger decides: the word and its neighbours, how they are written, lists of
//! names, the run of capitalised words that it is in, and what the rest of the article shows of the same word.
//!
//! A feature is the hash of its template's number and its parts. The model has weights for those of the training texts.

use super::super::{
    EntityText, names, organisations,
    tables::{self, NameTable},
};
use crate::enrich::places;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{ops::Range, sync::LazyLock};

/// Maximum words of a run of capitalised words.
const RUN_WORDS: usize = 8;
/// Lower-case words within a name, between capitalised ones.
const WITHIN: [&str; 8] = ["of", "for", "and", "the", "de", "van", "von", "al"];

static FIRST_NAMES: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| include_str!("model/first_names.txt").lines().collect());
static SURNAMES: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| include_str!("model/surnames.txt").lines().collect());

pub fn is_first_name(low: &str) -> bool {
    FIRST_NAMES.contains(low)
}

pub fn is_surname(low: &str) -> bool {
    SURNAMES.contains(low)
}

/// What an article shows of a word, wherever it occurs.
#[derive(Default)]
struct Elsewhere {
    /// Which lists have it in lower case, one letter for each.
    lists: String,
    lower: bool,
    has_title: bool,
    named: bool,
    speaks: bool,
    headed: bool,
    count: u8,
}

/// Features of all words of an article's texts.
pub struct Features<'t, 'a> {
    texts: &'t [EntityText<'a>],
    /// For each text, the words of known organisations.
    known: Vec<Vec<bool>>,
    elsewhere: FxHashMap<&'t str, Elsewhere>,
}

impl<'t, 'a> Features<'t, 'a> {
    pub fn new(texts: &'t [EntityText<'a>]) -> Self {
        let mut elsewhere: FxHashMap<&str, Elsewhere> = FxHashMap::default();
        for text in texts {
            for (at, word) in text.words.iter().enumerate() {
                let low = text.low(at);
                let seen =
                    elsewhere.entry(low).or_insert_with(|| Elsewhere { lists: lists(low), ..Elsewhere::default() });
                if !word.is_capital() {
                    seen.lower = true;
                    continue;
                }
                let before = at.checked_sub(1).filter(|before| text.joined(*before));
                let low_before = before.map_or("", |before| text.low(before));
                seen.has_title |= tables::title(low_before).is_some();
                seen.named |= is_first_name(low_before) && text.words[at - 1].is_capital();
                seen.speaks |= text.joined(at) && names::is_reporting_verb(text.low(at + 1));
                seen.headed |=
                    text.capital_behind(at).is_some_and(|next| organisations::is_head(text.words[next].text));
                seen.count = seen.count.saturating_add(1);
            }
        }
        Self { texts, known: texts.iter().map(known).collect(), elsewhere }
    }

    /// Calls `visit` with the features of each of the words of a text that `wanted` selects.
    pub fn visit(&self, text: usize, wanted: impl Fn(usize) -> bool, mut visit: impl FnMut(usize, &[u32])) {
        let (text, known) = (&self.texts[text], &self.known[text]);
        let words = WordShapes {
            shapes: text.words.iter().map(|word| shape(word.text)).collect(),
            lists: (0..text.words.len()).map(|at| self.listed(text, at, known)).collect(),
        };
        let runs = runs(text);
        let mut row = Row(Vec::with_capacity(64));
        for at in (0..text.words.len()).filter(|at| wanted(*at)) {
            row.0.clear();
            self.of_word(text, at, &runs, &words, &mut row);
            visit(at, &row.0);
        }
    }

    /// Returns which lists have a word at a position.
    fn listed(&self, text: &EntityText<'_>, at: usize, known: &[bool]) -> String {
        let word = text.words[at].text;
        let mut lists = self.elsewhere.get(text.low(at)).map_or(String::new(), |seen| seen.lists.clone());
        lists.extend(organisations::is_head(word).then_some('h'));
        lists.extend(known[at].then_some('o'));
        lists.extend(tables::country(word).map(|country| match country.names {
            NameTable::Adjective => 'a',
            _ => 'k',
        }));
        lists
    }

    fn of_word(&self, text: &EntityText<'_>, at: usize, runs: &[Range<usize>], words: &WordShapes, row: &mut Row) {
        let low = |offset: isize| at.checked_add_signed(offset).map_or("", |at| text.low(at));
        let shape = |offset: isize| neighbour(&words.shapes, at, offset);
        let (shape_before, own, shape_after) = (shape(-1), shape(0), shape(1));
        let before = if at == 0 { "^" } else { gap(text.after(at - 1)) };
        let after = if at + 1 == text.words.len() { "$" } else { gap(text.after(at)) };
        let opens = if text.opens_sentence(at) { "opens" } else { "" };
        row.add(0, &[]);
        for (template, offset) in [(1, 0), (2, -1), (3, 1), (4, -2), (5, 2)] {
            row.add(template, &[low(offset)]);
        }
        row.add(6, &[low(-1), low(0)]);
        row.add(7, &[low(0), low(1)]);
        row.add(8, &[own, opens]);
        row.add(9, &[shape_before, own]);
        row.add(10, &[own, shape_after]);
        row.add(11, &[before]);
        row.add(12, &[after]);
        row.add(13, &[before, own, after]);
        row.add(14, &[low(-1), before, own]);
        row.add(15, &[low(1), after, own]);
        let word = low(0);
        for length in [2, 3, 4] {
            if let Some((end, _)) = word.char_indices().nth(length) {
                row.add(16, &[&word[..end]]);
            }
            if let Some((start, _)) = word.char_indices().rev().nth(length - 1) {
                row.add(17, &[&word[start..], if text.words[at].is_capital() { "X" } else { "x" }]);
            }
        }
        if !text.words[at].is_capital() {
            return;
        }
        let named = |offset: isize| neighbour(&words.lists, at, offset);
        let (named_before, listed_here, named_after) = (named(-1), named(0), named(1));
        row.add(18, &[listed_here]);
        row.add(19, &[named_before, before, listed_here]);
        row.add(20, &[listed_here, after, named_after]);
        row.add(21, &[named_before, listed_here, named_after]);
        let run = &runs[runs.partition_point(|run| run.end <= at)];
        let place = match (at == run.start, at + 1 == run.end) {
            (true, true) => "only",
            (true, false) => "first",
            (false, true) => "last",
            (false, false) => "within",
        };
        let length = ["1", "2", "3", "4", "5+"][run.len().min(5) - 1];
        let first = text.low(run.start);
        let last = text.low(run.end - 1);
        let outside_before = run.start.checked_sub(1).map_or("^", |before| text.low(before));
        let outside_after = if run.end < text.words.len() { text.low(run.end) } else { "$" };
        row.add(22, &[place, length, opens]);
        row.add(23, &[place, last]);
        row.add(24, &[place, first]);
        row.add(25, &[outside_before, length]);
        row.add(26, &[outside_after, length]);
        row.add(27, &[place, &words.lists[run.start..run.end.min(run.start + 4)].join(" ")]);
        let head = run.clone().find(|at| organisations::is_head(text.words[*at].text));
        row.add(28, &[place, head.map_or("", |head| text.low(head))]);
        row.add(29, &[place, if head.is_some() { "head" } else { "" }, if text.cased { "" } else { "title case" }]);
        row.add(30, &[place, gap_outside(text, run), length]);
        row.add(31, &[outside_before, outside_after]);
        let Some(seen) = self.elsewhere.get(text.low(at)) else { return };
        let mark = |flag: bool, mark: &'static str| if flag { mark } else { "" };
        let flags = [
            mark(seen.lower, "l"),
            mark(seen.has_title, "t"),
            mark(seen.named, "n"),
            mark(seen.speaks, "s"),
            mark(seen.headed, "h"),
        ];
        row.add(32, &flags);
        for flag in flags.iter().filter(|flag| !flag.is_empty()) {
            row.add(33, &[flag, place]);
        }
        row.add(34, &[if seen.count > 2 { "often" } else { "" }, place, listed_here]);
    }
}

/// How each word of a text is written, and which lists have it.
struct WordShapes {
    shapes: Vec<String>,
    lists: Vec<String>,
}

/// Returns the value of a word at an offset from another, or an empty string if there is no such word.
fn neighbour(of: &[String], at: usize, offset: isize) -> &str {
    at.checked_add_signed(offset).and_then(|at| of.get(at)).map_or("", String::as_str)
}

struct Row(Vec<u32>);

impl Row {
    /// Adds the hash of a feature: FNV-1a of 64 bits, folded to 32.
    fn add(&mut self, template: u8, parts: &[&str]) {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut byte = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        byte(template);
        for part in parts {
            part.bytes().for_each(&mut byte);
            byte(0xff);
        }
        let folded = (hash >> 32) ^ (hash & 0xffff_ffff);
        self.0.push(u32::try_from(folded).expect("32 bits"));
    }
}

/// Returns the runs of capitalised words, with the lower-case words of names between them.
fn runs(text: &EntityText<'_>) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < text.words.len() {
        if !text.words[at].is_capital() {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        while end < text.words.len() && end - at < RUN_WORDS && text.joined(end - 1) {
            let small = usize::from(WITHIN.contains(&text.words[end].text));
            let next = end + small;
            if next >= text.words.len() || !text.words[next].is_capital() || small == 1 && !text.joined(end) {
                break;
            }
            end = next + 1;
        }
        runs.push(at..end);
        at = end;
    }
    runs
}

/// Returns for each word whether it is part of a known organisation's name.
fn known(text: &EntityText<'_>) -> Vec<bool> {
    let mut known = vec![false; text.words.len()];
    for at in 0..text.words.len() {
        if let Some((_, words)) = organisations::known_at(text, at) {
            known[words].fill(true);
        }
    }
    known
}

/// Returns which lists have a word in lower case, one letter for each.
fn lists(low: &str) -> String {
    let in_lists = [
        ('f', is_first_name(low)),
        ('s', is_surname(low)),
        ('t', tables::title(low).is_some()),
        ('c', places::begins_city(low)),
    ];
    in_lists.into_iter().filter(|(_, is)| *is).map(|(list, _)| list).collect()
}

/// Returns how a word is written: runs of capitals, small letters, digits and other signs, each as one letter.
fn shape(word: &str) -> String {
    let mut shape = String::new();
    for letter in word.chars() {
        let kind = match letter {
            letter if letter.is_uppercase() => 'X',
            letter if letter.is_alphabetic() => 'x',
            letter if letter.is_numeric() => 'd',
            other => other,
        };
        // Two capitals are different from one.
        let repeated = shape.ends_with(kind) && (kind != 'X' || shape.ends_with("XX"));
        if !repeated {
            shape.push(kind);
        }
    }
    shape
}

/// Returns the kind of what separates two words.
fn gap(text: &str) -> &'static str {
    let text = text.trim();
    let first = text.chars().next();
    match first {
        None => "",
        Some('\'' | '’') if text.to_lowercase().contains('s') => "'s",
        Some(',') => ",",
        Some('.' | '!' | '?' | '…') => ".",
        Some(':' | ';') => ":",
        Some('(' | '[') => "(",
        Some(')' | ']') => ")",
        Some('"' | '“' | '”' | '«' | '»' | '‘' | '\'' | '’') => "\"",
        Some('-' | '–' | '—') => "-",
        Some('&') => "&",
        Some('/') => "/",
        Some(_) => "?",
    }
}

/// Returns the kind of what follows a run.
fn gap_outside(text: &EntityText<'_>, run: &Range<usize>) -> &'static str {
    if run.end == text.words.len() { "$" } else { gap(text.after(run.end - 1)) }
}
