//! The files of the search index, under `index/` among the objects: all of them immutable but for one, which is swapped.

use super::{Objects, StoreError};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion, path::Path};
use std::{ops::Range, sync::Arc};

const PREFIX: &str = "index";

/// A version of the file that is swapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileVersion(UpdateVersion);

/// A file that a list found.
#[derive(Clone, Debug)]
pub struct ListedFile {
    pub name: String,
    pub last_modified: jiff::Timestamp,
}

impl Objects {
    pub async fn index_file(&self, name: &str) -> Result<Option<(Bytes, FileVersion)>, StoreError> {
        let found = match self.store.get(&path(name)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found.map_err(StoreError::Objects)?,
        };
        let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        Ok(Some((found.bytes().await.map_err(StoreError::Objects)?, FileVersion(version))))
    }

    pub async fn index_range(&self, name: &str, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.store.get_range(&path(name), range).await.map_err(|error| match error {
            object_store::Error::NotFound { path, .. } => StoreError::MissingObject(path),
            other => StoreError::Objects(other),
        })
    }

    pub async fn put_index_file(&self, name: &str, content: Vec<u8>) -> Result<(), StoreError> {
        self.store.put(&path(name), PutPayload::from_bytes(content.into())).await.map_err(StoreError::Objects)?;
        Ok(())
    }

    /// Puts a file in the place of the version that was read, or of none; false if another was quicker.
    pub async fn swap_index_file(
        &self,
        name: &str,
        content: Vec<u8>,
        before: Option<FileVersion>,
    ) -> Result<bool, StoreError> {
        let payload = PutPayload::from_bytes(content.into());
        let put = async |mode| {
            let options = PutOptions { mode, ..PutOptions::default() };
            match self.store.put_opts(&path(name), payload, options).await {
                Ok(_) => Ok(true),
                Err(
                    object_store::Error::Precondition { .. }
                    | object_store::Error::AlreadyExists { .. }
                    | object_store::Error::NotFound { .. },
                ) => Ok(false),
                Err(error) => Err(StoreError::Objects(error)),
            }
        };
        match (before, &self.swapping) {
            (None, _) => put(PutMode::Create).await,
            (Some(before), None) => put(PutMode::Update(before.0)).await,
            // A folder has no conditional write of its own, and one process that uses it.
            (Some(before), Some(swapping)) => {
                let _one = swapping.lock().await;
                match self.index_file(name).await? {
                    Some((_, now)) if now == before => put(PutMode::Overwrite).await,
                    _ => Ok(false),
                }
            }
        }
    }

    pub async fn index_files(&self) -> Result<Vec<ListedFile>, StoreError> {
        let prefix = Path::from(PREFIX);
        let listed = self.store.list(Some(&prefix)).map_ok(|it| ListedFile {
            name: it.location.as_ref().trim_start_matches(PREFIX).trim_start_matches('/').to_owned(),
            last_modified: jiff::Timestamp::from_millisecond(it.last_modified.timestamp_millis()).unwrap_or_default(),
        });
        listed.try_collect().await.map_err(StoreError::Objects)
    }

    pub async fn delete_index_file(&self, name: &str) -> Result<(), StoreError> {
        match self.store.delete(&path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::Objects(error)),
        }
    }

    /// Objects kept by any other store.
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, bucket: None, swapping: None }
    }
}

fn path(name: &str) -> Path {
    Path::from(format!("{PREFIX}/{name}"))
}
