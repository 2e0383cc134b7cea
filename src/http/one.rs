//! `GET /v1/articles/{id}`: one article, its evidence, and the bytes it was read from.

use super::{
    Service, json, list,
    negotiate::Format,
    problem::{Code, Problem},
};
use crate::{
    article::{Article, ArticleId, Evidence, Instant, RawDocument},
    query::BadParameter,
    reading,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};

/// One article, whole.
///
/// As JSON, or as `text/plain` or `text/markdown`, by `Accept` or by `format`.
#[utoipa::path(get, path = "/v1/articles/{id}", tag = "articles",
    params(("id" = String, Path, description = "The article's id"),
           ("format" = Option<String>, Query, description = "`json`, `text` or `markdown`, in place of `Accept`")),
    responses(
        (status = 200, description = "The article", content((Article = "application/json"), (String = "text/plain"), (String = "text/markdown"))),
        (status = 304, description = "The representation that `If-None-Match` names is current"),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 406, description = "No representation fits `Accept`", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn article(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = match asked_format(raw.as_deref())? {
        Some(format) => format,
        None => Format::accepted(&headers)?,
    };
    let article = held(&service, &id).await?;
    let mut response = match format {
        Format::Json => json(&article)?,
        Format::Text => written(plain_text(&article), format),
        Format::Markdown => written(markdown(&article), format),
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
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
    let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(&bytes)));
    // Somebody else's page, served from this origin: a browser must neither run it nor guess what it is.
    let headers = [
        (header::CONTENT_TYPE, summary.media_type),
        (header::CACHE_CONTROL, "no-cache, no-transform".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (HeaderName::from_static("repr-digest"), digest),
    ];
    Ok((headers, bytes).into_response())
}

async fn held(service: &Service, id: &str) -> Result<Article, Problem> {
    let id = ArticleId::parse(id).map_err(|error| Problem::new(Code::ArticleNotFound, error.to_string()))?;
    let held = service.archive.store().article(&id).await?;
    held.map(|it| it.article).ok_or_else(|| not_found(id.as_str()))
}

fn not_found(id: &str) -> Problem {
    Problem::new(Code::ArticleNotFound, format!("the archive holds no article {id}"))
}

fn refuse_parameters(raw: Option<&str>, known: &[&str]) -> Result<(), Problem> {
    let unknown = list::pairs(raw).into_iter().filter(|(name, _)| !known.contains(&name.as_str()));
    let bad: Vec<BadParameter> =
        unknown.map(|(parameter, _)| BadParameter { parameter, detail: "unknown parameter".to_owned() }).collect();
    if bad.is_empty() { Ok(()) } else { Err(Problem::parameters(bad)) }
}

fn asked_format(raw: Option<&str>) -> Result<Option<Format>, Problem> {
    refuse_parameters(raw, &["format"])?;
    let Some((_, name)) = list::pairs(raw).into_iter().next() else { return Ok(None) };
    let format = Format::parse(&name).ok_or_else(|| {
        let detail = format!("expected one of {}, found {name:?}", Format::names());
        Problem::parameters(vec![BadParameter { parameter: "format".to_owned(), detail }])
    })?;
    Ok(Some(format))
}

fn written(text: String, format: Format) -> Response {
    let media_type = format!("{}; charset=utf-8", format.media_type());
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache".to_owned())], text).into_response()
}

/// Headline, deck, byline, then the paragraphs, with the dateline where it stood.
fn paragraphs(article: &Article) -> impl Iterator<Item = String> {
    let dateline = article.facts.dateline.as_ref().map(|it| format!("{}: ", it.text)).unwrap_or_default();
    article
        .detail
        .body
        .iter()
        .enumerate()
        .map(move |(at, it)| if at == 0 { format!("{dateline}{it}") } else { it.clone() })
}

fn byline(article: &Article) -> Option<String> {
    let names: Vec<&str> = article.facts.authors.iter().map(|it| it.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn plain_text(article: &Article) -> String {
    let facts = &article.facts;
    let top = [facts.headline.clone(), facts.deck.clone(), byline(article)];
    top.into_iter().flatten().chain(paragraphs(article)).map(|it| it + "\n").collect::<Vec<_>>().join("\n")
}

fn markdown(article: &Article) -> String {
    let facts = &article.facts;
    let top = [
        facts.headline.as_deref().map(|it| format!("# {}", escape(it))),
        facts.deck.as_deref().map(|it| format!("**{}**", escape(it))),
        byline(article).map(|it| format!("*{}*", escape(&it))),
    ];
    let body = paragraphs(article).map(|it| escape(&it));
    top.into_iter().flatten().chain(body).map(|it| it + "\n").collect::<Vec<_>>().join("\n")
}

/// CommonMark's escapes for what would turn somebody's words into markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        let is_marker = matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&');
        let opens_block = at == 0 && matches!(letter, '#' | '>' | '-' | '+' | '=' | '~' | '|');
        if is_marker || opens_block {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    // `1. ` and `1) ` at the start of a line open a list.
    let digits = escaped.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && escaped[digits..].starts_with(['.', ')']) {
        escaped.insert(digits, '\\');
    }
    escaped
}
