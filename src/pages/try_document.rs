//! `GET` and `POST /try`: paste a document and see what reading makes of it. Nothing is stored.

use super::{
    evidence, forms,
    layout::{Page, name_of},
};
use crate::http::in_process::Api;
use crate::{
    article::{Article, Card, Evidence},
    http::problem::Problem,
};
use axum::{body::Body, extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

const MEDIA_TYPES: [(&str, &str); 3] =
    [("text/html", "HTML, the source of a page"), ("text/plain", "Text"), ("text/markdown", "Markdown")];

/// Bytes that are shown of a text.
const TEXT_BYTES: usize = 64 * 1024;

/// The response of `POST /v1/preview`.
#[derive(Deserialize)]
struct Previews {
    articles: Vec<Preview>,
}

#[derive(Deserialize)]
struct Preview {
    article: Option<Article>,
    evidence: Option<Evidence>,
    detail: Option<String>,
}

pub async fn form() -> Response {
    page("", "text/html", html! {}).respond()
}

pub async fn read(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let form = forms::receive(&api.admission, &headers, body).await?;
    let (text, media_type) = (form.get("document").unwrap_or_default(), form.get("media_type").unwrap_or("text/html"));
    if text.trim().is_empty() {
        return Ok(refused(text, media_type, "Paste a document first."));
    }
    let envelope = json!({ "content": text, "media_type": media_type });
    match api.post::<Previews>("/v1/preview", &envelope).await {
        Ok(previews) => {
            let result = html! { @for preview in &previews.articles { (shown(preview)) } };
            Ok(page(text, media_type, result).respond())
        }
        Err(problem) if problem.code.status().is_server_error() => Err(problem),
        Err(problem) => Ok(refused(text, media_type, &problem.detail)),
    }
}

fn refused(text: &str, media_type: &str, why: &str) -> Response {
    let page = page(text, media_type, html! { p.error role="alert" { (why) } });
    Page { status: StatusCode::UNPROCESSABLE_ENTITY, ..page }.respond()
}

fn page(text: &str, media_type: &str, result: Markup) -> Page {
    let body = html! {
        h1 { "Try a document" }
        p.about { "Paste a page, and see what is read from it and why. Nothing is stored." }
        (result)
        form.add action="/try" method="post" {
            p {
                label for="media_type" { "It is" } " "
                select id="media_type" name="media_type" {
                    @for (known, name) in MEDIA_TYPES { option value=(known) selected[known == media_type] { (name) } }
                }
            }
            p { label for="document" { "The document" } textarea id="document" name="document" rows="14" dir="auto" spellcheck="false" { (text) } }
            button type="submit" { "Read it" }
        }
    };
    Page::new(name_of("/try"), body)
}

fn shown(preview: &Preview) -> Markup {
    html! {
        @match (&preview.article, &preview.evidence) {
            (Some(article), Some(evidence)) => {
                section.result {
                    article.text lang=[article.facts.language.as_deref()] {
                        @let card = Card { head: article.head.clone(), facts: article.facts.clone() };
                        h2 dir="auto" { (super::cards::headline(&card)) }
                        (super::cards::about(&card, None))
                        @for paragraph in super::cards::beginning(&article.detail.body, TEXT_BYTES).0 { p dir="auto" { (paragraph) } }
                        @if article.detail.body.is_empty() { p.empty lang="en" { "The document contains no text of an article." } }
                    }
                    (evidence::proofs(evidence))
                    details { summary { "The document, line by line" } (evidence::lines(evidence)) }
                }
            }
            _ => p.error role="alert" { (preview.detail.as_deref().unwrap_or("The document could not be read.")) },
        }
    }
}
