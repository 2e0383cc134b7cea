//! Calls subscribers: first to verify that they want to be called (WebSub, 5.3), then with their feed, each time it
//! changed (7). A feed is what `GET` on its URL returns at that moment, so subscribers and pollers see the same.

use super::subscriber::{Mode, Request, Subscriber};
use crate::{
    article::Instant,
    fetch::{FetchError, FetchRequest, Fetcher},
    http::in_process::Api,
    store::{Store, StoreError},
};
use axum::body::Body;
use futures::{StreamExt, stream};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Subscribers called at once.
const CONCURRENT_CALLS: usize = 32;
/// A subscriber that does not answer in this time has failed, so that the others wait no longer for it.
const ANSWER: Duration = Duration::from_secs(5);
/// The wait after the first failure. It triples with each further failure, up to `LONGEST_WAIT`.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3_600);
const CHALLENGE_BYTES: usize = 16;
/// What the paths of feeds begin with.
const FEEDS: &str = "/v1/feed.";
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

#[derive(Clone, Debug)]
pub struct Notifier {
    store: Store,
    fetcher: Fetcher,
    api: Api,
}

/// A feed as it is now.
struct CurrentFeed {
    media_type: HeaderValue,
    body: String,
    digest: String,
}

impl Notifier {
    pub fn new(store: Store, fetcher: Fetcher, api: Api) -> Self {
        Self { store, fetcher, api }
    }

    /// Verifies what was requested, ends what expired, and sends what changed. Returns how many feeds were sent.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let now = Instant::now();
        let due = Subscriber::all(&self.store).await?.into_iter();
        let due = due.filter(|subscriber| subscriber.not_before.is_none_or(|at| at <= now));
        let calls = stream::iter(due).map(|subscriber| self.call(subscriber, now)).buffer_unordered(CONCURRENT_CALLS);
        let sent: Vec<Result<bool, StoreError>> = calls.collect().await;
        sent.into_iter().try_fold(0, |sum, sent| Ok(sum + usize::from(sent?)))
    }

    async fn call(&self, mut subscriber: Subscriber, now: Instant) -> Result<bool, StoreError> {
        let called = match subscriber.requested.take() {
            Some(request) => self.verify(&mut subscriber, request, now).await.map(|()| false),
            None if subscriber.until.is_none_or(|until| until <= now) => {
                Ok(subscriber.remove(&self.store).await.map(|()| false)?)
            }
            None => self.notify(&mut subscriber).await,
        };
        match called {
            // A request that came meanwhile is answered in the next round.
            Err(StoreError::Conflict) => Ok(false),
            called => called,
        }
    }

    /// Asks the subscriber whether it made the request. One that does not confirm it keeps what it had before.
    async fn verify(&self, subscriber: &mut Subscriber, request: Request, now: Instant) -> Result<(), StoreError> {
        let mut challenge = [0; CHALLENGE_BYTES];
        let is_confirmed = getrandom::fill(&mut challenge).is_ok()
            && self.confirms(subscriber, &request, &hex::encode(challenge)).await;
        match request.mode {
            _ if !is_confirmed && subscriber.until.is_none() => subscriber.remove(&self.store).await,
            _ if !is_confirmed => subscriber.put(&self.store).await,
            Mode::Unsubscribe => subscriber.remove(&self.store).await,
            Mode::Subscribe => {
                subscriber.until = Some(now.after(Duration::from_secs(request.lease_seconds)));
                subscriber.secret = request.secret;
                subscriber.move_to(self.store.last_changes().await?);
                subscriber.sent = self.feed(&subscriber.topic).await.map(|feed| feed.digest);
                subscriber.put(&self.store).await
            }
        }
    }

    async fn confirms(&self, subscriber: &Subscriber, request: &Request, challenge: &str) -> bool {
        let Ok(mut url) = url::Url::parse(&subscriber.callback) else { return false };
        url.query_pairs_mut()
            .append_pair("hub.mode", request.mode.name())
            .append_pair("hub.topic", &subscriber.topic)
            .append_pair("hub.challenge", challenge)
            .append_pair("hub.lease_seconds", &request.lease_seconds.to_string());
        let request_to_confirm = FetchRequest::default();
        let answer = tokio::time::timeout(ANSWER, self.fetcher.fetch(url.as_str(), &request_to_confirm)).await;
        let answer = answer.ok().and_then(Result::ok).and_then(|answer| answer.content);
        let is_confirmed = answer.is_some_and(|content| content.trim_ascii() == challenge.as_bytes());
        if !is_confirmed {
            tracing::info!(subscriber = subscriber.id, mode = request.mode.name(), "subscription not confirmed");
        }
        is_confirmed
    }

    /// Sends the feed, if it changed. Returns whether it did.
    async fn notify(&self, subscriber: &mut Subscriber) -> Result<bool, StoreError> {
        let last = self.store.last_changes().await?;
        if last == subscriber.position() {
            return Ok(false);
        }
        let Some(feed) = self.feed(&subscriber.topic).await else {
            tracing::warn!(topic = subscriber.topic, "the feed of a subscriber cannot be made");
            return Ok(false);
        };
        let changed = subscriber.sent.as_ref() != Some(&feed.digest);
        if changed {
            match self.send(subscriber, feed.media_type, feed.body).await {
                Ok(()) => (subscriber.failures, subscriber.not_before) = (0, None),
                Err(FetchError::Status { status: StatusCode::GONE, .. }) => {
                    return subscriber.remove(&self.store).await.map(|()| false);
                }
                Err(error) => {
                    tracing::warn!(
                        subscriber = subscriber.id,
                        cause = crate::logs::chain(&error),
                        "subscriber not notified"
                    );
                    let factor = 3u32.saturating_pow(subscriber.failures);
                    subscriber.failures += 1;
                    subscriber.not_before =
                        Some(Instant::now().after(FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)));
                    return subscriber.put(&self.store).await.map(|()| false);
                }
            }
        }
        subscriber.sent = Some(feed.digest);
        subscriber.move_to(last);
        subscriber.put(&self.store).await.map(|()| changed)
    }

    async fn send(&self, subscriber: &Subscriber, media_type: HeaderValue, body: String) -> Result<(), FetchError> {
        let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, media_type)]);
        let hub = hub_of(&subscriber.topic);
        let link = format!("<{hub}>; rel=\"hub\", <{}>; rel=\"self\"", subscriber.topic);
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.insert(header::LINK, link);
        }
        if let Some(secret) = &subscriber.secret {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC accepts a key of any length");
            mac.update(body.as_bytes());
            let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
            headers.insert(SIGNATURE, HeaderValue::from_str(&signature).expect("hexadecimal digits"));
        }
        let sent = tokio::time::timeout(ANSWER, self.fetcher.post(&subscriber.callback, headers, body)).await;
        sent.unwrap_or(Err(FetchError::Timeout))
    }

    /// Returns a feed as a client at its URL would get it; `None` if it cannot be made now.
    async fn feed(&self, topic: &str) -> Option<CurrentFeed> {
        let uri: Uri = topic.parse().ok()?;
        let scheme = HeaderValue::from_str(uri.scheme_str()?).ok()?;
        let host = HeaderValue::from_str(uri.authority()?.as_str()).ok()?;
        // Without the path of the public URL, which a proxy removes.
        let path = topic.find(FEEDS).map(|at| &topic[at..])?;
        let request = http::Request::builder()
            .uri(path)
            .header(header::HOST, host)
            .header(crate::http::base_url::X_FORWARDED_PROTO, scheme)
            .body(Body::empty());
        let response = self.api.pass(request.ok()?).await;
        if response.status() != StatusCode::OK {
            return None;
        }
        let media_type = response.headers().get(header::CONTENT_TYPE)?.clone();
        let body = String::from_utf8(response.into_body().collect().await.ok()?.to_bytes().to_vec()).ok()?;
        let digest = hex::encode(Sha256::digest(&body));
        Some(CurrentFeed { media_type, body, digest })
    }
}

/// Returns the URL of the hub of a feed: they have one base.
fn hub_of(topic: &str) -> String {
    let base = topic.split_once(FEEDS).map_or(topic, |(base, _)| base);
    format!("{base}{}", crate::http::hub::PATH)
}
