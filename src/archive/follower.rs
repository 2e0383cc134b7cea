//! Whoever follows the change feed and must miss nothing: an index, a mirror, a mailer.
//!
//! A follower has a name and a position that the archive keeps. It takes the next changes, does its work, and only then
//! says that it is done; if it ends in between, it gets them again. So each change is seen at least once, and work that is
//! done twice must come to the same. Two that go by one name do not skip each other's changes: the later one to say that
//! it is done is refused, and takes its changes again.

use super::Archive;
use crate::store::{Change, FeedPosition, StoreError};

pub struct Follower {
    archive: Archive,
    name: String,
}

/// Changes that a follower has taken and not yet done.
#[derive(Debug)]
pub struct Batch {
    pub changes: Vec<Change>,
    /// Whether there is more already.
    pub more: bool,
    next: FeedPosition,
    version: u64,
}

impl Follower {
    /// It begins where it left off, or with the first change of all.
    pub fn new(archive: Archive, name: impl Into<String>) -> Self {
        Self { archive, name: name.into() }
    }

    pub async fn next(&self, limit: usize) -> Result<Batch, StoreError> {
        let store = self.archive.store();
        let (position, version) = store.follower(&self.name).await?;
        let page = store.changes(position, limit).await?;
        Ok(Batch { changes: page.changes, more: page.more, next: page.next, version })
    }

    pub async fn done(&self, batch: &Batch) -> Result<(), StoreError> {
        if batch.changes.is_empty() {
            return Ok(());
        }
        self.archive.store().keep_follower(&self.name, batch.next, batch.version).await
    }
}
