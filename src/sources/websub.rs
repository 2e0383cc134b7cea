//! WebSub 1.0 (<https://www.w3.org/TR/websub/>), as a subscriber: where a feed names a hub, the hub notifies us of new
//! entries.
//!
//! A push only triggers a poll of the source; its body is not archived. So entries come from the feed itself, by the
//! source's rules, and knowing the callback URL is not enough to inject content. Only pushes signed with the secret
//! that was given to the hub are accepted.

use super::{
    source::Source,
    subscription::{LEASE_SECONDS, Subscription},
};
use crate::{
    article::Instant,
    fetch::{FetchError, Fetcher},
    reading::feed::Polling,
};
use http::{HeaderMap, HeaderValue, header};

/// The path of callback URLs, below the archive's public URL.
pub const PATH: &str = "/v1/websub/";

/// Records the hub that a feed names. Returns whether to send it a subscription request now.
pub fn note(source: &mut Source, says: &Polling, now: Instant) -> bool {
    let (Some(hub), Some(topic)) = (&says.hub, &says.topic) else {
        source.subscription = None;
        return false;
    };
    let is_same = |subscription: &&Subscription| subscription.hub == *hub && subscription.topic == *topic;
    let current = source.subscription.as_ref().filter(is_same);
    if current.is_some_and(|subscription| !subscription.is_due(now)) {
        return false;
    }
    let renewed = current.map(|subscription| subscription.renewed(now));
    source.subscription = renewed.or_else(|| Subscription::new(hub.clone(), topic.clone(), now));
    source.subscription.is_some()
}

/// Sends a subscription request to the hub. The hub may verify the intent at once, so store the source before.
pub async fn ask(
    subscription: &Subscription,
    source: &str,
    fetcher: &Fetcher,
    public_url: &str,
) -> Result<(), FetchError> {
    // Ids are slugs in any script.
    let source: String = form_urlencoded::byte_serialize(source.as_bytes()).collect();
    let callback = format!("{}{PATH}{source}", public_url.trim_end_matches('/'));
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", &subscription.topic)
        .append_pair("hub.callback", &callback)
        .append_pair("hub.secret", &subscription.secret)
        .append_pair("hub.lease_seconds", &LEASE_SECONDS.to_string())
        .finish();
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    fetcher.post(&subscription.hub, HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]), form).await
}
