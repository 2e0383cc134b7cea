//! Shared by the search tests: articles written for them, and walks over all pages with either engine.

use crate::support::Server;
use dateline::{
    article::{Article, ArticleId, Instant, RawDocument},
    query::{self, ListQuery},
    search::{Search, indexer::Indexer},
    store::Store,
};
use serde_json::Value;
use std::time::Duration;

pub const ALL_OF_IT: Duration = Duration::from_secs(600);

pub fn parse(text: &str) -> ListQuery {
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    ListQuery::parse(&pairs).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

pub async fn index(store: &Store) {
    Indexer::new(store.clone()).run(ALL_OF_IT).await.expect("indexed");
}

pub fn ids(articles: &[Value]) -> Vec<String> {
    articles.iter().map(|article| article["id"].as_str().expect("an id").to_owned()).collect()
}

pub fn url(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("{path}?{}", query.finish())
}

/// Returns a document written for the tests.
pub fn document(key: &str, headline: &str, place: &str, text: &str) -> RawDocument {
    RawDocument {
        media_type: Some("text/plain".to_owned()),
        key: Some(key.to_owned()),
        ..RawDocument::new(
            format!("{headline}\n\n{place}: {text}\n").into_bytes(),
            Instant::parse("2025-04-07T12:00:00Z").expect("a time"),
        )
    }
}

/// Returns every article in full.
pub async fn articles(server: &Server) -> Vec<Article> {
    let store = server.archive.store();
    let found_ids = ids(&server.walk("/v1/articles?limit=100&fields=id").await);
    let found_ids: Vec<ArticleId> = found_ids.iter().map(|id| ArticleId::parse(id).expect("an id")).collect();
    store.articles(&found_ids).await.expect("read").0.into_iter().map(|record| record.article).collect()
}

pub const PLACES: [&str; 4] = ["LISBON", "PARIS", "ISLAMABAD", "NAIROBI"];

pub fn version(which: usize, version: usize) -> RawDocument {
    let sentences = [
        "The harbour tram ran again on Monday. The minister of transport paid 3 million euros in 2019.",
        "A ferry took the tram to the other quay, as it did in May 2018. Voters elected a new parliament.",
        "Parliament debated the budget, the government and the election for hours. Inflation rose by 4 percent.",
        "Nothing ran. The quay was empty, and the ministry silent about the years 2017 and 2021.",
        "七月的电车又开了。 The tram is back after the strike of 2020.",
        "The bank lent 20 million dollars to the tram company, said its economists. Markets rose.",
    ];
    let text = format!("{} {}", sentences[version], sentences[(version + which) % sentences.len()]);
    let mut document = document(
        &format!("{which}.txt"),
        &format!("Tram {which} returns, take {version}"),
        PLACES[(which + version) % PLACES.len()],
        &text,
    );
    if !(which + version).is_multiple_of(3) {
        // Some share a publication day, so that ids decide their order.
        let day = 1 + (which + version) % 12;
        let html = format!(
            "<html lang=en><head><title>Tram {which} returns, take {version}</title>\
             <meta property='article:published_time' content='2025-03-{day:02}'></head>\
             <body><article><h1>Tram {which} returns, take {version}</h1><p>{}: {text}</p></article></body></html>",
            PLACES[(which + version) % PLACES.len()]
        );
        document.content = html.into_bytes();
        document.media_type = Some("text/html".to_owned());
    }
    document
}

pub async fn walk_table(store: &Store, query: &str) -> Vec<ArticleId> {
    let mut query = parse(query);
    let mut found_ids = Vec::new();
    loop {
        let page = query::page(store, &query).await.expect("a page");
        found_ids.extend(page.cards.into_iter().map(|card| card.0));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return found_ids,
        }
    }
}

pub async fn walk_index(search: &Search, query: &str) -> Vec<ArticleId> {
    let mut query = parse(query);
    let mut found_ids = Vec::new();
    loop {
        let (page, rank) = search.page(&query).await.expect("a page");
        found_ids.extend(page.cards.into_iter().map(|card| card.0));
        match page.next {
            Some(next) => (query.after, query.rank) = (Some(next), rank),
            None => return found_ids,
        }
    }
}

pub async fn fill(server: &Server, range: std::ops::Range<usize>) -> Vec<ArticleId> {
    let mut ids = Vec::new();
    for which in range {
        ids.push(server.archive.ingest(version(which, which % 6)).await.expect("ingested").id);
    }
    ids
}
