//! `dateline search QUERY` prints matching articles with highlights; `dateline reindex` rebuilds the search index.

use super::{ArchiveLocation, CommandError, harmless, list, say};
use crate::{
    article::Article,
    query::{PageItem, TextQuery},
    search::{Highlight, MatchSpan, Search, highlights, indexer::Indexer},
};
use anstyle::Style;
use clap::Args;
use std::{process::ExitCode, time::Duration};

#[derive(Clone, Debug, Args)]
pub struct SearchOptions {
    /// As one quoted argument: words, "phrases", prefix*, OR, NOT, parentheses; headline:, deck:, body:, author:
    #[arg(value_name = "QUERY")]
    text: String,
    /// Further query parameters of GET /v1/articles: `country=PT&sort=-published`
    #[arg(long, value_name = "QUERY", default_value = "")]
    filter: String,
    /// Number of results to show
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    limit: usize,
}

/// Time limit for indexing new changes before a search. Changes that are not yet indexed are found too.
const INDEXING: Duration = Duration::from_secs(60);

pub async fn run(options: SearchOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(options.filter.as_bytes()).into_owned().collect();
    if !pairs.iter().any(|(name, _)| name == "sort") {
        pairs.push(("sort".to_owned(), "relevance".to_owned()));
    }
    pairs.push(("q".to_owned(), options.text));
    pairs.push(("limit".to_owned(), options.limit.to_string()));
    // The full articles, to show highlights.
    pairs.push(("fields".to_owned(), "body".to_owned()));
    let query = list::parse(&pairs)?;
    let open = location.open().await?;
    // No server runs on this folder to keep its index up to date.
    Indexer::new(open.store.clone()).run(INDEXING).await?;
    let (page, _) = Search::new(open.store.clone()).page(&query).await?;
    let text = query.text.as_ref().expect("`q` is set above");
    for (_, item) in &page.cards {
        if let PageItem::Article(article) = item {
            show(article, text);
        }
    }
    match (page.cards.len(), page.next.is_some()) {
        (0, _) => say(format_args!("nothing found")),
        (shown, true) => say(format_args!("first {shown} results; raise --limit for more")),
        (_, false) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn show(article: &Article, text: &TextQuery) {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let headline = article.facts.headline.as_deref().unwrap_or("(no headline)");
    say(format_args!("{bold}{}{bold:#}", harmless(headline)));
    let publisher = article.facts.publisher.as_ref().map_or("unknown publisher", |publisher| publisher.name.as_str());
    let published = article.facts.published.day().map_or_else(|| "undated".to_owned(), |day| day.to_string());
    say(format_args!("{dim}{published}  {}  {}{dim:#}", harmless(publisher), article.head.id));
    if let Some(url) = &article.facts.url {
        say(format_args!("{dim}{}{dim:#}", harmless(url)));
    }
    for passage in highlights(text, article) {
        say(format_args!("  {}", painted(&passage)));
    }
    say(format_args!(""));
}

/// Renders a highlight with its matches in bold.
fn painted(passage: &Highlight) -> String {
    let style = Style::new().bold().underline();
    let within = |offset: u32| (offset - passage.start) as usize;
    let (mut painted, mut at) = (String::new(), 0);
    for MatchSpan { start, end } in &passage.matches {
        painted.push_str(&harmless(&passage.text[at..within(*start)]));
        let matched = harmless(&passage.text[within(*start)..within(*end)]);
        painted.push_str(&format!("{style}{matched}{style:#}"));
        at = within(*end);
    }
    painted.push_str(&harmless(&passage.text[at..]));
    painted
}

pub async fn reindex(location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    let indexed = Indexer::new(open.store.clone()).rebuild().await?;
    say(format_args!("index rebuilt from {} changes", indexed.changes));
    Ok(ExitCode::SUCCESS)
}
