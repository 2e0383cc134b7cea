//! A subscription to a hub: its secret, its lease, and which notifications it accepts.

use crate::article::Instant;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Sha256, Sha384, Sha512};
use std::time::Duration;

const SECRET_BYTES: usize = 32;
/// The lease that is requested, in seconds, and how long before its end it is renewed.
pub const LEASE_SECONDS: i64 = 10 * 86_400;
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_hours(48);
/// The minimum time between two requests to a hub.
const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub hub: String,
    pub topic: String,
    pub(super) secret: String,
    requested_at: Instant,
    /// When the lease ends. `None`: the hub has not confirmed it.
    pub until: Option<Instant>,
}

impl Subscription {
    pub fn new(hub: String, topic: String, now: Instant) -> Option<Self> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).ok()?;
        let secret = hex::encode(secret);
        Some(Self { hub, topic, secret, requested_at: now, until: None })
    }

    pub fn is_due(&self, now: Instant) -> bool {
        let since = now.timestamp().duration_since(self.requested_at.timestamp());
        let left = self.until.map(|until| until.timestamp().duration_since(now.timestamp()));
        since > RETRY_AFTER && left.is_none_or(|left| left < RENEWED_BEFORE)
    }

    /// The same subscription, requested again.
    pub fn renewed(&self, now: Instant) -> Self {
        Self { requested_at: now, ..self.clone() }
    }

    /// Records the hub's confirmation and its lease.
    pub fn confirm(&mut self, lease_seconds: Option<i64>, now: Instant) {
        let seconds = lease_seconds.unwrap_or(LEASE_SECONDS).clamp(0, LEASE_SECONDS);
        self.until = Some(now.after(Duration::from_secs(seconds.unsigned_abs())));
    }

    /// Verifies `X-Hub-Signature`: a method, and the HMAC of the body with the secret in hexadecimal digits.
    pub fn is_signed(&self, signature: &str, body: &[u8]) -> bool {
        let Some((method, digits)) = signature.trim().split_once('=') else { return false };
        let Ok(given) = hex::decode(digits) else { return false };
        match method {
            "sha256" => is_mac::<Hmac<Sha256>>(&self.secret, body, &given),
            "sha384" => is_mac::<Hmac<Sha384>>(&self.secret, body, &given),
            "sha512" => is_mac::<Hmac<Sha512>>(&self.secret, body, &given),
            _ => false,
        }
    }
}

fn is_mac<M: Mac + KeyInit>(secret: &str, body: &[u8], given: &[u8]) -> bool {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC accepts keys of any length");
    mac.update(body);
    mac.verify_slice(given).is_ok()
}
