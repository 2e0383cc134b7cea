//! What stands beside the articles.

use super::{
    Service, json,
    problem::{Code, Problem},
};
use axum::{extract::State, response::Response};
use serde_json::json as object;

/// Where everything is.
#[utoipa::path(get, path = "/", tag = "service", responses((status = 200, description = "The service's name, version and paths")))]
pub async fn index() -> Result<Response, Problem> {
    json(&object!({
        "name": "Dateline",
        "version": env!("CARGO_PKG_VERSION"),
        "articles": "/v1/articles",
        "facets": "/v1/facets",
        "timeline": "/v1/timeline",
        "entities": "/v1/entities",
        "stories": "/v1/stories",
        "sources": "/v1/sources",
        "changes": "/v1/changes",
        "specification": "/openapi.json",
        "health": "/healthz",
    }))
}

/// Whether the store answers.
#[utoipa::path(get, path = "/healthz", tag = "service", responses(
    (status = 200, description = "The store answers"),
    (status = 503, description = "It does not", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn health(State(service): State<Service>) -> Result<Response, Problem> {
    match service.archive.store().answers().await {
        Ok(()) => json(&object!({ "status": "ok" })),
        Err(error) => {
            tracing::error!(%error, "the store does not answer");
            Err(Problem::new(Code::Unavailable, "the store does not answer"))
        }
    }
}
