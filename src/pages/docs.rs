//! `GET /docs`: the OpenAPI document as a page. Each read can be tried: its form leads to the response.

use super::{
    forms,
    layout::{Page, name_of},
    query::UrlQuery,
};
use crate::http::in_process::segment;
use crate::http::{
    problem::{Code, Problem},
    service::SPECIFICATION,
};
use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

#[derive(Deserialize)]
struct Specification {
    info: Info,
    /// Methods by path.
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Info {
    version: String,
    description: String,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    description: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    operation_id: String,
    summary: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    request_body: Option<RequestBody>,
    responses: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(rename = "in")]
    place: String,
    #[serde(default)]
    required: bool,
    description: Option<String>,
}

#[derive(Deserialize)]
struct RequestBody {
    content: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Answer {
    description: Option<String>,
}

/// Parsed when it is first shown.
static CONTRACT: LazyLock<Specification> =
    LazyLock::new(|| serde_json::from_str(SPECIFICATION).expect("the checked-in document is valid, as tested"));

pub async fn docs() -> Response {
    let specification = &*CONTRACT;
    let of_tag = |tag: &str| {
        let all = specification
            .paths
            .iter()
            .flat_map(|(path, methods)| methods.iter().map(move |(method, operation)| (path, method, operation)));
        let tag = tag.to_owned();
        all.filter(move |(.., operation)| operation.tags.contains(&tag))
    };
    let body = html! {
        h1 { "API " (specification.info.version) }
        (text(&specification.info.description))
        @for tag in &specification.tags {
            section {
                h2 { (tag.name) }
                p.about { (tag.description) }
                @for (path, method, operation) in of_tag(&tag.name) { (one(path, method, operation)) }
            }
        }
    };
    Page::new(name_of("/docs"), body).with_json("/openapi.json").respond()
}

fn one(path: &str, method: &str, operation: &Operation) -> Markup {
    let id = &operation.operation_id;
    html! {
        details.operation id=(id) {
            summary { code.method { (method.to_uppercase()) } " " code { (path) } " " (operation.summary.as_deref().unwrap_or_default()) }
            @if let Some(description) = &operation.description { (text(description)) }
            @if let Some(body) = &operation.request_body {
                p { "Body: " @for (at, media_type) in body.content.keys().enumerate() { @if at > 0 { ", " } code { (media_type) } } }
            }
            @if method == "get" { (form(operation)) } @else if !operation.parameters.is_empty() {
                dl { @for parameter in &operation.parameters { dt { code { (parameter.name) } } dd { (text(parameter.description.as_deref().unwrap_or_default())) } } }
            }
            table {
                caption { "Responses" }
                tbody { @for (status, answer) in &operation.responses { tr { th scope="row" { (status) } td { (text(answer.description.as_deref().unwrap_or_default())) } } } }
            }
        }
    }
}

fn form(operation: &Operation) -> Markup {
    let id = &operation.operation_id;
    html! {
        form.add action={ "/docs/" (id) } method="get" {
            @for parameter in operation.parameters.iter().filter(|parameter| parameter.place != "header") {
                @let field = format!("{id}-{}", parameter.name);
                p {
                    label for=(field) { code { (parameter.name) } @if parameter.required { " (required)" } }
                    input id=(field) name=(parameter.name) type="text" required[parameter.required] aria-describedby={ (field) "-about" };
                    span.about id={ (field) "-about" } { (text(parameter.description.as_deref().unwrap_or_default())) }
                }
            }
            button type="submit" { "Try it" span.hidden { ": " (operation.summary.as_deref().unwrap_or_default()) } }
        }
    }
}

/// Descriptions are in Markdown, and our own.
fn text(markdown: &str) -> Markup {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(markdown));
    // A single paragraph needs no separate element.
    let single = html.strip_prefix("<p>").and_then(|rest| rest.trim_end().strip_suffix("</p>"));
    match single.filter(|rest| !rest.contains("<p>")) {
        Some(single) => html! { span { (PreEscaped(single)) } },
        None => html! { div { (PreEscaped(&html)) } },
    }
}

/// `GET /docs/{operation}`: leads to the path of a read with the values of its form.
pub async fn call(Path(id): Path<String>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let found = CONTRACT.paths.iter().find_map(|(path, methods)| {
        methods.get("get").filter(|operation| operation.operation_id == id).map(|operation| (path, operation))
    });
    let (path, operation) =
        found.ok_or_else(|| Problem::new(Code::PathNotFound, format!("there is no read called {id:?}")))?;
    let query = UrlQuery::parse(raw.as_deref());
    let mut path = path.clone();
    let of_path = operation.parameters.iter().filter(|parameter| parameter.place == "path");
    let names: Vec<&str> = of_path.map(|parameter| parameter.name.as_str()).collect();
    for name in &names {
        let value = query.get(name).unwrap_or_default();
        path = path.replace(&format!("{{{name}}}"), &segment(value).to_string());
    }
    Ok(forms::lead_to(&query.without(&names).at(&path)))
}
