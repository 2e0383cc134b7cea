//! The table and the object store: the only module that uses the SDK.
//!
//! One implementation serves AWS, the embedded in-process engine and any other endpoint; only the HTTP client
//! underneath differs ([`embedded`], [`aws`]). [`embedded`] lists where the engines behave differently.

pub mod aws;
mod card;
mod changes;
mod conflict;
#[cfg(feature = "local")]
pub mod embedded;
mod error;
mod health;
mod index_files;
mod inspect;
mod items;
mod objects;
mod queries;
#[cfg(feature = "local")]
pub mod queue;
mod records;
mod stories;
mod table;
pub mod table_keys;
mod transaction;
mod usage;

pub use card::PackedCard;
pub use changes::{Change, ChangeKind, ChangePage, ChangePosition, SHARDS};
pub use conflict::RetryOnConflict;
pub use error::StoreError;
pub use health::{FREE_BYTES, StorePart, Unhealthy};
pub use index_files::{FileVersion, ListedFile};
pub use inspect::{InspectedItem, ItemKey, ReferredObject};
pub use items::{ArticleRecord, DocumentRecord, Posting, Revision, RevisionKind, StoredArticle, Tombstone};
pub use objects::{Objects, StoredObject};
pub use queries::{Direction, ListPage, PostingRange};
pub use records::{Record, RecordKind};
pub use stories::{Band, Story, StoryChanges, StoryPut};
pub use table::{TableDefinition, definition};
pub use table_keys::{ListPosition, PostingList};
pub use transaction::{Commit, MAX_FACET_VALUES, MERGES_MAX, Next, TRANSACTION_ACTIONS};
pub use usage::Usage;

use usage::UsageCounters;

/// A table and its object store. Cheap to clone: the clients inside are shared.
#[derive(Clone, Debug)]
pub struct Store {
    client: aws_sdk_dynamodb::Client,
    table: String,
    objects: Objects,
    usage: UsageCounters,
}

impl Store {
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>, objects: Objects) -> Self {
        Self { client, table: table.into(), objects, usage: UsageCounters::default() }
    }

    /// Returns the same table with another object store.
    pub fn with_objects(self, objects: Objects) -> Self {
        Self { objects, ..self }
    }

    pub fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.client
    }

    pub fn table(&self) -> &str {
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
