//! `/v1/failures`: the documents that were polled, queued or uploaded and failed, with their bytes and why.

use super::{
    Service, json,
    one::{foreign, limit, next_page, parameter, refuse_parameters},
    problem::{Code, Problem},
};
use crate::{
    archive::failures::{FailedPart, Failure, RetryError},
    query::{BadParameter, cursor},
    store::Kind,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;
/// What a cursor's digest is bound to.
const BINDING: &str = "failures";

#[derive(Serialize, ToSchema)]
pub struct FailureList {
    failures: Vec<Failure>,
    /// A relative URL; only `null` ends a walk.
    next: Option<String>,
}

/// The documents that failed, the latest first.
#[utoipa::path(get, path = "/v1/failures", tag = "failures",
    params(("limit" = Option<usize>, Query, description = "1 to 100, default 20. A page may be short while `next` is not null"),
           ("cursor" = Option<String>, Query, description = "From `next`")),
    responses(
        (status = 200, description = "A page of failures", body = FailureList),
        (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn failures(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["limit", "cursor"])?;
    let limit = limit(raw.as_deref(), LIMIT_MAX, LIMIT_DEFAULT)?;
    let refuse = |error: cursor::BadCursor| {
        Problem::parameters(vec![BadParameter { parameter: "cursor".to_owned(), detail: error.to_string() }])
    };
    let before = parameter(raw.as_deref(), "cursor")?;
    let before = before.map(|it| cursor::open(&it, BINDING)).transpose().map_err(refuse)?;
    let (found, more) = service.archive.store().latest(Kind::Failure, before.as_deref(), limit).await?;
    let last = found.last().map(|it| it.0.clone()).filter(|_| more);
    let failures = found.into_iter().map(|it| it.1.read()).collect::<Result<_, _>>()?;
    let next = last.map(|it| next_page("/v1/failures", raw.as_deref(), &cursor::seal(&it, BINDING)));
    json(&FailureList { failures, next })
}

#[utoipa::path(get, path = "/v1/failures/{id}", tag = "failures",
    params(("id" = String, Path, description = "The failure's id")),
    responses(
        (status = 200, description = "The failure", body = Failure),
        (status = 404, description = "There is no such failure", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn failure(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    json(&service.archive.failure(&id).await?)
}

/// The bytes as they came.
#[utoipa::path(get, path = "/v1/failures/{id}/raw", tag = "failures",
    params(("id" = String, Path, description = "The failure's id")),
    responses(
        (status = 200, description = "The bytes, under the media type that they came with"),
        (status = 404, description = "There is no such failure", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn raw(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let failure = service.archive.failure(&id).await?;
    let bytes = service.archive.store().objects().failed(&id).await?;
    Ok(foreign(failure.media_type.unwrap_or_else(|| "application/octet-stream".to_owned()), bytes))
}

#[derive(Serialize, ToSchema)]
pub struct Retry {
    /// Whether everything in the document is archived now: the failure is gone then.
    settled: bool,
    /// The articles that it made or revised.
    articles: Vec<String>,
    errors: Vec<FailedPart>,
}

/// Reads and archives the document again, as after an upgrade whose rules read better.
///
/// It is as old as it was when it failed: what was retrieved later stays.
#[utoipa::path(post, path = "/v1/failures/{id}/retry", tag = "failures",
    params(("id" = String, Path, description = "The failure's id")),
    responses(
        (status = 200, description = "What became of it", body = Retry),
        (status = 404, description = "There is no such failure", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn retry(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let retried = service.archive.retry(&id).await?;
    let articles = retried.changed().map(|it| format!("/v1/articles/{it}")).collect();
    json(&Retry { settled: retried.settled, articles, errors: retried.errors() })
}

/// Takes a failure away, with its bytes.
#[utoipa::path(delete, path = "/v1/failures/{id}", tag = "failures",
    params(("id" = String, Path, description = "The failure's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such failure", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn forget(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    service.archive.forget_failure(&id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound(_) => Self::new(Code::FailureNotFound, error.to_string()),
            RetryError::Store(error) => error.into(),
        }
    }
}
