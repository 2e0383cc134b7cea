//! The history of an article: its revisions, the differences between two, and its state at a time (RFC 7089, Memento).

use super::problem::docs as problem_docs;
use super::{
    Service,
    base_url::BaseUrl,
    negotiate::Format,
    params::{article_id, no_params, read_params, requested_format},
    problem::{Code, Problem},
    represent::represent,
    responses::{header_value, json, text},
    stored_article::{not_found, stored_article},
};
use crate::{
    archive::{compare, diff},
    article::{Article, ArticleId, Instant},
    limits::REVISIONS_PAGE,
    query::ParameterReader,
    store::{Revision, RevisionKind},
};
use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::fmt::rfc2822;
use serde::Serialize;
use utoipa::ToSchema;

/// A revision never changes.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const MEMENTO_DATETIME: HeaderName = HeaderName::from_static("memento-datetime");
pub const ACCEPT_DATETIME: HeaderName = HeaderName::from_static("accept-datetime");

/// A revision in the list of an article's revisions.
#[derive(Serialize, ToSchema)]
pub struct RevisionEntry {
    revision: u32,
    /// When this revision took effect.
    at: Instant,
    kind: RevisionKind,
    /// What differs from the previous revision: `headline`, `body`, `dates`, `topics`, `metadata`.
    changed: Vec<String>,
    reason: Option<String>,
    /// The id of the request or message that caused it, as in `X-Request-Id` and the log.
    request_id: Option<String>,
    /// The revision's path; `null` for a deletion.
    location: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RevisionList {
    revisions: Vec<RevisionEntry>,
    /// A relative URL; `null` on the last page.
    next: Option<String>,
}

/// List an article's revisions
///
/// Newest first. A change that affects only lines removed by extraction does not make a revision.
#[utoipa::path(get, path = "/v1/articles/{id}/revisions", operation_id = "list_revisions", tag = "history",
    params(("id" = String, Path, description = "The article's id"),
           ("before" = Option<i64>, Query, minimum = 1, maximum = 4294967295_i64, description = "From `next`: only revisions before this number")),
    responses(
        (status = 200, description = "At most 100 revisions", body = RevisionList),
        problem_docs::ArticleNotFound,
        problem_docs::ArticleDeleted,
))]
pub async fn revisions(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let before = read_before(raw.as_deref())?;
    let id = stored_article(&service, &id).await?.head.id;
    let (revisions, more) = service.archive.store().revisions(&id, before, REVISIONS_PAGE).await?;
    let next = revisions.last().filter(|_| more);
    let next = next.map(|last| format!("/v1/articles/{id}/revisions?before={}", last.number));
    json(&RevisionList { revisions: revisions.into_iter().map(|revision| entry(&id, revision)).collect(), next })
}

fn entry(id: &ArticleId, revision: Revision) -> RevisionEntry {
    let location = (revision.kind != RevisionKind::Deleted).then(|| path(id, revision.number));
    RevisionEntry {
        revision: revision.number,
        at: revision.at,
        kind: revision.kind,
        changed: revision.changed,
        reason: revision.reason,
        request_id: revision.request_id,
        location,
    }
}

fn path(id: &ArticleId, number: u32) -> String {
    format!("/v1/articles/{id}/revisions/{number}")
}

/// Get a revision of an article
///
/// In the formats of an article. A revision never changes.
#[utoipa::path(get, path = "/v1/articles/{id}/revisions/{number}", operation_id = "get_revision", tag = "history",
    params(("id" = String, Path, description = "The article's id"),
           ("number" = u32, Path, description = "The revision number"),
           ("format" = Option<String>, Query, description = "The representation; overrides `Accept`")),
    responses(
        (status = 200, description = "The article at this revision", content((Article = "application/json"), (String = "text/plain"), (String = "text/markdown"), (Object = "application/ld+json"), (Object = "application/vnd.iptc.ninjs+json"), (String = "application/vnd.iptc.g2.newsitem+xml"))),
        problem_docs::RevisionNotFound,
        problem_docs::ArticleDeleted,
))]
pub async fn revision(
    State(service): State<Service>,
    Path((id, number)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    base: BaseUrl,
) -> Result<Response, Problem> {
    let format = read_params(raw.as_deref(), &["format"], Format::read)?;
    let format = requested_format(format, &headers)?;
    let id = stored_article(&service, &id).await?.head.id;
    let number = number.parse().map_err(|_| no_revision(&id, &number))?;
    let (revision, article) = read(&service, &id, number).await?;
    let mut response = represent(&article, format, &base)?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, IMMUTABLE);
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(MEMENTO_DATETIME, http_date(revision.at)?);
    link(&id, &mut response)?;
    Ok(response)
}

async fn read(service: &Service, id: &ArticleId, number: u32) -> Result<(Revision, Article), Problem> {
    match service.archive.store().revision(id, number).await? {
        Some((revision, Some((article, _)))) => Ok((revision, article)),
        Some((revision, None)) => {
            let detail = format!("revision {number} of article {id} is its deletion at {}", revision.at);
            Err(Problem::new(Code::ArticleDeleted, detail))
        }
        None => Err(no_revision(id, &number.to_string())),
    }
}

fn no_revision(id: &ArticleId, number: &str) -> Problem {
    Problem::new(Code::RevisionNotFound, format!("article {id} has no revision {number}"))
}

/// The differences between two revisions.
#[derive(Serialize, ToSchema)]
pub struct Changes {
    id: ArticleId,
    from: u32,
    to: u32,
    changed: Vec<compare::ChangedPart>,
    #[serde(flatten)]
    diff: diff::Diff,
}

/// Compare two revisions
///
/// Returns the words that differ, as JSON or as `text/html` with `<ins>` and `<del>`, by `Accept`. `range` is two
/// revision numbers such as `1..3`, in either order.
#[utoipa::path(get, path = "/v1/articles/{id}/changes/{range}", operation_id = "compare_revisions", tag = "history",
    params(("id" = String, Path, description = "The article's id"),
           ("range" = String, Path, description = "Two revision numbers: `1..2`")),
    responses(
        (status = 200, description = "The differences", content((Changes = "application/json"), (String = "text/html"))),
        problem_docs::RevisionNotFound,
        problem_docs::ArticleDeleted,
))]
pub async fn changes(
    State(service): State<Service>,
    Path((id, range)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let id = stored_article(&service, &id).await?.head.id;
    let numbers = range.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let (from, to) = numbers.ok_or_else(|| no_revision(&id, &range))?;
    let (_, before) = read(&service, &id, from).await?;
    let (_, after) = read(&service, &id, to).await?;
    let diff = diff::diff(&before, &after);
    let mut response = if wants_html(&headers) {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        ];
        (headers, html(&diff)).into_response()
    } else {
        json(&Changes { changed: compare::changed(&before, &after), id, from, to, diff })?
    };
    response.headers_mut().insert(header::CACHE_CONTROL, IMMUTABLE);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|header| header.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|part| part.trim().starts_with("text/html"))
}

fn html(diff: &diff::Diff) -> String {
    let runs = |runs: &[diff::Run]| {
        let markup = |run: &diff::Run| match run.op {
            diff::Op::Equal => escaped(&run.text),
            diff::Op::Delete => format!("<del>{}</del>", escaped(&run.text)),
            diff::Op::Insert => format!("<ins>{}</ins>", escaped(&run.text)),
        };
        runs.iter().map(markup).collect::<String>()
    };
    let body: String = diff.body.iter().map(|paragraph| format!("<p>{}</p>\n", runs(paragraph))).collect();
    let deck = if diff.deck.is_empty() { String::new() } else { format!("<p><em>{}</em></p>\n", runs(&diff.deck)) };
    let headline = runs(&diff.headline);
    format!("<!doctype html>\n<meta charset=\"utf-8\">\n<article>\n<h1>{headline}</h1>\n{deck}{body}</article>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The requested time of an article's state.
pub struct Moment {
    at: Instant,
    /// Whether a time before the first revision selects the first one (RFC 7089, 4.5.3).
    or_first: bool,
}

impl Moment {
    /// Reads `?as_of=`, else `Accept-Datetime`.
    pub fn read(params: &mut ParameterReader<'_>, headers: &HeaderMap) -> Option<Self> {
        if let Some(at) = params.instant("as_of") {
            return Some(Self { at, or_first: false });
        }
        let text = headers.get(ACCEPT_DATETIME)?;
        let at = text.to_str().ok().and_then(|text| rfc2822::parse(text).ok());
        let at = at.and_then(|date| Instant::from_timestamp(date.timestamp()));
        if at.is_none() {
            params.refuse("accept-datetime", format!("expected an HTTP date (RFC 9110, 5.6.7), found {text:?}"));
        }
        Some(Self { at: at?, or_first: true })
    }
}

fn read_before(raw: Option<&str>) -> Result<u32, Problem> {
    read_params(raw, &["before"], |params| params.number("before", 1..=u32::MAX, u32::MAX))
}

/// Returns the article as it was at a time.
pub async fn memento(
    service: &Service,
    id: &ArticleId,
    moment: Moment,
    format: Format,
    base: &BaseUrl,
) -> Result<Response, Problem> {
    let store = service.archive.store();
    let found = store.revision_at(id, moment.at).await?.filter(|revision| revision.at <= moment.at || moment.or_first);
    let found =
        found.ok_or_else(|| Problem::new(Code::ArticleNotFound, format!("no article {id} at {}", moment.at)))?;
    let (revision, article) = read(service, id, found.number).await?;
    let mut response = represent(&article, format, base)?;
    let location = header_value(&path(id, revision.number))?;
    response.headers_mut().insert(header::CONTENT_LOCATION, location);
    response.headers_mut().insert(MEMENTO_DATETIME, http_date(revision.at)?);
    Ok(response)
}

/// Links a representation of the article to its history.
pub fn link(id: &ArticleId, response: &mut Response) -> Result<(), Problem> {
    let original = format!("</v1/articles/{id}>; rel=\"original timegate\"");
    let timemap = format!("</v1/articles/{id}/timemap>; rel=\"timemap\"; type=\"application/link-format\"");
    let value = header_value(&format!("{original}, {timemap}"))?;
    response.headers_mut().insert(header::LINK, value);
    Ok(())
}

/// Get an article's timemap
///
/// Its revisions as links (RFC 7089, 5), newest first, at most 100 with a link to the next page.
#[utoipa::path(get, path = "/v1/articles/{id}/timemap", operation_id = "get_timemap", tag = "history",
    params(("id" = String, Path, description = "The article's id"),
           ("before" = Option<i64>, Query, minimum = 1, maximum = 4294967295_i64, description = "Only revisions before this number")),
    responses(
        (status = 200, description = "The timemap", body = String, content_type = "application/link-format"),
        problem_docs::ArticleNotFound,
        problem_docs::ArticleDeleted,
))]
pub async fn timemap(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let before = read_before(raw.as_deref())?;
    let id = article_id(&id)?;
    stored_article(&service, id.as_str()).await.map_err(|problem| match problem.code {
        Code::ArticleNotFound => not_found(id.as_str()),
        _ => problem,
    })?;
    let (revisions, more) = service.archive.store().revisions(&id, before, REVISIONS_PAGE).await?;
    let mut links = vec![
        format!("</v1/articles/{id}>; rel=\"original timegate\""),
        format!("</v1/articles/{id}/timemap>; rel=\"self\"; type=\"application/link-format\""),
    ];
    for revision in revisions.iter().filter(|revision| revision.kind != RevisionKind::Deleted) {
        let date = http_date(revision.at)?;
        let date = date.to_str().unwrap_or_default();
        links.push(format!("<{}>; rel=\"memento\"; datetime=\"{date}\"", path(&id, revision.number)));
    }
    if let Some(last) = revisions.last().filter(|_| more) {
        let next = format!("</v1/articles/{id}/timemap?before={}>", last.number);
        links.push(format!("{next}; rel=\"timemap\"; type=\"application/link-format\""));
    }
    Ok(text("application/link-format", links.join(",\n") + "\n"))
}

fn http_date(at: Instant) -> Result<HeaderValue, Problem> {
    let printed = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at.timestamp());
    let printed = printed.map_err(|error| Problem::internal(&error))?;
    header_value(&printed)
}
