//! The article's id: fixed length, safe in a URL, the same on every machine.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Crockford's alphabet in lower case: no letter that can be mistaken for a digit when an id is read aloud or typed.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 128 bits of SHA-256 over an identity, as 26 characters of base 32.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[0-9a-hjkmnp-tv-z]{26}$", examples("3v9k2m7qd0w5xg8n1c4hzrt6pb"))]
pub struct ArticleId(String);

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("expected an article id of {} characters from {}", ArticleId::LENGTH, str::from_utf8(ALPHABET).unwrap_or_default())]
pub struct BadArticleId;

impl ArticleId {
    /// Characters of an id.
    pub const LENGTH: usize = 26;

    /// Returns the id of an identity, a string that names one article, such as `url:https://…`.
    pub fn of_identity(identity: &str) -> Self {
        let digest = Sha256::digest(identity.as_bytes());
        let mut bits = u128::from_be_bytes(digest[..16].try_into().expect("SHA-256 has 32 bytes"));
        let mut text = [0u8; ArticleId::LENGTH];
        for digit in text.iter_mut().rev() {
            *digit = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
        Self(text.iter().map(|byte| char::from(*byte)).collect())
    }

    pub fn parse(text: &str) -> Result<Self, BadArticleId> {
        let well_formed = text.len() == ArticleId::LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(BadArticleId) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ArticleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ArticleId {
    type Error = BadArticleId;
    fn try_from(text: String) -> Result<Self, BadArticleId> {
        Self::parse(&text)
    }
}

impl From<ArticleId> for String {
    fn from(id: ArticleId) -> String {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_round_trips_and_malformed_ids_are_refused() {
        let id = ArticleId::of_identity("url:https://news.example/a");
        assert_eq!(ArticleId::parse(id.as_str()), Ok(id.clone()));
        assert_ne!(id, ArticleId::of_identity("url:https://news.example/b"));
        for bad in
            ["", "short", "3V9K2M7QD0W5XG8N1C4HZRT6PB", "3v9k2m7qd0w5xg8n1c4hzrt6pu", "../../../../../../etc/pass"]
        {
            assert_eq!(ArticleId::parse(bad), Err(BadArticleId), "{bad}");
        }
    }
}
