//! `dateline list [QUERY]` prints the articles of a list, a line each; `dateline show ID` prints an article.

use super::{ArchiveLocation, CommandError, harmless, say};
use crate::{
    article::ArticleId,
    query::{ListQuery, PageItem},
    search::Search,
    store::StoredArticle,
};
use clap::Args;
use serde::Deserialize;
use std::process::ExitCode;

#[derive(Clone, Debug, Args)]
pub struct ListOptions {
    /// Query parameters of GET /v1/articles: `country=PT&has=author&sort=published`
    #[arg(value_name = "QUERY", default_value = "")]
    query: String,
    /// Number of articles to show
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
}

#[derive(Clone, Debug, Args)]
pub struct ShowOptions {
    #[arg(value_name = "ID")]
    id: String,
}

/// The members of a card that are printed.
#[derive(Deserialize)]
struct Line {
    headline: Option<String>,
    url: Option<String>,
    published: Option<Published>,
}

#[derive(Deserialize)]
struct Published {
    at: Option<String>,
}

/// Parses query parameters as the API does.
pub fn parse(pairs: &[(String, String)]) -> Result<ListQuery, CommandError> {
    ListQuery::parse(pairs).map_err(CommandError::parameters)
}

pub async fn list(options: ListOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(options.query.as_bytes()).into_owned().collect();
    pairs.push(("limit".to_owned(), options.limit.to_string()));
    let query = parse(&pairs)?;
    let open = location.open().await?;
    let (page, _) = Search::new(open.store.clone()).list(&query).await?;
    for (id, item) in &page.cards {
        let line = match item {
            PageItem::Card(card) => serde_json::from_str(card.get()),
            PageItem::Article(article) => serde_json::to_string(article).and_then(|json| serde_json::from_str(&json)),
        };
        let Line { headline, url, published } =
            line.map_err(|error| CommandError::Other(format!("article {id}: {error}")))?;
        let day =
            published.and_then(|published| published.at).map_or_else(|| "undated".to_owned(), |at| at[..10].to_owned());
        let headline = headline.unwrap_or_else(|| "(no headline)".to_owned());
        say(format_args!("{id}  {day:10}  {}  {}", harmless(&headline), harmless(&url.unwrap_or_default())));
    }
    if page.next.is_some() {
        say(format_args!("first {} articles; raise --limit for more", page.cards.len()));
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn show(options: ShowOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    let id = ArticleId::parse(&options.id).map_err(|error| CommandError::Other(error.to_string()))?;
    match open.store.stored_article(&id).await? {
        Some(StoredArticle::Article(stored)) => {
            let json = serde_json::to_string_pretty(&stored.article).expect("an article has string keys");
            say(format_args!("{json}"));
            Ok(ExitCode::SUCCESS)
        }
        Some(_) => Err(CommandError::Other(format!("article {id} is deleted"))),
        None => Err(CommandError::Other(format!("there is no article {id}"))),
    }
}
