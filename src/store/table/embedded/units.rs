//! The capacity units that DynamoDB would bill for a call, by the rules that it publishes ("DynamoDB read and write
//! operations" in its developer guide).

/// A consistent read consumes a unit for each of these that it begins.
const READ_UNIT_BYTES: usize = 4 * 1024;
/// A write consumes a unit for each of these that it begins.
const WRITE_UNIT_BYTES: usize = 1024;

/// Returns the read units of items that are read together, or of one that does not exist.
pub fn read_units(bytes: usize) -> f64 {
    bytes.div_ceil(READ_UNIT_BYTES).max(1) as f64
}

/// Returns the write units of an item: the larger of its sizes before and after counts.
pub fn write_units(before: usize, after: usize) -> f64 {
    before.max(after).div_ceil(WRITE_UNIT_BYTES).max(1) as f64
}

/// What each write of a transaction consumes, in units of a single write.
pub const TRANSACTION_FACTOR: f64 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_begun_kilobytes() {
        assert_eq!([0, 1, 4_096, 4_097].map(read_units), [1.0, 1.0, 1.0, 2.0]);
        assert_eq!(
            [(0, 0), (0, 1_024), (1_025, 10), (10, 2_049)].map(|(before, after)| write_units(before, after)),
            [1.0, 1.0, 2.0, 3.0]
        );
    }
}
