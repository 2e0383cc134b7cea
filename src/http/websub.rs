//! `/v1/websub/{id}`: the WebSub callback for the hubs of feeds. It needs no key: a verification is checked by the
//! topic that was requested, a notification by its signature.

use super::problem::docs as problem_docs;
use super::{
    Service,
    params::{pairs, receive_body},
    problem::{Code, Problem},
};
use crate::{article::Instant, limits::DOCUMENT_BYTES, query::ParameterReader, sources::Source};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

/// Verify a WebSub subscription
///
/// Called by a hub (WebSub 1.0, section 5.3). A subscription that was not requested is refused.
#[utoipa::path(get, path = "/v1/websub/{id}", operation_id = "verify_subscription", tag = "sources",
    params(("id" = String, Path, description = "The source's id"),
           ("hub.mode" = String, Query, description = "`subscribe`, `unsubscribe` or `denied`"),
           ("hub.topic" = String, Query, description = "The feed's own URL"),
           ("hub.challenge" = Option<String>, Query, description = "The value to echo in the response"),
           ("hub.lease_seconds" = Option<i64>, Query, description = "The duration of the subscription")),
    responses(
        (status = 200, description = "Verified: the challenge"),
        problem_docs::SourceNotFound,
))]
pub async fn verify(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let pairs = pairs(raw.as_deref());
    let mut params = ParameterReader::lenient(&pairs);
    let mut given = |name: &str| params.once(name).unwrap_or_default();
    let (mode, topic, challenge) = (given("hub.mode"), given("hub.topic"), given("hub.challenge").to_owned());
    let lease = given("hub.lease_seconds").parse().ok();
    params.finish(()).map_err(Problem::parameters)?;
    let not_requested = || Problem::new(Code::SourceNotFound, "no such subscription was requested");
    let confirmed = Source::update(service.archive.store(), &id, |source| {
        let confirmed = source.confirm_subscription(mode, topic, lease, Instant::now());
        if confirmed { Ok(()) } else { Err(not_requested()) }
    });
    // A source that was removed has nothing to unsubscribe.
    if confirmed.await?.is_none() && mode != "unsubscribe" {
        return Err(not_requested());
    }
    Ok(([(header::CONTENT_TYPE, "text/plain")], challenge).into_response())
}

/// Receive a WebSub notification
///
/// The source is polled at once. A notification without a valid signature gets the same response, but is ignored.
#[utoipa::path(post, path = "/v1/websub/{id}", operation_id = "receive_notification", tag = "sources",
    params(("id" = String, Path, description = "The source's id"),
           ("x-hub-signature" = Option<String>, Header, description = "HMAC of the body: sha256, sha384 or sha512")),
    responses(
        (status = 202, description = "Notification received"),
        problem_docs::SourceGone,
))]
pub async fn ring(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = receive_body(body, DOCUMENT_BYTES).await?;
    let signature = headers.get("x-hub-signature").and_then(|header| header.to_str().ok()).unwrap_or_default();
    let notified = Source::update(service.archive.store(), &id, |source| {
        let accepted = source.accepts_notification(signature, &body);
        if accepted {
            source.next_poll_at = Some(Instant::now());
        } else {
            tracing::info!(source = id, "WebSub notification ignored");
        }
        Ok::<_, Problem>(())
    });
    notified.await?.ok_or_else(|| Problem::new(Code::SourceGone, "the source was removed"))?;
    Ok(StatusCode::ACCEPTED.into_response())
}
