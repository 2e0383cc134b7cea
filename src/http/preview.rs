//! `POST /v1/preview`: what reading makes of a document, without storing it.

use super::{
    Service,
    ingest::{DocumentBody, receive},
    params::no_params,
    problem::{Problem, docs as problem_docs},
    responses::json,
};
use crate::{
    archive::{IngestError, envelope, read_previews},
    article::{Article, Evidence},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What was read from a document.
#[derive(Serialize, ToSchema)]
pub struct PreviewList {
    /// One, or one for each entry of a feed.
    articles: Vec<Preview>,
}

/// An article and its evidence, or why it could not be read.
#[derive(Default, Serialize, ToSchema)]
pub struct Preview {
    /// As it would be stored. Its id and its times are those of this request.
    article: Option<Article>,
    evidence: Option<Evidence>,
    /// The code of the error.
    code: Option<&'static str>,
    /// The error.
    detail: Option<String>,
}

/// Read a document without storing it
///
/// The body is that of `POST /v1/articles`, except that it is one document: no `application/x-ndjson`.
#[utoipa::path(post, path = "/v1/preview", operation_id = "preview_articles", tag = "articles",
    request_body(content((envelope::Envelope = "application/json"), (String = "text/plain"), (String = "text/html"), (String = "text/markdown"), (String = "application/rss+xml"), (String = "application/atom+xml"), (String = "application/rdf+xml"), (String = "application/feed+json"))),
    responses(
        (status = 200, description = "What was read", body = PreviewList),
        problem_docs::InvalidParameter,
        problem_docs::InvalidDocument,
        problem_docs::DocumentTooLarge,
        problem_docs::UnsupportedMediaType,
        problem_docs::Overloaded,
))]
pub async fn preview(State(service): State<Service>, request: Request) -> Result<Response, Problem> {
    no_params(request.uri().query())?;
    let (parts, body) = request.into_parts();
    let body_format = DocumentBody::of(&parts.headers)?;
    let (_admitted, body) = service.admission.admit_body(&parts.headers, body).await?;
    let document = body_format.document(receive(&parts.headers, body).await?)?;
    let read = read_previews(document).await?;
    json(&PreviewList { articles: read.into_iter().map(shown).collect() })
}

fn shown(read: Result<(Article, Evidence), IngestError>) -> Preview {
    match read {
        Ok((article, evidence)) => Preview { article: Some(article), evidence: Some(evidence), ..Preview::default() },
        Err(error) => Preview { code: Some(error.code()), detail: Some(error.chain()), ..Preview::default() },
    }
}
