//! The HTTP contract: one router, the same behind API Gateway and on one machine.
//!
//! | path | file |
//! | --- | --- |
//! | `GET /v1/articles` | [`list`] |
//! | `GET /v1/articles/{id}`, `…/evidence`, `…/raw` | [`one`], in its representations: [`represent`] |
//! | `GET /v1/articles/{id}/revisions`, `…/{n}`, `…/changes/{a}..{b}`, `…/timemap` | [`history`] |
//! | `GET /v1/articles/{id}/related` | [`related`] |
//! | `POST /v1/articles` | [`submit`] |
//! | `DELETE /v1/articles/{id}`, `POST …/restore` | [`removal`] |
//! | `GET /v1/changes` | [`changes`] |
//! | `GET /v1/facets`, `/v1/timeline` | [`counts`] |
//! | `/v1/sources`, `…/{id}`, `POST …/poll`, `/v1/sources.opml` | [`sources`] |
//! | `/v1/failures`, `…/{id}`, `…/raw`, `POST …/retry` | [`failures`] |
//! | `/v1/websub/{id}` | [`websub`] |
//! | `/v1/webhooks`, `…/{id}` | [`webhooks`] |
//! | `GET /v1/entities` | [`entities`] |
//! | `GET /v1/stories`, `…/{id}` | [`stories`] |
//! | `GET /`, `/healthz`, `/openapi.json` | [`around`], [`openapi`] |
//!
//! From the outside in: the request's id and its log line, CORS, who may do it ([`access`]), validators, compression, the route. Problems become
//! bodies on the outermost way back ([`request`]), because only there is the id known.

mod access;
mod around;
mod changes;
mod counts;
mod entities;
mod failures;
mod history;
mod list;
mod negotiate;
mod one;
pub mod openapi;
pub mod problem;
mod related;
mod removal;
mod represent;
mod request;
mod sources;
mod stories;
mod submit;
mod validators;
mod webhooks;
mod websub;

use crate::{
    access::Policy,
    archive::{Archive, envelope},
    search::Search,
};
use axum::{
    Router,
    http::Method,
    middleware,
    response::IntoResponse,
    routing::{get, post},
};
use http::{HeaderMap, HeaderName, StatusCode, Version, header};
use problem::{Code, Fault, Problem};
use tower_http::{
    compression::{CompressionLayer, Predicate, predicate::SizeAbove},
    cors::{AllowHeaders, Any, CorsLayer},
};

/// The largest request body: what fits a function's request beside its envelope.
pub const BODY_BYTES: usize = 6 * 1024 * 1024;
const COMPRESS_ABOVE_BYTES: u64 = 1024;

#[derive(Clone, Debug)]
pub struct Service {
    pub archive: Archive,
    pub policy: Policy,
    pub search: Search,
}

impl Service {
    pub fn new(archive: Archive, policy: Policy) -> Self {
        let search = Search::new(archive.store().clone());
        Self { archive, policy, search }
    }
}

pub fn router(service: Service) -> Router {
    Router::new()
        .route("/", get(around::index))
        .route("/healthz", get(around::health))
        .route("/openapi.json", get(openapi::document))
        .route("/v1/articles", get(list::articles).post(submit::articles))
        .route("/v1/articles/{id}", get(one::article).delete(removal::delete))
        .route("/v1/articles/{id}/restore", post(removal::restore))
        .route("/v1/articles/{id}/revisions", get(history::revisions))
        .route("/v1/articles/{id}/revisions/{number}", get(history::revision))
        .route("/v1/articles/{id}/changes/{range}", get(history::changes))
        .route("/v1/articles/{id}/timemap", get(history::timemap))
        .route("/v1/articles/{id}/related", get(related::related))
        .route("/v1/articles/{id}/evidence", get(one::evidence))
        .route("/v1/articles/{id}/raw", get(one::raw))
        .route("/v1/changes", get(changes::changes))
        .route("/v1/facets", get(counts::facets))
        .route("/v1/entities", get(entities::entities))
        .route("/v1/timeline", get(counts::timeline))
        .route("/v1/sources", get(sources::sources).post(sources::add))
        .route("/v1/sources.opml", get(sources::export).post(sources::import))
        .route("/v1/sources/{id}", get(sources::show).patch(sources::change).delete(sources::remove))
        .route("/v1/sources/{id}/poll", post(sources::poll))
        .route("/v1/failures", get(failures::failures))
        .route("/v1/failures/{id}", get(failures::failure).delete(failures::forget))
        .route("/v1/failures/{id}/raw", get(failures::raw))
        .route("/v1/failures/{id}/retry", post(failures::retry))
        .route("/v1/websub/{id}", get(websub::verify).post(websub::ring))
        .route("/v1/webhooks", get(webhooks::webhooks).post(webhooks::add))
        .route("/v1/webhooks/{id}", get(webhooks::show).patch(webhooks::change).delete(webhooks::remove))
        .route("/v1/stories", get(stories::stories))
        .route("/v1/stories/{id}", get(stories::story))
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "the methods that the path takes are in the Allow header")
        })
        .fallback(|| async { Problem::new(Code::PathNotFound, "the paths are in /openapi.json") })
        .with_state(service.clone())
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_ABOVE_BYTES).and(transformable)))
        .layer(middleware::from_fn(validators::validate))
        .layer(middleware::from_fn_with_state(service, access::check))
        .layer(cors())
        .layer(middleware::from_fn(request::identify))
}

/// Raw documents carry a digest of their bytes and are sent as they came.
fn transformable(_: StatusCode, _: Version, headers: &HeaderMap, _: &http::Extensions) -> bool {
    headers.get(header::CACHE_CONTROL).is_none_or(|it| !it.to_str().is_ok_and(|it| it.contains("no-transform")))
}

/// Anybody's page may read; a page that posts must be on the same origin.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            header::ETAG,
            header::LINK,
            HeaderName::from_static("memento-datetime"),
            HeaderName::from_static("repr-digest"),
            request::REQUEST_ID,
        ])
}

/// A body of settings, or the place of its first fault.
fn settings<T: serde::de::DeserializeOwned>(body: &[u8], code: Code) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = Some(envelope::pointer(error.path()));
        let fault = Fault { parameter: None, pointer, detail: error.inner().to_string() };
        Problem::new(code, "the settings are no JSON object as the contract says").with_errors(vec![fault])
    })
}

/// A JSON answer that a cache may keep but must check.
fn json(body: &impl serde::Serialize) -> Result<axum::response::Response, Problem> {
    let body = serde_json::to_vec(body).map_err(|error| Problem::internal(&error))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, body).into_response())
}
