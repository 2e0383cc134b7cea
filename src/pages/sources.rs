//! `GET /sources`: the feeds and sites that are polled, how each is, and forms to add, poll, pause and remove them.

use super::{
    forms,
    layout::{Page, name_of},
    query::UrlQuery,
    words,
};
use crate::http::in_process::{Api, segment};
use crate::{
    article::Instant,
    http::problem::{Code, Fault, Problem},
    sources::{Health, SourceState},
};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Sources {
    sources: Vec<Source>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Source {
    id: String,
    url: String,
    title: Option<String>,
    state: SourceState,
    interval_seconds: u64,
    next_poll_at: Option<Instant>,
    health: Health,
}

pub async fn sources(State(api): State<Api>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    Ok(page(&api, raw.as_deref(), None, "").await?.respond())
}

/// The list, with what was wrong with a form.
async fn page(api: &Api, raw: Option<&str>, problem: Option<Problem>, url: &str) -> Result<Page, Problem> {
    let path = UrlQuery::parse(raw).at("/v1/sources");
    let list: Sources = api.get(&path).await?;
    let body = html! {
        h1 { "Sources" }
        form.add action="/sources" method="post" {
            p {
                label for="url" { "Address of a feed, or of a site that names its feed" }
                @if let Some(problem) = &problem { span.error id="url-error" role="alert" { (said(problem)) } }
                input id="url" name="url" type="url" required value=(url) placeholder="https://gazette.example/"
                    aria-invalid=[problem.as_ref().map(|_| "true")] aria-describedby=[problem.as_ref().map(|_| "url-error")];
            }
            button type="submit" { "Add a source" }
        }
        @if list.sources.is_empty() {
            div.empty { h2 { "No feed or site is polled yet" } p { "Add one above; its articles arrive within a minute." } }
        }
        @for source in &list.sources { (one(source)) }
        @if let Some((_, rest)) = list.next.as_deref().and_then(|next| next.split_once('?')) {
            p.next { a rel="next" href={ "/sources?" (rest) } { "Next sources →" } }
        }
        details {
            summary { "Add the list of another reader" }
            form.add action="/sources/import" method="post" {
                p { label for="opml" { "An OPML document" } textarea id="opml" name="opml" rows="8" required spellcheck="false" {} }
                button type="submit" { "Add all of its feeds" }
            }
        }
        p.exports { a href="/v1/sources.opml" { "The list as OPML" } }
    };
    let mut page = Page::new(name_of("/sources"), body).with_json(path);
    if problem.is_some() {
        page.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(page)
}

/// What is wrong, as the API says it: the fault of each member, else the problem.
fn said(problem: &Problem) -> String {
    let faults: Vec<&str> = problem.errors.iter().map(|fault| fault.detail.as_str()).collect();
    if faults.is_empty() { problem.detail.clone() } else { faults.join("; ") }
}

fn one(source: &Source) -> Markup {
    let path = format!("/sources/{}", segment(&source.id));
    let name = source.title.as_deref().unwrap_or(&source.url);
    let is_paused = source.state == SourceState::Paused;
    html! {
        section.source {
            h2 dir="auto" { (name) }
            p.about { a href=(source.url) rel="noreferrer external" { (source.url) } }
            p { (health(source)) }
            @if let Some(error) = &source.health.last_error { p.error { "Last error, " (words::minute(error.at)) ": " (error.detail) } }
            @if let Some(error) = &source.health.last_entry_error { p.error { "Last article that failed, " (words::minute(error.at)) ": " (error.detail) " " a href="/failures" { "All failures" } } }
            div.actions {
                a href={ "/?source=" (segment(&source.id)) } { "Its articles" }
                (button(&path, "poll", "Poll now", name))
                @if is_paused { (button(&path, "resume", "Resume", name)) } @else { (button(&path, "pause", "Pause", name)) }
                (button(&path, "remove", "Remove", name))
            }
        }
    }
}

fn button(path: &str, action: &str, label: &str, name: &str) -> Markup {
    html! {
        form action={ (path) "/" (action) } method="post" { button type="submit" { (label) span.hidden { " " (name) } } }
    }
}

/// The state of a source in a sentence or two.
fn health(source: &Source) -> String {
    let health = &source.health;
    let state = match (source.state, health.last_success_at) {
        (SourceState::Paused, _) => "Paused.".to_owned(),
        (SourceState::Retired, _) => "The site says that this feed is gone; it is not polled any more.".to_owned(),
        (SourceState::Failing, Some(at)) => format!(
            "Failed {} in a row; last answered {}.",
            words::count(health.failures.into(), "time", "times"),
            words::minute(at)
        ),
        (SourceState::Failing, None) => "It has never answered.".to_owned(),
        (SourceState::Active, Some(at)) => format!("Works; last answered {}.", words::minute(at)),
        (SourceState::Active, None) if health.last_polled_at.is_none() => "Not polled yet.".to_owned(),
        (SourceState::Active, None) => "Polled, without an answer so far.".to_owned(),
    };
    let articles = match (health.entries_seen, health.entries_failed) {
        (0, _) => String::new(),
        (seen, 0) => format!(
            " {} seen, {} stored.",
            words::count(seen, "article", "articles"),
            words::grouped(health.entries_ingested)
        ),
        (seen, failed) => format!(
            " {} seen, {} stored, {} failed.",
            words::count(seen, "article", "articles"),
            words::grouped(health.entries_ingested),
            words::grouped(failed)
        ),
    };
    let next = match source.next_poll_at {
        Some(at) => format!(" Polled every {}, next {}.", words::duration(source.interval_seconds), words::minute(at)),
        None => String::new(),
    };
    format!("{state}{articles}{next}")
}

/// `POST /sources`: adds a source; a fault is shown next to the field.
pub async fn add(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let form = forms::receive(&api.admission, &headers, body).await?;
    let url = form.get("url").unwrap_or_default().trim();
    match api.send(Method::POST, "/v1/sources", Some(&json!({ "url": url }))).await {
        Ok(()) => Ok(forms::lead_to("/sources")),
        Err(problem) if problem.code.status().is_server_error() => Err(problem),
        Err(problem) => Ok(page(&api, None, Some(problem), url).await?.respond()),
    }
}

/// The response of `POST /v1/sources.opml`.
#[derive(Deserialize)]
struct Import {
    entries: Vec<ImportedEntry>,
}

#[derive(Deserialize)]
struct ImportedEntry {
    name: String,
    outcome: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

/// `POST /sources/import`: adds the sources of an OPML document, and shows the result of each.
pub async fn import(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let form = forms::receive(&api.admission, &headers, body).await?;
    let list = form.get("opml").unwrap_or_default().to_owned();
    let import: Import = match api.post_text("/v1/sources.opml", "text/x-opml", list).await {
        Ok(import) => import,
        Err(problem) if problem.code.status().is_server_error() => return Err(problem),
        Err(problem) => return Ok(page(&api, None, Some(problem), "").await?.respond()),
    };
    let body = html! {
        h1 { "Feeds of an OPML document" }
        table {
            caption { (words::count(import.entries.len() as u64, "entry", "entries")) }
            thead { tr { th scope="col" { "Feed" } th scope="col" { "Result" } } }
            tbody {
                @for entry in &import.entries {
                    @let faults: Vec<&str> = entry.errors.iter().map(|fault| fault.detail.as_str()).collect();
                    tr { td dir="auto" { (entry.name) } td { (entry.outcome) @if !faults.is_empty() { ": " (faults.join("; ")) } } }
                }
            }
        }
        p { a href="/sources" { "All sources" } }
    };
    Ok(Page::new("Feeds of an OPML document", body).under(name_of("/sources"), "/sources").respond())
}

/// `POST /sources/{id}/{action}`
pub async fn change(State(api): State<Api>, Path((id, action)): Path<(String, String)>) -> Result<Response, Problem> {
    let path = format!("/v1/sources/{}", segment(&id));
    match action.as_str() {
        "poll" => api.send(Method::POST, &format!("{path}/poll"), None).await?,
        "pause" => api.send(Method::PATCH, &path, Some(&json!({ "paused": true }))).await?,
        "resume" => api.send(Method::PATCH, &path, Some(&json!({ "paused": false }))).await?,
        "remove" => api.send(Method::DELETE, &path, None).await?,
        _ => {
            let detail = format!("expected poll, pause, resume or remove, found {action:?}");
            return Err(Problem::new(Code::PathNotFound, detail));
        }
    }
    Ok(forms::lead_to("/sources"))
}
