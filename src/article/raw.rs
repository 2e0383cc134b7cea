//! A raw document: bytes as they came, with what the one who brought them knew about them.

use super::Instant;
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
    pub retrieved_at: Instant,
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
}
