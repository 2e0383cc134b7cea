//! Every route, once: the path and the method come from the handler's OpenAPI annotation.
//!
//! `utoipa-axum` does the same, but builds the whole OpenAPI document at each start of a function; here only the paths
//! are built, and the document where it is generated.

use super::{
    Service, article, articles, changes, deletion, entities, export, facets, failures, feeds, history, hub, ingest,
    preview, related, service, sources, stories, webhooks, websub,
};
use axum::{
    Router,
    routing::{MethodFilter, on},
};
use std::sync::Arc;
use utoipa::{OpenApi, Path, openapi::path::HttpMethod};

macro_rules! routes {
    ($($module:ident::$handler:ident),* $(,)?) => {
        pastey::paste! {
            pub fn routes() -> Router<Service> {
                Router::new()$(
                    .route(
                        &<$module::[<__path_ $handler>] as Path>::path(),
                        on(method::<$module::[<__path_ $handler>]>(), $module::$handler),
                    )
                )*
            }
        }

        /// The paths of the API.
        fn paths() -> Vec<String> {
            pastey::paste! { vec![$(<$module::[<__path_ $handler>] as Path>::path()),*] }
        }

        #[derive(OpenApi)]
        #[openapi(
            info(
            title = "Dateline",
            description = "A news archive: articles read from raw documents, each fact with its evidence. Times are RFC 3339 in UTC, ranges are half-open, every error is application/problem+json (RFC 9457) and unknown parameters are refused.",
        ),
            paths($($module::$handler),*),
            components(schemas(crate::article::Card, crate::article::Article, super::problem::ProblemBody)),
            servers((url = "/", description = "The server of this document")),
            tags(
                (name = "articles", description = "Read, search, count and ingest articles"),
                (name = "history", description = "Revisions of an article"),
                (name = "changes", description = "What was created, revised or deleted, in order"),
                (name = "stories", description = "Near-duplicates, grouped"),
                (name = "sources", description = "The polled feeds and sites"),
                (name = "failures", description = "Documents that could not be ingested"),
                (name = "webhooks", description = "Notifications of changes"),
                (name = "service", description = "The API itself"),
            )
        )]
        pub struct Specification;
    };
}

routes! {
    service::index,
    service::health,
    service::document,
    articles::articles,
    ingest::articles,
    preview::preview,
    article::article,
    article::evidence,
    article::raw,
    related::related,
    history::revisions,
    history::revision,
    history::changes,
    history::timemap,
    deletion::delete,
    deletion::restore,
    changes::changes,
    facets::facets,
    facets::timeline,
    entities::entities,
    sources::sources,
    sources::add,
    sources::import,
    sources::export,
    sources::show,
    sources::change,
    sources::remove,
    sources::poll,
    failures::failures,
    failures::failure,
    failures::raw,
    failures::retry,
    failures::forget,
    export::ndjson,
    export::csv,
    export::parquet,
    feeds::json,
    feeds::atom,
    feeds::rss,
    hub::subscribe,
    websub::verify,
    websub::ring,
    webhooks::webhooks,
    webhooks::add,
    webhooks::show,
    webhooks::change,
    webhooks::remove,
    stories::stories,
    stories::story,
}

/// The templates of all paths, such as `/v1/articles/{id}`. The log line of a request that no handler answers needs them
/// too, so they cannot come from the router.
#[derive(Clone)]
pub struct Templates(Arc<matchit::Router<String>>);

impl Templates {
    /// Those of the API, and more.
    pub fn new(more: &[&str]) -> Self {
        let mut templates = matchit::Router::new();
        for path in paths().into_iter().chain(more.iter().map(|path| (*path).to_owned())) {
            // A path with several methods is already there.
            let _ = templates.insert(path.clone(), path);
        }
        Self(Arc::new(templates))
    }

    /// Returns the template that a path matches.
    pub fn of(&self, path: &str) -> Option<&str> {
        self.0.at(path).ok().map(|found| found.value.as_str())
    }
}

fn method<P: Path>() -> MethodFilter {
    let methods = P::methods();
    let [method] = methods.as_slice() else { unreachable!("each annotation names one method") };
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Delete => MethodFilter::DELETE,
        _ => unreachable!("no handler has another method"),
    }
}
