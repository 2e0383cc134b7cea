//! API keys: `dl_<id>_<secret>`, where the secret has 256 random bits.
//!
//! The archive stores only the SHA-256 of the secret, from which the secret cannot be recovered. A secret this long
//! needs no slow hash, because it cannot be guessed. The id is public: it is the lookup key and identifies the key in
//! lists. The prefix lets secret scanners recognise a leaked key.

use super::Scope;
use crate::{
    article::Instant,
    store::{Record, RecordKind, Store, StoreError},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use subtle::ConstantTimeEq;

const PREFIX: &str = "dl_";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;
/// Resolution of `last_used_at`, so that not every read request causes a write.
const USE_SECONDS: i64 = 3_600;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: String,
    /// The key's owner or purpose.
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the secret.
    sha256: [u8; 32],
    pub created_at: Instant,
    /// Accurate to the hour.
    pub last_used_at: Option<Instant>,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyCreateError {
    #[error("the system's random number generator failed: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a key and returns it as its holder presents it. It cannot be shown again.
pub async fn create(
    store: &Store,
    name: &str,
    scopes: BTreeSet<Scope>,
    now: Instant,
) -> Result<String, KeyCreateError> {
    let mut random = [0; ID_BYTES + SECRET_BYTES];
    getrandom::fill(&mut random).map_err(KeyCreateError::Random)?;
    let (id, secret) = random.split_at(ID_BYTES);
    let id: String = hex::encode(id);
    let secret = BASE64_URL_SAFE_NO_PAD.encode(secret);
    let sha256 = Sha256::digest(&secret).into();
    let key = ApiKey { id: id.clone(), name: name.to_owned(), scopes, sha256, created_at: now, last_used_at: None };
    store.put_record(RecordKind::Key, None, &Record::next(None, &id, None, &key)).await?;
    Ok(format!("{PREFIX}{id}_{secret}"))
}

/// Returns the API key that the presented text proves; `None` if it is malformed or unknown, or if its secret is wrong.
pub async fn find(store: &Store, presented: &str, now: Instant) -> Result<Option<ApiKey>, StoreError> {
    let parts = presented.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_'));
    let Some((id, secret)) = parts.filter(|(id, _)| id.len() == 2 * ID_BYTES) else { return Ok(None) };
    let Some(record) = store.record(RecordKind::Key, id).await? else { return Ok(None) };
    let mut key: ApiKey = record.read()?;
    let digest: [u8; 32] = Sha256::digest(secret).into();
    if !bool::from(digest.ct_eq(&key.sha256)) {
        return Ok(None);
    }
    let is_recent = |at: Instant| now.timestamp().as_second() - at.timestamp().as_second() < USE_SECONDS;
    if !key.last_used_at.is_some_and(is_recent) {
        key.last_used_at = Some(now);
        let used = store.put_record(RecordKind::Key, Some(&record), &Record::next(Some(&record), id, None, &key)).await;
        // On a conflict another request recorded the same use, or the key was revoked meanwhile and stays revoked.
        if let Err(error) =
            used.or_else(|error| if matches!(error, StoreError::Conflict) { Ok(()) } else { Err(error) })
        {
            tracing::warn!(key = id, cause = crate::logs::chain(&error), "API key use not recorded");
        }
    }
    Ok(Some(key))
}

pub async fn all(store: &Store) -> Result<Vec<ApiKey>, StoreError> {
    store.all_records(RecordKind::Key).await?.iter().map(Record::read).collect()
}

/// Revokes a key; returns `false` if it does not exist.
pub async fn revoke(store: &Store, id: &str) -> Result<bool, StoreError> {
    store.remove_record(RecordKind::Key, id).await
}

impl ApiKey {
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}
