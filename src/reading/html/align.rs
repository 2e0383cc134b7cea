//! Finds which blocks of the page are in the body that the extractor returned. The extractor returns words; the blocks
//! have spans.

use super::scan::HtmlBlock;
use crate::enrich::text_fields::lower;
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
};

/// Words per shingle.
const SHINGLE: usize = 4;
/// Minimum percentage of a block's shingles that must occur in the body.
const PERCENT: usize = 70;
/// Maximum bytes of a heading. Longer text is not treated as one.
const HEADING_BYTES: usize = 200;
/// Maximum words between the last matched block and a short one. It bounds the work on a page of short lines.
const NEAR: usize = 200;

/// Hashes each shingle of adjacent words: the same words give the same hash.
fn shingles(words: &[WordHash]) -> impl Iterator<Item = WordHash> {
    // An odd number with its bits well mixed: the fraction of the golden ratio in 64 bits.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    words
        .windows(SHINGLE)
        .map(|window| window.iter().fold(0, |all: WordHash, word| (all.rotate_left(5) ^ word).wrapping_mul(MIX)))
}

/// The positions of each shingle of the body, sorted by hash.
struct ShinglePositions(Vec<(WordHash, usize)>);

impl ShinglePositions {
    fn new(body: &[WordHash]) -> Self {
        let mut positions: Vec<_> = shingles(body).zip(0..).collect();
        positions.sort_unstable();
        Self(positions)
    }

    /// Returns the first position of a shingle at or after `from`.
    fn after(&self, shingle: WordHash, from: usize) -> Option<usize> {
        let at = self.0.partition_point(|entry| *entry < (shingle, from));
        self.0.get(at).filter(|(hash, _)| *hash == shingle).map(|(_, position)| *position)
    }
}

/// Returns for each block whether it belongs to the body. `blocks_words` holds the words of each block.
pub fn align(blocks: &[HtmlBlock], blocks_words: &[Vec<WordHash>], body: &[String]) -> Vec<bool> {
    let lines: Vec<Vec<WordHash>> = body.iter().map(|line| words(line)).collect();
    let body = lines.concat();
    let lines: HashSet<&[WordHash]> = lines.iter().map(Vec::as_slice).collect();
    let positions = ShinglePositions::new(&body);
    let is_in_body = |words: &[WordHash]| {
        let found = shingles(words).filter(|shingle| positions.after(*shingle, 0).is_some()).count();
        let long = words.len() >= SHINGLE && found * 100 >= (words.len() + 1 - SHINGLE) * PERCENT;
        !words.is_empty() && (lines.contains(words) || long)
    };
    let mut aligned: Vec<bool> = blocks_words.iter().map(|words| is_in_body(words)).collect();
    drop_copies(blocks, blocks_words, &mut aligned);
    fill_gaps(blocks, blocks_words, &body, &positions, &mut aligned);
    drop_strays(blocks, blocks_words, &mut aligned);
    keep_headings(blocks, &mut aligned);
    aligned
}

/// Drops copies of a paragraph: the second one is a teaser, and so is one in a region without body text.
pub fn drop_copies(blocks: &[HtmlBlock], words: &[Vec<WordHash>], aligned: &mut [bool]) {
    let mut seen = HashSet::new();
    let within = (0..blocks.len()).filter(|at| blocks[*at].region.is_none());
    let outside = (0..blocks.len()).filter(|at| blocks[*at].region.is_some());
    for at in within.chain(outside) {
        let may_recur = words[at].len() < SHINGLE || blocks[at].element == "tr";
        if aligned[at] && !may_recur {
            aligned[at] = seen.insert(&words[at]);
        }
    }
}

/// Keeps headings within the body: those right before a block of it.
fn keep_headings(blocks: &[HtmlBlock], aligned: &mut [bool]) {
    let Some(first) = aligned.iter().position(|aligned| *aligned) else { return };
    let mut next_aligned = false;
    for at in (first..blocks.len()).rev() {
        let block = &blocks[at];
        if block.region.is_some() || block.text.is_empty() {
            continue;
        }
        let heading = matches!(block.element.as_bytes(), [b'h', b'2'..=b'6']) && block.text.len() <= HEADING_BYTES;
        aligned[at] |= heading && next_aligned;
        next_aligned = aligned[at];
    }
}

/// Keeps short blocks between two long ones if the body has the same words there: headings, items, cells.
fn fill_gaps(
    blocks: &[HtmlBlock],
    words: &[Vec<WordHash>],
    body: &[WordHash],
    positions: &ShinglePositions,
    aligned: &mut [bool],
) {
    // The last long block, and the position in the body where it ended.
    let mut before: Option<(usize, usize)> = None;
    for at in 0..blocks.len() {
        if !aligned[at] || words[at].len() < SHINGLE {
            continue;
        }
        let from = before.map_or(0, |(_, end)| end);
        let Some(start) = shingles(&words[at]).find_map(|shingle| positions.after(shingle, from)) else { continue };
        if let Some((last, mut end)) = before {
            for short in last + 1..at {
                let length = words[short].len();
                if !aligned[short] && (1..SHINGLE).contains(&length) && blocks[short].region.is_none() && end < start {
                    let gap = &body[end..start.min(end + NEAR)];
                    let found = gap.windows(length).position(|window| window == words[short].as_slice());
                    aligned[short] = found.is_some();
                    end += found.map_or(0, |offset| offset + length);
                }
            }
        }
        before = Some((at, (start + words[at].len()).min(body.len())));
    }
}

/// Drops short blocks outside the long blocks of the body: `Share` may be a button as well as a list item.
fn drop_strays(blocks: &[HtmlBlock], words: &[Vec<WordHash>], aligned: &mut [bool]) {
    let long: Vec<usize> = (0..blocks.len()).filter(|at| aligned[*at] && words[*at].len() > 2 * SHINGLE).collect();
    let (Some(first), Some(last)) = (long.first().copied(), long.last().copied()) else { return };
    for (at, aligned) in aligned.iter_mut().enumerate() {
        let short = words[at].len() < SHINGLE;
        let heading = blocks[at].element.starts_with('h');
        if short && (at + usize::from(heading) < first || at > last) {
            *aligned = false;
        }
    }
}

/// The hash of a lower-case word. Pages have tens of thousands of words, which are only compared for equality.
pub type WordHash = u64;

pub fn words(text: &str) -> Vec<WordHash> {
    let word = |letters: &str| {
        let mut hasher = DefaultHasher::new();
        hasher.write(lower(letters).as_bytes());
        hasher.finish()
    };
    let is_ideograph = |character: char| matches!(character, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let mut words: Vec<WordHash> = Vec::new();
    for letters in text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()) {
        // Ideographs are written without blanks between words.
        if letters.contains(is_ideograph) {
            words.extend(letters.char_indices().map(|(at, character)| word(&letters[at..at + character.len_utf8()])));
        } else {
            words.push(word(letters));
        }
    }
    words
}

/// Returns the word overlap of two texts: the smaller of the two shares of distinct words that they have in common.
pub fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (HashSet<_>, HashSet<_>) = (words(a).into_iter().collect(), words(b).into_iter().collect());
    let common = a.intersection(&b).count() as f64;
    if a.is_empty() || b.is_empty() { 0.0 } else { common / a.len().max(b.len()) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_blocks_match_only_at_their_position_in_the_body() {
        let block = |text: &str| HtmlBlock { text: text.to_owned(), element: "p".to_owned(), ..HtmlBlock::default() };
        let blocks: Vec<HtmlBlock> = [
            "Share",
            "The barge left its course on the evening of 3 March.",
            "What is known",
            "Share",
            "Nobody was hurt and the river was open again by noon.",
        ]
        .map(block)
        .to_vec();
        let body = "The barge left its course on the evening of 3 March. What is known \
                     Nobody was hurt and the river was open again by noon.";
        let blocks_words: Vec<_> = blocks.iter().map(|block| words(&block.text)).collect();
        assert_eq!(align(&blocks, &blocks_words, &[body.to_owned()]), [false, true, true, false, true]);
    }
}
