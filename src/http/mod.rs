//! The HTTP API: one router, used both behind API Gateway and on a single machine.
//!
//! | path | file |
//! | --- | --- |
//! | `GET /v1/articles` | [`articles`] |
//! | `GET /v1/articles/{id}`, `…/evidence`, `…/raw` | [`article`], in its representations: [`represent`] |
//! | `GET /v1/articles/{id}/revisions`, `…/{n}`, `…/changes/{a}..{b}`, `…/timemap` | [`history`] |
//! | `GET /v1/articles/{id}/related` | [`related`] |
//! | `POST /v1/articles` | [`ingest`] |
//! | `POST /v1/preview` | [`preview`] |
//! | `DELETE /v1/articles/{id}`, `POST …/restore` | [`deletion`] |
//! | `GET /v1/changes` | [`changes`] |
//! | `GET /v1/feed.json`, `.atom`, `.rss` | [`feeds`] |
//! | `GET /v1/export.ndjson`, `.csv`, `.parquet` | [`export`] |
//! | `GET /v1/facets`, `/v1/timeline` | [`facets`] |
//! | `/v1/sources`, `…/{id}`, `POST …/poll`, `/v1/sources.opml` | [`sources`] |
//! | `/v1/failures`, `…/{id}`, `…/raw`, `POST …/retry` | [`failures`] |
//! | `/v1/websub/{id}` | [`websub`] |
//! | `POST /v1/hub` | [`hub`] |
//! | `/v1/webhooks`, `…/{id}` | [`webhooks`] |
//! | `GET /v1/entities` | [`entities`] |
//! | `GET /v1/stories`, `…/{id}` | [`stories`] |
//! | `GET /`, `/healthz`, `/openapi.json` | [`service`], [`openapi`] |
//!
//! Layers, from the outside in: request id and log line ([`request_log`]), hosts and origins ([`origin`]), CORS,
//! authorisation ([`access`]), conditions and ranges ([`etag`]), responses since the last write ([`response_cache`]),
//! whether JSON is accepted ([`negotiate`]), the time limit, the ETag, compression, the route. The outermost layer writes
//! the bodies of problems, because only it knows the request id.

mod access;
pub mod admission;
mod article;
mod articles;
pub(crate) mod base_url;
mod changes;
mod deletion;
mod entities;
mod etag;
pub(crate) mod export;
mod facets;
mod failures;
mod feeds;
mod history;
pub(crate) mod hub;
pub(crate) mod in_process;
mod ingest;
pub(crate) mod negotiate;
pub mod openapi;
pub mod origin;
pub(crate) mod params;
mod preview;
pub mod problem;
mod range;
mod related;
mod represent;
pub mod request_log;
mod response_cache;
pub(crate) mod responses;
mod routes;
pub(crate) mod service;
mod sources;
mod stored_article;
mod stories;
mod webhooks;
mod websub;

use crate::limits::REQUEST_SECONDS;
use crate::{access::Policy, archive::Archive, fetch::AddressPolicy, search::Search};
use admission::Admission;
use axum::{
    Router,
    extract::Request,
    http::Method,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, Version, header};
use origin::Hosts;
use problem::{Code, Fault, Problem};
use response_cache::ResponseCache;
use std::time::Duration;
use tower::ServiceBuilder;
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
    pub hosts: Hosts,
    /// Which addresses sources and webhooks may have.
    pub addresses: AddressPolicy,
    pub admission: Admission,
    /// The URL at which clients reach the API, if it is not the one that they send requests to.
    pub public_url: Option<String>,
    /// The bytes after which an export ends, with a link to its next part; without a limit it is streamed.
    pub export_bytes: Option<usize>,
    /// Whether feeds name this server as their WebSub hub, and readers may subscribe.
    pub is_hub: bool,
    responses: ResponseCache,
}

impl Service {
    pub fn new(archive: Archive, policy: Policy) -> Self {
        let search = Search::new(archive.store().clone());
        Self {
            archive,
            policy,
            search,
            hosts: Hosts::Any,
            addresses: AddressPolicy::Public,
            admission: Admission::default(),
            public_url: None,
            export_bytes: None,
            is_hub: false,
            responses: ResponseCache::default(),
        }
    }

    /// Serves only these host names.
    pub fn for_hosts(self, hosts: Hosts) -> Self {
        Self { hosts, ..self }
    }

    /// Names this server as the hub of its feeds: something must call [`crate::hub`]'s notifier.
    pub fn as_hub(self) -> Self {
        Self { is_hub: true, ..self }
    }

    /// Ends a part of an export after these bytes, and the batch of at most [`crate::limits::PAGE_BYTES`] that exceeds them.
    pub fn exporting_in_parts(self, bytes: usize) -> Self {
        Self { export_bytes: Some(bytes), ..self }
    }

    /// Uses this URL in what leaves the server, such as feeds.
    pub fn reached_at(self, public_url: Option<String>) -> Self {
        Self { public_url, ..self }
    }

    /// Limits the bytes that are ingested at once.
    pub fn admitting(self, admission: Admission) -> Self {
        Self { admission, ..self }
    }

    /// Accepts sources and webhooks at these addresses.
    pub fn reaching(self, addresses: AddressPolicy) -> Self {
        Self { addresses, ..self }
    }

    /// Returns the fault of a URL that no request can ever reach.
    fn unreachable(&self, url: &str) -> Option<Fault> {
        let detail = || format!("expected a public address, found {url:?}");
        self.addresses.never_reaches(url).then(|| Fault::at("url", detail()))
    }

    fn require_reachable(&self, url: &str, code: Code) -> Result<(), Problem> {
        let refuse = |fault| Err(Problem::new(code, "invalid settings: url").with_errors(vec![fault]));
        self.unreachable(url).map_or(Ok(()), refuse)
    }
}

/// The API, without layers.
pub fn routes(service: &Service) -> Router {
    routes::routes()
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "the Allow header lists the methods of this path")
        })
        .fallback(|| async { Problem::new(Code::PathNotFound, "/openapi.json lists the paths") })
        .with_state(service.clone())
}

/// Routes with the layers of the API. The layers are around the router, because layers of a router wrap each of its
/// routes separately: at each start of a function that took most of the time. `paths` are those of the routes besides the
/// API's.
pub fn layered(service: Service, routes: Router, paths: &[&str]) -> Router {
    let templates = routes::Templates::new(paths);
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(templates, request_log::identify))
        .layer(middleware::from_fn_with_state(service.clone(), origin::check))
        .layer(cors())
        .layer(middleware::from_fn_with_state(service.clone(), access::check))
        .layer(middleware::from_fn(etag::validate))
        .layer(middleware::from_fn_with_state(service, response_cache::reuse))
        .layer(middleware::from_fn(negotiate::require_json))
        .layer(middleware::from_fn(time_limit))
        .layer(middleware::from_fn(etag::tag))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_ABOVE_BYTES).and(transformable)));
    Router::new().fallback_service(layers.service(routes))
}

/// Ends a request that takes too long, however it spends the time.
async fn time_limit(request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(REQUEST_SECONDS);
    let refuse = || Problem::new(Code::Unavailable, format!("the request took longer than {REQUEST_SECONDS} seconds"));
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| refuse().into_response())
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
            export::DATELINE_SINCE,
            request_log::REQUEST_ID,
        ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, routing::get};
    use tower::ServiceExt;

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_refused() {
        let never = Router::new().route("/", get(std::future::pending::<()>)).layer(middleware::from_fn(time_limit));
        let request = Request::builder().uri("/").body(Body::empty()).expect("a request");
        let response = never.oneshot(request).await.expect("the router never fails");
        assert_eq!(response.extensions().get::<Problem>().map(|problem| problem.code), Some(Code::Unavailable));
    }
}
