//! `GET /v1/articles`: cards, newest first, filtered.

use super::{Service, json, problem::Problem};
use crate::{
    article::{ArticleId, Card},
    query::{self, ListQuery, Text, plan::Found},
    search::{self, Highlight},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// The parameters that say which articles belong, for the specification. What is legal is decided in `query::parameters`;
/// a test holds the names of the two against each other.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct FilterParameters {
    /// Publishers or feeds: `a,b` means either, the parameter twice means both, `-a` means not.
    source: Option<String>,
    /// BCP 47, combined as `source` is.
    language: Option<String>,
    /// The country of the dateline, or one that the article names; ISO 3166-1 alpha-2, combined as `source` is.
    country: Option<String>,
    /// The place of the dateline, or one that the article names, by its slug; combined as `source` is.
    place: Option<String>,
    /// A person whom the article names, by the slug of the name; combined as `source` is. Only what is certain is filed.
    person: Option<String>,
    /// An organisation that the article names, by the slug of the name; combined as `source` is.
    organisation: Option<String>,
    /// A subject of the IPTC Media Topics, by its code or by the slug of its label; combined as `source` is.
    topic: Option<String>,
    /// A story, by its id; combined as `source` is, five at most. The id of a story that was merged stands for the other.
    story: Option<String>,
    /// A day or a time, inclusive; only articles whose date of publication is known match.
    published_from: Option<String>,
    /// A day or a time, exclusive.
    published_to: Option<String>,
    /// A day or a time, inclusive.
    changed_from: Option<String>,
    /// A day or a time, exclusive.
    changed_to: Option<String>,
    /// A day or a time: articles whose text speaks of a date at it or later.
    mentions_from: Option<String>,
    /// A day or a time: articles whose text speaks of a date before it.
    mentions_to: Option<String>,
    /// `published`, `author`, `agency`, `publisher`, `dateline`, `deck`, `image`, `url`, `section`, `topic`, `quantity`;
    /// with a minus for absent; several by commas, all must hold.
    has: Option<String>,
    /// What headline, deck or body must say: words, `"phrases"`, `"near words"~5`, `prefix*`, `OR`, `NOT` or `-`,
    /// parentheses; `headline:`, `deck:`, `body:`, `author:` before any of these. All words are required. A word is found
    /// in its other forms too, a phrase as it is written; case and accents do not count.
    q: Option<String>,
}

/// The parameters that shape a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct ListParameters {
    /// `-published` (default), `published`, `-changed`; `relevance`, with `q`.
    sort: Option<String>,
    /// `true`, with `q`: each entry also has `highlights`, the passages that say it.
    highlight: Option<bool>,
    /// `story`: each story once, by the one of its members that match which comes first in the order.
    collapse: Option<String>,
    /// A day or a time: the list as it was then. Refused where more than 300 articles were revised or deleted since, or
    /// more than 5,000 changes made.
    as_of: Option<String>,
    /// 1 to 100, default 20. A page may be short while `next` is not null.
    limit: Option<usize>,
    /// From `next`.
    cursor: Option<String>,
    /// Names of members, by commas. `body`, `quantities` and `mentioned_dates` are those of the whole article.
    fields: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ArticleList {
    #[schema(value_type = Vec<ListEntry>)]
    articles: Vec<Shown>,
    /// A relative URL; only `null` ends a walk.
    next: Option<String>,
}

/// A card, and with `highlight=true` where the article says what was looked for.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct ListEntry {
    #[schema(inline = false)]
    #[serde(flatten)]
    card: Card,
    highlights: Option<Vec<Highlight>>,
}

/// An entry of the list: all of it, or the members that were asked for.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    All(Found),
    Members(Map<String, Value>),
}

/// Lists articles.
///
/// Walking `next` from the first page to the end returns every article that matched when the walk began and did not
/// change during it, once and only once, whatever is written meanwhile. There is no depth limit. A page takes at most
/// 24 queries; one that needs more is short and goes on in `next`.
#[utoipa::path(get, path = "/v1/articles", tag = "articles", params(FilterParameters, ListParameters), responses(
    (status = 200, description = "A page of cards", body = ArticleList,
        headers(("link", description = "The next page, RFC 8288"), ("etag", description = "A strong validator"))),
    (status = 304, description = "The page that `If-None-Match` names is current"),
    (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
    (status = 410, description = "The order of relevance that the cursor belongs to is gone", body = super::problem::ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "Texts cannot be searched now; lists without `q` go on", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn articles(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let pairs = pairs(raw.as_deref());
    let query = ListQuery::parse(&pairs).map_err(Problem::parameters)?;
    let (page, rank) = match &query.text {
        Some(_) => service.search.page(&query).await?,
        None => (query::page(service.archive.store(), &query).await?, None),
    };
    tracing::debug!(queries = page.cost.queries, read_units = page.cost.read_units, "page");
    let next = page.next.map(|position| next_url(&pairs, &query.cursor(&position, rank.as_ref())));
    let mut highlights = match &query.text {
        Some(text) if query.highlight => passages(&service, text, &page.cards).await?,
        _ => HashMap::new(),
    };
    let entry = |(id, found): (ArticleId, Found)| {
        let highlights = query.highlight.then(|| highlights.remove(&id).unwrap_or_default());
        shown(found, query.fields.as_deref(), highlights)
    };
    let articles = page.cards.into_iter().map(entry).collect::<Result<_, _>>()?;
    let mut response = json(&ArticleList { articles, next: next.clone() })?;
    if let Some(next) = next {
        let link =
            HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).map_err(|error| Problem::internal(&error))?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

pub(super) fn pairs(raw: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).into_owned().collect()
}

fn next_url(pairs: &[(String, String)], cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(name, _)| name != "cursor"));
    query.append_pair("cursor", cursor);
    format!("/v1/articles?{}", query.finish())
}

/// Where the articles of a page say what was looked for.
async fn passages(
    service: &Service,
    text: &Text,
    cards: &[(ArticleId, Found)],
) -> Result<HashMap<ArticleId, Vec<Highlight>>, Problem> {
    let unread: Vec<ArticleId> =
        cards.iter().filter(|it| matches!(it.1, Found::Card(_))).map(|it| it.0.clone()).collect();
    let (articles, _) = service.archive.store().articles(&unread).await?;
    let read = articles.iter().map(|it| &it.article);
    let held = cards.iter().filter_map(|(_, it)| if let Found::Article(it) = it { Some(&**it) } else { None });
    Ok(read.chain(held).map(|it| (it.head.id.clone(), search::highlights(text, it))).collect())
}

fn shown(found: Found, fields: Option<&[String]>, highlights: Option<Vec<Highlight>>) -> Result<Shown, Problem> {
    if fields.is_none() && highlights.is_none() {
        return Ok(Shown::All(found));
    }
    let value = serde_json::to_value(&found).map_err(|error| Problem::internal(&error))?;
    let Value::Object(mut members) = value else { return Ok(Shown::All(found)) };
    if let Some(fields) = fields {
        let chosen = fields.iter().filter_map(|name| members.swap_remove(name).map(|value| (name.clone(), value)));
        members = chosen.collect();
    }
    if let Some(highlights) = highlights {
        let value = serde_json::to_value(highlights).map_err(|error| Problem::internal(&error))?;
        members.insert("highlights".to_owned(), value);
    }
    Ok(Shown::Members(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parameters;

    #[test]
    fn the_specification_names_the_parameters_that_are_legal() {
        let filters = FilterParameters::into_params(|| None);
        let all = filters.into_iter().chain(ListParameters::into_params(|| None));
        let specified: Vec<String> = all.map(|it| it.name).collect();
        assert_eq!(specified, parameters::names().collect::<Vec<_>>());
    }
}
