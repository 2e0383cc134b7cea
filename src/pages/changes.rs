//! `GET /changes`: what changed last. With script, the page says when something new has come.

use super::{
    cards::{self, Entry},
    layout::{Page, name_of},
    query::UrlQuery,
    words,
};
use crate::http::in_process::Api;
use crate::http::problem::Problem;
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use maud::html;
use serde::Deserialize;

#[derive(Deserialize)]
struct Articles {
    articles: Vec<Entry>,
    next: Option<String>,
}

pub async fn changes(State(api): State<Api>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let query = UrlQuery::parse(raw.as_deref()).without(&["fields"]).with("sort", "-changed");
    let path = query.at("/v1/articles");
    let list: Articles = api.get(&path).await?;
    let body = html! {
        h1 { "Changes" }
        p.about { "What was added or revised, the last first. " a href="/v1/changes" { "The change log" } " also has deletions, in order and without gaps." }
        p.live hidden role="status" { a href="/changes" { "Something changed: show it" } }
        @if list.articles.is_empty() { div.empty { h2 { "Nothing has changed yet" } p { "Articles appear here as soon as they are stored." } } }
        @else {
            table {
                caption { "Articles by their last change" }
                thead { tr { th scope="col" { "When" } th scope="col" { "Change" } th scope="col" { "Article" } th scope="col" { "Publisher" } } }
                tbody {
                    @for entry in &list.articles {
                        @let head = &entry.card.head;
                        tr {
                            td { time datetime=(head.changed_at.to_string()) { (words::minute(head.changed_at)) } }
                            td { @if head.revision > 1 { a href={ (cards::path(&entry.card)) "/revisions" } { "revision " (head.revision) } } @else { "added" } }
                            td dir="auto" lang=[entry.card.facts.language.as_deref()] { a href=(cards::path(&entry.card)) { (cards::headline(&entry.card)) } }
                            td dir="auto" { @if let Some(publisher) = &entry.card.facts.publisher { (publisher.name) } }
                        }
                    }
                }
            }
        }
        @if let Some((_, rest)) = list.next.as_deref().and_then(|next| next.split_once('?')) {
            p.next { a rel="next" href={ "/changes?" (rest) } { "Earlier changes →" } }
        }
    };
    Ok(Page::new(name_of("/changes"), body).with_json(path).respond())
}
