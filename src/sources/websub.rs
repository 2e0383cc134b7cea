//! WebSub 1.0 (<https://www.w3.org/TR/websub/>), as a subscriber: where a feed names a hub, the hub tells when there is
//! something new.
//!
//! A push is taken as a ring: the source is polled at once. So its entries come from the feed itself, by the rules that the
//! source has, and nobody brings anything in by knowing where pushes go. Rings are believed that are signed with the secret
//! that the hub was given.

use super::{
    fetch::{FetchError, Fetcher},
    source::Source,
};
use crate::{article::Instant, reading::feed::Polling};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, header};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Sha256, Sha384, Sha512};
use std::time::Duration;

/// Where hubs ring, below the archive's own address.
pub const PATH: &str = "/v1/websub/";
const SECRET_BYTES: usize = 32;
/// For how long is asked; and how long before its end it is asked again.
const LEASE_SECONDS: i64 = 10 * 86_400;
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_hours(48);
/// A hub that did not confirm is asked again after this.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub hub: String,
    pub topic: String,
    secret: String,
    asked_at: Instant,
    /// `None`: the hub has not confirmed it.
    pub until: Option<Instant>,
}

impl Subscription {
    fn new(hub: String, topic: String, now: Instant) -> Option<Self> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).ok()?;
        let secret = secret.iter().map(|it| format!("{it:02x}")).collect();
        Some(Self { hub, topic, secret, asked_at: now, until: None })
    }

    fn is_due(&self, now: Instant) -> bool {
        let since = now.timestamp().duration_since(self.asked_at.timestamp());
        let left = self.until.map(|it| it.timestamp().duration_since(now.timestamp()));
        since > ASKED_AGAIN && left.is_none_or(|it| it < RENEWED_BEFORE)
    }

    /// The hub means what it was asked for, and says for how long.
    pub fn confirm(&mut self, lease_seconds: Option<i64>, now: Instant) {
        let seconds = lease_seconds.unwrap_or(LEASE_SECONDS).clamp(0, LEASE_SECONDS);
        self.until = Some(now.after(Duration::from_secs(seconds.unsigned_abs())));
    }

    /// `X-Hub-Signature`: a method and what it makes of the body and the secret, in hexadecimal digits.
    pub fn is_signed(&self, signature: &str, body: &[u8]) -> bool {
        let Some((method, digits)) = signature.trim().split_once('=') else { return false };
        let Some(given) = bytes(digits) else { return false };
        match method {
            "sha256" => is_mac::<Hmac<Sha256>>(&self.secret, body, &given),
            "sha384" => is_mac::<Hmac<Sha384>>(&self.secret, body, &given),
            "sha512" => is_mac::<Hmac<Sha512>>(&self.secret, body, &given),
            _ => false,
        }
    }
}

fn is_mac<M: Mac + KeyInit>(secret: &str, body: &[u8], given: &[u8]) -> bool {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(body);
    mac.verify_slice(given).is_ok()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// Notes the hub that a feed names, and whether it is to be asked now.
pub fn note(source: &mut Source, says: &Polling, now: Instant) -> bool {
    let (Some(hub), Some(topic)) = (&says.hub, &says.topic) else {
        source.subscription = None;
        return false;
    };
    let same = |it: &&Subscription| it.hub == *hub && it.topic == *topic;
    let known = source.subscription.as_ref().filter(same);
    if known.is_some_and(|it| !it.is_due(now)) {
        return false;
    }
    let again = known.map(|it| Subscription { asked_at: now, ..it.clone() });
    source.subscription = again.or_else(|| Subscription::new(hub.clone(), topic.clone(), now));
    source.subscription.is_some()
}

/// Asks the hub. It may want to know at once whether that is meant, so the source is kept before.
pub async fn ask(it: &Subscription, source: &str, fetcher: &Fetcher, public_url: &str) -> Result<(), FetchError> {
    // Ids are slugs of any script.
    let source: String = form_urlencoded::byte_serialize(source.as_bytes()).collect();
    let callback = format!("{}{PATH}{source}", public_url.trim_end_matches('/'));
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", &it.topic)
        .append_pair("hub.callback", &callback)
        .append_pair("hub.secret", &it.secret)
        .append_pair("hub.lease_seconds", &LEASE_SECONDS.to_string())
        .finish();
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    fetcher.post(&it.hub, HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]), form).await
}
