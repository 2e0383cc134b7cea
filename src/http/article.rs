//! `GET /v1/articles/{id}`: one article, its evidence, and the bytes it was read from.

use super::problem::docs as problem_docs;
use super::{
    Service,
    base_url::BaseUrl,
    history::{self, Moment},
    negotiate::Format,
    params::{no_params, read_params, requested_format},
    problem::Problem,
    represent::represent,
    responses::{json, raw_document},
    stored_article::{not_found, stored_article},
};
use crate::{
    article::{Article, Evidence, Instant, RawDocument},
    reading,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};

/// Get an article
///
/// In the format that `format` names or `Accept` prefers: the archive's JSON, plain text, Markdown, schema.org
/// `NewsArticle` as JSON-LD, IPTC ninjs 3.1 or 2.2, or NewsML-G2 2.34. `as_of` returns the article as a reader would
/// have seen it then; `Accept-Datetime` follows RFC 7089.
#[utoipa::path(get, path = "/v1/articles/{id}", operation_id = "get_article", tag = "articles",
    params(("id" = String, Path, description = "The article's id"),
           ("format" = Option<String>, Query, description = "The representation; overrides `Accept`"),
           ("as_of" = Option<String>, Query, description = "A day or a time: the article as it was then"),
           ("accept-datetime" = Option<String>, Header, description = "RFC 7089: the article as it was then, or its first revision if that is later")),
    responses(
        (status = 200, description = "The article", headers(("memento-datetime", description = "When the returned revision took effect, if a time was requested")), content((Article = "application/json"), (String = "text/plain"), (String = "text/markdown"), (Object = "application/ld+json"), (Object = "application/vnd.iptc.ninjs+json"), (String = "application/vnd.iptc.g2.newsitem+xml"))),
        (status = 304, description = "Not modified: the representation matches `If-None-Match`"),
        problem_docs::ArticleNotFound,
        problem_docs::NotAcceptable,
        problem_docs::ArticleDeleted,
))]
pub async fn article(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    base: BaseUrl,
) -> Result<Response, Problem> {
    let (format, moment) = read_params(raw.as_deref(), &["format", "as_of"], |params| {
        (Format::read(params), Moment::read(params, &headers))
    })?;
    let format = requested_format(format, &headers)?;
    let now = stored_article(&service, &id).await?;
    let mut response = match moment {
        Some(moment) => history::memento(&service, &now.head.id, moment, format, &base).await?,
        None => represent(&now, format, &base)?,
    };
    let vary = HeaderValue::from_static("accept, accept-datetime");
    response.headers_mut().insert(header::VARY, vary);
    history::link(&now.head.id, &mut response)?;
    Ok(response)
}

/// Get an article's evidence
///
/// Where each fact was read, and the label of every byte. The texts of the pieces, concatenated, are the raw document
/// (its decoded text, if its encoding is not UTF-8).
#[utoipa::path(get, path = "/v1/articles/{id}/evidence", operation_id = "get_evidence", tag = "articles",
    params(("id" = String, Path, description = "The article's id")),
    responses(
        (status = 200, description = "The evidence", body = Evidence),
        problem_docs::ArticleNotFound,
        problem_docs::ArticleDeleted,
))]
pub async fn evidence(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let head = stored_article(&service, &id).await?.head;
    let store = service.archive.store();
    let evidence = store.evidence(&head.id, head.revision).await?.ok_or_else(|| not_found(&id))?;
    let document = RawDocument {
        media_type: Some(head.raw.media_type),
        ..RawDocument::new(store.objects().raw(&head.raw.sha256).await?.to_vec(), Instant::now())
    };
    let decoded = reading::decode(&document).map_err(|error| Problem::internal(&error))?;
    json(&evidence.with_text(&decoded.text))
}

/// Get the raw document
#[utoipa::path(get, path = "/v1/articles/{id}/raw", operation_id = "get_raw_document", tag = "articles",
    params(("id" = String, Path, description = "The article's id")),
    responses(
        (status = 200, description = "The unmodified bytes, with their original media type", content_type = "*/*",
            headers(("repr-digest", description = "SHA-256 of the bytes, RFC 9530"))),
        (status = 206, description = "The bytes of one `Range`", content_type = "*/*", headers(("content-range", description = "Which bytes, and of how many"))),
        problem_docs::RangeNotSatisfiable,
        problem_docs::ArticleNotFound,
        problem_docs::ArticleDeleted,
))]
pub async fn raw(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let summary = stored_article(&service, &id).await?.head.raw;
    let bytes = service.archive.store().objects().raw(&summary.sha256).await?;
    Ok(raw_document(summary.media_type, bytes))
}
