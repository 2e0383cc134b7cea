//! `GET /v1/articles`: cards, filtered, newest first by default.

use super::problem::docs as problem_docs;
use super::{
    Service,
    params::pairs,
    problem::Problem,
    responses::{header_value, json, next_page},
};
use crate::{
    article::{ArticleId, Card},
    query::{ListQuery, PageItem, TextQuery},
    search::{self, Highlight},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::header;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// The filter parameters, for the specification only. `query::parameters` decides what is valid; a test compares the
/// names of the two.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct FilterParameters {
    /// Publishers or feeds: `a,b` means either, repeating the parameter means both, `-a` excludes.
    source: Option<String>,
    /// Publishers alone, by their slug; combined like `source`.
    publisher: Option<String>,
    /// BCP 47, combined like `source`. A language includes its varieties: `en` matches `en-US` (RFC 4647, basic
    /// filtering).
    language: Option<String>,
    /// The country of the dateline, or one that the article names; ISO 3166-1 alpha-2, combined like `source`.
    country: Option<String>,
    /// The place of the dateline, or one that the article names, by its slug; combined like `source`.
    place: Option<String>,
    /// A person whom the article names, by the slug of the name; combined like `source`.
    /// Only matches of high certainty are indexed.
    person: Option<String>,
    /// An organisation that the article names, by the slug of the name; combined like `source`.
    organisation: Option<String>,
    /// An IPTC Media Topic, by its code or by the slug of its label; combined like `source`.
    topic: Option<String>,
    /// An author, by the slug of the name; combined like `source`.
    author: Option<String>,
    /// A story, by its id; combined like `source`, at most five. A merged story's id selects the remaining story.
    story: Option<String>,
    /// A day or a time, inclusive; only articles with a known publication date match.
    published_from: Option<String>,
    /// A day or a time, exclusive.
    published_to: Option<String>,
    /// A day or a time, inclusive.
    changed_from: Option<String>,
    /// A day or a time, exclusive.
    changed_to: Option<String>,
    /// A day or a time, inclusive: articles that mention this date or a later one.
    mentions_from: Option<String>,
    /// A day or a time, exclusive: articles that mention an earlier date.
    mentions_to: Option<String>,
    /// `published`, `author`, `agency`, `publisher`, `dateline`, `deck`, `image`, `url`, `section`, `topic`,
    /// `quantity`; with a minus for absent; comma-separated, all must hold.
    has: Option<String>,
    /// Full-text query on headline, deck and body: words, `"phrases"`, `"near words"~5`, `prefix*`, `OR`, `NOT` or `-`,
    /// parentheses; `headline:`, `deck:`, `body:`, `author:` before any of these. All words are required. Words also
    /// match their inflected forms, phrases only as written; case and accents are ignored.
    q: Option<String>,
}

/// The parameters for the order, paging and members of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct ListParameters {
    /// `-published` (default), `published`, `-changed`; `relevance`, with `q`. An article without a known publication time
    /// is listed at the last moment at which it can have been published: the end of its interval, else when it was first
    /// seen. `has=published` excludes these.
    sort: Option<String>,
    /// `true`, with `q`: each entry also has `highlights`, the matching passages.
    highlight: Option<bool>,
    /// `story`: each story once, represented by its first matching member in the list's order.
    collapse: Option<String>,
    /// A day or a time: the list as it was then. Refused if more than 300 articles were revised or deleted since, or if
    /// more than 5,000 changes were made.
    as_of: Option<String>,
    /// 1 to 100, default 20. A page may be short while `next` is not null.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// From `next`.
    cursor: Option<String>,
    /// Comma-separated member names. `body`, `quantities` and `mentioned_dates` are read from the whole article.
    fields: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ArticleList {
    #[schema(value_type = Vec<ListEntry>)]
    articles: Vec<EntryJson>,
    /// A relative URL; only `null` means the end of the list.
    next: Option<String>,
}

/// A card; with `highlight=true`, also the passages that match `q`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct ListEntry {
    #[schema(inline = false)]
    #[serde(flatten)]
    card: Card,
    highlights: Option<Vec<Highlight>>,
}

/// An entry of the list: the whole item, or the requested members.
#[derive(Serialize)]
#[serde(untagged)]
enum EntryJson {
    All(PageItem),
    Members(Map<String, Value>),
}

/// List articles
///
/// Following `next` from the first page to the end returns exactly once every article that matched at the start and did
/// not change meanwhile, whatever else is written. There is no depth limit. A page takes at most 24 queries; one that
/// needs more is short and continues in `next`.
#[utoipa::path(get, path = "/v1/articles", operation_id = "list_articles", tag = "articles", params(FilterParameters, ListParameters), responses(
    (status = 200, description = "A page of cards", body = ArticleList,
        headers(("link", description = "The next page, RFC 8288"), ("etag", description = "A strong validator"))),
    (status = 304, description = "Not modified: the page matches `If-None-Match`"),
    problem_docs::InvalidParameter,
    problem_docs::CursorExpired,
    problem_docs::SearchUnavailable,
))]
pub async fn articles(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let pairs = pairs(raw.as_deref());
    let query = ListQuery::parse(&pairs).map_err(Problem::parameters)?;
    let (page, rank) = service.search.list(&query).await?;
    tracing::debug!(queries = page.cost.queries, read_units = page.cost.read_units, "article list page read");
    let next =
        page.next.map(|position| next_page("/v1/articles", raw.as_deref(), &query.cursor(&position, rank.as_ref())));
    let mut highlights = match &query.text {
        Some(text) if query.highlight => passages(&service, text, &page.cards).await?,
        _ => HashMap::new(),
    };
    let entry = |(id, found): (ArticleId, PageItem)| {
        let highlights = query.highlight.then(|| highlights.remove(&id).unwrap_or_default());
        entry_json(found, query.fields.as_deref(), highlights)
    };
    let articles = page.cards.into_iter().map(entry).collect::<Result<_, _>>()?;
    let mut response = json(&ArticleList { articles, next: next.clone() })?;
    if let Some(next) = next {
        response.headers_mut().insert(header::LINK, header_value(&format!("<{next}>; rel=\"next\""))?);
    }
    Ok(response)
}

/// Returns the passages that match the query, for each article of a page.
async fn passages(
    service: &Service,
    text: &TextQuery,
    cards: &[(ArticleId, PageItem)],
) -> Result<HashMap<ArticleId, Vec<Highlight>>, Problem> {
    let unread: Vec<ArticleId> =
        cards.iter().filter(|card| matches!(card.1, PageItem::Card(_))).map(|card| card.0.clone()).collect();
    let (articles, _) = service.archive.store().articles(&unread).await?;
    let read = articles.iter().map(|article| &article.article);
    let loaded = cards
        .iter()
        .filter_map(|(_, item)| if let PageItem::Article(article) = item { Some(&**article) } else { None });
    Ok(read.chain(loaded).map(|article| (article.head.id.clone(), search::highlights(text, article))).collect())
}

fn entry_json(
    found: PageItem,
    fields: Option<&[String]>,
    highlights: Option<Vec<Highlight>>,
) -> Result<EntryJson, Problem> {
    if fields.is_none() && highlights.is_none() {
        return Ok(EntryJson::All(found));
    }
    let value = serde_json::to_value(&found).map_err(|error| Problem::internal(&error))?;
    let Value::Object(mut members) = value else { return Ok(EntryJson::All(found)) };
    if let Some(fields) = fields {
        let selected = fields.iter().filter_map(|name| members.swap_remove(name).map(|value| (name.clone(), value)));
        members = selected.collect();
    }
    if let Some(highlights) = highlights {
        let value = serde_json::to_value(highlights).map_err(|error| Problem::internal(&error))?;
        members.insert("highlights".to_owned(), value);
    }
    Ok(EntryJson::Members(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parameters;

    #[test]
    fn the_specification_lists_exactly_the_valid_parameters() {
        let filters = FilterParameters::into_params(|| None);
        let all = filters.into_iter().chain(ListParameters::into_params(|| None));
        let specified: Vec<String> = all.map(|parameter| parameter.name).collect();
        assert_eq!(specified, parameters::list_names().collect::<Vec<_>>());
    }
}
