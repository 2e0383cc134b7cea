//! `dateline search QUERY`: what the archive says of it, for a person at a terminal; `dateline reindex`: the index anew.

use super::{Data, Failure, harmless, say};
use crate::{
    article::Article,
    query::{BadParameter, ListQuery, Text, plan::Found},
    search::{Highlight, MatchSpan, Search, highlights, indexer::Indexer},
};
use anstyle::Style;
use clap::Args;
use std::{process::ExitCode, time::Duration};

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// In one pair of quotation marks: words, "phrases", prefix*, OR, NOT, parentheses; headline:, deck:, body:, author:
    #[arg(value_name = "QUERY")]
    text: String,
    /// Which articles besides, as in the query of GET /v1/articles: `country=PT&sort=-published`
    #[arg(long, value_name = "QUERY", default_value = "")]
    filter: String,
    /// How many are shown
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    limit: usize,
    #[command(flatten)]
    data: Data,
}

#[derive(Clone, Debug, Args)]
pub struct ReindexOptions {
    #[command(flatten)]
    data: Data,
}

/// How long a search may take to index what is new; what is left is found without.
const INDEXING: Duration = Duration::from_secs(60);

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(options.filter.as_bytes()).into_owned().collect();
    if !pairs.iter().any(|(name, _)| name == "sort") {
        pairs.push(("sort".to_owned(), "relevance".to_owned()));
    }
    pairs.push(("q".to_owned(), options.text));
    pairs.push(("limit".to_owned(), options.limit.to_string()));
    // The whole articles, to show where they say it.
    pairs.push(("fields".to_owned(), "body".to_owned()));
    let bad = |bad: Vec<BadParameter>| {
        let faults: Vec<String> = bad.into_iter().map(|it| format!("{}: {}", it.parameter, it.detail)).collect();
        Failure::Other(faults.join("; "))
    };
    let query = ListQuery::parse(&pairs).map_err(bad)?;
    let folder = options.data.open().await?;
    // Nobody else keeps the index of a folder that nobody serves.
    Indexer::new(folder.store.clone()).run(INDEXING).await?;
    let (page, _) = Search::new(folder.store.clone()).page(&query).await?;
    let text = query.text.as_ref().expect("it was given above");
    for (_, found) in &page.cards {
        if let Found::Article(article) = found {
            show(article, text);
        }
    }
    match (page.cards.len(), page.next.is_some()) {
        (0, _) => say(format_args!("nothing found")),
        (shown, true) => say(format_args!("the first {shown}; --limit shows more")),
        (_, false) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn show(article: &Article, text: &Text) {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let headline = article.facts.headline.as_deref().unwrap_or("(no headline)");
    say(format_args!("{bold}{}{bold:#}", harmless(headline)));
    let publisher = article.facts.publisher.as_ref().map_or("unknown publisher", |it| it.name.as_str());
    let published = article.facts.published.day().map_or_else(|| "undated".to_owned(), |it| it.to_string());
    say(format_args!("{dim}{published}  {}  {}{dim:#}", harmless(publisher), article.head.id));
    for passage in highlights(text, article) {
        say(format_args!("  {}", painted(&passage)));
    }
    say(format_args!(""));
}

/// With what was looked for in bold.
fn painted(passage: &Highlight) -> String {
    let style = Style::new().bold().underline();
    let within = |it: u32| (it - passage.start) as usize;
    let (mut painted, mut at) = (String::new(), 0);
    for MatchSpan { start, end } in &passage.matches {
        painted.push_str(&harmless(&passage.text[at..within(*start)]));
        let said = harmless(&passage.text[within(*start)..within(*end)]);
        painted.push_str(&format!("{style}{said}{style:#}"));
        at = within(*end);
    }
    painted.push_str(&harmless(&passage.text[at..]));
    painted
}

pub async fn reindex(options: ReindexOptions) -> Result<ExitCode, Failure> {
    let folder = options.data.open().await?;
    let indexed = Indexer::new(folder.store.clone()).rebuild().await?;
    say(format_args!("the index was built anew from {} changes", indexed.changes));
    Ok(ExitCode::SUCCESS)
}
