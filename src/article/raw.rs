//! A raw document: the bytes as received, with the metadata that the submitter supplied.

use super::{CountryCode, Instant};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDocument {
    pub content: Vec<u8>,
    /// The declared media type, with parameters; `None` leaves it to sniffing.
    pub media_type: Option<String>,
    /// The document key: a path or an object key.
    pub key: Option<String>,
    pub url: Option<String>,
    /// The id of the feed or site it came from.
    pub source: Option<String>,
    /// The source's defaults, for what the document does not state.
    pub defaults: Option<Defaults>,
    pub retrieved_at: Instant,
}

impl RawDocument {
    /// Returns a document of which nothing is known but its bytes and when they were retrieved.
    pub fn new(content: Vec<u8>, retrieved_at: Instant) -> Self {
        Self { content, media_type: None, key: None, url: None, source: None, defaults: None, retrieved_at }
    }
}

/// Default metadata configured for a source. It never overrides what a document states or proves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Defaults {
    /// The publisher's name.
    pub publisher: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// The country of publication, ISO 3166-1 alpha-2. It decides which country's rupees or dinars are meant.
    pub country: Option<CountryCode>,
}

impl Defaults {
    /// Returns `None` if no default is set.
    pub fn non_empty(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl RawDocument {
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.content))
    }
}

/// An article's summary of the raw document that it was extracted from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RawSummary {
    pub sha256: String,
    pub bytes: u64,
    pub media_type: String,
    /// For a feed document, the entry that the article was extracted from.
    pub entry: Option<String>,
    pub retrieved_at: Instant,
    /// The source's defaults at the time of extraction.
    pub defaults: Option<Defaults>,
}
