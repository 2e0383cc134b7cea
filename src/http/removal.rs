//! `DELETE /v1/articles/{id}` and its way back.

use super::{
    Service, json,
    one::{article_id, parameter, refuse_parameters},
    problem::Problem,
};
use crate::{
    archive::Deletion,
    article::{ArticleId, Instant},
    query::BadParameter,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What is told of a deletion.
const REASON_BYTES: usize = 500;

/// What is left of an article.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    id: ArticleId,
    /// The deletion's own number among the article's revisions.
    revision: u32,
    deleted_at: Instant,
    reason: Option<String>,
    /// Whether every byte was taken away.
    purged: bool,
}

/// Deletes an article.
///
/// It leaves every list at once, and a tombstone in the change feed; the same document does not bring it back. With
/// `purge` its revisions, their evidence and the raw documents that they were read from are taken away too, for good.
#[utoipa::path(delete, path = "/v1/articles/{id}", tag = "articles",
    params(("id" = String, Path, description = "The article's id"),
           ("reason" = Option<String>, Query, description = "Shown to whoever asks for the article; up to 500 bytes"),
           ("purge" = Option<bool>, Query, description = "`true` takes every byte away")),
    responses(
        (status = 200, description = "It is deleted, or was before", body = Deleted),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn delete(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["reason", "purge"])?;
    let refuse = |parameter: &str, detail: String| {
        Problem::parameters(vec![BadParameter { parameter: parameter.to_owned(), detail }])
    };
    let reason = parameter(raw.as_deref(), "reason")?;
    if reason.as_ref().is_some_and(|it| it.trim().is_empty() || it.len() > REASON_BYTES) {
        return Err(refuse("reason", format!("expected 1 to {REASON_BYTES} bytes")));
    }
    let purge = match parameter(raw.as_deref(), "purge")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return Err(refuse("purge", format!("expected true or false, found {other:?}"))),
    };
    let tombstone = service.archive.delete(&article_id(&id)?, &Deletion { reason, purge }).await?;
    json(&Deleted {
        id: tombstone.id,
        revision: tombstone.revision,
        deleted_at: tombstone.deleted_at,
        reason: tombstone.reason,
        purged: tombstone.purged,
    })
}

/// Takes a deletion back.
///
/// The article is what it was, as a new revision. One that was purged cannot be restored.
#[utoipa::path(post, path = "/v1/articles/{id}/restore", tag = "articles",
    params(("id" = String, Path, description = "The article's id")),
    responses(
        (status = 200, description = "It is there again", body = crate::article::Article),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is not deleted", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "It was purged", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn restore(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    json(&service.archive.restore(&article_id(&id)?).await?.article)
}
