//! `GET /v1/articles/{id}`: one article, its evidence, and the bytes it was read from.

use super::{
    Service,
    history::{self, Moment},
    json, list,
    negotiate::Format,
    problem::{Code, Problem},
    represent::represent,
};
use crate::{
    article::{Article, ArticleId, Evidence, Instant, RawDocument},
    query::BadParameter,
    reading,
    store::{Held, Tombstone},
};
use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};

/// One article, whole.
///
/// As JSON, or as `text/plain` or `text/markdown`, by `Accept` or by `format`. With `as_of` as a reader would have seen it
/// then; with `Accept-Datetime` as RFC 7089 says.
#[utoipa::path(get, path = "/v1/articles/{id}", tag = "articles",
    params(("id" = String, Path, description = "The article's id"),
           ("format" = Option<String>, Query, description = "`json`, `text` or `markdown`, in place of `Accept`"),
           ("as_of" = Option<String>, Query, description = "A day or a time: the article as it was then"),
           ("accept-datetime" = Option<String>, Header, description = "RFC 7089: the article as it was then, or as it was first")),
    responses(
        (status = 200, description = "The article", headers(("memento-datetime", description = "Since when it was as it is shown, where a time was asked for")), content((Article = "application/json"), (String = "text/plain"), (String = "text/markdown"))),
        (status = 304, description = "The representation that `If-None-Match` names is current"),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 406, description = "No representation fits `Accept`", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The article was deleted", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn article(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["format", "as_of"])?;
    let format = asked_format(raw.as_deref(), &headers)?;
    let now = held(&service, &id).await?;
    let mut response = match Moment::asked(raw.as_deref(), &headers)? {
        Some(moment) => history::memento(&service, &now.head.id, moment, format).await?,
        None => represent(&now, format)?,
    };
    let vary = HeaderValue::from_static("accept, accept-datetime");
    response.headers_mut().insert(header::VARY, vary);
    history::link(&now.head.id, &mut response)?;
    Ok(response)
}

/// Where each fact was read, and what became of every byte.
///
/// The pieces' texts, one after another, are the raw document (its text, where its encoding is not UTF-8).
#[utoipa::path(get, path = "/v1/articles/{id}/evidence", tag = "articles",
    params(("id" = String, Path, description = "The article's id")),
    responses(
        (status = 200, description = "The evidence", body = Evidence),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn evidence(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let head = held(&service, &id).await?.head;
    let store = service.archive.store();
    let evidence = store.evidence(&head.id, head.revision).await?.ok_or_else(|| not_found(&id))?;
    let document = RawDocument {
        content: store.objects().raw(&head.raw.sha256).await?.to_vec(),
        media_type: Some(head.raw.media_type),
        key: None,
        url: None,
        source: None,
        defaults: None,
        retrieved_at: Instant::now(),
    };
    let decoded = reading::decode(&document).map_err(|error| Problem::internal(&error))?;
    json(&evidence.with_text(&decoded.text))
}

/// The raw document, byte for byte.
#[utoipa::path(get, path = "/v1/articles/{id}/raw", tag = "articles",
    params(("id" = String, Path, description = "The article's id")),
    responses(
        (status = 200, description = "The bytes as they came, under their own media type", content_type = "*/*",
            headers(("repr-digest", description = "Their SHA-256, RFC 9530"))),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn raw(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let summary = held(&service, &id).await?.head.raw;
    let bytes = service.archive.store().objects().raw(&summary.sha256).await?;
    Ok(foreign(summary.media_type, bytes))
}

/// Somebody else's page, served from this origin: a browser must neither run it nor guess what it is.
pub(super) fn foreign(media_type: String, bytes: Bytes) -> Response {
    let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(&bytes)));
    // What was declared may be no header's value.
    let media_type = HeaderValue::try_from(media_type);
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    let headers = [
        (header::CACHE_CONTROL, "no-cache, no-transform".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (HeaderName::from_static("repr-digest"), digest),
    ];
    (headers, response).into_response()
}

pub(super) async fn held(service: &Service, id: &str) -> Result<Article, Problem> {
    let id = article_id(id)?;
    match service.archive.store().held(&id).await? {
        Some(Held::Article(held)) => Ok(held.article),
        Some(Held::Tombstone(it)) => Err(deleted(&it)),
        None => Err(not_found(id.as_str())),
    }
}

pub(super) fn article_id(id: &str) -> Result<ArticleId, Problem> {
    ArticleId::parse(id).map_err(|error| Problem::new(Code::ArticleNotFound, error.to_string()))
}

fn deleted(it: &Tombstone) -> Problem {
    let reason = it.reason.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
    let how = if it.purged { "deleted with every byte of it" } else { "deleted" };
    Problem::new(Code::ArticleDeleted, format!("the article {} was {how} at {}{reason}", it.id, it.deleted_at))
}

pub(super) fn not_found(id: &str) -> Problem {
    Problem::new(Code::ArticleNotFound, format!("the archive holds no article {id}"))
}

pub(super) fn refuse_parameters(raw: Option<&str>, known: &[&str]) -> Result<(), Problem> {
    let unknown = list::pairs(raw).into_iter().filter(|(name, _)| !known.contains(&name.as_str()));
    let bad: Vec<BadParameter> =
        unknown.map(|(parameter, _)| BadParameter { parameter, detail: "unknown parameter".to_owned() }).collect();
    if bad.is_empty() { Ok(()) } else { Err(Problem::parameters(bad)) }
}

/// By `?format=`, else by `Accept`.
pub(super) fn asked_format(raw: Option<&str>, headers: &HeaderMap) -> Result<Format, Problem> {
    let Some(name) = parameter(raw, "format")? else { return Format::accepted(headers) };
    Format::parse(&name).ok_or_else(|| {
        let detail = format!("expected one of {}, found {name:?}", Format::names());
        Problem::parameters(vec![BadParameter { parameter: "format".to_owned(), detail }])
    })
}

/// How many are asked for.
pub(super) fn limit(raw: Option<&str>, most: usize, default: usize) -> Result<usize, Problem> {
    let Some(given) = parameter(raw, "limit")? else { return Ok(default) };
    given.parse().ok().filter(|it| (1..=most).contains(it)).ok_or_else(|| {
        let detail = format!("expected 1 to {most}, found {given:?}");
        Problem::parameters(vec![BadParameter { parameter: "limit".to_owned(), detail }])
    })
}

/// Where a walk goes on: the same request with another cursor.
pub(super) fn next_page(path: &str, raw: Option<&str>, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(list::pairs(raw).iter().filter(|(name, _)| name != "cursor"));
    query.append_pair("cursor", cursor);
    format!("{path}?{}", query.finish())
}

/// A parameter that is given once at most.
pub(super) fn parameter(raw: Option<&str>, name: &str) -> Result<Option<String>, Problem> {
    let mut found = list::pairs(raw).into_iter().filter(|(it, _)| it == name).map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() {
        let detail = "expected once, found several times".to_owned();
        return Err(Problem::parameters(vec![BadParameter { parameter: name.to_owned(), detail }]));
    }
    Ok(first)
}
