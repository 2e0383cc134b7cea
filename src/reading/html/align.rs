//! Which blocks of the page are the story that the extractor found. The extractor gives words; the blocks have places.

use super::scan::Block;
use std::collections::HashSet;

/// Words that are compared together.
const SHINGLE: usize = 4;
/// A block is of the story when so many of a hundred of its shingles are.
const PERCENT: usize = 70;

/// For each block, whether it is of the story.
pub fn align(blocks: &[Block], story: &[String]) -> Vec<bool> {
    let mut lines = HashSet::new();
    let mut shingles = HashSet::new();
    for line in story {
        let words = words(line);
        shingles.extend(words.windows(SHINGLE).map(<[String]>::to_vec));
        lines.insert(words);
    }
    let mut seen = HashSet::new();
    let mut aligned: Vec<bool> = blocks
        .iter()
        .map(|block| {
            let words = words(&block.text);
            let found = words.windows(SHINGLE).filter(|it| shingles.contains(*it)).count();
            let long = words.len() >= SHINGLE && found * 100 >= (words.len() + 1 - SHINGLE) * PERCENT;
            // A second copy of a paragraph is a teaser of it.
            !words.is_empty() && (lines.contains(&words) || long) && seen.insert(words)
        })
        .collect();
    drop_strays(blocks, &mut aligned);
    aligned
}

/// Short lines count only between two of the story: `Share` may be the text of a button as well as of a list item.
fn drop_strays(blocks: &[Block], aligned: &mut [bool]) {
    let long: Vec<usize> =
        (0..blocks.len()).filter(|at| aligned[*at] && words(&blocks[*at].text).len() > 2 * SHINGLE).collect();
    let (Some(first), Some(last)) = (long.first().copied(), long.last().copied()) else { return };
    for (at, it) in aligned.iter_mut().enumerate() {
        let short = words(&blocks[at].text).len() < SHINGLE;
        let heading = blocks[at].element.starts_with('h');
        if short && (at + usize::from(heading) < first || at > last) {
            *it = false;
        }
    }
}

pub fn words(text: &str) -> Vec<String> {
    let separates = |it: char| !it.is_alphanumeric();
    let mut words: Vec<String> = Vec::new();
    for word in text.split(separates).filter(|it| !it.is_empty()) {
        // Ideographs stand without blanks between words.
        if word.chars().any(|it| matches!(it, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')) {
            words.extend(word.chars().map(String::from));
        } else {
            words.push(word.to_lowercase());
        }
    }
    words
}

/// How much of the words of one text are in another, and the other way round: the smaller of the two shares.
pub fn likeness(a: &str, b: &str) -> f64 {
    let (a, b): (HashSet<_>, HashSet<_>) = (words(a).into_iter().collect(), words(b).into_iter().collect());
    let common = a.intersection(&b).count() as f64;
    if a.is_empty() || b.is_empty() { 0.0 } else { common / a.len().max(b.len()) as f64 }
}
