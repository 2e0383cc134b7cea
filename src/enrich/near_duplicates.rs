//! Near-duplicate detection by shared shingles (runs of three words).
//!
//! A text is the set of its shingles. Two texts belong to one story if their Jaccard similarity is high, or if one
//! contains most of the other and is not a much larger collection. MinHash (A. Broder, "On the resemblance and
//! containment of documents", 1997) selects the candidates: for each of 64 permutations of all shingles the first that
//! a text has, in bands of two; similar texts have a band in common, others hardly ever.

use crate::article::TextSpan;
use siphasher::sip::SipHasher13;
use std::{collections::HashMap, hash::Hasher, ops::Range};
use unicode_segmentation::UnicodeSegmentation;

/// MinHash bands per text, and permutations (rows) per band.
pub const BANDS: usize = 32;
const ROWS: usize = 2;
const SHINGLE: usize = 3;
/// Minimum shingles of a text that is compared: a shorter one is a notice that many pages have.
const SHINGLES_MIN: usize = 16;
/// Minimum Jaccard similarity; or minimum containment of the shorter text, together with a lower minimum similarity.
const SIMILAR: f64 = 0.45;
const CONTAINED: f64 = 0.6;
const CONTAINED_SIMILAR: f64 = 0.15;
/// Minimum words of a shared passage.
const PASSAGE_WORDS: usize = 8;
/// Maximum occurrences of a shingle in the other text that are tried.
const OCCURRENCES_TRIED: usize = 4;

/// The distinct shingles of a text, as sorted hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shingles(Vec<u64>);

#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct Similarity {
    /// Jaccard similarity: the share of the shingles of either text that both have.
    pub jaccard: f64,
    /// Containment: the share of the shorter text's shingles that the other text has.
    pub containment: f64,
}

impl Similarity {
    pub fn is_of_one_story(&self) -> bool {
        self.jaccard >= SIMILAR || self.containment >= CONTAINED && self.jaccard >= CONTAINED_SIMILAR
    }
}

impl Shingles {
    pub fn of(paragraphs: &[String]) -> Self {
        let words: Vec<u64> = paragraphs.iter().flat_map(|paragraph| words(paragraph)).map(|word| word.0).collect();
        let mut shingles: Vec<u64> = words.windows(SHINGLE).map(joined).collect();
        shingles.sort_unstable();
        shingles.dedup();
        Self(shingles)
    }

    /// Returns one hash per band, or nothing for a text that is too short to compare.
    pub fn bands(&self) -> Vec<u64> {
        if self.0.len() < SHINGLES_MIN {
            return Vec::new();
        }
        let minimum = |permutation: usize| {
            let seed = mixed(permutation as u64 + 1);
            self.0.iter().map(|shingle| mixed(shingle ^ seed)).min().unwrap_or_default()
        };
        let band = |band: usize| (0..ROWS).fold(0, |hash, row| mixed(hash ^ minimum(band * ROWS + row)));
        (0..BANDS).map(band).collect()
    }

    pub fn similarity(&self, other: &Self) -> Similarity {
        let (shorter, longer) = if self.0.len() <= other.0.len() { (self, other) } else { (other, self) };
        let common = shorter.0.iter().filter(|shingle| longer.0.binary_search(shingle).is_ok()).count();
        let share = |all: usize| if all == 0 { 0.0 } else { common as f64 / all as f64 };
        Similarity { jaccard: share(self.0.len() + other.0.len() - common), containment: share(shorter.0.len()) }
    }
}

/// Returns the passages of eight words or more that both texts share, as spans in each, in the order of the first text.
pub fn shared(a: &[String], b: &[String]) -> Vec<(TextSpan, TextSpan)> {
    let (a, b): (Vec<_>, Vec<_>) =
        (a.iter().map(|paragraph| words(paragraph)).collect(), b.iter().map(|paragraph| words(paragraph)).collect());
    let mut occurrences: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    for (paragraph, words) in b.iter().enumerate() {
        for (at, shingle) in words.windows(SHINGLE).enumerate() {
            occurrences.entry(joined_words(shingle)).or_default().push((paragraph, at));
        }
    }
    let mut shared = Vec::new();
    for (paragraph, words) in a.iter().enumerate() {
        let mut at = 0;
        while at + SHINGLE <= words.len() {
            let shingle = joined_words(&words[at..at + SHINGLE]);
            let starts = occurrences.get(&shingle).into_iter().flatten().take(OCCURRENCES_TRIED);
            let run_length = |start: &(usize, usize)| {
                let rest = &b[start.0][start.1..];
                words[at..].iter().zip(rest).take_while(|(one, other)| one.0 == other.0).count()
            };
            let runs = starts.map(|start| (run_length(start), *start));
            let longest = runs.max_by_key(|run| run.0).filter(|run| run.0 >= PASSAGE_WORDS);
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

/// Returns the words of a text, each ideograph as a word, as hashes. The hashes are stored, so they must be the same on
/// every machine and in every release.
fn words(text: &str) -> Vec<Word> {
    let hash = |word: &str| {
        let mut hasher = SipHasher13::new();
        hasher.write(word.to_lowercase().as_bytes());
        hasher.finish()
    };
    text.unicode_word_indices().map(|(at, word)| (hash(word), at..at + word.len())).collect()
}

fn joined(words: &[u64]) -> u64 {
    words.iter().fold(0, |all, word| mixed(all ^ word))
}

fn joined_words(words: &[Word]) -> u64 {
    words.iter().fold(0, |all, word| mixed(all ^ word.0))
}

fn span(paragraph: usize, words: &[Word]) -> TextSpan {
    let part = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let start = words.first().map_or(0, |word| word.1.start);
    let end = words.last().map_or(0, |word| word.1.end);
    TextSpan { field: "body".to_owned(), paragraph: part(paragraph), start: part(start), end: part(end) }
}

/// The finalizer of SplitMix64 (S. Vigna, public domain): every bit of the input affects every bit of the output.
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
        let sentence =
            |boat: usize| format!("Boat {boat} left pier {} with {} crates of fish and no ice.", boat * 7, boat * 3);
        (from..to).map(sentence).collect()
    }

    #[test]
    fn a_copy_is_fully_similar_and_has_the_same_bands() {
        let (one, other) = (Shingles::of(&text(0, 20)), Shingles::of(&text(0, 20)));
        assert_eq!(one.bands(), other.bands());
        assert_eq!(one.bands().len(), BANDS);
        assert_eq!(one.similarity(&other), Similarity { jaccard: 1.0, containment: 1.0 });
    }

    #[test]
    fn an_excerpt_is_contained_and_an_unrelated_text_is_not() {
        let whole = Shingles::of(&text(0, 30));
        let part = Shingles::of(&text(0, 10));
        let scores = whole.similarity(&part);
        assert!(scores.containment > 0.95 && scores.jaccard < 0.45 && scores.is_of_one_story());
        assert!(!whole.similarity(&Shingles::of(&text(100, 130))).is_of_one_story());
        assert!(Shingles::of(&["Markets are closed today.".to_owned()]).bands().is_empty());
        let empty = Shingles::of(&[]);
        assert!(!empty.similarity(&empty).is_of_one_story());
    }

    #[test]
    fn shared_passages_have_their_spans_in_both_texts() {
        let a = vec!["So it began. The harbour opened again at noon after a night of heavy fog.".to_owned()];
        let b = vec![
            "Other words.".to_owned(),
            "THE harbour opened again at noon after a night of heavy fog, we hear.".to_owned(),
        ];
        let found = shared(&a, &b);
        let cut = |text: &[String], span: &TextSpan| {
            text[span.paragraph as usize][span.start as usize..span.end as usize].to_owned()
        };
        let [(of_a, of_b)] = found.as_slice() else { panic!("expected one passage, found {found:?}") };
        assert_eq!(cut(&a, of_a), "The harbour opened again at noon after a night of heavy fog");
        assert_eq!(cut(&b, of_b), "THE harbour opened again at noon after a night of heavy fog");
        assert!(shared(&a, &text(0, 3)).is_empty());
    }
}
