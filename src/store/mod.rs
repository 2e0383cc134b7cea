//! The archive's data: what is kept as items of a table and as objects, and every query of them.
//!
//! [`table`] and [`objects`] do not know what they store. On AWS they are DynamoDB and S3 ([`aws`]); on one machine, a
//! file and a folder ([`embedded`]).

pub mod aws;
mod card;
mod change_numbers;
mod changes;
mod compression;
mod conflict;
#[cfg(feature = "local")]
pub mod embedded;
mod error;
mod health;
mod index_files;
mod inspect;
mod items;
mod objects;
mod piece_columns;
mod queries;
#[cfg(feature = "local")]
pub mod queue;
mod records;
mod stories;
pub mod table;
pub mod table_keys;
mod transaction;
mod usage;

pub use card::PackedCard;
pub use changes::{Change, ChangeKind, ChangePage, ChangePosition, SHARDS};
pub use conflict::RetryOnConflict;
pub use error::StoreError;
pub use health::{FREE_BYTES, StorePart, Unhealthy};
pub use index_files::{FileVersion, ListedFile};
pub use inspect::{InspectedItem, ReferredObject};
pub use items::{
    ArticleRecord, DocumentRecord, PackedArticle, Posting, Revision, RevisionKind, StoredArticle, Tombstone,
};
pub use objects::{Objects, StoredObject};
pub use queries::{Direction, ListPage, PostingRange};
pub use records::{Record, RecordKind};
pub use stories::{Story, StoryPut};
pub use table::{ItemKey, TRANSACTION_WRITES};
pub use table_keys::{ListPosition, PostingList};
pub use transaction::{Commit, MAX_FACET_VALUES, Next};
pub use usage::Usage;

use change_numbers::ChangeNumbers;
use std::sync::Arc;
use table::Table;
use usage::UsageCounters;

/// A table and its object store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    table: Arc<dyn Table>,
    objects: Objects,
    numbers: ChangeNumbers,
    usage: UsageCounters,
}

impl Store {
    pub fn new(table: Arc<dyn Table>, objects: Objects) -> Self {
        Self { table, objects, numbers: ChangeNumbers::default(), usage: UsageCounters::default() }
    }

    /// Returns the same table with another object store.
    pub fn with_objects(self, objects: Objects) -> Self {
        Self { objects, ..self }
    }

    pub fn table(&self) -> &Arc<dyn Table> {
        &self.table
    }

    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Returns the capacity units consumed so far by this store and its clones.
    pub fn usage(&self) -> Usage {
        self.usage.now()
    }
}
