//! The payload of a change and its signature, as Standard Webhooks specifies (<https://www.standardwebhooks.com>).

use super::{Event, Webhook};
use crate::{
    article::{Article, Instant},
    store::Change,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

const SECRET_BYTES: usize = 32;
const PREFIX: &str = "whsec_";

/// The signing secret that the receiver and the archive share, in the standard's format.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Secret {
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        Ok(Self(format!("{PREFIX}{}", BASE64_STANDARD.encode(secret))))
    }

    /// Returns the secret's text, to be shown only once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let secret = BASE64_STANDARD.decode(self.0.trim_start_matches(PREFIX)).unwrap_or_default();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("HMAC accepts a key of any length");
        for part in [id, ".", &seconds.to_string(), ".", body] {
            mac.update(part.as_bytes());
        }
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// A message for one change. Its id is the same at every attempt.
pub struct Message {
    id: String,
    pub body: String,
}

impl Message {
    /// Builds the message. Its data is the card of `article`; a deletion has none.
    pub fn of(webhook: &Webhook, change: &Change, event: Event, article: Option<&Article>) -> Self {
        let kind = match event {
            Event::Created => "article.created",
            Event::Revised => "article.revised",
            Event::Deleted => "article.deleted",
        };
        let data = match article {
            Some(article) => json!(article.card()),
            None => json!({"id": change.id, "revision": change.revision, "deleted_at": change.at}),
        };
        Self {
            id: format!("msg_{}_{}_{}", webhook.id, change.id, change.revision),
            body: json!({"type": kind, "timestamp": change.at, "data": data}).to_string(),
        }
    }

    pub fn headers(&self, secret: &Secret, now: Instant) -> HeaderMap {
        let seconds = now.timestamp().as_second();
        let signature = secret.sign(&self.id, seconds, &self.body);
        let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        for (name, value) in [
            ("webhook-id", self.id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature),
        ] {
            let value = HeaderValue::try_from(value).expect("ids, numbers and base64 are ASCII");
            headers.insert(HeaderName::from_static(name), value);
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of the standard's own libraries.
    #[test]
    fn a_signature_matches_the_standards_test_vector() {
        let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
