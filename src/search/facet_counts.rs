//! Counts the values of a facet in several segments, and names only those that are shown: a search of a large archive
//! meets tens of thousands of rare names, and each takes longer to read than to count.
//!
//! Within a segment a value is a number. Across segments it is the hash of its text, which a segment remembers once most
//! of its values were asked for.

use super::{SearchError, segment::Segment};
use crate::article::Facet;
use rustc_hash::FxHashMap;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use tantivy::columnar::StrColumn;

/// The most frequent values of a facet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TopValues {
    /// The most frequent first, and in the order of their texts where they are as frequent.
    pub values: Vec<(String, u64)>,
    /// How many more there are.
    pub others: usize,
}

/// A value that was counted, and a segment and the number in it that name it.
struct Counted {
    count: u64,
    segment: usize,
    number: u64,
}

/// The counts of a facet's values so far, by their hashes.
#[derive(Default)]
pub struct FacetCounts(FxHashMap<u64, Counted>);

impl FacetCounts {
    /// Adds the counts of a segment, indexed by the numbers of the values.
    pub fn add(&mut self, facet: Facet, segment: (usize, &Segment), by_number: Vec<u64>) -> Result<(), SearchError> {
        let (position, segment) = segment;
        let (numbers, counts): (Vec<u64>, Vec<u64>) = (0..).zip(by_number).filter(|(_, count)| *count > 0).unzip();
        let hashes = hashes(facet, segment, &numbers)?;
        for ((number, count), hash) in numbers.into_iter().zip(counts).zip(hashes) {
            self.0.entry(hash).or_insert(Counted { count: 0, segment: position, number }).count += count;
        }
        Ok(())
    }

    /// Returns at most `most` values.
    pub fn top(self, facet: Facet, segments: &[&Segment], most: usize) -> Result<TopValues, SearchError> {
        let all = self.0.len();
        let mut counted: Vec<Counted> = self.0.into_values().collect();
        if most == 0 {
            return Ok(TopValues { values: Vec::new(), others: all });
        }
        if all > most {
            // All that are as frequent as the last one that is shown, because their texts decide.
            let (_, last, _) = counted.select_nth_unstable_by_key(most - 1, |value| std::cmp::Reverse(value.count));
            let fewest = last.count;
            counted.retain(|value| value.count >= fewest);
        }
        counted.sort_unstable_by_key(|value| (value.segment, value.number));
        let mut values = Vec::with_capacity(counted.len());
        for of_segment in counted.chunk_by(|a, b| a.segment == b.segment) {
            let Some(column) = segments[of_segment[0].segment].facet(facet)? else { continue };
            let numbers: Vec<u64> = of_segment.iter().map(|value| value.number).collect();
            let mut counts = of_segment.iter().map(|value| value.count);
            column.dictionary().sorted_ords_to_term_cb(&numbers, |text| {
                values.push((String::from_utf8_lossy(text).into_owned(), counts.next().unwrap_or_default()));
            })?;
        }
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        values.truncate(most);
        Ok(TopValues { others: all - values.len(), values })
    }
}

/// Returns the hashes of some values of a segment.
fn hashes(facet: Facet, segment: &Segment, numbers: &[u64]) -> Result<Vec<u64>, SearchError> {
    let Some(column) = segment.facet(facet)? else { return Ok(Vec::new()) };
    // Reading most blocks of the dictionary takes as long as reading all.
    let most = numbers.len() > column.num_terms() / MANY;
    if let Some(all) = segment.value_hashes(facet, most, || all_hashes(column))? {
        return Ok(numbers.iter().map(|number| all[*number as usize]).collect());
    }
    let mut hashes = Vec::with_capacity(numbers.len());
    column.dictionary().sorted_ords_to_term_cb(numbers, |text| hashes.push(hash(text)))?;
    Ok(hashes)
}

/// One value in this many touches most blocks of a dictionary: a block holds 4,000 bytes, so some hundred names.
const MANY: usize = 64;

fn all_hashes(column: &StrColumn) -> tantivy::Result<Vec<u64>> {
    let mut hashes = Vec::with_capacity(column.num_terms());
    let mut texts = column.dictionary().stream()?;
    while texts.advance() {
        hashes.push(hash(texts.key()));
    }
    Ok(hashes)
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text);
    hasher.finish()
}
