//! The table and the objects: the only module that knows the SDK.
//!
//! One implementation speaks to AWS, to the embedded engine inside the process and to any other endpoint; what differs
//! between them is the HTTP client underneath ([`embedded`], [`aws`]). What the engines answer differently is written
//! down in [`embedded`].

pub mod aws;
mod card;
mod changes;
#[cfg(feature = "local")]
pub mod embedded;
mod error;
mod index_files;
mod items;
pub mod keys;
mod objects;
#[cfg(feature = "local")]
pub mod queue;
mod read;
mod records;
mod stories;
mod table;
mod write;

pub use card::PackedCard;
pub use changes::{Change, ChangeKind, ChangePage, FeedPosition, SHARDS};
pub use error::StoreError;
pub use index_files::{FileVersion, ListedFile};
pub use items::{DocumentRecord, Held, HeldArticle, Posting, Revision, RevisionKind, Tombstone};
pub use keys::{List, Position};
pub use objects::{Objects, StoredObject};
pub use read::{Direction, ListPage, Stretch};
pub use records::{Kind, Record};
pub use stories::{Band, Story, StoryChanges, StoryPut};
pub use table::{TableDefinition, definition};
pub use write::{Commit, MAX_FACET_VALUES, MERGES_MAX, Next, TRANSACTION_ACTIONS};

/// A table and the objects beside it. Cheap to clone: the clients inside are shared.
#[derive(Clone, Debug)]
pub struct Store {
    client: aws_sdk_dynamodb::Client,
    table: String,
    objects: Objects,
}

impl Store {
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>, objects: Objects) -> Self {
        Self { client, table: table.into(), objects }
    }

    /// The same table with other objects beside it.
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
}
