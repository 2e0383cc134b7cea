//! Why a document cannot be read.

use super::limits::DOCUMENT_BYTES;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the document is empty")]
    Empty,
    #[error("the document is over the limit of {DOCUMENT_BYTES} bytes")]
    TooLarge,
    #[error("the text is not valid {encoding}: the first wrong byte is at offset {offset}")]
    Undecodable { encoding: &'static str, offset: usize },
    #[error("the document is not text: a NUL byte is at offset {offset}")]
    NotText { offset: usize },
    #[error("{media_type:?} is not read; expected text/plain, text/markdown, text/html or application/xhtml+xml")]
    UnsupportedMediaType { media_type: String },
    #[error("no headline and no paragraph was found")]
    NothingToRead,
}

impl ReadError {
    /// The name that programs go by; the same in problem bodies, reports and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_document",
            Self::TooLarge => "document_too_large",
            Self::Undecodable { .. } => "undecodable_text",
            Self::NotText { .. } => "not_text",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::NothingToRead => "nothing_to_read",
        }
    }
}
