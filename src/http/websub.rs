//! `/v1/websub/{id}`: where the hubs of feeds ring. Open to whoever reaches it: what a hub says is told by the topic that
//! it was asked for, and by its signature.

use super::{
    Service,
    one::parameter,
    problem::{Code, Problem},
};
use crate::{
    article::Instant,
    reading::limits::DOCUMENT_BYTES,
    sources::Source,
    store::{Kind, StoreError},
};
use axum::{
    body::{Body, to_bytes},
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

/// How often a change is tried that meets others.
const ATTEMPTS: usize = 5;

/// A hub asks whether a subscription is meant (WebSub 1.0, section 5.3). What was not asked for is refused.
#[utoipa::path(get, path = "/v1/websub/{id}", tag = "sources",
    params(("id" = String, Path, description = "The source's id"),
           ("hub.mode" = String, Query, description = "`subscribe`, `unsubscribe` or `denied`"),
           ("hub.topic" = String, Query, description = "The feed's own address"),
           ("hub.challenge" = Option<String>, Query, description = "What the answer repeats"),
           ("hub.lease_seconds" = Option<i64>, Query, description = "For how long")),
    responses(
        (status = 200, description = "It is meant: the challenge"),
        (status = 404, description = "It is not", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn verify(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let given = |name: &str| Ok::<_, Problem>(parameter(raw.as_deref(), name)?.unwrap_or_default());
    let (mode, topic, challenge) = (given("hub.mode")?, given("hub.topic")?, given("hub.challenge")?);
    let lease = given("hub.lease_seconds")?.parse().ok();
    let not_meant = || Problem::new(Code::SourceNotFound, "no such subscription was asked for");
    for _ in 0..ATTEMPTS {
        let record = service.archive.store().record(Kind::Source, &id).await?;
        let mut source = record.map(Source::read).transpose()?;
        let asked = source.as_mut().and_then(|it| it.subscription.as_mut()).filter(|it| it.topic == topic);
        let answer = ([(header::CONTENT_TYPE, "text/plain")], challenge.clone()).into_response();
        match (mode.as_str(), asked) {
            ("subscribe", Some(it)) => it.confirm(lease, Instant::now()),
            ("denied", Some(it)) => it.until = None,
            // What is not subscribed to may end.
            ("unsubscribe", None) => return Ok(answer),
            _ => return Err(not_meant()),
        }
        let source = source.ok_or_else(not_meant)?;
        match service.archive.store().put_record(Kind::Source, source.record.as_ref(), &source.to_record()).await {
            Err(StoreError::Conflict) => {}
            put => return put.map(|()| answer).map_err(Problem::from),
        }
    }
    Err(StoreError::Conflict.into())
}

/// A hub rings: the source is polled at once. What is not signed as it must be is answered in the same way, and ignored.
#[utoipa::path(post, path = "/v1/websub/{id}", tag = "sources",
    params(("id" = String, Path, description = "The source's id"),
           ("x-hub-signature" = Option<String>, Header, description = "sha256, sha384 or sha512")),
    responses(
        (status = 202, description = "It is heard"),
        (status = 410, description = "There is no such source any more", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn ring(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let too_large = |_| Problem::new(Code::DocumentTooLarge, format!("expected at most {DOCUMENT_BYTES} bytes"));
    let body = to_bytes(body, DOCUMENT_BYTES).await.map_err(too_large)?;
    let signature = headers.get("x-hub-signature").and_then(|it| it.to_str().ok()).unwrap_or_default();
    for _ in 0..ATTEMPTS {
        let gone = || Problem::new(Code::SourceGone, "the source was taken away");
        let record = service.archive.store().record(Kind::Source, &id).await?.ok_or_else(gone)?;
        let mut source = Source::read(record)?;
        let is_meant = source.subscription.as_ref().is_some_and(|it| it.is_signed(signature, &body));
        if !is_meant || source.settings.paused || source.retired {
            tracing::info!(source = id, is_meant, "a ring was ignored");
            break;
        }
        source.next_poll_at = Some(Instant::now());
        match service.archive.store().put_record(Kind::Source, source.record.as_ref(), &source.to_record()).await {
            // Somebody polls it, or did so at this moment: it may have been before what the ring is about.
            Err(StoreError::Conflict) => {}
            put => {
                put?;
                break;
            }
        }
    }
    Ok(StatusCode::ACCEPTED.into_response())
}
