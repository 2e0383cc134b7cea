//! Object storage: raw documents, named by their content hash, so that storing one twice keeps a single copy.
//!
//! `object_store` accesses S3 or a folder. Its own HTTP stack is left out of the build: requests go through the table's
//! connector, so that a function has one TLS stack, one trust store and one connection pool.

use super::StoreError;
use crate::config::Config;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as SdkConnector, SharedHttpConnector},
    orchestrator,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use object_store::{
    Attribute, GetResult, ObjectStore, ObjectStoreExt, PutPayload,
    aws::AmazonS3Builder,
    client::{
        ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    },
    path::Path,
};
use std::{fs::File, path::PathBuf, sync::Arc};

#[derive(Clone, Debug)]
pub struct Objects {
    pub(super) store: Arc<dyn ObjectStore>,
    /// The bucket's name; a folder has none.
    pub(super) bucket: Option<String>,
    pub(super) folder: Option<Arc<ObjectFolder>>,
}

/// A folder of this machine that holds the objects.
#[derive(Debug)]
pub(super) struct ObjectFolder {
    path: PathBuf,
    /// Locked while a file is swapped; a bucket swaps files with conditional writes.
    pub swapping: tokio::sync::Mutex<()>,
}

impl ObjectFolder {
    /// Waits until no other process swaps a file.
    pub fn lock_swap(&self) -> Result<File, StoreError> {
        let lock = File::create(self.path.join("swap.lock")).and_then(|file| file.lock().map(|()| file));
        lock.map_err(|error| StoreError::Open(format!("{}: cannot be locked: {error}", self.path.display())))
    }
}

/// An object that a client uploaded.
pub struct StoredObject {
    pub content: Bytes,
    pub media_type: Option<String>,
    pub last_modified: jiff::Timestamp,
}

impl Objects {
    /// Opens the store that `DATELINE_OBJECTS` names: `s3://bucket` or `file:///folder`.
    pub(super) fn open(config: &Config, connector: SharedHttpConnector) -> Result<Self, StoreError> {
        if let Some(folder) = config.objects()?.strip_prefix("file://") {
            return Self::folder(std::path::Path::new(folder));
        }
        let bucket = config.objects()?.strip_prefix("s3://").ok_or_else(|| {
            let found = config.objects.as_deref().unwrap_or_default();
            StoreError::Open(format!("DATELINE_OBJECTS: expected s3://bucket or file:///folder, found {found}"))
        })?;
        Ok(Self { store: Arc::new(s3(config, bucket, connector)?), bucket: Some(bucket.to_owned()), folder: None })
    }

    /// Opens a folder on this machine. Each object is synced to disk before it counts as stored.
    pub fn folder(folder: &std::path::Path) -> Result<Self, StoreError> {
        let store = object_store::local::LocalFileSystem::new_with_prefix(folder)?;
        let folder = ObjectFolder { path: folder.to_owned(), swapping: tokio::sync::Mutex::default() };
        Ok(Self { store: Arc::new(store.with_fsync(true)), bucket: None, folder: Some(Arc::new(folder)) })
    }

    pub fn memory() -> Self {
        Self::over(Arc::new(object_store::memory::InMemory::new()))
    }

    /// Stores a raw document under its SHA-256. Storing it again has no effect.
    pub async fn put_raw(&self, sha256: &str, content: Vec<u8>) -> Result<(), StoreError> {
        let payload = PutPayload::from_bytes(Bytes::from(content));
        self.store.put(&raw_path(sha256), payload).await?;
        Ok(())
    }

    pub async fn raw(&self, sha256: &str) -> Result<Bytes, StoreError> {
        let path = raw_path(sha256);
        let object = self.get(&path).await?;
        Ok(object.bytes().await?)
    }

    /// Deletes a raw document, if it exists.
    pub async fn delete_raw(&self, sha256: &str) -> Result<(), StoreError> {
        self.delete(&raw_path(sha256)).await
    }

    /// Stores the bytes of a failed document under the id of its failure.
    pub async fn put_failed(&self, id: &str, content: Vec<u8>) -> Result<(), StoreError> {
        let payload = PutPayload::from_bytes(Bytes::from(content));
        self.store.put(&failed_path(id), payload).await?;
        Ok(())
    }

    pub async fn failed(&self, id: &str) -> Result<Bytes, StoreError> {
        Ok(self.get(&failed_path(id)).await?.bytes().await?)
    }

    /// Deletes the bytes of a failed document, if they exist.
    pub async fn delete_failed(&self, id: &str) -> Result<(), StoreError> {
        self.delete(&failed_path(id)).await
    }

    /// Fetches the object that a bucket's event names. Returns an error, without downloading, if it exceeds the limit.
    pub async fn object(&self, bucket: &str, key: &str, limit: u64) -> Result<StoredObject, StoreError> {
        if self.bucket.as_ref().is_some_and(|own| own != bucket) {
            return Err(StoreError::ForeignBucket(bucket.to_owned()));
        }
        let path = Path::parse(key).map_err(|_| StoreError::MissingObject(key.to_owned()))?;
        let object = self.get(&path).await?;
        let bytes = object.meta.size;
        if bytes > limit {
            return Err(StoreError::ObjectTooLarge { key: key.to_owned(), bytes, limit });
        }
        let media_type = object.attributes.get(&Attribute::ContentType).map(|attribute| attribute.as_ref().to_owned());
        let last_modified = jiff::Timestamp::from_millisecond(object.meta.last_modified.timestamp_millis());
        let last_modified = last_modified.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Ok(StoredObject { media_type, last_modified, content: object.bytes().await? })
    }

    /// Checks that the store responds, by the metadata of an object that is never stored. Without permission to list, S3
    /// answers that this is forbidden.
    pub(super) async fn answers(&self) -> Result<(), StoreError> {
        match self.store.head(&Path::from("raw/health")).await {
            Ok(_) | Err(object_store::Error::NotFound { .. } | object_store::Error::PermissionDenied { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the free bytes of the disk that holds the folder; `None` if the objects are not in a folder.
    pub(super) fn free_bytes(&self) -> Result<Option<u64>, StoreError> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let disk = rustix::fs::statvfs(&folder.path)
            .map_err(|error| StoreError::Open(format!("{}: {error}", folder.path.display())))?;
        Ok(Some(disk.f_bavail.saturating_mul(disk.f_frsize)))
    }

    async fn delete(&self, path: &Path) -> Result<(), StoreError> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn get(&self, path: &Path) -> Result<GetResult, StoreError> {
        self.store.get(path).await.map_err(|error| match error {
            object_store::Error::NotFound { .. } => StoreError::MissingObject(path.to_string()),
            other => other.into(),
        })
    }
}

fn raw_path(sha256: &str) -> Path {
    Path::from_iter(["raw", sha256])
}

fn failed_path(failure: &str) -> Path {
    Path::from_iter(["failed", failure])
}

fn s3(config: &Config, bucket: &str, connector: SharedHttpConnector) -> Result<impl ObjectStore, StoreError> {
    let mut s3 = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(config.region()?)
        .with_access_key_id(config.access_key_id()?)
        .with_secret_access_key(config.secret_access_key()?)
        .with_http_connector(Connect(connector));
    if let Some(token) = &config.session_token {
        s3 = s3.with_token(token);
    }
    if let Some(endpoint) = &config.objects_endpoint {
        s3 = s3.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http:"));
    }
    Ok(s3.build()?)
}

/// Adapts the table's connector to the object store.
#[derive(Debug)]
struct Connect(SharedHttpConnector);

impl HttpConnector for Connect {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(ObjectBackend(self.0.clone())))
    }
}

#[derive(Debug)]
struct ObjectBackend(SharedHttpConnector);

#[async_trait::async_trait]
impl HttpService for ObjectBackend {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let request = http::Request::from_parts(parts, SdkBody::from(body));
        let request = orchestrator::HttpRequest::try_from(request)
            .map_err(|error| HttpError::new(HttpErrorKind::Request, error))?;
        let response = self.0.call(request).await.map_err(|error| {
            let kind = if error.is_timeout() { HttpErrorKind::Timeout } else { HttpErrorKind::Connect };
            HttpError::new(kind, error)
        })?;
        let response = response.try_into_http1x().map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| HttpError::new_boxed(HttpErrorKind::Interrupted, error))?;
        Ok(HttpResponse::from_parts(parts, body.to_bytes().into()))
    }
}
