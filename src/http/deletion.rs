//! `DELETE /v1/articles/{id}` and its undo, `POST /v1/articles/{id}/restore`.

use super::problem::docs as problem_docs;
use super::{
    Service,
    params::{article_id, no_params, read_params},
    problem::Problem,
    responses::json,
};
use crate::{
    archive::Deletion,
    article::{ArticleId, Instant},
    limits::DELETION_REASON_BYTES,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The tombstone of a deleted article.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    id: ArticleId,
    /// The revision number of the deletion.
    revision: u32,
    deleted_at: Instant,
    reason: Option<String>,
    /// Whether all stored bytes of the article were deleted.
    purged: bool,
}

/// Delete an article
///
/// The article leaves every list at once, and the change log records its deletion; ingesting the same document again
/// does not restore it. With `purge`, its revisions, their evidence and their raw documents are deleted permanently.
#[utoipa::path(delete, path = "/v1/articles/{id}", operation_id = "delete_article", tag = "articles",
    params(("id" = String, Path, description = "The article's id"),
           ("reason" = Option<String>, Query, description = "Shown to clients that request the article; 1 to 500 bytes"),
           ("purge" = Option<bool>, Query, description = "`true` permanently deletes all stored bytes")),
    responses(
        (status = 200, description = "Deleted, now or earlier", body = Deleted),
        problem_docs::ArticleNotFound,
))]
pub async fn delete(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let deletion = read_params(raw.as_deref(), &["reason", "purge"], |params| {
        let reason = params.once("reason");
        if reason.is_some_and(|reason| reason.trim().is_empty() || reason.len() > DELETION_REASON_BYTES) {
            params.refuse("reason", format!("expected 1 to {DELETION_REASON_BYTES} bytes"));
        }
        Deletion { reason: reason.map(str::to_owned), purge: params.flag("purge") }
    })?;
    let tombstone = service.archive.delete(&article_id(&id)?, &deletion).await?;
    json(&Deleted {
        id: tombstone.id,
        revision: tombstone.revision,
        deleted_at: tombstone.deleted_at,
        reason: tombstone.reason,
        purged: tombstone.purged,
    })
}

/// Restore a deleted article
///
/// The last content before the deletion becomes a new revision. A purged article cannot be restored.
#[utoipa::path(post, path = "/v1/articles/{id}/restore", operation_id = "restore_article", tag = "articles",
    params(("id" = String, Path, description = "The article's id")),
    responses(
        (status = 200, description = "The restored article", body = crate::article::Article),
        problem_docs::ArticleNotFound,
        problem_docs::NotDeleted,
        problem_docs::ArticleDeleted,
))]
pub async fn restore(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    json(&service.archive.restore(&article_id(&id)?).await?.article)
}
