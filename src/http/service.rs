//! The index of the API and its health check.

use super::problem::docs as problem_docs;
use super::{
    Service,
    problem::{Code, Problem},
    responses::json,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use serde_json::json as object;

/// The OpenAPI document as it is checked in.
pub const SPECIFICATION: &str = include_str!("openapi.json");

/// List the API's paths
#[utoipa::path(get, path = "/", operation_id = "get_index", tag = "service", responses((status = 200, description = "The service's name, version and paths")))]
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

/// Check the service's health
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "service", responses(
    (status = 200, description = "The store is available"),
    problem_docs::Unavailable,
))]
pub async fn health(State(service): State<Service>) -> Result<Response, Problem> {
    match service.archive.store().answers().await {
        Ok(()) => json(&object!({ "status": "ok" })),
        Err(error) => {
            tracing::error!(%error, "store health check failed");
            Err(Problem::new(Code::Unavailable, "the store is unavailable"))
        }
    }
}

/// Get this OpenAPI document
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", tag = "service", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], SPECIFICATION).into_response()
}
