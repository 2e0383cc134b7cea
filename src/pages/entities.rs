//! `GET /entities/{type}/{id}`: what the archive has about a person, an organisation, a place, a country, a publisher
//! or an author: how often over time, in whose company, and the latest articles.

use super::{
    cards::{self, Entry},
    chart::{self, Timeline},
    home::{Facets, sources},
    layout::Page,
    query::UrlQuery,
    words,
};
use crate::http::in_process::Api;
use crate::http::problem::{Code, Problem};
use axum::{
    extract::{Path, State},
    response::Response,
};
use maud::html;
use serde::Deserialize;

/// The types, which are filters of the API, and their names.
const TYPES: [(&str, &str); 6] = [
    ("person", "Person"),
    ("organisation", "Organisation"),
    ("place", "Place"),
    ("country", "Country"),
    ("publisher", "Publisher"),
    ("author", "Author"),
];
const COMPANIONS: [(&str, &str); 5] = [
    ("person", "People"),
    ("organisation", "Organisations"),
    ("place", "Places"),
    ("topic", "Topics"),
    ("publisher", "Publishers"),
];

#[derive(Deserialize)]
struct Articles {
    articles: Vec<Entry>,
}

pub async fn entity(State(api): State<Api>, Path((kind, id)): Path<(String, String)>) -> Result<Response, Problem> {
    let Some((kind, kind_name)) = TYPES.into_iter().find(|(known, _)| *known == kind) else {
        let types = TYPES.map(|(kind, _)| kind).join(", ");
        return Err(Problem::new(Code::PathNotFound, format!("expected one of {types}, found {kind:?}")));
    };
    let query = UrlQuery::default().and(kind, &id);
    let list = query.clone().and("collapse", "story").at("/v1/articles");
    let fields: Vec<&str> =
        COMPANIONS.iter().map(|(field, _)| *field).filter(|field| *field != kind).chain([kind]).collect();
    let counts = query.clone().and("field", &fields.join(",")).and("limit", "12").at("/v1/facets");
    let timeline = query.clone().and("interval", "auto").at("/v1/timeline");
    let (articles, counts, timeline) =
        futures::join!(api.get::<Articles>(&list), api.get::<Facets>(&counts), api.get::<Timeline>(&timeline));
    let (articles, counts, timeline) = (articles?, counts?, timeline?);
    let own = counts.facets.iter().filter(|facet| facet.field == kind).flat_map(|facet| &facet.values);
    let name = own.clone().find(|value| value.value == id).and_then(|value| value.label.clone());
    let name = name.unwrap_or_else(|| words::plain(&id));
    let sources = sources(&api, &articles.articles).await;
    let body = html! {
        h1 dir="auto" { (name) }
        p.about { (kind_name) " in " (words::count(counts.total, "article", "articles")) }
        @if timeline.buckets.len() > 1 { (chart::bars(&timeline, &query, "/")) }
        @if articles.articles.is_empty() {
            div.empty { h2 { "No article names this " (kind) } p { a href="/" { "All articles" } } }
        }
        div.reading {
            section aria-label="Latest articles" {
                @for (entry, sources) in articles.articles.iter().zip(&sources) { (cards::card(entry, sources.as_deref())) }
                @if counts.total > articles.articles.len() as u64 { p.next { a href=(query.at("/")) { "All of these articles →" } } }
            }
            aside.facts aria-label="In whose company" {
                @for (field, title) in COMPANIONS {
                    @let values: Vec<_> = counts.facets.iter().filter(|facet| facet.field == field).flat_map(|facet| &facet.values)
                        .filter(|value| !(field == kind && value.value == id)).take(10).collect();
                    @if !values.is_empty() {
                        h2 { (title) }
                        ul {
                            @for value in values {
                                li {
                                    a href=(query.clone().and(field, &value.value).at("/")) dir="auto" { (value.label.clone().unwrap_or_else(|| words::plain(&value.value))) }
                                    " " span.count { (words::grouped(value.count)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(Page::new(name, body).under("Articles", "/").with_formats_of(&query).respond())
}
