//! `GET /failures`: the documents that could not be ingested, why, and forms to retry or drop them.

use super::{
    forms,
    layout::{Page, name_of},
    query::UrlQuery,
    words,
};
use crate::http::in_process::{Api, segment};
use crate::{
    article::Instant,
    http::problem::{Code, Problem},
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::Method;
use maud::html;
use serde::Deserialize;

#[derive(Deserialize)]
struct Failures {
    failures: Vec<Failure>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    id: String,
    key: Option<String>,
    url: Option<String>,
    bytes: u64,
    errors: Vec<FailedPart>,
    more_errors: u64,
    last_failed_at: Instant,
    attempts: u64,
}

#[derive(Deserialize)]
struct FailedPart {
    entry: Option<String>,
    detail: String,
}

pub async fn failures(State(api): State<Api>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let path = UrlQuery::parse(raw.as_deref()).at("/v1/failures");
    let list: Failures = api.get(&path).await?;
    let body = html! {
        h1 { "Failures" }
        p.about { "Documents that could not be read. Nothing of them is lost: the bytes are kept until they are read or dropped." }
        @if list.failures.is_empty() { div.empty { h2 { "Every document was read" } p { "A document that cannot be read is kept here with its bytes." } } }
        @for failure in &list.failures {
            @let name = failure.key.as_deref().or(failure.url.as_deref()).unwrap_or("a document without a name");
            section.source {
                h2 dir="auto" { (name) }
                ul { @for error in &failure.errors { li { @if let Some(entry) = &error.entry { (entry) ": " } (error.detail) } } }
                @if failure.more_errors > 0 { p { (words::count(failure.more_errors, "more error", "more errors")) } }
                p.about { (words::bytes(failure.bytes)) ", " (words::count(failure.attempts, "attempt", "attempts")) ", last " (words::minute(failure.last_failed_at)) }
                div.actions {
                    a href={ "/v1/failures/" (segment(&failure.id)) "/raw" } { "Its bytes" }
                    form action={ "/failures/" (segment(&failure.id)) "/retry" } method="post" { button type="submit" { "Retry" span.hidden { " " (name) } } }
                    form action={ "/failures/" (segment(&failure.id)) "/drop" } method="post" { button type="submit" { "Drop" span.hidden { " " (name) } } }
                }
            }
        }
        @if let Some((_, rest)) = list.next.as_deref().and_then(|next| next.split_once('?')) {
            p.next { a rel="next" href={ "/failures?" (rest) } { "Next failures →" } }
        }
    };
    Ok(Page::new(name_of("/failures"), body).with_json(path).respond())
}

/// `POST /failures/{id}/{action}`
pub async fn change(State(api): State<Api>, Path((id, action)): Path<(String, String)>) -> Result<Response, Problem> {
    let path = format!("/v1/failures/{}", segment(&id));
    match action.as_str() {
        "retry" => api.send(Method::POST, &format!("{path}/retry"), None).await?,
        "drop" => api.send(Method::DELETE, &path, None).await?,
        _ => return Err(Problem::new(Code::PathNotFound, format!("expected retry or drop, found {action:?}"))),
    }
    Ok(forms::lead_to("/failures"))
}
