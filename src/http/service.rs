//! The index of the API and its health check.

use super::problem::docs as problem_docs;
use super::{
    Service,
    problem::{Code, Problem},
    responses::json,
};
use crate::store::Unhealthy;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use futures::future::join_all;
use http::header;
use serde::Serialize;
use serde_json::json as object;
use utoipa::ToSchema;

/// The OpenAPI document as it is checked in.
pub const SPECIFICATION: &str = include_str!("openapi.json");

/// The health of a service whose every part is available.
#[derive(Serialize, ToSchema)]
pub struct ServiceHealth {
    status: &'static str,
    /// The parts that were checked.
    parts: Vec<&'static str>,
}

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
///
/// Each part of the store is checked: `table`, `objects`, and for an archive on one machine `disk`, which fails before
/// the disk is full. The problem names the parts that fail.
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "service", responses(
    (status = 200, description = "Every part is available", body = ServiceHealth),
    problem_docs::Unavailable,
))]
pub async fn health(State(service): State<Service>) -> Result<Response, Problem> {
    let store = service.archive.store();
    let mut failing = Vec::new();
    for (part, checked) in join_all(store.parts().iter().map(async |part| (part, store.check(*part).await))).await {
        if let Err(error) = checked {
            tracing::error!(part = part.name(), cause = crate::logs::chain(&error), "health check failed");
            failing.push(match error {
                Unhealthy::NearlyFull { .. } => format!("{}: {error}", part.name()),
                // The cause may name the owner's resources.
                Unhealthy::Store(_) => format!("{}: unavailable", part.name()),
            });
        }
    }
    if failing.is_empty() {
        return json(&ServiceHealth { status: "ok", parts: store.parts().iter().map(|part| part.name()).collect() });
    }
    Err(Problem::new(Code::Unavailable, failing.join("; ")))
}

/// Get this OpenAPI document
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", tag = "service", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], SPECIFICATION).into_response()
}
