//! Problems as pages: the title, the details, and what to do.

use super::{key, layout::Page};
use crate::http::{
    negotiate::prefers_html,
    problem::{Code, PROBLEM_MEDIA_TYPE, ProblemBody},
};
use axum::{extract::Request, middleware::Next, response::Response};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use maud::html;

/// Shows the problems of pages as pages. Those of the API stay what its contract says.
pub async fn as_pages(request: Request, next: Next) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let is_page = prefers_html(request.headers()) && !path.starts_with("/v1/");
    let response = next.run(request).await;
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_MEDIA_TYPE);
    if !is_page || !is_problem {
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let Ok(problem) = serde_json::from_slice::<ProblemBody>(&bytes) else {
        return Response::from_parts(parts, bytes.into());
    };
    let mut page = page(&problem, parts.status, &path).respond();
    for (name, value) in &parts.headers {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH | header::VARY) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

fn page(problem: &ProblemBody, status: StatusCode, path: &str) -> Page {
    let needs_key =
        [Code::KeyMissing, Code::KeyUnknown, Code::ScopeMissing].iter().any(|code| code.name() == problem.code);
    let body = html! {
        h1 { (problem.title) }
        p { (problem.detail) }
        @if !problem.errors.is_empty() {
            ul { @for fault in &problem.errors { li { @if let Some(parameter) = &fault.parameter { code { (parameter) } ": " } (fault.detail) } } }
        }
        @if needs_key { (key::form(path)) }
        p { a href="/" { "Search the archive" } }
        p.about { "Request " (problem.request_id) }
    };
    Page { status, ..Page::new(problem.title.clone(), body) }
}
