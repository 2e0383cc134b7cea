//! `GET /v1/articles/{id}/related`: other stories that an article has to do with, and why.

use super::{
    Service, json,
    one::{held, limit, refuse_parameters},
    problem::Problem,
};
use crate::{
    article::Card,
    search::{Reason, Related},
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

const LIMIT_DEFAULT: usize = 5;
const LIMIT_MAX: usize = 20;

#[derive(Serialize, ToSchema)]
pub struct RelatedList {
    /// The nearest first.
    related: Vec<RelatedEntry>,
}

#[derive(Serialize, ToSchema)]
pub struct RelatedEntry {
    article: Card,
    /// What both have: at least two things.
    because: Vec<Reason>,
}

/// Other stories on the same people, organisations, places and words, within two weeks of the article.
///
/// One article of each story, and none of the article's own. Each has at least two things in common with it, and tells
/// which.
#[utoipa::path(get, path = "/v1/articles/{id}/related", tag = "articles",
    params(("id" = String, Path, description = "The article's id"),
           ("limit" = Option<usize>, Query, description = "1 to 20, default 5")),
    responses(
        (status = 200, description = "The related articles", body = RelatedList),
        (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The index cannot be used now", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn related(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["limit"])?;
    let limit = limit(raw.as_deref(), LIMIT_MAX, LIMIT_DEFAULT)?;
    let article = held(&service, &id).await?;
    let related = service.search.related(&article, limit).await?;
    let entry = |it: Related| RelatedEntry { article: it.article.card(), because: it.because };
    json(&RelatedList { related: related.into_iter().map(entry).collect() })
}
