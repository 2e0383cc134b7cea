//! How alike two texts are: by the runs of three words that they share.
//!
//! A text is the set of its shingles, runs of three words. Two texts are of one story when they share much of all they
//! have, or when one holds most of the other and is no whole library of it. Which texts are worth comparing is told by
//! MinHash (A. Broder, "On the resemblance and containment of documents", 1997): of each of 64 orders of all shingles the
//! first that a text has, two and two as a band; alike texts have a band in common, others hardly ever.

use crate::article::TextSpan;
use siphasher::sip::SipHasher13;
use std::{collections::HashMap, hash::Hasher, ops::Range};
use unicode_segmentation::UnicodeSegmentation;

/// Bands of a text, and orders in a band.
pub const BANDS: usize = 32;
const ROWS: usize = 2;
const SHINGLE: usize = 3;
/// A shorter text is a notice that many pages have, and like no other.
const SHINGLES_MIN: usize = 16;
/// Enough of both together; or enough of the shorter one, where both together have something in common.
const SIMILAR: f64 = 0.45;
const CONTAINED: f64 = 0.6;
const CONTAINED_SIMILAR: f64 = 0.15;
/// The fewest words of a passage that two texts are said to share.
const PASSAGE_WORDS: usize = 8;
/// Of a run that stands often in the other text, so many places are tried.
const PLACES_TRIED: usize = 4;

/// The shingles of a text, sorted, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shingles(Vec<u64>);

#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct Likeness {
    /// The share of all shingles of the two that both have.
    pub similarity: f64,
    /// The share of the shorter one's shingles that the other has.
    pub containment: f64,
}

impl Likeness {
    pub fn is_of_one_story(&self) -> bool {
        self.similarity >= SIMILAR || self.containment >= CONTAINED && self.similarity >= CONTAINED_SIMILAR
    }
}

impl Shingles {
    pub fn of(paragraphs: &[String]) -> Self {
        let words: Vec<u64> = paragraphs.iter().flat_map(|it| words(it)).map(|it| it.0).collect();
        let mut shingles: Vec<u64> = words.windows(SHINGLE).map(joined).collect();
        shingles.sort_unstable();
        shingles.dedup();
        Self(shingles)
    }

    /// One number for each band; none of a text that is too short to be like another.
    pub fn bands(&self) -> Vec<u64> {
        if self.0.len() < SHINGLES_MIN {
            return Vec::new();
        }
        let first = |order: usize| {
            let order = mixed(order as u64 + 1);
            self.0.iter().map(|it| mixed(it ^ order)).min().unwrap_or_default()
        };
        let band = |band: usize| (0..ROWS).fold(0, |all, row| mixed(all ^ first(band * ROWS + row)));
        (0..BANDS).map(band).collect()
    }

    pub fn likeness(&self, other: &Self) -> Likeness {
        let (shorter, longer) = if self.0.len() <= other.0.len() { (self, other) } else { (other, self) };
        let common = shorter.0.iter().filter(|it| longer.0.binary_search(it).is_ok()).count();
        let share = |all: usize| if all == 0 { 0.0 } else { common as f64 / all as f64 };
        Likeness { similarity: share(self.0.len() + other.0.len() - common), containment: share(shorter.0.len()) }
    }
}

/// The passages of eight words and more that both texts have, as places in each, in the order of the first.
pub fn shared(a: &[String], b: &[String]) -> Vec<(TextSpan, TextSpan)> {
    let (a, b): (Vec<_>, Vec<_>) = (a.iter().map(|it| words(it)).collect(), b.iter().map(|it| words(it)).collect());
    let mut places: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    for (paragraph, words) in b.iter().enumerate() {
        for (at, shingle) in words.windows(SHINGLE).enumerate() {
            places.entry(joined_words(shingle)).or_default().push((paragraph, at));
        }
    }
    let mut shared = Vec::new();
    for (paragraph, words) in a.iter().enumerate() {
        let mut at = 0;
        while at + SHINGLE <= words.len() {
            let found = places.get(&joined_words(&words[at..at + SHINGLE])).into_iter().flatten().take(PLACES_TRIED);
            let run = |other: &(usize, usize)| {
                let rest = &b[other.0][other.1..];
                words[at..].iter().zip(rest).take_while(|(one, other)| one.0 == other.0).count()
            };
            let longest = found.map(|it| (run(it), *it)).max_by_key(|it| it.0).filter(|it| it.0 >= PASSAGE_WORDS);
            let Some((length, (other, from))) = longest else {
                at += 1;
                continue;
            };
            shared.push((span(paragraph, &words[at..at + length]), span(other, &b[other][from..from + length])));
            at += length;
        }
    }
    shared
}

type Word = (u64, Range<usize>);

/// The words of a text, ideographs one by one, as numbers that are the same on every machine and in every release, for
/// they are kept.
fn words(text: &str) -> Vec<Word> {
    let number = |word: &str| {
        let mut hasher = SipHasher13::new();
        hasher.write(word.to_lowercase().as_bytes());
        hasher.finish()
    };
    text.unicode_word_indices().map(|(at, word)| (number(word), at..at + word.len())).collect()
}

fn joined(words: &[u64]) -> u64 {
    words.iter().fold(0, |all, it| mixed(all ^ it))
}

fn joined_words(words: &[Word]) -> u64 {
    words.iter().fold(0, |all, it| mixed(all ^ it.0))
}

fn span(paragraph: usize, words: &[Word]) -> TextSpan {
    let part = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    let start = words.first().map_or(0, |it| it.1.start);
    let end = words.last().map_or(0, |it| it.1.end);
    TextSpan { field: "body".to_owned(), paragraph: part(paragraph), start: part(start), end: part(end) }
}

/// The finalizer of SplitMix64 (S. Vigna, public domain): every bit of the number decides on every bit of the answer.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(from: usize, to: usize) -> Vec<String> {
        let sentence = |it: usize| format!("Boat {it} left pier {} with {} crates of fish and no ice.", it * 7, it * 3);
        (from..to).map(sentence).collect()
    }

    #[test]
    fn a_copy_is_alike_and_has_every_band() {
        let (one, other) = (Shingles::of(&text(0, 20)), Shingles::of(&text(0, 20)));
        assert_eq!(one.bands(), other.bands());
        assert_eq!(one.bands().len(), BANDS);
        assert_eq!(one.likeness(&other), Likeness { similarity: 1.0, containment: 1.0 });
    }

    #[test]
    fn a_part_is_contained_and_another_text_is_not() {
        let whole = Shingles::of(&text(0, 30));
        let part = Shingles::of(&text(0, 10));
        let likeness = whole.likeness(&part);
        assert!(likeness.containment > 0.95 && likeness.similarity < 0.45 && likeness.is_of_one_story());
        assert!(!whole.likeness(&Shingles::of(&text(100, 130))).is_of_one_story());
        assert!(Shingles::of(&["Markets are closed today.".to_owned()]).bands().is_empty());
        let empty = Shingles::of(&[]);
        assert!(!empty.likeness(&empty).is_of_one_story());
    }

    #[test]
    fn shared_passages_are_where_they_stand_in_both() {
        let a = vec!["So it began. The harbour opened again at noon after a night of heavy fog.".to_owned()];
        let b = vec![
            "Other words.".to_owned(),
            "THE harbour opened again at noon after a night of heavy fog, we hear.".to_owned(),
        ];
        let found = shared(&a, &b);
        let cut =
            |text: &[String], it: &TextSpan| text[it.paragraph as usize][it.start as usize..it.end as usize].to_owned();
        let [(of_a, of_b)] = found.as_slice() else { panic!("one passage, found {found:?}") };
        assert_eq!(cut(&a, of_a), "The harbour opened again at noon after a night of heavy fog");
        assert_eq!(cut(&b, of_b), "THE harbour opened again at noon after a night of heavy fog");
        assert!(shared(&a, &text(0, 3)).is_empty());
    }
}
