//! Why a document did not become an article.

use crate::{article::ArticleId, reading::ReadError, store::StoreError};

#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    #[error("the article {id} is being written by too many others; try again")]
    Contended { id: ArticleId },
    #[error("reading ended without an answer")]
    ReaderFailed,
    #[error("the archive could not be written")]
    Store(#[from] StoreError),
}

impl IngestError {
    /// Whether the document is at fault: then trying again changes nothing.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Store(StoreError::TooLarge { .. }))
    }

    /// The whole chain, for a log or a person at the terminal.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
