//! The health of the store, part by part.

use super::{Objects, Store, StoreError, table_keys};

/// An archive on this machine with fewer free bytes is unhealthy: the largest document, its article and the files of the
/// search index that are written next may no longer fit.
pub const FREE_BYTES: u64 = 16 * 1024 * 1024;

/// A part of the store that can fail while the others work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorePart {
    Table,
    Objects,
    /// The disk that holds an archive on this machine.
    Disk,
}

impl StorePart {
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Objects => "objects",
            Self::Disk => "disk",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{free} bytes are free, fewer than {FREE_BYTES}")]
    NearlyFull { free: u64 },
}

impl Store {
    /// Returns the parts that this store has: only an archive on this machine has a disk.
    pub fn parts(&self) -> &'static [StorePart] {
        match self.objects().folder {
            Some(_) => &[StorePart::Table, StorePart::Objects, StorePart::Disk],
            None => &[StorePart::Table, StorePart::Objects],
        }
    }

    /// Checks a part: reads a key that is never written, or asks the file system for its free space.
    pub async fn check(&self, part: StorePart) -> Result<(), Unhealthy> {
        match part {
            StorePart::Table => self.get("health", table_keys::HEAD).await.map(|_| ()).map_err(Unhealthy::from),
            StorePart::Objects => self.objects().answers().await.map_err(Unhealthy::from),
            StorePart::Disk => nearly_full(self.objects()),
        }
    }
}

fn nearly_full(objects: &Objects) -> Result<(), Unhealthy> {
    match objects.free_bytes()? {
        Some(free) if free < FREE_BYTES => Err(Unhealthy::NearlyFull { free }),
        _ => Ok(()),
    }
}
