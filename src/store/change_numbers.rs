//! The numbers of this process's next changes.
//!
//! A change takes the next number of its shard ([`super::changes`]). The writers of this process take turns in each
//! shard, so they never take the same number, and they remember the last one instead of reading it each time. If another
//! process took it, the commit conflicts, and the number is read again.

use super::{
    Commit, Store, StoreError,
    changes::{SHARDS, shard},
    transaction,
};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Maximum numbers that other processes may take from one commit, one after the other.
const ATTEMPTS: usize = 8;

/// The last number of each shard; `None` if it is not known. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct ChangeNumbers(Arc<[Mutex<Option<u64>>; SHARDS]>);

impl Store {
    /// Writes an article in one transaction, and returns the write units consumed. Returns `Conflict` if what is stored
    /// differs from what the commit is based on.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<f64, StoreError> {
        let shard = shard(commit.next.id());
        // Built before this writer's turn: compressing takes longer than the commit.
        let mut built = Some(transaction::writes(commit)?);
        let mut known = self.numbers.0[shard].lock().await;
        let mut last = match known.take() {
            Some(last) => last,
            None => self.last_change(shard).await?,
        };
        for _ in 0..ATTEMPTS {
            let mut writes = match built.take() {
                Some(writes) => writes,
                None => transaction::writes(commit)?,
            };
            writes.extend(transaction::numbered(commit, last));
            match self.transact(writes).await {
                Err(StoreError::Conflict) => {
                    let now = self.last_change(shard).await?;
                    if now == last {
                        *known = Some(last);
                        return Err(StoreError::Conflict);
                    }
                    last = now;
                }
                written => {
                    // After an error it is not known whether the change was written.
                    *known = written.is_ok().then_some(last + 1);
                    return written;
                }
            }
        }
        Err(StoreError::Conflict)
    }
}
