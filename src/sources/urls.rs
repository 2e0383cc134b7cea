//! Which source has a URL, so that two pages that lead to one feed do not become two sources.
//!
//! A claim is a record under the URL's digest that names a source. It counts while that source exists and has the URL:
//! a claim whose source was removed, was never stored, or has moved since is free. A source claims the URL it is added
//! with, and each URL it adopts.

use super::source::Source;
use crate::store::{Record, RecordKind, RetryOnConflict, Store, StoreError};
use sha2::{Digest, Sha256};

/// Claims a URL for a source; returns the id of the other source that has it.
pub async fn claim(store: &Store, url: &str, source: &str) -> Result<Option<String>, StoreError> {
    let id = digest(url);
    let mut retries = RetryOnConflict::default();
    loop {
        let record = store.record(RecordKind::SourceUrl, &id).await?;
        if let Some(record) = &record {
            let owner: String = record.read()?;
            if owner == source {
                return Ok(None);
            }
            if Source::find(store, &owner).await?.is_some_and(|other| other.settings.url == url) {
                return Ok(Some(owner));
            }
        }
        let claim = Record::next(record.as_ref(), &id, None, &source);
        match store.put_record(RecordKind::SourceUrl, record.as_ref(), &claim).await {
            Err(conflict @ StoreError::Conflict) => retries.pause(conflict).await?,
            put => return put.map(|()| None),
        }
    }
}

/// Removes a source's claim.
pub async fn release(store: &Store, url: &str, source: &str) -> Result<(), StoreError> {
    let id = digest(url);
    let record = store.record(RecordKind::SourceUrl, &id).await?;
    if record.is_some_and(|record| record.read::<String>().is_ok_and(|owner| owner == source)) {
        store.remove_record(RecordKind::SourceUrl, &id).await?;
    }
    Ok(())
}

fn digest(url: &str) -> String {
    hex::encode(&Sha256::digest(url.as_bytes())[..16])
}
