//! Consumers of the change log that must not miss a change: an index, a mirror, a mailer.
//!
//! A consumer has a name and a position that the archive stores. It fetches the next changes, does its work, and only
//! then acknowledges them; if it ends in between, it receives them again. Delivery is at least once, so the work must
//! be idempotent. Two consumers with one name do not skip each other's changes: the later acknowledgement is refused,
//! and that consumer fetches its changes again.

use super::Archive;
use crate::store::{Change, ChangePosition, StoreError};

pub struct Consumer {
    archive: Archive,
    name: String,
}

/// Changes that a consumer has fetched and not yet acknowledged.
#[derive(Debug)]
pub struct Batch {
    pub changes: Vec<Change>,
    /// Whether more changes are available already.
    pub more: bool,
    next: ChangePosition,
    version: u64,
}

impl Consumer {
    /// Creates a consumer that continues at its stored position, or starts at the first change.
    pub fn new(archive: Archive, name: impl Into<String>) -> Self {
        Self { archive, name: name.into() }
    }

    pub async fn next(&self, limit: usize) -> Result<Batch, StoreError> {
        let store = self.archive.store();
        let (position, version) = store.consumer(&self.name).await?;
        let page = store.changes(position, limit).await?;
        Ok(Batch { changes: page.changes, more: page.more, next: page.next, version })
    }

    pub async fn done(&self, batch: &Batch) -> Result<(), StoreError> {
        if batch.changes.is_empty() {
            return Ok(());
        }
        self.archive.store().save_consumer(&self.name, batch.next, batch.version).await
    }
}
