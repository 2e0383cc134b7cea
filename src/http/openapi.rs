//! The OpenAPI 3.1 document: generated from the handlers' own annotations, checked in, compared by a test, and served as
//! the checked-in file, so that no request and no cold start pays for generating it.

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::OpenApi;

const CHECKED_IN: &str = include_str!("openapi.json");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dateline",
        description = "A news archive: articles read from raw documents, each fact with its evidence. Times are RFC 3339 in UTC, ranges are half-open, every error is application/problem+json (RFC 9457) and unknown parameters are refused.",
    ),
    paths(
        super::around::index,
        super::around::health,
        document,
        super::list::articles,
        super::submit::articles,
        super::one::article,
        super::one::evidence,
        super::one::raw,
        super::related::related,
        super::history::revisions,
        super::history::revision,
        super::history::changes,
        super::history::timemap,
        super::removal::delete,
        super::removal::restore,
        super::changes::changes,
        super::counts::facets,
        super::counts::timeline,
        super::entities::entities,
        super::sources::sources,
        super::sources::add,
        super::sources::import,
        super::sources::export,
        super::sources::show,
        super::sources::change,
        super::sources::remove,
        super::sources::poll,
        super::failures::failures,
        super::failures::failure,
        super::failures::raw,
        super::failures::retry,
        super::failures::forget,
        super::websub::verify,
        super::websub::ring,
        super::webhooks::webhooks,
        super::webhooks::add,
        super::webhooks::show,
        super::webhooks::change,
        super::webhooks::remove,
        super::stories::stories,
        super::stories::story,
    ),
    components(schemas(crate::article::Card, crate::article::Article, super::problem::ProblemBody)),
    tags((name = "articles"), (name = "history"), (name = "changes"), (name = "stories"), (name = "sources"), (name = "failures"), (name = "webhooks"), (name = "service"))
)]
struct Specification;

/// The specification as JSON, as it is checked in.
pub fn generate() -> String {
    let mut json =
        Specification::openapi().to_pretty_json().expect("the specification has string keys and cannot fail");
    json.push('\n');
    json
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "service", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], CHECKED_IN).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_specification_is_the_generated_one() {
        let generated = generate();
        if std::env::var_os("DATELINE_UPDATE").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/openapi.json");
            std::fs::write(path, &generated).expect("the file can be written");
            return;
        }
        assert!(generated == CHECKED_IN, "src/http/openapi.json is stale: run DATELINE_UPDATE=1 cargo test openapi");
    }
}
