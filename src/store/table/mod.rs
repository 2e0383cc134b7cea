//! The table: items under a partition key and a sort key, and the six operations that the archive needs of them.
//!
//! It knows nothing of articles. Its rules are those of DynamoDB, whichever implementation stores the items: every read
//! is consistent, a transaction is written as a whole or not at all, and each call is billed by the sizes of its items
//! ([`item_size`]). One contract, run by the tests, holds for all implementations.

mod definition;
pub mod dynamodb;
#[cfg(feature = "local")]
pub mod embedded;
mod item;
pub(super) mod item_size;
#[cfg(feature = "local")]
pub mod socket;

pub use definition::{EXPIRES_AT, TableDefinition, definition};
pub use item::{Attributes, Item, ItemKey, Value};

use super::StoreError;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt::Debug};

/// Maximum bytes of an item, names of attributes included.
pub const ITEM_BYTES: usize = 400 * 1024;
/// Maximum bytes of a key, both parts together. DynamoDB allows 2,048 and 1,024 bytes, LMDB 1,982 with what the
/// embedded table adds.
pub const KEY_BYTES: usize = 1_900;
/// Maximum writes of a transaction.
pub const TRANSACTION_WRITES: usize = 100;
/// Maximum keys of one batch.
pub const BATCH_KEYS: usize = 100;

#[async_trait]
pub trait Table: Debug + Send + Sync {
    async fn get(&self, key: &ItemKey) -> Result<Read<Option<Item>>, StoreError>;

    /// Returns the items of the keys that exist, in no particular order.
    async fn batch_get(&self, keys: &[ItemKey]) -> Result<Read<Vec<Item>>, StoreError>;

    async fn query(&self, range: &KeyRange) -> Result<Read<Page>, StoreError>;

    /// Returns a page of all items after a key, in no particular order.
    async fn scan(&self, after: Option<&ItemKey>, limit: usize) -> Result<Read<Page>, StoreError>;

    /// Writes one item, and returns the write units; returns `Conflict` if the condition fails.
    async fn write(&self, write: Write) -> Result<f64, StoreError>;

    /// Writes all or nothing, and returns the write units; returns `Conflict` if a condition fails. No two writes may
    /// have the same key.
    async fn transact(&self, writes: Vec<Write>) -> Result<f64, StoreError>;

    /// Returns a number that every write increases before it is acknowledged; `None` if it would take a request.
    fn last_write(&self) -> Option<u64> {
        None
    }
}

/// What was read, and the read units that it consumed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Read<T> {
    pub content: T,
    pub units: f64,
}

/// A range of sort keys, both bounds inclusive, within one partition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyRange {
    pub pk: String,
    pub low: String,
    pub high: String,
    pub newest_first: bool,
    pub limit: usize,
    /// The attributes to return in addition to the key; `None` returns all.
    pub attributes: Option<Vec<String>>,
}

impl KeyRange {
    pub fn new(pk: impl Into<String>, (low, high): (String, String), limit: usize) -> Self {
        Self { pk: pk.into(), low, high, newest_first: false, limit, attributes: None }
    }

    pub fn newest_first(self, newest_first: bool) -> Self {
        Self { newest_first, ..self }
    }

    pub fn with_attributes(self, attributes: &[&str]) -> Self {
        Self { attributes: Some(attributes.iter().map(|name| (*name).to_owned()).collect()), ..self }
    }
}

/// The items of a range.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Page {
    pub items: Vec<Item>,
    /// Whether the table ended the page before the end of the range: at the limit, or at 1 MB.
    pub more: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Write {
    pub action: Action,
    pub condition: Option<Condition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    Put(Item),
    Delete(ItemKey),
    /// Writes nothing: only the condition counts. For transactions.
    Check(ItemKey),
}

impl Action {
    pub fn key(&self) -> &ItemKey {
        match self {
            Self::Put(item) => &item.key,
            Self::Delete(key) | Self::Check(key) => key,
        }
    }

    pub fn always(self) -> Write {
        Write { action: self, condition: None }
    }

    pub fn only_if(self, condition: Condition) -> Write {
        Write { action: self, condition: Some(condition) }
    }
}

/// What must hold of the stored item for a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Condition {
    Absent,
    /// An attribute has this number.
    Equals(Cow<'static, str>, i64),
}

impl Condition {
    pub fn equals(name: &'static str, number: i64) -> Self {
        Self::Equals(Cow::Borrowed(name), number)
    }
}
