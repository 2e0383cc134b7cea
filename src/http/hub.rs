//! `POST /v1/hub`: subscribes to a feed of this archive (WebSub, 5.1).

use super::problem::docs as problem_docs;
use super::{
    Service,
    base_url::BaseUrl,
    feeds,
    params::{pairs, receive_body},
    problem::{Code, Problem},
};
use crate::{
    hub::{
        Subscriber,
        subscriber::{Mode, Request},
    },
    limits::{
        HUB_LEASE_SECONDS, HUB_LEASE_SECONDS_MAX, HUB_REQUEST_BYTES, HUB_SECRET_BYTES, HUB_SUBSCRIBERS,
        HUB_SUBSCRIBERS_PER_HOST, URL_BYTES,
    },
    query::ParameterReader,
};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

pub const PATH: &str = "/v1/hub";

/// A subscription request, as a form.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct HubRequest {
    /// `subscribe` or `unsubscribe`.
    #[serde(rename = "hub.mode")]
    mode: String,
    /// The URL of a feed of this archive.
    #[serde(rename = "hub.topic")]
    topic: String,
    /// The URL to which the feed is posted.
    #[serde(rename = "hub.callback")]
    callback: String,
    /// Default 864,000 (ten days), which is also the maximum.
    #[serde(rename = "hub.lease_seconds")]
    lease_seconds: Option<u64>,
    /// Signs each notification: `X-Hub-Signature: sha256=<HMAC of the body>`.
    #[serde(rename = "hub.secret")]
    secret: Option<String>,
}

/// Subscribe to a feed
///
/// WebSub 1.0. The callback is asked to confirm the request within seconds; then it is sent the feed each time it changed,
/// until the lease ends. Each feed names this hub (`rel="hub"`). Only the command's server is a hub, and only where reads
/// need no key.
#[utoipa::path(post, path = "/v1/hub", operation_id = "subscribe_to_feed", tag = "articles",
    request_body(content = HubRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 202, description = "Requested: the callback is asked next"),
        problem_docs::InvalidParameter,
        problem_docs::PathNotFound,
        problem_docs::TooManySubscribers,
))]
pub async fn subscribe(State(service): State<Service>, base: BaseUrl, body: Body) -> Result<Response, Problem> {
    if !service.is_hub {
        return Err(Problem::new(Code::PathNotFound, "this server is no WebSub hub"));
    }
    let body = receive_body(body, HUB_REQUEST_BYTES).await?;
    let form = pairs(std::str::from_utf8(&body).ok());
    // Other parameters are extensions, which a hub ignores (5.1).
    let mut params = ParameterReader::lenient(&form);
    params.require("hub.mode", &[Mode::Subscribe, Mode::Unsubscribe], Mode::name);
    let mode = params.choice("hub.mode", &[Mode::Subscribe, Mode::Unsubscribe], Mode::name).unwrap_or(Mode::Subscribe);
    let callback = params.once("hub.callback").unwrap_or_default();
    let is_url = url::Url::parse(callback).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_url || callback.len() > URL_BYTES || service.addresses.never_reaches(callback) {
        params.refuse("hub.callback", format!("expected a public http or https URL, found {callback:?}"));
    }
    let topic = params.once("hub.topic").unwrap_or_default();
    let path = topic.strip_prefix(base.join("").as_str()).filter(|_| topic.len() <= URL_BYTES);
    if let Err(expected) = path.ok_or_else(|| base.join("/v1/feed.atom")).and_then(feeds::check) {
        params.refuse("hub.topic", format!("expected the URL of a feed, such as {expected}, found {topic:?}"));
    }
    let lease_seconds = params.number("hub.lease_seconds", 1..=u64::MAX, HUB_LEASE_SECONDS).min(HUB_LEASE_SECONDS_MAX);
    let secret = params.once("hub.secret").map(str::to_owned);
    if secret.as_ref().is_some_and(|secret| secret.len() > HUB_SECRET_BYTES) {
        params.refuse("hub.secret", format!("expected at most {HUB_SECRET_BYTES} bytes"));
    }
    params.finish(()).map_err(Problem::parameters)?;
    let store = service.archive.store();
    let mut subscriber = Subscriber::of(store, callback, topic).await?;
    if subscriber.is_new() {
        let all = Subscriber::all(store).await?;
        let of_host = all.iter().filter(|other| host(&other.callback) == host(callback)).count();
        if all.len() >= HUB_SUBSCRIBERS || of_host >= HUB_SUBSCRIBERS_PER_HOST {
            let detail =
                format!("an archive has at most {HUB_SUBSCRIBERS} subscribers, {HUB_SUBSCRIBERS_PER_HOST} of one host");
            return Err(Problem::new(Code::TooManySubscribers, detail));
        }
    }
    // What cannot be unsubscribed needs no confirmation.
    if !(subscriber.is_new() && mode == Mode::Unsubscribe) {
        subscriber.requested = Some(Request { mode, lease_seconds, secret });
        subscriber.not_before = None;
        subscriber.put(store).await?;
    }
    Ok(StatusCode::ACCEPTED.into_response())
}

fn host(url: &str) -> Option<String> {
    url::Url::parse(url).ok()?.host_str().map(str::to_owned)
}
