//! `GET /`: search. Every state of it is a query of `GET /v1/articles`, with the same parameters.

use super::{
    cards::{self, Entry},
    chart::{self, Timeline},
    layout::Page,
    query::UrlQuery,
    words,
};
use crate::http::in_process::Api;
use crate::{
    article::{
        labels::{country_label, language_label},
        media_topic,
    },
    http::{negotiate::prefers_html, problem::Problem},
};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use futures::future::join_all;
use http::{HeaderValue, header};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::HashMap;

/// The facets that are offered, and their names.
const FACETS: [(&str, &str); 7] = [
    ("topic", "Topic"),
    ("country", "Country"),
    ("place", "Place"),
    ("person", "Person"),
    ("organisation", "Organisation"),
    ("publisher", "Publisher"),
    ("language", "Language"),
];
const VALUES: usize = 10;
/// Parameters of the list that the counts do not have.
const OF_LIST: [&str; 7] = ["sort", "limit", "cursor", "highlight", "collapse", "fields", "as_of"];

#[derive(Deserialize)]
struct Articles {
    articles: Vec<Entry>,
    next: Option<String>,
}

#[derive(Deserialize)]
pub struct Facets {
    pub total: u64,
    pub facets: Vec<Facet>,
}

#[derive(Deserialize)]
pub struct Facet {
    pub field: String,
    pub values: Vec<Value>,
}

#[derive(Deserialize)]
pub struct Value {
    pub value: String,
    pub label: Option<String>,
    pub count: u64,
}

/// A browser gets the page, any other client the index of the API.
pub async fn home(State(api): State<Api>, request: Request) -> Response {
    if !prefers_html(request.headers()) {
        let mut index = api.pass(request).await;
        index.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
        return index;
    }
    page(&api, request.uri().query()).await.map_or_else(Problem::into_response, Page::respond)
}

async fn page(api: &Api, raw: Option<&str>) -> Result<Page, Problem> {
    // A page needs all fields of a card.
    let mut query = UrlQuery::parse(raw).without(&["fields"]);
    if query.is_empty() {
        query = query.and("collapse", "story");
    }
    if query.get("as_of").is_some() {
        // Stories are of now too.
        query = query.without(&["collapse"]);
    }
    let listed = match query.get("q") {
        Some(_) if query.get("highlight").is_none() => query.with("highlight", "true"),
        _ => query.clone(),
    };
    let list = listed.at("/v1/articles");
    let counted = query.without(&OF_LIST);
    let fields: Vec<&str> = FACETS.iter().map(|(field, _)| *field).collect();
    let facets = counted.with("field", &fields.join(",")).with("limit", &VALUES.to_string()).at("/v1/facets");
    let timeline = counted.with("interval", "auto").at("/v1/timeline");
    let (articles, facets, timeline) =
        futures::join!(api.get::<Articles>(&list), api.get::<Facets>(&facets), api.get::<Timeline>(&timeline));
    let articles = articles?;
    // Counts are of now: they would contradict a list as of another time.
    let counts =
        if query.get("as_of").is_some() { None } else { Some(facets.and_then(|facets| Ok((facets, timeline?)))) };
    let (counts, without_counts) = match counts {
        Some(Err(problem)) => (None, Some(problem.detail)),
        Some(Ok(counts)) => (Some(counts), None),
        None => (None, None),
    };
    let sources = sources(api, &articles.articles).await;
    let title = match query.get("q") {
        Some(text) => format!("Search: {text}"),
        None => "Dateline".to_owned(),
    };
    let body = html! {
        h1.quiet {
            @match (&counts, query.get("q")) {
                (Some((facets, _)), _) => (words::count(facets.total, "article", "articles")),
                (None, Some(_)) => "Articles found",
                (None, None) => "Articles",
            }
        }
        @if let Some(why) = &without_counts { p.notice { "Counts are unavailable. " (why) } }
        (chips(&query, counts.as_ref().map(|(facets, _)| facets)))
        @if let Some((facets, timeline)) = &counts {
            @if timeline.buckets.len() > 1 { (chart::bars(timeline, &query, "/")) }
            @if facets.total > 0 { (filters(&query, facets)) }
        }
        @if articles.articles.is_empty() {
            (nothing(api, &query, articles.next.is_some()).await)
        } @else {
            (order(&query))
            section aria-label="Articles" {
                @for (entry, sources) in articles.articles.iter().zip(&sources) { (cards::card(entry, sources.as_deref())) }
            }
        }
        @if let Some(next) = articles.next.as_deref().and_then(|next| next.split_once('?')) {
            p.next { a rel="next" href={ "/?" (next.1) } { "Next articles →" } }
        }
    };
    Ok(Page { query, ..Page::new(title, body).with_formats_of(&listed) })
}

/// Returns how many articles tell the story of each entry, in words; nothing if it is the only one.
pub async fn sources(api: &Api, entries: &[Entry]) -> Vec<Option<String>> {
    #[derive(Deserialize)]
    struct Members {
        articles: Vec<serde_json::Value>,
        next: Option<String>,
    }
    join_all(entries.iter().map(async |entry| {
        let path = format!("/v1/articles?story={}&limit=100&fields=id", entry.card.head.story);
        let members = api.get::<Members>(&path).await.ok()?;
        let number = words::count(members.articles.len() as u64, "source", "sources");
        (members.articles.len() > 1)
            .then(|| if members.next.is_some() { format!("more than {number}") } else { number })
    }))
    .await
}

/// The filters that apply, each with the way to drop it.
fn chips(query: &UrlQuery, facets: Option<&Facets>) -> Markup {
    let shown: HashMap<&str, &str> = facets
        .iter()
        .flat_map(|facets| &facets.facets)
        .flat_map(|facet| &facet.values)
        .filter_map(|value| Some((value.value.as_str(), value.label.as_deref()?)))
        .collect();
    let is_filter =
        |name: &str| name != "q" && !["sort", "limit", "cursor", "highlight", "collapse", "fields"].contains(&name);
    html! {
        @if query.pairs().any(|(name, _)| is_filter(name)) {
            ul.chips aria-label="Filters" {
                @for (name, value) in query.pairs().filter(|(name, _)| is_filter(name)) {
                    li {
                        (words::plain(name)) ": "
                        strong dir="auto" { (label(name, value, &shown)) }
                        " "
                        a href=(query.without_pair(name, value).without(&["cursor"]).at("/")) {
                            "✕" span.hidden { " drop " (words::plain(name)) " " (value) }
                        }
                    }
                }
            }
        }
    }
}

/// Names the values of a filter: `-a` excludes, `a,b` is either.
fn label(name: &str, value: &str, shown: &HashMap<&str, &str>) -> String {
    let one = |value: &str| {
        let (not, value) = value.strip_prefix('-').map_or(("", value), |value| ("not ", value));
        let known = match name {
            "topic" => media_topic(value).map(|topic| topic.label.to_owned()),
            "country" => country_label(value).map(str::to_owned),
            "language" => language_label(value),
            "published_from" | "published_to" | "changed_from" | "changed_to" | "as_of" => Some(value.to_owned()),
            _ => shown.get(value).map(|label| (*label).to_owned()),
        };
        format!("{not}{}", known.unwrap_or_else(|| words::plain(value)))
    };
    value.split(',').map(one).collect::<Vec<_>>().join(" or ")
}

/// The values that narrow the list, with their counts.
fn filters(query: &UrlQuery, facets: &Facets) -> Markup {
    let narrowed = query.without(&["cursor"]);
    html! {
        div.filters {
            @for facet in facets.facets.iter().filter(|facet| !facet.values.is_empty()) {
                @let name = FACETS.iter().find(|(field, _)| *field == facet.field).map_or(facet.field.as_str(), |(_, name)| name);
                details {
                    summary { (name) }
                    ul {
                        @for value in &facet.values {
                            li {
                                a href=(narrowed.clone().and(&facet.field, &value.value).at("/")) {
                                    span dir="auto" { (value.label.clone().unwrap_or_else(|| words::plain(&value.value))) }
                                }
                                " " span.count { (words::grouped(value.count)) }
                            }
                        }
                    }
                }
            }
            details open[query.get("published_from").or(query.get("published_to")).is_some()] {
                summary { "Published" }
                form action="/" method="get" {
                    @for (name, value) in narrowed.without(&["published_from", "published_to", "as_of"]).pairs() {
                        input type="hidden" name=(name) value=(value);
                    }
                    p { label for="from" { "From" } " " input id="from" name="published_from" type="date" value=[query.get("published_from")]; }
                    p { label for="to" { "Before" } " " input id="to" name="published_to" type="date" value=[query.get("published_to")]; }
                    // A search is of now.
                    @if query.get("q").is_none() {
                        p { label for="as-of" { "As the archive was on" } " " input id="as-of" name="as_of" type="date" value=[query.get("as_of")]; }
                    }
                    button type="submit" { "Apply" }
                }
            }
        }
    }
}

/// The order of the list, and whether stories are grouped.
fn order(query: &UrlQuery) -> Markup {
    let stays = query.without(&["cursor"]);
    let sorted = query.get("sort").unwrap_or("-published");
    let mut orders = vec![("-published", "newest"), ("published", "oldest"), ("-changed", "last changed")];
    if query.get("q").is_some() {
        orders.push(("relevance", "most relevant"));
    }
    let is_grouped = query.get("collapse").is_some();
    html! {
        p.order {
            "Order: "
            @for (sort, name) in orders {
                @if sort == sorted { strong { (name) } } @else { a href=(stays.with("sort", sort).at("/")) { (name) } }
                " "
            }
            " · "
            @if query.get("as_of").is_some() {
                "as the archive was then"
            } @else if is_grouped {
                a href=(stays.without(&["collapse"]).with("sort", sorted).at("/")) { "show every copy" }
            } @else {
                a href=(stays.with("collapse", "story").at("/")) { "group copies into stories" }
            }
        }
    }
}

/// Filters of an empty list whose absence is counted.
const FILTERS_DROPPED: usize = 10;

/// An empty list says what to do next: which filter to drop, and what that would give.
async fn nothing(api: &Api, query: &UrlQuery, has_more: bool) -> Markup {
    if has_more {
        return html! { p { "This part of the list is empty; the next one goes on." } };
    }
    let counted = query.without(&OF_LIST);
    if counted.is_empty() && query.get("as_of").is_none() {
        return html! {
            div.empty {
                h2 { "The archive has no articles yet" }
                p { "Add a feed or a site under " a href="/sources" { "Sources" } ", or send a document:" }
                pre { code { "curl --data-binary @page.html -H 'content-type: text/html' <this address>/v1/articles" } }
            }
        };
    }
    let without = join_all(counted.pairs().take(FILTERS_DROPPED).map(async |(name, value)| {
        let fewer = counted.without_pair(name, value);
        let path = fewer.with("field", "language").with("limit", "1").at("/v1/facets");
        (name, value, fewer.at("/"), api.get::<Facets>(&path).await.map(|facets| facets.total).unwrap_or_default())
    }))
    .await;
    html! {
        div.empty {
            h2 { "No article matches" }
            ul {
                @for (name, value, path, total) in without.iter().filter(|(.., total)| *total > 0) {
                    li { a href=(path) { "Without " (words::plain(name)) " " q dir="auto" { (value) } } ": " (words::count(*total, "article", "articles")) }
                }
                li { a href="/" { "All articles" } }
            }
        }
    }
}
