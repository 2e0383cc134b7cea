//! Large bytes: raw documents, named by their content, so that storing one twice is storing it once.
//!
//! `object_store` speaks to S3 or to a folder. Its own HTTP stack is left out of the build: requests go through the
//! same connector as the table's, so that a function has one TLS stack, one trust store and one pool.

use super::{StoreError, aws::Settings};
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
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Objects {
    pub(super) store: Arc<dyn ObjectStore>,
    /// The bucket's name; a folder has none.
    pub(super) bucket: Option<String>,
    /// Held while a file in a folder is swapped; a bucket does that by itself.
    pub(super) swapping: Option<Arc<tokio::sync::Mutex<()>>>,
}

/// An object that others put there.
pub struct StoredObject {
    pub content: Bytes,
    pub media_type: Option<String>,
    pub last_modified: jiff::Timestamp,
}

impl Objects {
    /// As `DATELINE_OBJECTS` names them: `s3://bucket` or `file:///folder`.
    pub(super) fn open(settings: &Settings, connector: SharedHttpConnector) -> Result<Self, StoreError> {
        if let Some(folder) = settings.objects.strip_prefix("file://") {
            return Self::folder(std::path::Path::new(folder));
        }
        let bucket = settings.objects.strip_prefix("s3://").ok_or_else(|| {
            let found = &settings.objects;
            StoreError::Open(format!("DATELINE_OBJECTS: expected s3://bucket or file:///folder, found {found}"))
        })?;
        Ok(Self { store: Arc::new(s3(settings, bucket, connector)?), bucket: Some(bucket.to_owned()), swapping: None })
    }

    /// A folder on this machine; each object is on the disk before it counts as stored.
    pub fn folder(folder: &std::path::Path) -> Result<Self, StoreError> {
        let folder = object_store::local::LocalFileSystem::new_with_prefix(folder).map_err(StoreError::Objects)?;
        Ok(Self { store: Arc::new(folder.with_fsync(true)), bucket: None, swapping: Some(Arc::default()) })
    }

    pub fn memory() -> Self {
        Self::over(Arc::new(object_store::memory::InMemory::new()))
    }

    /// Stores a raw document under its SHA-256. Unless it is there already, which the caller need not know.
    pub async fn put_raw(&self, sha256: &str, content: Vec<u8>) -> Result<(), StoreError> {
        let payload = PutPayload::from_bytes(Bytes::from(content));
        self.store.put(&raw_path(sha256), payload).await.map_err(StoreError::Objects)?;
        Ok(())
    }

    pub async fn raw(&self, sha256: &str) -> Result<Bytes, StoreError> {
        let path = raw_path(sha256);
        let found = self.get(&path).await?;
        found.bytes().await.map_err(StoreError::Objects)
    }

    /// Takes a raw document away, if it is there.
    pub async fn delete_raw(&self, sha256: &str) -> Result<(), StoreError> {
        self.delete(&raw_path(sha256)).await
    }

    /// The bytes of a document that failed, under the id of its failure.
    pub async fn put_failed(&self, id: &str, content: Vec<u8>) -> Result<(), StoreError> {
        let payload = PutPayload::from_bytes(Bytes::from(content));
        self.store.put(&failed_path(id), payload).await.map_err(StoreError::Objects)?;
        Ok(())
    }

    pub async fn failed(&self, id: &str) -> Result<Bytes, StoreError> {
        self.get(&failed_path(id)).await?.bytes().await.map_err(StoreError::Objects)
    }

    /// Takes them away, if they are there.
    pub async fn delete_failed(&self, id: &str) -> Result<(), StoreError> {
        self.delete(&failed_path(id)).await
    }

    /// An object by its key, as a bucket's event names it. One over the limit is not fetched.
    pub async fn object(&self, bucket: &str, key: &str, limit: u64) -> Result<StoredObject, StoreError> {
        if self.bucket.as_ref().is_some_and(|it| it != bucket) {
            return Err(StoreError::ForeignBucket(bucket.to_owned()));
        }
        let path = Path::parse(key).map_err(|_| StoreError::MissingObject(key.to_owned()))?;
        let found = self.get(&path).await?;
        let bytes = found.meta.size;
        if bytes > limit {
            return Err(StoreError::ObjectTooLarge { key: key.to_owned(), bytes, limit });
        }
        let media_type = found.attributes.get(&Attribute::ContentType).map(|it| it.as_ref().to_owned());
        let last_modified = jiff::Timestamp::from_millisecond(found.meta.last_modified.timestamp_millis());
        let last_modified = last_modified.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Ok(StoredObject { media_type, last_modified, content: found.bytes().await.map_err(StoreError::Objects)? })
    }

    async fn delete(&self, path: &Path) -> Result<(), StoreError> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::Objects(error)),
        }
    }

    async fn get(&self, path: &Path) -> Result<GetResult, StoreError> {
        self.store.get(path).await.map_err(|error| match error {
            object_store::Error::NotFound { .. } => StoreError::MissingObject(path.to_string()),
            other => StoreError::Objects(other),
        })
    }
}

fn raw_path(sha256: &str) -> Path {
    Path::from_iter(["raw", sha256])
}

fn failed_path(failure: &str) -> Path {
    Path::from_iter(["failed", failure])
}

fn s3(settings: &Settings, bucket: &str, connector: SharedHttpConnector) -> Result<impl ObjectStore, StoreError> {
    let mut s3 = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&settings.account.region)
        .with_access_key_id(settings.account.credentials.access_key_id())
        .with_secret_access_key(settings.account.credentials.secret_access_key())
        .with_http_connector(Connect(connector));
    if let Some(token) = settings.account.credentials.session_token() {
        s3 = s3.with_token(token);
    }
    if let Some(endpoint) = &settings.objects_endpoint {
        s3 = s3.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http:"));
    }
    s3.build().map_err(StoreError::Objects)
}

/// The table's connector in the object store's clothes.
#[derive(Debug)]
struct Connect(SharedHttpConnector);

impl HttpConnector for Connect {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Service(self.0.clone())))
    }
}

#[derive(Debug)]
struct Service(SharedHttpConnector);

#[async_trait::async_trait]
impl HttpService for Service {
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
