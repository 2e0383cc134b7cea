//! A raw document: bytes as they came, with what the one who brought them knew about them.

use super::{CountryCode, Instant};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDocument {
    pub content: Vec<u8>,
    /// As given, with parameters; `None` leaves it to sniffing.
    pub media_type: Option<String>,
    /// The name it came under: a path, an object key.
    pub key: Option<String>,
    pub url: Option<String>,
    /// The id of the feed or site it came from.
    pub source: Option<String>,
    /// What holds of its source where the document itself is silent.
    pub defaults: Option<Defaults>,
    pub retrieved_at: Instant,
}

/// What somebody who knows a source says of it. It decides nothing that a document states or proves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Defaults {
    /// Its publisher's name.
    pub publisher: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Where it is published, ISO 3166-1 alpha-2: whose rupees and dinars are meant.
    pub country: Option<CountryCode>,
}

impl Defaults {
    /// `None` where nothing is said.
    pub fn said(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl RawDocument {
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.content).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What an article says of the raw document it was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RawSummary {
    pub sha256: String,
    pub bytes: u64,
    pub media_type: String,
    /// Of a feed, the entry that the article was read from.
    pub entry: Option<String>,
    pub retrieved_at: Instant,
    /// What was said of its source when it was read.
    pub defaults: Option<Defaults>,
}
