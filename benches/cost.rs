//! `dateline-bench cost`: capacity units as the engine counts them, and their price on AWS.

use clap::Args;
use dateline::{
    archive::{Archive, Outcome, seeds::seeds},
    article::{Instant, RawDocument},
    cli::CommandError,
    query::{self, ListQuery},
    search::indexer::Indexer,
    store::embedded,
};
use std::time::Duration;

/// On-demand prices of us-east-1 in dollars, 2026: <https://aws.amazon.com/dynamodb/pricing/on-demand/>,
/// <https://aws.amazon.com/lambda/pricing/>, <https://aws.amazon.com/api-gateway/pricing/>,
/// <https://aws.amazon.com/s3/pricing/>.
const MILLION_WRITE_UNITS: f64 = 0.625;
const MILLION_READ_UNITS: f64 = 0.125;
const MILLION_REQUESTS: f64 = 0.20 + 1.00;
const MILLION_PUTS: f64 = 5.0;
const GIGABYTE_SECOND_ARM: f64 = 0.000_013_333_4;
/// Generous estimate of a warm read: 5 ms of a function with 512 MB.
const READ_GIGABYTE_SECONDS: f64 = 0.005 * 0.5;
/// Generous estimate of reading a page: 200 ms of a function with 1,024 MB.
const INGEST_GIGABYTE_SECONDS: f64 = 0.2;

/// List queries to count.
const QUERIES: &[&str] = &[
    "",
    "language=en",
    "language=en&has=author",
    "language=en&country=UA&has=dateline",
    "language=en,fr,es&sort=published",
    "fields=headline,body",
];

#[derive(Clone, Debug, Args)]
pub struct CostOptions {
    /// Number of copies of the seeds to ingest
    #[arg(long, default_value_t = 10)]
    copies: usize,
}

pub async fn run(options: &CostOptions) -> Result<(), CommandError> {
    let (store, _engine) = embedded::memory()?;
    let archive = Archive::new(store);
    println!(
        "{:52} {:>7} {:>10} {:>12}",
        "an article, its index entry and its story", "of", "write units", "$/thousand"
    );
    let mut copies = Ingested::default();
    for copy in 0..options.copies {
        let ingested = ingest(&archive, copy).await?;
        if copy == 0 {
            ingested.print("new");
        } else {
            copies = Ingested {
                articles: copies.articles + ingested.articles,
                write_units: copies.write_units + ingested.write_units,
            };
        }
    }
    copies.print("a copy of another, which joins its story");
    println!("  including the raw document's object and the function's time");
    println!("{:52} {:>7} {:>10} {:>12}", "a page of 20", "queries", "read units", "$/million");
    for text in QUERIES {
        let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        let query = ListQuery::parse(&pairs)
            .map_err(|bad| CommandError::Other(bad.into_iter().map(|bad| bad.detail).collect::<Vec<_>>().join("; ")))?;
        let cost = query::page(archive.store(), &query).await?.cost;
        let dollars =
            cost.read_units * MILLION_READ_UNITS + MILLION_REQUESTS + 1e6 * READ_GIGABYTE_SECONDS * GIGABYTE_SECOND_ARM;
        println!("  /v1/articles?{text:37} {:>7} {:>10.1} {dollars:>12.2}", cost.queries, cost.read_units);
    }
    println!("Idle cost is storage only.");
    Ok(())
}

/// New articles, and the write units that they took, those of their stories included.
#[derive(Default)]
struct Ingested {
    articles: usize,
    write_units: f64,
}

impl Ingested {
    fn print(&self, what: &str) {
        let mean = self.write_units / self.articles.max(1) as f64;
        let dollars = 1_000.0
            * (mean * MILLION_WRITE_UNITS / 1e6 + MILLION_PUTS / 1e6 + INGEST_GIGABYTE_SECONDS * GIGABYTE_SECOND_ARM);
        println!("  {what:50} {:>7} {mean:>10.1} {dollars:>12.4}", self.articles);
    }
}

async fn ingest(archive: &Archive, copy: usize) -> Result<Ingested, CommandError> {
    let before = archive.store().usage();
    let mut articles = 0;
    for document in seeds(Instant::now()).into_iter().filter_map(|seed| seed.document.ok()) {
        let reports = archive.ingest_all(copied(document, copy)).await.into_iter();
        let new = reports.filter(|report| report.ingested.as_ref().is_ok_and(|new| new.outcome == Outcome::Created));
        articles += new.count();
    }
    Indexer::new(archive.store().clone()).run(Duration::MAX).await?;
    Ok(Ingested { articles, write_units: archive.store().usage().since(before).write_units })
}

/// Returns the document as another article: under another key and, if it has a URL, another URL.
fn copied(mut document: RawDocument, copy: usize) -> RawDocument {
    if copy > 0 {
        document.key = document.key.map(|key| format!("{copy}/{key}"));
        document.url = document.url.map(|url| format!("{url}?copy={copy}"));
    }
    document
}
