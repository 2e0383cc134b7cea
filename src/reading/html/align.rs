//! Which blocks of the page are the story that the extractor found. The extractor gives words; the blocks have places.

use super::scan::Block;
use crate::enrich::passage::lower;
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
};

/// Words that are compared together.
const SHINGLE: usize = 4;
/// A block is of the story when so many of a hundred of its shingles are.
const PERCENT: usize = 70;
/// A longer heading is none.
const HEADING_BYTES: usize = 200;
/// How far behind the last line that was found a short one may stand, in words. It bounds the work on a page of short lines.
const NEAR: usize = 200;

/// Words side by side, as a number that is the same for the same words.
fn shingles(words: &[Word]) -> impl Iterator<Item = Word> {
    // An odd number with its bits well mixed: the fraction of the golden ratio in 64 bits.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    words.windows(SHINGLE).map(|it| it.iter().fold(0, |all: Word, word| (all.rotate_left(5) ^ word).wrapping_mul(MIX)))
}

/// Where the story has each of its shingles, in the order of their numbers.
struct Places(Vec<(Word, usize)>);

impl Places {
    fn new(story: &[Word]) -> Self {
        let mut places: Vec<_> = shingles(story).zip(0..).collect();
        places.sort_unstable();
        Self(places)
    }

    /// The first place of a shingle that is not before another place.
    fn after(&self, shingle: Word, from: usize) -> Option<usize> {
        let at = self.0.partition_point(|it| *it < (shingle, from));
        self.0.get(at).filter(|it| it.0 == shingle).map(|it| it.1)
    }
}

/// For each block, whether it is of the story; with the words of each.
pub fn align(blocks: &[Block], blocks_words: &[Vec<Word>], story: &[String]) -> Vec<bool> {
    let lines: Vec<Vec<Word>> = story.iter().map(|it| words(it)).collect();
    let story = lines.concat();
    let lines: HashSet<&[Word]> = lines.iter().map(Vec::as_slice).collect();
    let places = Places::new(&story);
    let found = |words: &[Word]| {
        let found = shingles(words).filter(|it| places.after(*it, 0).is_some()).count();
        let long = words.len() >= SHINGLE && found * 100 >= (words.len() + 1 - SHINGLE) * PERCENT;
        !words.is_empty() && (lines.contains(words) || long)
    };
    let mut aligned: Vec<bool> = blocks_words.iter().map(|it| found(it)).collect();
    drop_copies(blocks, blocks_words, &mut aligned);
    fill_gaps(blocks, blocks_words, &story, &places, &mut aligned);
    drop_strays(blocks, blocks_words, &mut aligned);
    keep_headings(blocks, &mut aligned);
    aligned
}

/// A second copy of a paragraph is a teaser of it, and so is one that stands outside of any story.
fn drop_copies(blocks: &[Block], words: &[Vec<Word>], aligned: &mut [bool]) {
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

/// A heading within the story stands right before a part of it.
fn keep_headings(blocks: &[Block], aligned: &mut [bool]) {
    let Some(first) = aligned.iter().position(|it| *it) else { return };
    let mut leads_on = false;
    for at in (first..blocks.len()).rev() {
        let block = &blocks[at];
        if block.region.is_some() || block.text.is_empty() {
            continue;
        }
        let heading = matches!(block.element.as_bytes(), [b'h', b'2'..=b'6']) && block.text.len() <= HEADING_BYTES;
        aligned[at] |= heading && leads_on;
        leads_on = aligned[at];
    }
}

/// Between two long blocks of the story stand the short ones that the story has at that place: headings, items, cells.
fn fill_gaps(blocks: &[Block], words: &[Vec<Word>], story: &[Word], places: &Places, aligned: &mut [bool]) {
    // Where in the story the last long block ended, and which it was.
    let mut before: Option<(usize, usize)> = None;
    for at in 0..blocks.len() {
        if !aligned[at] || words[at].len() < SHINGLE {
            continue;
        }
        let from = before.map_or(0, |it| it.1);
        let Some(start) = shingles(&words[at]).find_map(|it| places.after(it, from)) else { continue };
        if let Some((last, mut end)) = before {
            for short in last + 1..at {
                let length = words[short].len();
                if !aligned[short] && (1..SHINGLE).contains(&length) && blocks[short].region.is_none() && end < start {
                    let gap = &story[end..start.min(end + NEAR)];
                    let found = gap.windows(length).position(|it| it == words[short].as_slice());
                    aligned[short] = found.is_some();
                    end += found.map_or(0, |it| it + length);
                }
            }
        }
        before = Some((at, (start + words[at].len()).min(story.len())));
    }
}

/// Short lines count only between two of the story: `Share` may be the text of a button as well as of a list item.
fn drop_strays(blocks: &[Block], words: &[Vec<Word>], aligned: &mut [bool]) {
    let long: Vec<usize> = (0..blocks.len()).filter(|at| aligned[*at] && words[*at].len() > 2 * SHINGLE).collect();
    let (Some(first), Some(last)) = (long.first().copied(), long.last().copied()) else { return };
    for (at, it) in aligned.iter_mut().enumerate() {
        let short = words[at].len() < SHINGLE;
        let heading = blocks[at].element.starts_with('h');
        if short && (at + usize::from(heading) < first || at > last) {
            *it = false;
        }
    }
}

/// A word in lower case, as a number that is the same for the same word: pages have tens of thousands of them, and all that
/// is asked is whether two are the same.
pub type Word = u64;

pub fn words(text: &str) -> Vec<Word> {
    let word = |letters: &str| {
        let mut hasher = DefaultHasher::new();
        hasher.write(lower(letters).as_bytes());
        hasher.finish()
    };
    let is_ideograph = |it: char| matches!(it, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let mut words: Vec<Word> = Vec::new();
    for letters in text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()) {
        // Ideographs stand without blanks between words.
        if letters.contains(is_ideograph) {
            words.extend(letters.char_indices().map(|(at, it)| word(&letters[at..at + it.len_utf8()])));
        } else {
            words.push(word(letters));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_blocks_count_where_the_story_has_them() {
        let block = |text: &str| Block { text: text.to_owned(), element: "p".to_owned(), ..Block::default() };
        let blocks: Vec<Block> = [
            "Share",
            "The barge left its course on the evening of 3 March.",
            "What is known",
            "Share",
            "Nobody was hurt and the river was open again by noon.",
        ]
        .map(block)
        .to_vec();
        let story = "The barge left its course on the evening of 3 March. What is known \
                     Nobody was hurt and the river was open again by noon.";
        let blocks_words: Vec<_> = blocks.iter().map(|it| words(&it.text)).collect();
        assert_eq!(align(&blocks, &blocks_words, &[story.to_owned()]), [false, true, true, false, true]);
    }
}
