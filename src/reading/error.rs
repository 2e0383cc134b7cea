//! Why a document cannot be read.

use crate::limits::{DOCUMENT_BYTES, FEED_ELEMENTS, FEED_ENTRIES};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the document is empty")]
    Empty,
    #[error("the document is over the limit of {DOCUMENT_BYTES} bytes")]
    TooLarge,
    #[error("the text is not valid {encoding}: the first invalid byte is at offset {offset}")]
    Undecodable { encoding: &'static str, offset: usize },
    #[error("the document is not text: a NUL byte is at offset {offset}")]
    NotText { offset: usize },
    #[error(
        "media type {media_type:?} is not supported; expected text/plain, text/markdown, text/html, \
         application/xhtml+xml, or a feed as application/rss+xml, application/atom+xml, application/rdf+xml or \
         application/feed+json"
    )]
    UnsupportedMediaType { media_type: String },
    #[error("the feed cannot be read: {reason}")]
    MalformedFeed { reason: String },
    #[error("the feed is over the limit of {FEED_ELEMENTS} elements")]
    FeedElements,
    #[error("the feed has {found} entries; only the first {FEED_ENTRIES} were read")]
    TooManyEntries { found: usize },
    #[error("the feed lists this article more than once; only the first entry was read")]
    RepeatedEntry,
    #[error("the document is a feed; its entries are articles, the feed itself is not")]
    IsFeed,
    #[error("no headline and no paragraph was found")]
    NothingToRead,
}

impl ReadError {
    /// Returns the machine-readable code, which is the same in problem bodies, reports and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_document",
            Self::TooLarge => "document_too_large",
            Self::Undecodable { .. } => "undecodable_text",
            Self::NotText { .. } => "not_text",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::NothingToRead => "nothing_to_read",
            Self::MalformedFeed { .. } => "malformed_feed",
            Self::FeedElements => "feed_elements",
            Self::TooManyEntries { .. } => "feed_entries",
            Self::RepeatedEntry => "repeated_entry",
            Self::IsFeed => "is_feed",
        }
    }
}
