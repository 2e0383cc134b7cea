//! `dateline-bench engine`: the table's two implementations under the archive's own work: the file on this machine, and
//! the client of DynamoDB, which calls an engine of its protocol on loopback, in this process. So its figures are not
//! those of AWS.

use crate::{
    dynamodb_endpoint, generate,
    measure::{self, quantile},
};
use clap::Args;
use dateline::{
    archive::Archive,
    article::ArticleId,
    cli::CommandError,
    store::{ChangePosition, Direction, PostingList, PostingRange, Store, StoreError, aws, embedded},
};
use dynoxide::Database;
use std::time::Instant;

#[derive(Clone, Debug, Args)]
pub struct EngineOptions {
    /// Number of generated articles
    #[arg(long, default_value_t = 2_000)]
    articles: usize,
    /// Number of reads of each kind
    #[arg(long, default_value_t = 1_000)]
    reads: usize,
}

/// Postings that one list of a page reads.
const POSTINGS: usize = 60;

pub async fn run(options: &EngineOptions) -> Result<(), CommandError> {
    let folder = std::env::temp_dir().join(format!("dateline-bench-engine-{}", std::process::id()));
    let measured = both(options, &folder).await;
    std::fs::remove_dir_all(&folder).map_err(CommandError::io(folder.display().to_string()))?;
    measured
}

async fn both(options: &EngineOptions, folder: &std::path::Path) -> Result<(), CommandError> {
    println!(
        "{:18} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "ingest/s", "CPU ms", "units", "article", "postings", "unchanged", "KB each"
    );
    let file = embedded::open(&folder.join("file"), embedded::Durability::Process)?;
    let rows = measure(options, &file.store).await?;
    let bytes = measure::disk_bytes(&folder.join("file")).map_err(CommandError::io("the folder"))?;
    rows.print("file", Some(bytes as f64 / 1024.0 / options.articles as f64));

    let engine = Database::memory().map_err(|error| CommandError::Other(error.to_string()))?;
    let endpoint = dynamodb_endpoint::serve(engine).await.map_err(CommandError::io("the endpoint"))?;
    let config = dynamodb_endpoint::config(&endpoint, &folder.join("objects"));
    std::fs::create_dir_all(folder.join("objects")).map_err(CommandError::io("the folder"))?;
    aws::table(&config)?.create().await?;
    measure(options, &aws::open(&config)?).await?.print("DynamoDB's protocol", None);
    println!("article, {POSTINGS} postings of a list, and an unchanged change log: p50 in ms");
    Ok(())
}

struct Rows {
    rate: f64,
    cpu: f64,
    units: f64,
    article: f64,
    postings: f64,
    unchanged: f64,
}

impl Rows {
    fn print(&self, name: &str, kilobytes: Option<f64>) {
        let Self { rate, cpu, units, article, postings, unchanged } = self;
        let disk = kilobytes.map_or_else(|| "-".to_owned(), |kilobytes| format!("{kilobytes:.1}"));
        println!(
            "{name:18} {rate:>9.0} {cpu:>9.2} {units:>9.1} {article:>9.3} {postings:>9.3} {unchanged:>9.3} {disk:>9}"
        );
    }
}

async fn measure(options: &EngineOptions, store: &Store) -> Result<Rows, CommandError> {
    let archive = Archive::new(store.clone());
    let (started, cpu, usage) = (Instant::now(), measure::cpu(None), store.usage());
    let mut ids: Vec<ArticleId> = Vec::with_capacity(options.articles);
    for number in 0..options.articles {
        let ingested = archive.ingest(generate::document(number)).await;
        ids.push(ingested.map_err(|error| CommandError::Other(error.to_string()))?.id);
    }
    let articles = options.articles.max(1) as f64;
    let rate = articles / started.elapsed().as_secs_f64();
    let cpu = (measure::cpu(None) - cpu).as_secs_f64() * 1_000.0 / articles;
    let units = store.usage().since(usage).write_units / articles;
    let mut position = ChangePosition::default();
    loop {
        let page = store.changes(position, 1_000).await?;
        position = page.next;
        if !page.more {
            break;
        }
    }
    let range = PostingRange {
        list: PostingList::All,
        direction: Direction::NewestFirst,
        after: None,
        from: None,
        to: None,
        limit: POSTINGS,
    };
    Ok(Rows {
        rate,
        cpu,
        units,
        article: median(options, async |number| store.article(&ids[number % ids.len()]).await.map(drop)).await?,
        postings: median(options, async |_| store.list(&range).await.map(drop)).await?,
        unchanged: median(options, async |_| store.changes(position, 1_000).await.map(drop)).await?,
    })
}

async fn median(
    options: &EngineOptions,
    read: impl AsyncFn(usize) -> Result<(), StoreError>,
) -> Result<f64, CommandError> {
    let mut times = Vec::with_capacity(options.reads);
    for number in 0..options.reads {
        let started = Instant::now();
        read(number * 7_919).await?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(quantile(times, 0.5))
}
