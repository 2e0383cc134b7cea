//! `GET /v1/articles/{id}/related`: related articles of other stories, and why they are related.

use super::problem::docs as problem_docs;
use super::{Service, params::read_params, problem::Problem, responses::json, stored_article::stored_article};
use crate::{
    article::Card,
    limits::{RELATED_DEFAULT, RELATED_MAX},
    search::{Reason, Related},
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct RelatedList {
    /// Most closely related first.
    related: Vec<RelatedEntry>,
}

#[derive(Serialize, ToSchema)]
pub struct RelatedEntry {
    article: Card,
    /// What both articles have in common: at least two features.
    because: Vec<Reason>,
}

/// List related articles
///
/// Other stories on the same people, organisations, places and words, within two weeks of the article: one article of
/// each story, and none of the article's own. Each has at least two features in common with it, listed in `because`.
#[utoipa::path(get, path = "/v1/articles/{id}/related", operation_id = "list_related_articles", tag = "articles",
    params(("id" = String, Path, description = "The article's id"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 20, description = "1 to 20, default 5")),
    responses(
        (status = 200, description = "The related articles", body = RelatedList),
        problem_docs::InvalidParameter,
        problem_docs::ArticleNotFound,
        problem_docs::ArticleDeleted,
        problem_docs::SearchUnavailable,
))]
pub async fn related(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let limit =
        read_params(raw.as_deref(), &["limit"], |params| params.number("limit", 1..=RELATED_MAX, RELATED_DEFAULT))?;
    let article = stored_article(&service, &id).await?;
    let related = service.search.related(&article, limit).await?;
    let entry = |related: Related| RelatedEntry { article: related.article.card(), because: related.because };
    json(&RelatedList { related: related.into_iter().map(entry).collect() })
}
