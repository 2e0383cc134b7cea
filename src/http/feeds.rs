//! `GET /v1/feed.json`, `.atom`, `.rss`: any list of articles as a feed.

use super::problem::docs as problem_docs;
use super::{
    Service,
    articles::FilterParameters,
    base_url::BaseUrl,
    hub,
    params::pairs,
    problem::Problem,
    responses::{next_page, text},
};
use crate::{
    article::{ArticleId, Card},
    formats::feed::{Feed, FeedEntry, atom, json_feed, rss},
    limits::FEED_ENTRIES_DEFAULT,
    query::{BadParameter, ListQuery, PageItem, ParameterReader},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use strum::VariantArray;
use utoipa::IntoParams;

/// Parameters of a list that a feed does not have.
const OF_LISTS: [&str; 2] = ["highlight", "fields"];
/// Parameters that are no part of the feed's title.
const UNTITLED: [&str; 5] = ["collapse", "content", "cursor", "limit", "sort"];

/// The parameters of a feed, besides its filter.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
struct FeedParameters {
    /// `full` (default): each entry has the article's text. `summary`: only its summary.
    content: Option<String>,
    /// As for `GET /v1/articles`. With `-changed`, corrected articles come first.
    sort: Option<String>,
    /// `story`: each story once, represented by its first matching member in the list's order.
    collapse: Option<String>,
    /// A day or a time: the list as it was then.
    as_of: Option<String>,
    /// 1 to 100, default 50. A page may be short while it has a next one.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// From the link to the next page.
    cursor: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
enum Content {
    #[default]
    Full,
    Summary,
}

impl Content {
    fn name(self) -> &'static str {
        self.into()
    }
}

/// Get a list as JSON Feed
///
/// JSON Feed 1.1, with every filter of `GET /v1/articles`. An entry's id is the article's URN and never changes;
/// a correction changes `date_modified`. `next_url` leads to the next page. Repeat requests with `If-None-Match`.
#[utoipa::path(get, path = "/v1/feed.json", operation_id = "get_json_feed", tag = "articles", params(FilterParameters, FeedParameters), responses(
    (status = 200, description = "The feed", body = Object, content_type = "application/feed+json"),
    (status = 304, description = "Not modified: the feed matches `If-None-Match`"),
    problem_docs::InvalidParameter,
    problem_docs::CursorExpired,
    problem_docs::SearchUnavailable,
))]
pub async fn json(State(service): State<Service>, base: BaseUrl, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let feed = feed(&service, &base, "/v1/feed.json", raw.as_deref()).await?;
    Ok(text("application/feed+json", json_feed::write(&feed).to_string()))
}

/// Get a list as Atom
///
/// RFC 4287, with every filter of `GET /v1/articles`. An entry's id is the article's URN and never changes; a correction
/// changes `updated`. A link with `rel="next"` leads to the next page (RFC 5005). Repeat requests with `If-None-Match`.
#[utoipa::path(get, path = "/v1/feed.atom", operation_id = "get_atom_feed", tag = "articles", params(FilterParameters, FeedParameters), responses(
    (status = 200, description = "The feed", body = String, content_type = "application/atom+xml"),
    (status = 304, description = "Not modified: the feed matches `If-None-Match`"),
    problem_docs::InvalidParameter,
    problem_docs::CursorExpired,
    problem_docs::SearchUnavailable,
))]
pub async fn atom(State(service): State<Service>, base: BaseUrl, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let feed = feed(&service, &base, "/v1/feed.atom", raw.as_deref()).await?;
    Ok(text("application/atom+xml; charset=utf-8", atom::write(&feed)))
}

/// Get a list as RSS
///
/// RSS 2.0, with every filter of `GET /v1/articles`. An item's `guid` is the article's URN and never changes; a correction
/// changes `atom:updated`. Repeat requests with `If-None-Match`.
#[utoipa::path(get, path = "/v1/feed.rss", operation_id = "get_rss_feed", tag = "articles", params(FilterParameters, FeedParameters), responses(
    (status = 200, description = "The feed", body = String, content_type = "application/rss+xml"),
    (status = 304, description = "Not modified: the feed matches `If-None-Match`"),
    problem_docs::InvalidParameter,
    problem_docs::CursorExpired,
    problem_docs::SearchUnavailable,
))]
pub async fn rss(State(service): State<Service>, base: BaseUrl, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let feed = feed(&service, &base, "/v1/feed.rss", raw.as_deref()).await?;
    Ok(text("application/rss+xml; charset=utf-8", rss::write(&feed)))
}

async fn feed(service: &Service, base: &BaseUrl, path: &str, raw: Option<&str>) -> Result<Feed, Problem> {
    let pairs = pairs(raw);
    let (query, content) = parse(&pairs).map_err(Problem::parameters)?;
    let (page, rank) = service.search.list(&query).await?;
    let next = page.next.map(|position| base.join(&next_page(path, raw, &query.cursor(&position, rank.as_ref()))));
    let entry = |(id, item): (ArticleId, PageItem)| {
        let page = base.article_page(&id);
        Ok(match (item, content) {
            (PageItem::Article(article), Content::Full) => FeedEntry::full(&article, page),
            (PageItem::Article(article), Content::Summary) => FeedEntry::summary(article.card(), page),
            (PageItem::Card(card), _) => FeedEntry::summary(serde_json::from_str::<Card>(card.get())?, page),
        })
    };
    let entries: Result<_, serde_json::Error> = page.cards.into_iter().map(entry).collect();
    let is_of_page = |name: &str| !matches!(name, "content" | "limit");
    Ok(Feed {
        title: title(&pairs),
        url: base.join(&with_query(path, pairs.iter())),
        page: base.join(&with_query("/", pairs.iter().filter(|(name, _)| is_of_page(name)))),
        next,
        hub: service.is_hub.then(|| base.join(hub::PATH)),
        entries: entries.map_err(|error| Problem::internal(&error))?,
    })
}

/// Checks the path and the query of a feed. The error names a feed.
pub fn check(path: &str) -> Result<(), String> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_feed = matches!(path, "/v1/feed.json" | "/v1/feed.atom" | "/v1/feed.rss")
        && parse(&pairs(Some(query))).is_ok_and(|(query, _)| query.after.is_none());
    is_feed.then_some(()).ok_or_else(|| "/v1/feed.atom?q=ferry".to_owned())
}

fn parse(pairs: &[(String, String)]) -> Result<(ListQuery, Content), Vec<BadParameter>> {
    let mut params = ParameterReader::lenient(pairs);
    let content = params.choice("content", Content::VARIANTS, Content::name).unwrap_or_default();
    for name in OF_LISTS {
        if params.once(name).is_some() {
            params.refuse(name, "expected no such parameter: an entry of a feed has fixed members".to_owned());
        }
    }
    let of_list = |(name, _): &&(String, String)| name != "content" && !OF_LISTS.contains(&name.as_str());
    let mut of_list: Vec<(String, String)> = pairs.iter().filter(of_list).cloned().collect();
    if !of_list.iter().any(|(name, _)| name == "limit") {
        of_list.push(("limit".to_owned(), FEED_ENTRIES_DEFAULT.to_string()));
    }
    let query = ListQuery::parse(&of_list);
    let bad = params.finish(()).err().into_iter().chain(query.as_ref().err().cloned()).flatten().collect::<Vec<_>>();
    let mut query = query.map_err(|_| bad.clone())?;
    if !bad.is_empty() {
        return Err(bad);
    }
    query.needs_article = content == Content::Full;
    Ok((query, content))
}

/// Names the feed by its filter.
fn title(pairs: &[(String, String)]) -> String {
    let filters = pairs.iter().filter(|(name, _)| !UNTITLED.contains(&name.as_str()));
    let filters: Vec<String> =
        filters.map(|(name, value)| if name == "q" { value.clone() } else { format!("{name}: {value}") }).collect();
    if filters.is_empty() { "Dateline".to_owned() } else { format!("Dateline – {}", filters.join(", ")) }
}

fn with_query<'a>(path: &str, pairs: impl Iterator<Item = &'a (String, String)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
