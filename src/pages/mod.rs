//! The pages: what people look at. They are made on the server from the API's own responses, need no script, and load
//! nothing from elsewhere.
//!
//! | page | file |
//! | --- | --- |
//! | `/`: search | [`home`], its entries: [`cards`] |
//! | `/articles/{id}` | [`article`] |
//! | `/articles/{id}/evidence` | [`evidence`] |
//! | `/articles/{id}/revisions` | [`revisions`] |
//! | `/stories`, `/stories/{id}` | [`stories`] |
//! | `/entities/{type}/{id}` | [`entities`] |
//! | `/timeline` | [`timeline`], the drawing: [`chart`] |
//! | `/changes` | [`changes`] |
//! | `/sources`, `/failures`, `/try` | [`sources`], [`failures`], [`try_document`] |
//! | `/docs` | [`docs`] |
//! | `/key` | [`key`] |
//! | problems | [`errors`] |
//! | `/mcp`, `/llms.txt`: no pages | [`crate::agents`] |
//!
//! What they share: the frame ([`layout`]), the query of a URL ([`query`]), forms
//! ([`forms`]), words for dates, numbers and codes ([`words`]), the style sheet and the script ([`assets`]).

mod article;
mod assets;
mod cards;
mod changes;
mod chart;
mod docs;
mod entities;
mod errors;
mod evidence;
mod failures;
mod forms;
mod home;
mod key;
mod layout;
mod query;
mod revisions;
mod sources;
mod stories;
mod timeline;
mod try_document;
mod words;

use crate::{
    access::MCP_PATH,
    agents,
    http::{
        self, Service,
        in_process::Api,
        problem::{Code, Problem},
    },
};
use axum::{
    Router, middleware,
    routing::{get, post},
};
use tower::ServiceBuilder;

/// The paths besides those of the API, for the log.
const PATHS: [&str; 20] = [
    "/articles/{id}",
    "/articles/{id}/evidence",
    "/articles/{id}/revisions",
    "/assets/{name}",
    "/changes",
    "/docs",
    "/docs/{operation}",
    "/entities/{type}/{id}",
    "/failures",
    "/failures/{id}/{action}",
    "/key",
    "/llms.txt",
    "/mcp",
    "/sources",
    "/sources/import",
    "/sources/{id}/{action}",
    "/stories",
    "/stories/{id}",
    "/timeline",
    "/try",
];

/// The API, the pages, and the tools of agents.
pub fn router(service: Service) -> Router {
    let api = Api { routes: http::routes(&service), admission: service.admission.clone() };
    let pages = Router::new()
        .route("/", get(home::home))
        .route("/articles/{id}", get(article::article))
        .route("/articles/{id}/evidence", get(evidence::evidence))
        .route("/articles/{id}/revisions", get(revisions::revisions))
        .route("/assets/{name}", get(assets::asset))
        .route("/changes", get(changes::changes))
        .route("/docs", get(docs::docs))
        .route("/docs/{operation}", get(docs::call))
        .route("/entities/{type}/{id}", get(entities::entity))
        .route("/failures", get(failures::failures))
        .route("/failures/{id}/{action}", post(failures::change))
        .route("/key", get(key::ask).post(key::remember))
        .route("/llms.txt", get(agents::llms_txt))
        .route(MCP_PATH, post(agents::serve))
        .route("/sources", get(sources::sources).post(sources::add))
        .route("/sources/import", post(sources::import))
        .route("/sources/{id}/{action}", post(sources::change))
        .route("/stories", get(stories::stories))
        .route("/stories/{id}", get(stories::story))
        .route("/timeline", get(timeline::timeline))
        .route("/try", get(try_document::form).post(try_document::read))
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "the Allow header lists the methods of this path")
        })
        .fallback_service(api.routes.clone())
        .with_state(api);
    let layered = http::layered(service, pages, &PATHS);
    Router::new().fallback_service(ServiceBuilder::new().layer(middleware::from_fn(errors::as_pages)).service(layered))
}
