//! The files of the search index, under `index/` in the object store: all immutable except one, which is swapped.

use super::{Objects, StoreError};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion, path::Path};
use std::{ops::Range, sync::Arc};

const PREFIX: &str = "index";

/// A version of the file that is swapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileVersion(UpdateVersion);

/// A file in a listing.
#[derive(Clone, Debug)]
pub struct ListedFile {
    pub name: String,
    pub last_modified: jiff::Timestamp,
}

impl Objects {
    pub async fn index_file(&self, name: &str) -> Result<Option<(Bytes, FileVersion)>, StoreError> {
        let file = match self.store.get(&path(name)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            file => file?,
        };
        let version = UpdateVersion { e_tag: file.meta.e_tag.clone(), version: file.meta.version.clone() };
        Ok(Some((file.bytes().await?, FileVersion(version))))
    }

    pub async fn index_range(&self, name: &str, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.store.get_range(&path(name), range).await.map_err(|error| match error {
            object_store::Error::NotFound { path, .. } => StoreError::MissingObject(path),
            other => other.into(),
        })
    }

    pub async fn put_index_file(&self, name: &str, content: Vec<u8>) -> Result<(), StoreError> {
        self.store.put(&path(name), PutPayload::from_bytes(content.into())).await?;
        Ok(())
    }

    /// Replaces the version that was read, or creates the file if `before` is `None`; returns `false` if another writer
    /// was faster.
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
                Err(error) => Err(error.into()),
            }
        };
        match (before, &self.folder) {
            (None, _) => put(PutMode::Create).await,
            (Some(before), None) => put(PutMode::Update(before.0)).await,
            // A folder has no conditional write. The writers of this process and of others take turns.
            (Some(before), Some(folder)) => {
                let _guard = folder.swapping.lock().await;
                let _lock = folder.lock_swap()?;
                match self.index_file(name).await? {
                    Some((_, now)) if now == before => put(PutMode::Overwrite).await,
                    _ => Ok(false),
                }
            }
        }
    }

    pub async fn index_files(&self) -> Result<Vec<ListedFile>, StoreError> {
        let prefix = Path::from(PREFIX);
        let listed = self.store.list(Some(&prefix)).map_ok(|object| ListedFile {
            name: object.location.as_ref().trim_start_matches(PREFIX).trim_start_matches('/').to_owned(),
            last_modified: jiff::Timestamp::from_millisecond(object.last_modified.timestamp_millis())
                .unwrap_or_default(),
        });
        Ok(listed.try_collect().await?)
    }

    pub async fn delete_index_file(&self, name: &str) -> Result<(), StoreError> {
        match self.store.delete(&path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Wraps any other object store.
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, bucket: None, folder: None }
    }
}

fn path(name: &str) -> Path {
    Path::from(format!("{PREFIX}/{name}"))
}
