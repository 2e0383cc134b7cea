//! An archive on this machine: a folder with the table's file and the folder of objects, or both in memory.

pub use super::table::embedded::{Durability, EmbeddedTable};

use super::{
    Objects, Store, StoreError,
    table::{
        embedded::damaged,
        socket::{self, SocketTable},
    },
};
use crate::article::Instant;
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::task::JoinHandle;

const TABLE_FILE: &str = "table.mdb";
/// The table of archives before this engine.
const OLD_TABLE_FILE: &str = "table.sqlite";
const OBJECTS_FOLDER: &str = "objects";
/// Where a server answers the commands of other processes.
const SOCKET: &str = "server.sock";
/// Interval between sweeps of expired items.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// An open data folder. Dropping it releases the lock.
pub struct DataFolder {
    pub store: Store,
    pub table: EmbeddedTable,
    folder: PathBuf,
    /// Dropped last.
    _lock: File,
}

/// Opens a folder, creating what is missing. A second process on the same folder is refused.
pub fn open(folder: &Path, durability: Durability) -> Result<DataFolder, StoreError> {
    let problem =
        |what: &str, error: &dyn std::fmt::Display| StoreError::Open(format!("{}: {what}: {error}", folder.display()));
    refuse_old(folder)?;
    let objects_folder = folder.join(OBJECTS_FOLDER);
    std::fs::create_dir_all(&objects_folder).map_err(|error| problem("the folder cannot be created", &error))?;
    let lock = File::create(folder.join("lock")).map_err(|error| problem("the lock cannot be created", &error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(folder.display().to_string())),
        Err(TryLockError::Error(error)) => return Err(problem("the lock cannot be acquired", &error)),
    }
    let file = folder.join(TABLE_FILE);
    // A process that is killed while it creates the file leaves it empty, but then there are no objects.
    if is_empty(&file) && !is_empty_folder(&objects_folder) {
        return Err(damaged(&file, &"it has no content"));
    }
    let table = EmbeddedTable::open(&file, durability)?;
    let store = Store::new(Arc::new(table.clone()), Objects::folder(&objects_folder)?);
    Ok(DataFolder { store, table, folder: folder.to_owned(), _lock: lock })
}

impl DataFolder {
    /// Answers the commands of other processes on this folder until the result is dropped.
    pub fn share(&self) -> std::io::Result<Sharing> {
        let socket = self.folder.join(SOCKET);
        let listener = socket::listen(&socket)?;
        Ok(Sharing { task: tokio::spawn(socket::serve(listener, Arc::new(self.table.clone()))), socket })
    }
}

/// Answers the commands of other processes.
pub struct Sharing {
    task: JoinHandle<()>,
    socket: PathBuf,
}

impl Drop for Sharing {
    fn drop(&mut self) {
        self.task.abort();
        // One that stays is replaced by the next server.
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// Opens the archive of a folder through the server that has it open. Returns `None` if none answers.
pub async fn through_server(folder: &Path) -> Result<Option<Store>, StoreError> {
    let Some(table) = SocketTable::connect(&folder.join(SOCKET)).await? else { return Ok(None) };
    Ok(Some(Store::new(Arc::new(table), Objects::folder(&folder.join(OBJECTS_FOLDER))?)))
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
