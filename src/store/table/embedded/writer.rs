//! The thread that writes. It commits everything that waits together, so that many writers share one wait for the disk.

use super::{
    TableFile, failed,
    stored::{self, Body, Stored, StoredKey},
    units::write_units,
};
use crate::store::{
    StoreError,
    table::{
        Action, Condition, EXPIRES_AT, ITEM_BYTES, Item, ItemKey, KEY_BYTES, TRANSACTION_WRITES, Value, Write,
        item_size,
    },
};
use heed::RwTxn;
use std::{
    collections::{HashMap, HashSet},
    io,
    sync::mpsc,
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// Maximum transactions of one commit.
const GROUP: usize = 64;
/// Smaller bodies are not shared: a reference and its count are as long.
const SHARED_BYTES: usize = 64;

/// Writes, and where their result is awaited.
struct Request {
    writes: Vec<Write>,
    result: oneshot::Sender<Result<f64, StoreError>>,
}

#[derive(Debug)]
pub struct Writer {
    /// `None` while it is dropped.
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub fn start(file: TableFile) -> io::Result<Self> {
        let (requests, received) = mpsc::channel();
        let thread = std::thread::Builder::new().name("table".to_owned()).spawn(move || run(&file, &received))?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Writes all or nothing, and returns the units that single writes would consume.
    pub async fn write(&self, writes: Vec<Write>) -> Result<f64, StoreError> {
        check(&writes)?;
        let (result, written) = oneshot::channel();
        let stopped = || StoreError::Open("the table is closed".to_owned());
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        requests.send(Request { writes, result }).map_err(|_| stopped())?;
        written.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    /// Waits until what was requested is written.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // Only a panic of the thread is an error here, and its message was printed.
            let _ = thread.join();
        }
    }
}

/// Refuses what DynamoDB refuses.
fn check(writes: &[Write]) -> Result<(), StoreError> {
    let refused = |problem: String| StoreError::Table {
        operation: "a write",
        code: "ValidationException".to_owned(),
        source: problem.into(),
    };
    if writes.len() > TRANSACTION_WRITES {
        return Err(refused(format!("{} writes, more than the limit of {TRANSACTION_WRITES}", writes.len())));
    }
    let mut keys = HashSet::new();
    for write in writes {
        let key = write.action.key();
        if !keys.insert(key) {
            return Err(refused(format!("two writes of {key}")));
        }
        if !key.is_possible() {
            return Err(refused(format!("a key of 0, or more than {KEY_BYTES} bytes: {key}")));
        }
        if let Action::Put(item) = &write.action
            && item_size::item_bytes(item) > ITEM_BYTES
        {
            return Err(refused(format!("{key} has more than {ITEM_BYTES} bytes")));
        }
    }
    Ok(())
}

fn run(file: &TableFile, received: &mpsc::Receiver<Request>) {
    while let Ok(first) = received.recv() {
        let mut group = vec![first];
        group.extend(received.try_iter().take(GROUP - 1));
        let results = match commit(file, group.iter().map(|request| &*request.writes)) {
            Ok(results) => results,
            // Nothing was written. One of them may be what does not fit.
            Err(error) if group.len() == 1 => vec![Err(error)],
            Err(_) => group.iter().map(|request| alone(file, &request.writes)).collect(),
        };
        for (request, result) in group.into_iter().zip(results) {
            // A caller that no longer waits does not learn the result.
            let _ = request.result.send(result);
        }
    }
}

fn alone(file: &TableFile, writes: &[Write]) -> Result<f64, StoreError> {
    commit(file, std::iter::once(writes))?.remove(0)
}

/// Applies each request whose conditions hold, and commits. An error means that nothing was written.
fn commit<'a>(
    file: &TableFile,
    requests: impl Iterator<Item = &'a [Write]>,
) -> Result<Vec<Result<f64, StoreError>>, StoreError> {
    let mut transaction = Transaction::begin(file)?;
    let mut results = Vec::new();
    for writes in requests {
        results.push(match transaction.holds(writes) {
            Ok(true) => Ok(transaction.apply(writes)?),
            Ok(false) => Err(StoreError::Conflict),
            Err(error) => Err(error),
        });
    }
    transaction.commit()?;
    Ok(results)
}

struct Transaction<'a> {
    file: &'a TableFile,
    txn: RwTxn<'a>,
    /// The id of the next shared body, once it is known.
    next_shared: Option<u64>,
}

/// What a write replaces.
#[derive(Default)]
struct Replaced {
    bytes: usize,
    expires_at: Option<i64>,
    shared: Option<u64>,
}

impl<'a> Transaction<'a> {
    fn begin(file: &'a TableFile) -> Result<Self, StoreError> {
        Ok(Self { file, txn: file.env.write_txn().map_err(failed)?, next_shared: None })
    }

    fn commit(self) -> Result<(), StoreError> {
        self.txn.commit().map_err(|error| match error {
            // What LMDB says of a write that ended early, because the disk became full.
            heed::Error::Io(io) if io.raw_os_error() == Some(libc::EIO) && self.file.disk_is_full() => {
                StoreError::DiskFull
            }
            error => failed(error),
        })
    }

    /// Whether all conditions hold.
    fn holds(&self, writes: &[Write]) -> Result<bool, StoreError> {
        for Write { action, condition } in writes {
            let Some(condition) = condition else { continue };
            let item = self.item(action.key())?;
            let holds = match condition {
                Condition::Absent => item.is_none(),
                Condition::Equals(name, number) => item.and_then(|item| item.number(name)) == Some(*number),
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn item(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        self.file.item(&self.txn, key)
    }

    /// Writes everything, and returns the units that single writes would consume.
    fn apply(&mut self, writes: &[Write]) -> Result<f64, StoreError> {
        let bodies: Vec<Option<Vec<u8>>> = writes.iter().map(|write| body(&write.action)).collect();
        let mut uses: HashMap<&[u8], u32> = HashMap::new();
        for body in bodies.iter().flatten().filter(|body| body.len() >= SHARED_BYTES) {
            *uses.entry(body).or_default() += 1;
        }
        uses.retain(|_, uses| *uses > 1);
        let mut shared = HashMap::with_capacity(uses.len());
        let mut left: HashMap<u64, u32> = HashMap::new();
        let mut units = 0.0;
        for (write, body) in writes.iter().zip(&bodies) {
            let key = write.action.key();
            let stored_key = StoredKey::item(&key.pk, &key.sk);
            let replaced = self.replaced(key, &stored_key)?;
            let Some(body) = body else {
                units += write_units(replaced.bytes, 0);
                if matches!(write.action, Action::Delete(_)) {
                    self.file.entries.delete(&mut self.txn, stored_key.bytes()).map_err(failed)?;
                    self.forget(&stored_key, &replaced, &mut left)?;
                }
                continue;
            };
            let body = Body(body);
            units += write_units(replaced.bytes, item_size::key_bytes(key) + body.size());
            self.forget(&stored_key, &replaced, &mut left)?;
            let stored = match (expires_at(&write.action), uses.get(body.0)) {
                (None, Some(uses)) => {
                    let id = match shared.get(body.0) {
                        Some(id) => *id,
                        None => {
                            let id = self.share(*uses, body)?;
                            shared.insert(body.0, id);
                            id
                        }
                    };
                    Stored::Shared(id)
                }
                (expires_at, _) => Stored::Whole { expires_at, body },
            };
            self.put(&stored_key, &stored.to_bytes())?;
            if let Some(at) = expires_at(&write.action) {
                self.put(&StoredKey::expiring(at, &stored_key), &[])?;
            }
        }
        for (id, uses) in left {
            self.release(id, uses)?;
        }
        Ok(units)
    }

    fn put(&mut self, key: &StoredKey, value: &[u8]) -> Result<(), StoreError> {
        self.file.entries.put(&mut self.txn, key.bytes(), value).map_err(failed)
    }

    fn replaced(&self, key: &ItemKey, stored_key: &StoredKey) -> Result<Replaced, StoreError> {
        let Some(entry) = self.file.entries.get(&self.txn, stored_key.bytes()).map_err(failed)? else {
            return Ok(Replaced::default());
        };
        let key_bytes = item_size::key_bytes(key);
        Ok(match Stored::parse(entry) {
            Some(Stored::Whole { expires_at, body }) => {
                Replaced { bytes: key_bytes + body.size(), expires_at, shared: None }
            }
            Some(Stored::Shared(id)) => {
                let shared = self.file.entries.get(&self.txn, StoredKey::shared(id).bytes()).map_err(failed)?;
                let body = shared.and_then(stored::parse_shared).map_or(0, |(_, body)| body.size());
                Replaced { bytes: key_bytes + body, expires_at: None, shared: Some(id) }
            }
            None => Replaced::default(),
        })
    }

    /// Removes the time to live of what was replaced, and counts the shared bodies that are left.
    fn forget(&mut self, key: &StoredKey, replaced: &Replaced, left: &mut HashMap<u64, u32>) -> Result<(), StoreError> {
        if let Some(id) = replaced.shared {
            *left.entry(id).or_default() += 1;
        }
        if let Some(at) = replaced.expires_at {
            self.file.entries.delete(&mut self.txn, StoredKey::expiring(at, key).bytes()).map_err(failed)?;
        }
        Ok(())
    }

    /// Stores a body for several items, and returns its id.
    fn share(&mut self, uses: u32, body: Body<'_>) -> Result<u64, StoreError> {
        let id = match self.next_shared {
            Some(id) => id,
            None => self.last_shared()?.map_or(0, |last| last + 1),
        };
        self.next_shared = Some(id + 1);
        self.put(&StoredKey::shared(id), &stored::shared(uses, body))?;
        Ok(id)
    }

    fn last_shared(&self) -> Result<Option<u64>, StoreError> {
        let last = self.file.entries.get_lower_than(&self.txn, stored::FIRST_EXPIRING).map_err(failed)?;
        Ok(last.and_then(|(key, _)| stored::parse_shared_id(key)))
    }

    /// Deletes a shared body that no item has any more.
    fn release(&mut self, id: u64, uses: u32) -> Result<(), StoreError> {
        let key = StoredKey::shared(id);
        let entry = self.file.entries.get(&self.txn, key.bytes()).map_err(failed)?;
        let Some((items, body)) = entry.and_then(stored::parse_shared) else { return Ok(()) };
        match items.saturating_sub(uses) {
            0 => {
                self.file.entries.delete(&mut self.txn, key.bytes()).map_err(failed)?;
                Ok(())
            }
            items => {
                let shared = stored::shared(items, body);
                self.put(&key, &shared)
            }
        }
    }
}

fn body(action: &Action) -> Option<Vec<u8>> {
    match action {
        Action::Put(item) => Some(Body::encode(&item.attributes)),
        Action::Delete(_) | Action::Check(_) => None,
    }
}

fn expires_at(action: &Action) -> Option<i64> {
    match action {
        Action::Put(item) => item.get(EXPIRES_AT).and_then(|value| match value {
            Value::Number(at) => Some(*at),
            _ => None,
        }),
        Action::Delete(_) | Action::Check(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::EmbeddedTable, *};

    /// Runs the writer on requests that all wait already; returns the commits that it made, and the results.
    fn run_on(table: &EmbeddedTable, requests: Vec<Vec<Write>>) -> (usize, Vec<Result<f64, StoreError>>) {
        let file = table.0.file.clone();
        let before = file.env.info().last_txn_id;
        let (sender, received) = mpsc::channel();
        let mut results = Vec::new();
        for writes in requests {
            let (result, written) = oneshot::channel();
            sender.send(Request { writes, result }).expect("the receiver lives");
            results.push(written);
        }
        drop(sender);
        run(&file, &received);
        let results = results.into_iter().map(|mut result| result.try_recv().expect("a result"));
        (file.env.info().last_txn_id - before, results.collect())
    }

    #[test]
    fn what_waits_together_is_one_commit_in_which_a_conflict_concerns_only_its_request() {
        let table = EmbeddedTable::memory().expect("a table in memory");
        let create = |sk: &str| vec![Action::Put(Item::new("a", sk)).only_if(Condition::Absent)];
        let (commits, results) = run_on(&table, vec![create("1"), create("2"), create("1"), create("3")]);
        assert_eq!(commits, 1);
        assert!(matches!(results[..], [Ok(_), Ok(_), Err(StoreError::Conflict), Ok(_)]), "{results:?}");
        let many = (0..GROUP + 1).map(|number| create(&format!("more {number}"))).collect();
        assert_eq!(run_on(&table, many).0, 2);
    }
}
