//! `search_articles`: what a search finds, a line an article, with the passages that match.

use super::{
    ToolError,
    filter::{ArticleFilter, parameter, with_query},
    schema,
};
use crate::{
    article::{ArticleId, Card},
    http::in_process::Api,
};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "search_articles";
const LIMIT: usize = 5;
const LIMIT_MAX: usize = 25;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    #[serde(flatten)]
    filter: ArticleFilter,
    /// relevance (with query), -published, published, -changed
    sort: Option<String>,
    /// Default 5, at most 25
    limit: Option<usize>,
    /// From next
    cursor: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Results {
    articles: Vec<FoundArticle>,
    /// The cursor of more
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundArticle {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    headline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dateline: Option<String>,
    /// Near-duplicates have one story
    story: String,
    passages: Vec<Passage>,
}

/// UTF-8 byte offsets in the paragraph
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Passage {
    field: String,
    paragraph: u32,
    start: u32,
    end: u32,
    text: String,
}

#[derive(Deserialize)]
struct List {
    articles: Vec<Entry>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(flatten)]
    card: Card,
    #[serde(default)]
    highlights: Vec<Passage>,
}

pub fn tool() -> Tool {
    schema::tool::<Arguments, Results>(
        NAME,
        "Find articles by full text and filters, newest first, or best first with sort.",
    )
}

pub async fn call(api: &Api, arguments: Arguments) -> Result<Results, ToolError> {
    let mut pairs = arguments.filter.pairs();
    let limit = arguments.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ToolError::Arguments(format!("limit: expected 1 to {LIMIT_MAX}, found {limit}")));
    }
    pairs.push(("limit", limit.to_string()));
    pairs.extend(arguments.sort.map(|sort| ("sort", sort)));
    pairs.extend(arguments.cursor.map(|cursor| ("cursor", cursor)));
    if arguments.filter.query.is_some() {
        pairs.push(("highlight", "true".to_owned()));
    }
    let list: List = api.get(&with_query("/v1/articles", &pairs)).await?;
    let articles = list.articles.into_iter().map(|entry| FoundArticle::of(entry.card, entry.highlights)).collect();
    Ok(Results { articles, next: list.next.and_then(|next| parameter(&next, "cursor")) })
}

impl FoundArticle {
    pub fn of(card: Card, passages: Vec<Passage>) -> Self {
        let Card { head, facts } = card;
        let story: ArticleId = head.story;
        Self {
            id: head.id.to_string(),
            headline: facts.headline,
            publisher: facts.publisher.map(|publisher| publisher.name),
            published: facts.published.stated(),
            dateline: facts.dateline.map(|dateline| dateline.text),
            story: story.to_string(),
            passages,
        }
    }
}
