//! The sizes of items, by the rules that DynamoDB publishes ("DynamoDB item sizes and formats" in its developer guide).

use super::{Attributes, Item, ItemKey, Value};
use crate::store::table_keys::{PK, SK};

/// A list has this overhead, and a byte more for each member.
const LIST_BYTES: usize = 3;

pub fn item_bytes(item: &Item) -> usize {
    key_bytes(&item.key) + attributes_bytes(&item.attributes)
}

pub fn key_bytes(key: &ItemKey) -> usize {
    PK.len() + key.pk.len() + SK.len() + key.sk.len()
}

pub fn attributes_bytes(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Number(number) => number_bytes(*number),
        Value::Bytes(bytes) => bytes.len(),
        Value::Bool(_) => 1,
        Value::Texts(texts) => LIST_BYTES + texts.iter().map(|text| 1 + text.len()).sum::<usize>(),
    }
}

/// A byte for each two significant digits, one more, and one for a sign. Zeros at the end are not significant.
fn number_bytes(number: i64) -> usize {
    let mut digits = number.unsigned_abs();
    while digits != 0 && digits.is_multiple_of(10) {
        digits /= 10;
    }
    let significant = digits.checked_ilog10().map_or(1, |log| log as usize + 1);
    significant.div_ceil(2) + 1 + usize::from(number < 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_the_published_rules() {
        let item = Item::new("A#1", "HEAD")
            .with("name", "Lahore")
            .with("n", 12_300_i64)
            .with("raw", vec![0_u8; 10])
            .with("flag", true)
            .with("list", vec!["ab".to_owned(), "c".to_owned()]);
        let expected = (2 + 3 + 2 + 4) + (4 + 6) + (1 + 3) + (3 + 10) + (4 + 1) + (4 + 3 + 3 + 2);
        assert_eq!(item_bytes(&item), expected);
    }

    #[test]
    fn numbers_are_counted_by_significant_digits() {
        for (number, bytes) in
            [(0, 2), (7, 2), (70, 2), (12, 2), (123, 3), (-123, 4), (1_700_000_001, 6), (i64::MIN, 12)]
        {
            assert_eq!(number_bytes(number), bytes, "{number}");
        }
    }
}
