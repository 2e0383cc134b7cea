//! API keys: `dl_<id>_<secret>`, the secret of 256 random bits.
//!
//! The archive keeps the secret's SHA-256 and nothing that would give it back. A secret this long needs no slow hash: there
//! is nothing to guess. The id is public, finds the key, and tells it in lists; the prefix lets scanners of leaked
//! secrets recognise one.

use super::Scope;
use crate::{
    article::Instant,
    store::{Kind, Record, Store, StoreError},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use subtle::ConstantTimeEq;

const PREFIX: &str = "dl_";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;
/// How exactly it is known when a key was last used: a request that only reads is not to write each time.
const USE_SECONDS: i64 = 3_600;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    pub id: String,
    /// Whose it is, or what it is for.
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// Of the secret.
    sha256: [u8; 32],
    pub created_at: Instant,
    /// To the hour.
    pub last_used_at: Option<Instant>,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The key as its holder presents it, which nobody sees again.
pub async fn create(store: &Store, name: &str, scopes: BTreeSet<Scope>, now: Instant) -> Result<String, CreateError> {
    let mut random = [0; ID_BYTES + SECRET_BYTES];
    getrandom::fill(&mut random).map_err(CreateError::Random)?;
    let (id, secret) = random.split_at(ID_BYTES);
    let id: String = id.iter().map(|it| format!("{it:02x}")).collect();
    let secret = BASE64_URL_SAFE_NO_PAD.encode(secret);
    let sha256 = Sha256::digest(&secret).into();
    let key = Key { id: id.clone(), name: name.to_owned(), scopes, sha256, created_at: now, last_used_at: None };
    store.put_record(Kind::Key, None, &Record::next(None, &id, None, &key)).await?;
    Ok(format!("{PREFIX}{id}_{secret}"))
}

/// Whose key this is; `None`: nobody's.
pub async fn find(store: &Store, presented: &str, now: Instant) -> Result<Option<Key>, StoreError> {
    let parts = presented.strip_prefix(PREFIX).and_then(|it| it.split_once('_'));
    let Some((id, secret)) = parts.filter(|(id, _)| id.len() == 2 * ID_BYTES) else { return Ok(None) };
    let Some(record) = store.record(Kind::Key, id).await? else { return Ok(None) };
    let mut key: Key = record.read()?;
    let digest: [u8; 32] = Sha256::digest(secret).into();
    if !bool::from(digest.ct_eq(&key.sha256)) {
        return Ok(None);
    }
    let is_known = |at: Instant| now.timestamp().as_second() - at.timestamp().as_second() < USE_SECONDS;
    if !key.last_used_at.is_some_and(is_known) {
        key.last_used_at = Some(now);
        let used = store.put_record(Kind::Key, Some(&record), &Record::next(Some(&record), id, None, &key)).await;
        // Whoever was faster has noted the same; and a key that was revoked at this moment stays so.
        if let Err(error) = used.or_else(|it| if matches!(it, StoreError::Conflict) { Ok(()) } else { Err(it) }) {
            tracing::warn!(key = id, cause = crate::logs::chain(&error), "the use of a key was not noted");
        }
    }
    Ok(Some(key))
}

pub async fn all(store: &Store) -> Result<Vec<Key>, StoreError> {
    store.all_records(Kind::Key).await?.iter().map(Record::read).collect()
}

/// False: there is no such key.
pub async fn revoke(store: &Store, id: &str) -> Result<bool, StoreError> {
    store.remove_record(Kind::Key, id).await
}

impl Key {
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}
