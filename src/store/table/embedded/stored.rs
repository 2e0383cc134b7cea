//! What is in the file: the entries of items, of bodies that items share, and of times to live.
//!
//! | key | value |
//! | --- | --- |
//! | `i`, length of pk, pk, sk | an item: its body, or the id of a shared one |
//! | `s`, id | a body that several items share, and how many |
//! | `t`, time, then an item's key | nothing: the item expires at that time |
//! | `v` | the version of the format |
//!
//! A body is an item without its key. The postings of an article have the same body in every list, so a transaction
//! stores equal bodies once: this makes the file half as large, and its writes half as long. Numbers are big-endian, so
//! that entries sort by them.

use crate::store::table::{Attributes, ItemKey, item_size};

pub const FORMAT_KEY: &[u8] = b"v";
/// The range of item entries.
pub const FIRST_ITEM: &[u8] = b"i";
pub const AFTER_ITEMS: &[u8] = b"j";
const SHARED: u8 = b's';
pub const FIRST_EXPIRING: &[u8] = b"t";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredKey(Vec<u8>);

impl StoredKey {
    pub fn item(pk: &str, sk: &str) -> Self {
        let mut key = Vec::with_capacity(3 + pk.len() + sk.len());
        key.extend(FIRST_ITEM);
        key.extend(u16::try_from(pk.len()).unwrap_or(u16::MAX).to_be_bytes());
        key.extend(pk.as_bytes());
        key.extend(sk.as_bytes());
        Self(key)
    }

    pub fn shared(id: u64) -> Self {
        Self([&[SHARED][..], &id.to_be_bytes()].concat())
    }

    /// The entry of an item's time to live.
    pub fn expiring(at: i64, item: &StoredKey) -> Self {
        Self([FIRST_EXPIRING, &sortable(at), item.bytes()].concat())
    }

    /// A bound above every time to live before a time.
    pub fn expiring_before(time: i64) -> Self {
        Self([FIRST_EXPIRING, &sortable(time)].concat())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Moves the sign, so that the bytes sort like the numbers.
fn sortable(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

pub fn parse_item_key(key: &[u8]) -> Option<ItemKey> {
    let (length, key) = key.strip_prefix(FIRST_ITEM)?.split_first_chunk::<2>()?;
    let (pk, sk) = key.split_at_checked(u16::from_be_bytes(*length).into())?;
    Some(ItemKey::new(std::str::from_utf8(pk).ok()?, std::str::from_utf8(sk).ok()?))
}

pub fn parse_expiring(key: &[u8]) -> Option<(ItemKey, i64)> {
    let (time, item) = key.strip_prefix(FIRST_EXPIRING)?.split_first_chunk::<8>()?;
    let time = (u64::from_be_bytes(*time) ^ (1 << 63)).cast_signed();
    Some((parse_item_key(item)?, time))
}

pub fn parse_shared_id(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.strip_prefix(&[SHARED])?.try_into().ok()?))
}

/// An item's value.
#[derive(Debug, PartialEq, Eq)]
pub enum Stored<'a> {
    Whole { expires_at: Option<i64>, body: Body<'a> },
    Shared(u64),
}

const WHOLE: u8 = 0;
const EXPIRING: u8 = 1;
const SHARING: u8 = 2;

impl<'a> Stored<'a> {
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let (kind, rest) = value.split_first()?;
        match *kind {
            WHOLE => Some(Self::Whole { expires_at: None, body: Body(rest) }),
            EXPIRING => {
                let (time, body) = rest.split_first_chunk::<8>()?;
                Some(Self::Whole { expires_at: Some(i64::from_be_bytes(*time)), body: Body(body) })
            }
            SHARING => Some(Self::Shared(u64::from_be_bytes(rest.try_into().ok()?))),
            _ => None,
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Whole { expires_at: None, body } => [&[WHOLE][..], body.0].concat(),
            Self::Whole { expires_at: Some(at), body } => [&[EXPIRING][..], &at.to_be_bytes(), body.0].concat(),
            Self::Shared(id) => [&[SHARING][..], &id.to_be_bytes()].concat(),
        }
    }
}

/// The attributes of an item, preceded by their size as capacity units count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body<'a>(pub &'a [u8]);

impl Body<'_> {
    pub fn encode(attributes: &Attributes) -> Vec<u8> {
        let size = u32::try_from(item_size::attributes_bytes(attributes)).unwrap_or(u32::MAX);
        postcard::to_extend(attributes, size.to_be_bytes().to_vec()).expect("attributes of any content are encodable")
    }

    pub fn attributes(self) -> postcard::Result<Attributes> {
        postcard::from_bytes(self.0.get(4..).unwrap_or_default())
    }

    /// Returns the size of the attributes, with names.
    pub fn size(self) -> usize {
        self.0.first_chunk::<4>().map_or(0, |size| u32::from_be_bytes(*size) as usize)
    }
}

/// Returns the number of items that share a body, and the body.
pub fn parse_shared(value: &[u8]) -> Option<(u32, Body<'_>)> {
    let (items, body) = value.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*items), Body(body)))
}

pub fn shared(items: u32, body: Body<'_>) -> Vec<u8> {
    [&items.to_be_bytes()[..], body.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_partition_then_sort_key_and_round_trip() {
        let keys = [("B", ""), ("B", "x"), ("a", "1"), ("a", "10"), ("a", "2"), ("aé", "\u{1}")];
        let stored = keys.map(|(pk, sk)| StoredKey::item(pk, sk));
        assert!(stored.is_sorted());
        for (key, (pk, sk)) in stored.iter().zip(keys) {
            assert_eq!(parse_item_key(key.bytes()), Some(ItemKey::new(pk, sk)));
        }
    }

    #[test]
    fn times_to_live_sort_by_time() {
        let item = StoredKey::item("I#1", "KEY");
        let keys = [i64::MIN, -1, 0, 1, i64::MAX].map(|at| (at, StoredKey::expiring(at, &item)));
        assert!(keys.is_sorted_by(|a, b| a.1 < b.1));
        for (at, key) in &keys {
            assert_eq!(parse_expiring(key.bytes()), Some((ItemKey::new("I#1", "KEY"), *at)));
            assert!(StoredKey::expiring_before(*at) < *key);
        }
    }

    #[test]
    fn values_round_trip() {
        let attributes: Attributes = [("n".to_owned(), 5_i64.into()), ("t".to_owned(), "text".into())].into();
        let body = Body::encode(&attributes);
        let body = Body(&body);
        assert_eq!((body.size(), body.attributes().ok()), (item_size::attributes_bytes(&attributes), Some(attributes)));
        for stored in [
            Stored::Whole { expires_at: None, body },
            Stored::Whole { expires_at: Some(-7), body },
            Stored::Shared(u64::MAX),
        ] {
            assert_eq!(Stored::parse(&stored.to_bytes()), Some(stored));
        }
        assert_eq!(parse_shared(&shared(20, body)), Some((20, body)));
        assert_eq!((Stored::parse(&[]), Stored::parse(&[9]), parse_shared(&[0])), (None, None, None));
    }
}
