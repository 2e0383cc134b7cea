//! What an article was: its revisions, what changed between two of them, and how it stood at a time (RFC 7089, Memento).

use super::{
    Service, json,
    negotiate::Format,
    one::{article_id, asked_format, held, not_found, parameter, refuse_parameters},
    problem::{Code, Problem},
    represent::represent,
};
use crate::{
    archive::{compare, diff},
    article::{Article, ArticleId, Instant},
    query::BadParameter,
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

/// A fixed revision never changes.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const MEMENTO_DATETIME: HeaderName = HeaderName::from_static("memento-datetime");
const ACCEPT_DATETIME: HeaderName = HeaderName::from_static("accept-datetime");
/// Revisions on a page.
const PAGE: usize = 100;

/// A revision in the list of an article's revisions.
#[derive(Serialize, ToSchema)]
pub struct RevisionEntry {
    revision: u32,
    /// Since when the article is, or was, as this revision has it.
    at: Instant,
    kind: RevisionKind,
    /// What differs from the revision before: `headline`, `body`, `dates`, `topics`, `metadata`.
    changed: Vec<String>,
    reason: Option<String>,
    /// The revision's path; a deletion has none.
    location: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RevisionList {
    revisions: Vec<RevisionEntry>,
    /// A relative URL; `null` where the list ends.
    next: Option<String>,
}

/// An article's revisions, newest first.
///
/// A change in lines that reading removes alone makes no revision.
#[utoipa::path(get, path = "/v1/articles/{id}/revisions", tag = "history",
    params(("id" = String, Path, description = "The article's id"),
           ("before" = Option<u32>, Query, description = "From `next`: revisions before this one")),
    responses(
        (status = 200, description = "At most 100 revisions", body = RevisionList),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The article was deleted", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn revisions(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["before"])?;
    let before = match parameter(raw.as_deref(), "before")? {
        Some(text) => {
            text.parse().map_err(|_| bad("before", format!("expected a revision's number, found {text:?}")))?
        }
        None => u32::MAX,
    };
    let id = held(&service, &id).await?.head.id;
    let (revisions, more) = service.archive.store().revisions(&id, before, PAGE).await?;
    let next = revisions.last().filter(|_| more);
    let next = next.map(|it| format!("/v1/articles/{id}/revisions?before={}", it.number));
    json(&RevisionList { revisions: revisions.into_iter().map(|it| entry(&id, it)).collect(), next })
}

fn entry(id: &ArticleId, it: Revision) -> RevisionEntry {
    let location = (it.kind != RevisionKind::Deleted).then(|| path(id, it.number));
    RevisionEntry { revision: it.number, at: it.at, kind: it.kind, changed: it.changed, reason: it.reason, location }
}

fn path(id: &ArticleId, number: u32) -> String {
    format!("/v1/articles/{id}/revisions/{number}")
}

/// The article as it was from one revision on.
///
/// As JSON, or as `text/plain` or `text/markdown`. It never changes.
#[utoipa::path(get, path = "/v1/articles/{id}/revisions/{number}", tag = "history",
    params(("id" = String, Path, description = "The article's id"),
           ("number" = u32, Path, description = "The revision's number"),
           ("format" = Option<String>, Query, description = "`json`, `text` or `markdown`, in place of `Accept`")),
    responses(
        (status = 200, description = "The article as it was", content((Article = "application/json"), (String = "text/plain"), (String = "text/markdown"))),
        (status = 404, description = "There is no such article or revision", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The article was deleted, now or by this revision", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn revision(
    State(service): State<Service>,
    Path((id, number)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["format"])?;
    let format = asked_format(raw.as_deref(), &headers)?;
    let id = held(&service, &id).await?.head.id;
    let number = number.parse().map_err(|_| no_revision(&id, &number))?;
    let (revision, article) = read(&service, &id, number).await?;
    let mut response = represent(&article, format)?;
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
            let detail = format!("revision {number} of the article {id} is its deletion at {}", revision.at);
            Err(Problem::new(Code::ArticleDeleted, detail))
        }
        None => Err(no_revision(id, &number.to_string())),
    }
}

fn no_revision(id: &ArticleId, number: &str) -> Problem {
    Problem::new(Code::RevisionNotFound, format!("the article {id} has no revision {number}"))
}

/// What changed between two revisions.
#[derive(Serialize, ToSchema)]
pub struct Changes {
    id: ArticleId,
    from: u32,
    to: u32,
    changed: Vec<compare::Part>,
    #[serde(flatten)]
    diff: diff::Diff,
}

/// The words that differ between two revisions.
///
/// As JSON, or as `text/html` with `<ins>` and `<del>`, by `Accept`. `range` is `1..3`, in either order.
#[utoipa::path(get, path = "/v1/articles/{id}/changes/{range}", tag = "history",
    params(("id" = String, Path, description = "The article's id"),
           ("range" = String, Path, description = "Two revisions: `1..2`")),
    responses(
        (status = 200, description = "What changed", content((Changes = "application/json"), (String = "text/html"))),
        (status = 404, description = "There is no such article or revision", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The article was deleted, now or by one of the revisions", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn changes(
    State(service): State<Service>,
    Path((id, range)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let id = held(&service, &id).await?.head.id;
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
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|it| it.trim().starts_with("text/html"))
}

fn html(diff: &diff::Diff) -> String {
    let runs = |runs: &[diff::Run]| {
        let one = |it: &diff::Run| match it.op {
            diff::Op::Equal => escaped(&it.text),
            diff::Op::Delete => format!("<del>{}</del>", escaped(&it.text)),
            diff::Op::Insert => format!("<ins>{}</ins>", escaped(&it.text)),
        };
        runs.iter().map(one).collect::<String>()
    };
    let body: String = diff.body.iter().map(|it| format!("<p>{}</p>\n", runs(it))).collect();
    let deck = if diff.deck.is_empty() { String::new() } else { format!("<p><em>{}</em></p>\n", runs(&diff.deck)) };
    let headline = runs(&diff.headline);
    format!("<!doctype html>\n<meta charset=\"utf-8\">\n<article>\n<h1>{headline}</h1>\n{deck}{body}</article>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A time that a reader asks for.
pub struct Moment {
    at: Instant,
    /// Whether a time before the first revision means the first one (RFC 7089, 4.5.3).
    or_first: bool,
}

impl Moment {
    /// By `?as_of=`, else by `Accept-Datetime`.
    pub fn asked(raw: Option<&str>, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        if let Some(text) = parameter(raw, "as_of")? {
            let at = Instant::parse(&text).map_err(|error| bad("as_of", format!("{error}, found {text:?}")))?;
            return Ok(Some(Self { at, or_first: false }));
        }
        let Some(text) = headers.get(ACCEPT_DATETIME) else { return Ok(None) };
        let at = text.to_str().ok().and_then(|it| rfc2822::parse(it).ok());
        let at = at.and_then(|it| Instant::from_timestamp(it.timestamp()));
        let detail = format!("expected a date as in RFC 9110, 5.6.7, found {text:?}");
        Ok(Some(Self { at: at.ok_or_else(|| bad("accept-datetime", detail))?, or_first: true }))
    }
}

/// The article as it stood at a moment.
pub async fn memento(service: &Service, id: &ArticleId, moment: Moment, format: Format) -> Result<Response, Problem> {
    let store = service.archive.store();
    let found = store.revision_at(id, moment.at).await?.filter(|it| it.at <= moment.at || moment.or_first);
    let found = found.ok_or_else(|| {
        Problem::new(Code::ArticleNotFound, format!("the archive held no article {id} at {}", moment.at))
    })?;
    let (revision, article) = read(service, id, found.number).await?;
    let mut response = represent(&article, format)?;
    let location = HeaderValue::from_str(&path(id, revision.number)).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().insert(header::CONTENT_LOCATION, location);
    response.headers_mut().insert(MEMENTO_DATETIME, http_date(revision.at)?);
    Ok(response)
}

/// Where the article's history is, on every representation of it.
pub fn link(id: &ArticleId, response: &mut Response) -> Result<(), Problem> {
    let original = format!("</v1/articles/{id}>; rel=\"original timegate\"");
    let timemap = format!("</v1/articles/{id}/timemap>; rel=\"timemap\"; type=\"application/link-format\"");
    let value = HeaderValue::from_str(&format!("{original}, {timemap}")).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().insert(header::LINK, value);
    Ok(())
}

/// The article's revisions as a timemap (RFC 7089, 5), newest first, at most 100 with a link to more.
#[utoipa::path(get, path = "/v1/articles/{id}/timemap", tag = "history",
    params(("id" = String, Path, description = "The article's id"),
           ("before" = Option<u32>, Query, description = "Revisions before this one")),
    responses(
        (status = 200, description = "Links", body = String, content_type = "application/link-format"),
        (status = 404, description = "There is no such article", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The article was deleted", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn timemap(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["before"])?;
    let before = parameter(raw.as_deref(), "before")?.and_then(|it| it.parse().ok()).unwrap_or(u32::MAX);
    let id = article_id(&id)?;
    held(&service, id.as_str()).await.map_err(|problem| match problem.code {
        Code::ArticleNotFound => not_found(id.as_str()),
        _ => problem,
    })?;
    let (revisions, more) = service.archive.store().revisions(&id, before, PAGE).await?;
    let mut links = vec![
        format!("</v1/articles/{id}>; rel=\"original timegate\""),
        format!("</v1/articles/{id}/timemap>; rel=\"self\"; type=\"application/link-format\""),
    ];
    for it in revisions.iter().filter(|it| it.kind != RevisionKind::Deleted) {
        let date = http_date(it.at)?;
        let date = date.to_str().unwrap_or_default();
        links.push(format!("<{}>; rel=\"memento\"; datetime=\"{date}\"", path(&id, it.number)));
    }
    if let Some(last) = revisions.last().filter(|_| more) {
        let next = format!("</v1/articles/{id}/timemap?before={}>", last.number);
        links.push(format!("{next}; rel=\"timemap\"; type=\"application/link-format\""));
    }
    let headers = [(header::CONTENT_TYPE, "application/link-format"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, links.join(",\n") + "\n").into_response())
}

fn http_date(at: Instant) -> Result<HeaderValue, Problem> {
    let printed = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at.timestamp());
    let printed = printed.map_err(|error| Problem::internal(&error))?;
    HeaderValue::from_str(&printed).map_err(|error| Problem::internal(&error))
}

fn bad(parameter: &str, detail: String) -> Problem {
    Problem::parameters(vec![BadParameter { parameter: parameter.to_owned(), detail }])
}
