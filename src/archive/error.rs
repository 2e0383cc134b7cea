//! The errors of ingesting a document.

use super::{document_files::faults, envelope::BadEnvelope};
use crate::{article::ArticleId, reading::ReadError, store::StoreError};

#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    #[error("{}", faults(.0))]
    BadEnvelope(Vec<BadEnvelope>),
    #[error("the document could not be received")]
    Unavailable(#[source] std::io::Error),
    #[error("too many concurrent writes of article {id}; try again")]
    Contended { id: ArticleId },
    #[error("the reader failed")]
    ReaderFailed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IngestError {
    /// Returns the machine-readable code, the same in problem bodies, reports and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::BadEnvelope(_) => "invalid_document",
            Self::Unavailable(_) => "unavailable_document",
            Self::Contended { .. } => "contended",
            Self::Store(StoreError::TooLarge { .. } | StoreError::ObjectTooLarge { .. }) => "document_too_large",
            Self::Store(StoreError::MissingObject(_) | StoreError::ForeignBucket(_)) => "unavailable_document",
            Self::Store(StoreError::DiskFull) => "disk_full",
            Self::ReaderFailed | Self::Store(_) => "internal",
        }
    }

    /// Whether the document itself is the cause, so that a retry would fail too.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::BadEnvelope(_) | Self::ReaderFailed)
            || self.code() == "document_too_large"
    }

    /// Formats the whole chain of causes, for a log or the terminal.
    pub fn chain(&self) -> String {
        crate::logs::chain(self)
    }
}
