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

    /// Returns the id as a URN: a UUID of version 8 (RFC 9562, 5.8), whose other 122 bits are those of the id.
    pub fn urn(&self) -> String {
        let digit = |byte: u8| ALPHABET.iter().position(|letter| *letter == byte).unwrap_or_default();
        let bits = self.0.bytes().fold(0u128, |bits, byte| bits << 5 | digit(byte) as u128);
        let bits = bits & !(0xf << 76) & !(0b11 << 62) | 8 << 76 | 0b10 << 62;
        let hex = format!("{bits:032x}");
        format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
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
    fn the_urn_is_a_uuid_of_the_same_bits() {
        let id = ArticleId::parse("3v9k2m7qd0w5xg8n1c4hzrt6pb").expect("an id");
        assert_eq!(id.urn(), "urn:uuid:7b4cc543-dda0-817b-8454-2c247f8d1acb");
        assert_eq!(ArticleId(["7"; 26].concat()).urn(), "urn:uuid:e739ce73-9ce7-89ce-b39c-e739ce739ce7");
    }

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
