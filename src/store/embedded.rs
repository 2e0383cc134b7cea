//! An archive on this machine: a folder with the table's file and the folder of objects, or both in memory.

pub use super::table::embedded::{Durability, EmbeddedTable};

use super::{Objects, Store, StoreError, table::embedded::damaged};
use crate::article::Instant;
use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
    time::Duration,
};

const TABLE_FILE: &str = "table.mdb";
/// The table of archives before this engine.
const OLD_TABLE_FILE: &str = "table.sqlite";
const OBJECTS_FOLDER: &str = "objects";
/// Interval between sweeps of expired items.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// An open data folder. Dropping it releases the lock, once its store is dropped too.
pub struct DataFolder {
    pub store: Store,
    pub table: EmbeddedTable,
    /// Dropped last.
    _lock: File,
}

/// Opens a folder, creating what is missing. A second process on the same folder is refused, because each would cache
/// data that the other changes.
pub fn open(folder: &Path, durability: Durability) -> Result<DataFolder, StoreError> {
    let problem =
        |what: &str, error: &dyn std::fmt::Display| StoreError::Open(format!("{}: {what}: {error}", folder.display()));
    refuse_old(folder)?;
    let objects_folder = folder.join(OBJECTS_FOLDER);
    std::fs::create_dir_all(&objects_folder).map_err(|error| problem("the folder cannot be created", &error))?;
    let lock = File::create(folder.join("lock")).map_err(|error| problem("the lock cannot be created", &error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let message = format!(
                "{} is in use by another dateline process; stop it, or name another folder with --data",
                folder.display()
            );
            return Err(StoreError::Open(message));
        }
        Err(TryLockError::Error(error)) => return Err(problem("the lock cannot be acquired", &error)),
    }
    let file = folder.join(TABLE_FILE);
    // A process that is killed while it creates the file leaves it empty, but then there are no objects.
    if is_empty(&file) && !is_empty_folder(&objects_folder) {
        return Err(damaged(&file, &"it has no content"));
    }
    let table = EmbeddedTable::open(&file, durability)?;
    let store = Store::new(Arc::new(table.clone()), Objects::folder(&objects_folder)?);
    Ok(DataFolder { store, table, _lock: lock })
}

/// Refuses a folder whose table only an earlier version can read. Its raw documents are all there.
fn refuse_old(folder: &Path) -> Result<(), StoreError> {
    if !folder.join(OLD_TABLE_FILE).exists() {
        return Ok(());
    }
    let folder = folder.display();
    Err(StoreError::Open(format!(
        "{folder} was written by an earlier version, with another engine; ingest its documents into a new archive: \
         dateline ingest --data NEW {folder}/{OBJECTS_FOLDER}/raw"
    )))
}

fn is_empty(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.len() == 0)
}

fn is_empty_folder(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Opens a store in memory, which lives as long as the process.
pub fn memory() -> Result<(Store, EmbeddedTable), StoreError> {
    let table = EmbeddedTable::memory()?;
    Ok((Store::new(Arc::new(table.clone()), Objects::memory()), table))
}

/// Deletes expired items at intervals until it is cancelled. AWS does this itself.
pub async fn sweep(table: EmbeddedTable) {
    loop {
        if let Err(error) = table.sweep(Instant::now().timestamp().as_second()).await {
            tracing::warn!(cause = crate::logs::chain(&error), "sweep of expired items failed");
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}
