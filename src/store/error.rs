//! Errors of the table and the object store.

use crate::config::MissingVariable;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer committed first: read again and retry.
    #[error("the item changed while it was being written")]
    Conflict,
    #[error("the table throttled the request")]
    Throttled,
    #[error("{operation} failed: {code}")]
    Table {
        operation: &'static str,
        code: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the item {key} cannot be read: {problem}")]
    Item { key: String, problem: String },
    #[error("the article has {bytes} bytes compressed, more than the limit of {limit} for one item")]
    TooLarge { bytes: usize, limit: usize },
    #[error("{0} is not in the object store")]
    MissingObject(String),
    #[error("{key} has {bytes} bytes, more than the limit of {limit}")]
    ObjectTooLarge { key: String, bytes: u64, limit: u64 },
    #[error("the bucket {0} does not belong to this archive")]
    ForeignBucket(String),
    #[error("the object store failed")]
    Objects(#[source] object_store::Error),
    /// The disk of an archive on this machine has no space left; nothing of the write was stored.
    #[error("the disk is full")]
    DiskFull,
    /// A query of the past that would have to read too much.
    #[error("more than {limit} {of} since that time: request a later time")]
    TooMuchHistory { limit: usize, of: &'static str },
    #[error("the store cannot be opened: {0}")]
    Open(String),
    #[error("{0} is in use by another dateline process; stop it, or name another folder with --data")]
    InUse(String),
}

impl From<MissingVariable> for StoreError {
    fn from(error: MissingVariable) -> Self {
        Self::Open(error.to_string())
    }
}

impl StoreError {
    /// Converts the error of one call, by the service's error code.
    pub(super) fn call<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match error.code() {
            Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded") => {
                Self::Throttled
            }
            Some("ConditionalCheckFailedException") => Self::Conflict,
            code => {
                let code = code.unwrap_or("no response").to_owned();
                Self::Table { operation, code, source: Box::new(error) }
            }
        }
    }
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        let mut causes =
            std::iter::successors(Some(&error as &(dyn std::error::Error + 'static)), |cause| cause.source());
        let is_full = causes.any(|cause| {
            let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
            matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
        });
        if is_full { Self::DiskFull } else { Self::Objects(error) }
    }
}

impl From<BuildError> for StoreError {
    fn from(error: BuildError) -> Self {
        Self::Table { operation: "building a request", code: "missing field".to_owned(), source: Box::new(error) }
    }
}
