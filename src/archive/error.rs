//! Why a document did not become an article.

use super::{envelope::BadEnvelope, intake::faults};
use crate::{article::ArticleId, reading::ReadError, store::StoreError};

#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    #[error("{}", faults(.0))]
    BadEnvelope(Vec<BadEnvelope>),
    #[error("it could not be received")]
    Unavailable(#[source] std::io::Error),
    #[error("the article {id} is being written by too many others; try again")]
    Contended { id: ArticleId },
    #[error("reading ended without an answer")]
    ReaderFailed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IngestError {
    /// The name that programs go by; the same in problem bodies, reports and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::BadEnvelope(_) => "invalid_document",
            Self::Unavailable(_) => "unavailable_document",
            Self::Contended { .. } => "contended",
            Self::Store(StoreError::TooLarge { .. } | StoreError::ObjectTooLarge { .. }) => "document_too_large",
            Self::Store(StoreError::MissingObject(_) | StoreError::ForeignBucket(_)) => "unavailable_document",
            Self::ReaderFailed | Self::Store(_) => "internal",
        }
    }

    /// Whether the document is at fault, and would be the next time too; otherwise it may be tried again.
    pub fn is_the_documents(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::BadEnvelope(_) | Self::ReaderFailed)
            || self.code() == "document_too_large"
    }

    /// The whole chain, for a log or a person at the terminal.
    pub fn chain(&self) -> String {
        crate::logs::chain(self)
    }
}
