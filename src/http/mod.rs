//! The HTTP API: one router, used both behind API Gateway and on a single machine.
//!
//! | path | file |
//! | --- | --- |
//! | `GET /v1/articles` | [`articles`] |
//! | `GET /v1/articles/{id}`, `…/evidence`, `…/raw` | [`article`], in its representations: [`represent`] |
//! | `GET /v1/articles/{id}/revisions`, `…/{n}`, `…/changes/{a}..{b}`, `…/timemap` | [`history`] |
//! | `GET /v1/articles/{id}/related` | [`related`] |
//! | `POST /v1/articles` | [`ingest`] |
//! | `DELETE /v1/articles/{id}`, `POST …/restore` | [`deletion`] |
//! | `GET /v1/changes` | [`changes`] |
//! | `GET /v1/facets`, `/v1/timeline` | [`facets`] |
//! | `/v1/sources`, `…/{id}`, `POST …/poll`, `/v1/sources.opml` | [`sources`] |
//! | `/v1/failures`, `…/{id}`, `…/raw`, `POST …/retry` | [`failures`] |
//! | `/v1/websub/{id}` | [`websub`] |
//! | `/v1/webhooks`, `…/{id}` | [`webhooks`] |
//! | `GET /v1/entities` | [`entities`] |
//! | `GET /v1/stories`, `…/{id}` | [`stories`] |
//! | `GET /`, `/healthz`, `/openapi.json` | [`service`], [`openapi`] |
//!
//! Layers, from the outside in: request id and log line ([`request_log`]), CORS, authorisation ([`access`]),
//! validators, compression, the route. The outermost layer writes the bodies of problems, because only it knows the
//! request id.

mod access;
mod article;
mod articles;
mod changes;
mod deletion;
mod entities;
mod etag;
mod facets;
mod failures;
mod history;
mod ingest;
mod negotiate;
pub mod openapi;
mod params;
pub mod problem;
mod related;
mod represent;
mod request_log;
mod responses;
mod routes;
mod service;
mod sources;
mod stored_article;
mod stories;
mod webhooks;
mod websub;

use crate::{access::Policy, archive::Archive, search::Search};
use axum::{Router, http::Method, middleware};
use http::{HeaderMap, HeaderName, StatusCode, Version, header};
use problem::{Code, Problem};
use tower_http::{
    compression::{CompressionLayer, Predicate, predicate::SizeAbove},
    cors::{AllowHeaders, Any, CorsLayer},
};

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
    routes::routes()
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "the Allow header lists the methods of this path")
        })
        .fallback(|| async { Problem::new(Code::PathNotFound, "/openapi.json lists the paths") })
        .with_state(service.clone())
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_ABOVE_BYTES).and(transformable)))
        .layer(middleware::from_fn(etag::validate))
        .layer(middleware::from_fn_with_state(service, access::check))
        .layer(cors())
        .layer(middleware::from_fn(request_log::identify))
}

/// Whether a response may be compressed. Raw documents carry a digest of their bytes and are sent unmodified.
fn transformable(_: StatusCode, _: Version, headers: &HeaderMap, _: &http::Extensions) -> bool {
    headers
        .get(header::CACHE_CONTROL)
        .is_none_or(|header| !header.to_str().is_ok_and(|directives| directives.contains("no-transform")))
}

/// Pages of any origin may read; a page that writes must be on the same origin.
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
            request_log::REQUEST_ID,
        ])
}
