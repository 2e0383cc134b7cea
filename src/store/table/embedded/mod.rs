//! The table in a file of this machine, or in memory: LMDB, with DynamoDB's rules.
//!
//! Reads go to the memory map and take microseconds, so they run where they are called. Writes go through one thread
//! ([`writer`]), which commits those that wait together. A commit is in the file as a whole or not at all, at whatever
//! moment the process is killed.

mod stored;
mod units;
mod writer;

use super::{Action, BATCH_KEYS, Condition, EXPIRES_AT, Item, ItemKey, KeyRange, Page, Read, Table, Write, item_size};
use crate::store::StoreError;
use async_trait::async_trait;
use heed::{
    Database, Env, EnvFlags, EnvOpenOptions, RoTxn, WithoutTls,
    types::{Bytes, Unit},
};
use std::{
    fs::DirBuilder,
    ops::Bound,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use stored::{Stored, StoredKey};
use writer::Writer;

/// Maximum size of the file, which takes no more space than what is in it. Address space, not memory.
const FILE_BYTES: usize = 1 << 40;
const MEMORY_BYTES: usize = 1 << 34;
/// Maximum reads at one time.
const READERS: u32 = 1_024;
/// Items of a page have at most so many bytes, as in DynamoDB.
const PAGE_BYTES: usize = 1024 * 1024;
/// The version of what is in the file.
const FORMAT: u32 = 1;
/// More than the pages of a commit.
const COMMIT_BYTES: u64 = 16 * 1024 * 1024;
/// Expired items per sweep.
const SWEPT: usize = 1_000;

/// What a commit survives, which determines its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power loss: a commit is on the disk before it is acknowledged.
    Power,
    /// A crash of the process. A power loss may lose the last commits, each as a whole.
    Process,
}

/// An open table. Clones share it; the last one closes the file.
#[derive(Clone, Debug)]
pub struct EmbeddedTable(Arc<OpenTable>);

#[derive(Debug)]
struct OpenTable {
    /// Dropped first: its thread has the file open too.
    writer: Writer,
    file: TableFile,
}

/// The file. One unnamed LMDB database holds everything ([`stored`]).
#[derive(Clone, Debug)]
struct TableFile {
    env: Env<WithoutTls>,
    entries: Database<Bytes, Bytes>,
}

impl EmbeddedTable {
    /// Opens a file, and creates it if it does not exist. No other process may have it open.
    pub fn open(file: &Path, durability: Durability) -> Result<Self, StoreError> {
        let flags = match durability {
            Durability::Power => EnvFlags::empty(),
            // The data is written before what refers to it; only the reference may be lost.
            Durability::Process => EnvFlags::NO_META_SYNC,
        };
        Self::with(file, flags, FILE_BYTES)
    }

    /// Opens a table that lives as long as the process.
    pub fn memory() -> Result<Self, StoreError> {
        let folder = temporary_folder()?;
        let opened = Self::with(&folder.join("table.mdb"), EnvFlags::NO_SYNC, MEMORY_BYTES);
        // An open file needs no name.
        std::fs::remove_dir_all(&folder).map_err(|error| cannot_open(&folder, &error))?;
        opened
    }

    fn with(file: &Path, flags: EnvFlags, bytes: usize) -> Result<Self, StoreError> {
        let open = || -> heed::Result<TableFile> {
            let mut options = EnvOpenOptions::new().read_txn_without_tls();
            options.map_size(bytes).max_readers(READERS);
            // SAFETY: the flags leave LMDB's own locks in place, and the lock of the data folder keeps any other
            // process from changing the file that is mapped.
            let env = unsafe { options.flags(flags | EnvFlags::NO_SUB_DIR).open(file)? };
            let mut txn = env.write_txn()?;
            let entries = env.create_database(&mut txn, None)?;
            txn.commit()?;
            Ok(TableFile { env, entries })
        };
        let table = open().map_err(|error| match error {
            heed::Error::Mdb(error) => damaged(file, &error),
            error => cannot_open(file, &error),
        })?;
        table.check_length(file)?;
        table.check_format(file)?;
        let writer = Writer::start(table.clone()).map_err(|error| cannot_open(file, &error))?;
        Ok(Self(Arc::new(OpenTable { writer, file: table })))
    }

    /// Deletes items whose time to live has ended before a time in seconds since 1970.
    pub async fn sweep(&self, now: i64) -> Result<(), StoreError> {
        loop {
            let expired = self.read(|file, txn| file.expired(txn, now))?;
            let mut deleted = 0;
            for (key, expires_at) in &expired {
                let delete = Action::Delete(key.clone()).only_if(Condition::equals(EXPIRES_AT, *expires_at));
                match self.write(delete).await {
                    Ok(_) => deleted += 1,
                    // Another write came first.
                    Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error),
                }
            }
            if expired.len() < SWEPT || deleted == 0 {
                return Ok(());
            }
        }
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&TableFile, &RoTxn<'_, WithoutTls>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let file = &self.0.file;
        let txn = file.env.read_txn().map_err(failed)?;
        read(file, &txn)
    }
}

#[async_trait]
impl Table for EmbeddedTable {
    async fn get(&self, key: &ItemKey) -> Result<Read<Option<Item>>, StoreError> {
        let item = self.read(|file, txn| file.item(txn, key))?;
        let units = units::read_units(item.as_ref().map_or(0, item_size::item_bytes));
        Ok(Read { content: item, units })
    }

    async fn batch_get(&self, keys: &[ItemKey]) -> Result<Read<Vec<Item>>, StoreError> {
        let mut found = Read { content: Vec::with_capacity(keys.len()), units: 0.0 };
        for keys in keys.chunks(BATCH_KEYS) {
            self.read(|file, txn| {
                for key in keys {
                    let item = file.item(txn, key)?;
                    found.units += units::read_units(item.as_ref().map_or(0, item_size::item_bytes));
                    found.content.extend(item);
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    async fn query(&self, range: &KeyRange) -> Result<Read<Page>, StoreError> {
        let [low, high] = [&range.low, &range.high].map(|sk| StoredKey::item(&range.pk, sk));
        if low > high {
            return Ok(Read { content: Page::default(), units: units::read_units(0) });
        }
        let bounds = (Bound::Included(low.bytes()), Bound::Included(high.bytes()));
        let mut read = self.read(|file, txn| match range.newest_first {
            true => file.page(txn, file.entries.rev_range(txn, &bounds).map_err(failed)?, range.limit),
            false => file.page(txn, file.entries.range(txn, &bounds).map_err(failed)?, range.limit),
        })?;
        if let Some(attributes) = &range.attributes {
            for item in &mut read.content.items {
                item.attributes.retain(|name, _| attributes.contains(name));
            }
        }
        Ok(read)
    }

    async fn scan(&self, after: Option<&ItemKey>, limit: usize) -> Result<Read<Page>, StoreError> {
        let after = after.map(|key| StoredKey::item(&key.pk, &key.sk));
        let low = after.as_ref().map_or(Bound::Included(stored::FIRST_ITEM), |key| Bound::Excluded(key.bytes()));
        let bounds = (low, Bound::Excluded(stored::AFTER_ITEMS));
        self.read(|file, txn| file.page(txn, file.entries.range(txn, &bounds).map_err(failed)?, limit))
    }

    async fn write(&self, write: Write) -> Result<f64, StoreError> {
        self.0.writer.write(vec![write]).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<f64, StoreError> {
        Ok(self.0.writer.write(writes).await? * units::TRANSACTION_FACTOR)
    }

    fn last_write(&self) -> Option<u64> {
        Some(self.0.file.env.info().last_txn_id as u64)
    }
}

impl TableFile {
    fn check_format(&self, file: &Path) -> Result<(), StoreError> {
        let mut txn = self.env.write_txn().map_err(failed)?;
        let found = self.entries.get(&txn, stored::FORMAT_KEY).map_err(failed)?.map(<[u8]>::to_vec);
        match found {
            Some(found) if found == FORMAT.to_be_bytes() => Ok(()),
            Some(_) => Err(StoreError::Open(format!("{} was written by another version of dateline", file.display()))),
            None => {
                self.entries.put(&mut txn, stored::FORMAT_KEY, &FORMAT.to_be_bytes()).map_err(failed)?;
                txn.commit().map_err(failed)
            }
        }
    }

    /// Refuses a file that was cut short: reading what is missing would end the process.
    fn check_length(&self, file: &Path) -> Result<(), StoreError> {
        let stat = self.env.stat();
        let needed = (self.env.info().last_page_number as u64 + 1) * u64::from(stat.page_size);
        let bytes = std::fs::metadata(file).map(|metadata| metadata.len()).unwrap_or(needed);
        if bytes < needed {
            return Err(damaged(file, &format!("it has {bytes} of {needed} bytes")));
        }
        Ok(())
    }

    /// Whether the disk has less room than a commit may need.
    fn disk_is_full(&self) -> bool {
        let disk = self.env.try_clone_inner_file().ok().and_then(|file| rustix::fs::fstatvfs(file).ok());
        disk.is_some_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < COMMIT_BYTES)
    }

    fn item(&self, txn: &RoTxn<'_, WithoutTls>, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        let entry = self.entries.get(txn, StoredKey::item(&key.pk, &key.sk).bytes()).map_err(failed)?;
        entry.map(|entry| self.decode(txn, key.clone(), entry)).transpose()
    }

    fn decode(&self, txn: &RoTxn<'_, WithoutTls>, key: ItemKey, entry: &[u8]) -> Result<Item, StoreError> {
        let body = match Stored::parse(entry) {
            Some(Stored::Whole { body, .. }) => Some(body),
            Some(Stored::Shared(id)) => {
                let shared = self.entries.get(txn, StoredKey::shared(id).bytes()).map_err(failed)?;
                shared.and_then(stored::parse_shared).map(|(_, body)| body)
            }
            None => None,
        };
        let attributes = body.and_then(|body| body.attributes().ok());
        let problem = || StoreError::Item { key: key.to_string(), problem: "its entry is damaged".to_owned() };
        let attributes = attributes.ok_or_else(problem)?;
        Ok(Item { key, attributes })
    }

    /// Reads items in the order of entries, up to a limit.
    fn page<'txn>(
        &self,
        txn: &'txn RoTxn<'_, WithoutTls>,
        entries: impl Iterator<Item = heed::Result<(&'txn [u8], &'txn [u8])>>,
        limit: usize,
    ) -> Result<Read<Page>, StoreError> {
        let mut page = Page::default();
        let mut bytes = 0;
        for entry in entries {
            if page.items.len() == limit || bytes > PAGE_BYTES {
                page.more = true;
                break;
            }
            let (key, entry) = entry.map_err(failed)?;
            let key = stored::parse_item_key(key)
                .ok_or_else(|| StoreError::Item { key: hex::encode(key), problem: "its key is damaged".to_owned() })?;
            let item = self.decode(txn, key, entry)?;
            bytes += item_size::item_bytes(&item);
            page.items.push(item);
        }
        Ok(Read { content: page, units: units::read_units(bytes) })
    }

    fn expired(&self, txn: &RoTxn<'_, WithoutTls>, now: i64) -> Result<Vec<(ItemKey, i64)>, StoreError> {
        let end = StoredKey::expiring_before(now);
        let bounds = (Bound::Included(stored::FIRST_EXPIRING), Bound::Excluded(end.bytes()));
        let entries = self.entries.remap_data_type::<Unit>().range(txn, &bounds).map_err(failed)?;
        let mut expired = Vec::new();
        for entry in entries.take(SWEPT) {
            expired.extend(stored::parse_expiring(entry.map_err(failed)?.0));
        }
        Ok(expired)
    }
}

fn temporary_folder() -> Result<PathBuf, StoreError> {
    let mut name = [0; 16];
    getrandom::fill(&mut name).map_err(|error| StoreError::Open(format!("no random numbers: {error}")))?;
    let folder = std::env::temp_dir().join(format!("dateline-{}", hex::encode(name)));
    DirBuilder::new().mode(0o700).create(&folder).map_err(|error| cannot_open(&folder, &error))?;
    Ok(folder)
}

/// Names a file that cannot be read as a table.
pub fn damaged(file: &Path, problem: &dyn std::fmt::Display) -> StoreError {
    StoreError::Open(format!(
        "{} is damaged or was emptied ({problem}): restore it from a copy, or name another folder with --data",
        file.display()
    ))
}

fn cannot_open(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Open(format!("{}: the table cannot be opened: {error}", path.display()))
}

/// Converts an error of LMDB.
fn failed(error: heed::Error) -> StoreError {
    match &error {
        heed::Error::Io(io)
            if matches!(io.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) =>
        {
            StoreError::DiskFull
        }
        _ => StoreError::Table { operation: "the embedded table", code: error.to_string(), source: Box::new(error) },
    }
}
