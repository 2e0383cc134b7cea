//! `/v1/failures`: documents that were polled, queued or uploaded and failed, with their bytes and errors.

use super::problem::docs as problem_docs;
use super::{
    Service,
    params::{no_params, read_params},
    problem::{Code, Problem},
    responses::{json, next_page, no_content, raw_document},
};
use crate::{
    archive::failures::{FailedPart, Failure, RetryError},
    limits::{PAGE_DEFAULT, PAGE_MAX},
    query::cursor,
    store::RecordKind,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Names this list in the digest of its cursors.
const BINDING: &str = "failures";

#[derive(Serialize, ToSchema)]
pub struct FailureList {
    failures: Vec<Failure>,
    /// A relative URL; only `null` means the end of the list.
    next: Option<String>,
}

/// List failures
///
/// Documents that failed, latest first.
#[utoipa::path(get, path = "/v1/failures", operation_id = "list_failures", tag = "failures",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "1 to 100, default 20. A page may be short while `next` is not null"),
           ("cursor" = Option<String>, Query, description = "From `next`")),
    responses(
        (status = 200, description = "A page of failures", body = FailureList),
        problem_docs::InvalidParameter,
))]
pub async fn failures(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let (limit, before) = read_params(raw.as_deref(), &["limit", "cursor"], |params| {
        (params.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT), params.cursor(BINDING))
    })?;
    let (found, more) = service.archive.store().latest(RecordKind::Failure, before.as_deref(), limit).await?;
    let last = found.last().map(|(position, _)| position.clone()).filter(|_| more);
    let failures = found.into_iter().map(|(_, record)| record.read()).collect::<Result<_, _>>()?;
    let next = last.map(|position| next_page("/v1/failures", raw.as_deref(), &cursor::seal(&position, BINDING)));
    json(&FailureList { failures, next })
}

/// Get a failure
#[utoipa::path(get, path = "/v1/failures/{id}", operation_id = "get_failure", tag = "failures",
    params(("id" = String, Path, description = "The failure's id")),
    responses(
        (status = 200, description = "The failure", body = Failure),
        problem_docs::FailureNotFound,
))]
pub async fn failure(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    json(&service.archive.failure(&id).await?)
}

/// Get the bytes of a failed document
#[utoipa::path(get, path = "/v1/failures/{id}/raw", operation_id = "get_failed_document", tag = "failures",
    params(("id" = String, Path, description = "The failure's id")),
    responses(
        (status = 200, description = "The unmodified bytes, with their original media type"),
        problem_docs::FailureNotFound,
))]
pub async fn raw(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let failure = service.archive.failure(&id).await?;
    let bytes = service.archive.store().objects().failed(&id).await?;
    Ok(raw_document(failure.media_type.unwrap_or_else(|| "application/octet-stream".to_owned()), bytes))
}

#[derive(Serialize, ToSchema)]
pub struct Retry {
    /// Whether everything in the document is now archived; if so, the failure is deleted.
    settled: bool,
    /// The paths of the articles that were created or revised.
    articles: Vec<String>,
    errors: Vec<FailedPart>,
}

/// Retry a failed document
///
/// Reads and archives the document again, for example after an upgrade with better rules. The document keeps the
/// time it was retrieved, so that it does not replace one retrieved later.
#[utoipa::path(post, path = "/v1/failures/{id}/retry", operation_id = "retry_failure", tag = "failures",
    params(("id" = String, Path, description = "The failure's id")),
    responses(
        (status = 200, description = "The result", body = Retry),
        problem_docs::FailureNotFound,
))]
pub async fn retry(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let retried = service.archive.retry(&id).await?;
    let articles = retried.changed().map(|changed| format!("/v1/articles/{changed}")).collect();
    json(&Retry { settled: retried.settled, articles, errors: retried.errors() })
}

/// Delete a failure and its bytes
#[utoipa::path(delete, path = "/v1/failures/{id}", operation_id = "delete_failure", tag = "failures",
    params(("id" = String, Path, description = "The failure's id")),
    responses(
        (status = 204, description = "Failure deleted"),
        problem_docs::FailureNotFound,
))]
pub async fn forget(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    service.archive.forget_failure(&id).await?;
    Ok(no_content())
}

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound(_) => Self::new(Code::FailureNotFound, error.to_string()),
            RetryError::Store(error) => error.into(),
        }
    }
}
