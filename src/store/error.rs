//! What can go wrong between the archive and its table.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer got there first: read again and decide again.
    #[error("the article changed while it was being written")]
    Conflict,
    #[error("the store asks to slow down")]
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
    #[error("the article takes {bytes} bytes compressed, more than the {limit} that one item holds")]
    TooLarge { bytes: usize, limit: usize },
    #[error("{0} is not in the object store")]
    MissingObject(String),
    #[error("{key} has {bytes} bytes, more than the {limit} that are read")]
    ObjectTooLarge { key: String, bytes: u64, limit: u64 },
    #[error("the bucket {0} is not this archive's")]
    ForeignBucket(String),
    #[error("the object store failed")]
    Objects(#[source] object_store::Error),
    /// A look back that would have to read too much.
    #[error("more than {limit} {of} lie between then and now: ask for a later time")]
    TooMuchHistory { limit: usize, of: &'static str },
    #[error("the store cannot be opened: {0}")]
    Open(String),
}

impl StoreError {
    /// The error of one call, by the code that the service gave.
    pub(super) fn call<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match error.code() {
            Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded") => {
                Self::Throttled
            }
            code => {
                let code = code.unwrap_or("no answer").to_owned();
                Self::Table { operation, code, source: Box::new(error) }
            }
        }
    }
}

impl From<BuildError> for StoreError {
    fn from(error: BuildError) -> Self {
        Self::Table { operation: "building a request", code: "missing field".to_owned(), source: Box::new(error) }
    }
}
