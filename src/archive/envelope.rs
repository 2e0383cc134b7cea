//! The envelope: a raw document and its metadata as JSON. Envelopes that are posted, queued, or read from a file or a
//! line of NDJSON are all parsed here.

use crate::{
    article::{Instant, RawDocument},
    json::parse_object,
    limits::DOCUMENT_KEY_BYTES,
};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};

/// Maximum minutes that a time of retrieval may be ahead of this machine's clock.
const CLOCK_SKEW_MINUTES: i64 = 10;

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The document's name within its source: a path, an object key, a GUID.
    #[serde(default)]
    pub key: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    /// The id of the feed or site it came from.
    #[serde(default)]
    pub source: Option<String>,
    /// `text/plain`, `text/html` or `text/markdown`, with parameters; detected from the content if omitted.
    #[serde(default)]
    pub media_type: Option<String>,
    /// The time at which the envelope arrived, if omitted.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retrieved_at: Option<String>,
    pub content: String,
}

/// An error in an envelope, located by a JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct BadEnvelope {
    pub pointer: String,
    pub detail: String,
}

/// Parses an envelope. Invalid JSON is one error; invalid values are reported all together. `retrieved_at` applies if
/// the envelope states no time of retrieval.
pub fn parse(json: &[u8], retrieved_at: Instant) -> Result<RawDocument, Vec<BadEnvelope>> {
    let envelope: Envelope =
        parse_object(json).map_err(|bad| vec![BadEnvelope { pointer: bad.pointer, detail: bad.detail }])?;
    envelope.resolve(retrieved_at)
}

impl Envelope {
    fn resolve(self, mut retrieved_at: Instant) -> Result<RawDocument, Vec<BadEnvelope>> {
        let mut bad = Vec::new();
        let mut refuse = |pointer: &str, detail: String| bad.push(BadEnvelope { pointer: pointer.to_owned(), detail });
        for (pointer, value) in [("/key", &self.key), ("/url", &self.url), ("/source", &self.source)] {
            if let Some(value) = value
                && (value.trim().is_empty() || value.len() > DOCUMENT_KEY_BYTES)
            {
                refuse(pointer, format!("expected 1 to {DOCUMENT_KEY_BYTES} bytes, found {}", value.len()));
            }
        }
        if let Some(given) = &self.url
            && !url::Url::parse(given).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        {
            refuse("/url", format!("expected an absolute http or https URL, found {given:?}"));
        }
        if let Some(given) = &self.retrieved_at {
            let now = Instant::now();
            let ahead = now.timestamp() + CLOCK_SKEW_MINUTES.minutes();
            match Instant::parse(given) {
                Ok(at) if at.timestamp() <= ahead => retrieved_at = at.min(now),
                Ok(at) => refuse("/retrieved_at", format!("expected a time not in the future, found {at}")),
                Err(error) => refuse("/retrieved_at", format!("{error}, found {given:?}")),
            }
        }
        if !bad.is_empty() {
            return Err(bad);
        }
        Ok(RawDocument {
            media_type: self.media_type,
            key: self.key,
            url: self.url,
            source: self.source,
            ..RawDocument::new(self.content.into_bytes(), retrieved_at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(json: &str) -> Vec<String> {
        let errors = parse(json.as_bytes(), Instant::now()).expect_err(json);
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn the_error_names_the_invalid_member() {
        assert_eq!(pointers(r#"{"content": "x", "colour": "red"}"#), ["/colour"]);
        assert_eq!(pointers(r#"{"content": 7}"#), ["/content"]);
        assert_eq!(pointers(r#"{"key": "k"}"#), [""]);
        assert_eq!(pointers("[]"), [""]);
        assert_eq!(pointers(r#"{"content": "x"} trailing"#), [""]);
        assert_eq!(
            pointers(r#"{"content": "x", "key": "", "url": "nowhere", "retrieved_at": "2999-01-01"}"#),
            ["/key", "/url", "/retrieved_at"]
        );
    }

    #[test]
    fn the_time_of_retrieval_is_kept() {
        let document = parse(br#"{"content": "x", "retrieved_at": "2025-04-07T10:00:00+05:00"}"#, Instant::now());
        assert_eq!(
            document.map(|document| document.retrieved_at.to_string()),
            Ok("2025-04-07T05:00:00.000Z".to_owned())
        );
    }
}
