//! Counts the values of a facet in several segments, and names only those that are shown: a search of a large archive
//! meets tens of thousands of rare names, and each takes longer to read than to count.
//!
//! Within a segment a value is a number. Across segments it is the hash of its text, which a segment remembers once most
//! of its values were asked for.

use super::{SearchError, segment::Segment};
use crate::article::Facet;
use rustc_hash::FxHashMap;
use siphasher::sip::SipHasher13;
use std::{cmp::Reverse, hash::Hasher};
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
    count: u32,
    segment: u32,
    number: u32,
}

/// The counts of a facet's values so far, by their hashes.
#[derive(Default)]
pub struct FacetCounts(FxHashMap<u64, Counted>);

impl FacetCounts {
    /// Adds the counts of a segment, indexed by the numbers of the values.
    pub fn add(&mut self, facet: Facet, segment: (u32, &Segment), by_number: &[u32]) -> Result<(), SearchError> {
        let (segment, of) = segment;
        let Some(column) = of.facet(facet)? else { return Ok(()) };
        let counted = by_number.iter().filter(|count| **count > 0).count();
        self.0.reserve(counted.saturating_sub(self.0.len()));
        let numbers = (0..).zip(by_number).filter(|(_, count)| **count > 0);
        let mut add = |hash, (number, count): (u32, &u32)| {
            self.0.entry(hash).or_insert(Counted { count: 0, segment, number }).count += count;
        };
        // Reading most blocks of the dictionary takes as long as reading all.
        let most = counted > column.num_terms() / MANY;
        if let Some(all) = of.value_hashes(facet, most, || all_hashes(column))? {
            numbers.for_each(|value| add(all[value.0 as usize], value));
            return Ok(());
        }
        let mut named = numbers.clone();
        let ordinals: Vec<u64> = numbers.map(|(number, _)| number.into()).collect();
        column.dictionary().sorted_ords_to_term_cb(&ordinals, |text| {
            if let Some(value) = named.next() {
                add(hash(text), value);
            }
        })?;
        Ok(())
    }

    /// Returns at most `most` values.
    pub fn top(self, facet: Facet, segments: &[&Segment], most: usize) -> Result<TopValues, SearchError> {
        let all = self.0.len();
        let mut counted: Vec<Counted> = self.0.into_values().collect();
        if most == 0 {
            return Ok(TopValues { values: Vec::new(), others: all });
        }
        let fewest = match all > most {
            true => counted.select_nth_unstable_by_key(most - 1, |value| Reverse(value.count)).1.count,
            false => 0,
        };
        counted.retain(|value| value.count >= fewest);
        counted.sort_unstable_by_key(|value| (value.segment, value.number));
        keep_first_of_the_rarest(&mut counted, fewest, most);
        let mut values: Vec<(String, u64)> = Vec::with_capacity(counted.len());
        for of_segment in counted.chunk_by(|a, b| a.segment == b.segment) {
            let Some(column) = segments[of_segment[0].segment as usize].facet(facet)? else { continue };
            let numbers: Vec<u64> = of_segment.iter().map(|value| value.number.into()).collect();
            let mut counts = of_segment.iter().map(|value| value.count);
            column.dictionary().sorted_ords_to_term_cb(&numbers, |text| {
                values.push((String::from_utf8_lossy(text).into_owned(), counts.next().unwrap_or_default().into()));
            })?;
        }
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        values.truncate(most);
        Ok(TopValues { others: all - values.len(), values })
    }
}

/// Which of the values that are as frequent as the last one are shown is decided by their texts. A segment numbers its
/// values in the order of their texts, so only its first ones can be shown, and no other needs to be named.
fn keep_first_of_the_rarest(in_order: &mut Vec<Counted>, fewest: u32, most: usize) {
    let (mut segment, mut kept) = (0, 0);
    in_order.retain(|value| {
        if value.segment != segment {
            (segment, kept) = (value.segment, 0);
        }
        kept += usize::from(value.count == fewest);
        value.count > fewest || kept <= most
    });
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
