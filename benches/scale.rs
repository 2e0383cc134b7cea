//! `dateline-bench scale`: how an archive grows. Generated articles are ingested into a folder, and at each size its
//! pages are read, one request after the other and nothing else running.

use crate::{
    generate::{self, Random, word},
    measure::{self, quantile},
};
use axum::{Router, body::Body};
use clap::Args;
use dateline::{
    access::Policy,
    archive::Archive,
    cli::CommandError,
    http::Service,
    pages,
    search::indexer::Indexer,
    store::{Usage, embedded},
};
use futures::{StreamExt, stream};
use http::Request;
use http_body_util::BodyExt;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tower::ServiceExt;

#[derive(Clone, Debug, Args)]
pub struct ScaleOptions {
    /// Sizes at which the archive is measured
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_values_t = [10_000, 100_000, 300_000])]
    sizes: Vec<usize>,
    /// Number of requests of each kind
    #[arg(long, value_name = "NUMBER", default_value_t = 400)]
    requests: usize,
    /// Documents ingested at one time
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    writers: usize,
    /// What a stored article survives
    #[arg(long)]
    power: bool,
    /// Folder to make the archive in [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

const PAGES: [(&str, &str); 6] = [
    ("list of 20", "/v1/articles?limit=20"),
    ("one filter", "/v1/articles?limit=20&place={city}"),
    ("two filters", "/v1/articles?limit=20&language=en&place={city}"),
    ("q", "/v1/articles?limit=20&q={word}"),
    ("q of two words", "/v1/articles?limit=20&q={word}+{rare}"),
    ("facets with q", "/v1/facets?field=topic,person,country,source&q={word}"),
];
/// Interval between the runs of the index while articles are ingested, as `dateline serve` has it.
const INDEX_EVERY: Duration = Duration::from_secs(5);

pub async fn run(options: &ScaleOptions) -> Result<(), CommandError> {
    let temporary = std::env::temp_dir().join(format!("dateline-bench-scale-{}", std::process::id()));
    let folder = options.data.clone().unwrap_or(temporary);
    let measured = measured(options, &folder).await;
    if options.data.is_none() {
        std::fs::remove_dir_all(&folder).map_err(CommandError::io(folder.display().to_string()))?;
    }
    measured
}

async fn measured(options: &ScaleOptions, folder: &std::path::Path) -> Result<(), CommandError> {
    let durability = if options.power { embedded::Durability::Power } else { embedded::Durability::Process };
    let open = embedded::open(folder, durability)?;
    let archive = Archive::new(open.store.clone());
    let router = pages::router(Service::new(archive.clone(), Policy::OPEN));
    let mut from = 0;
    for size in &options.sizes {
        ingest(options, &archive, from, *size).await?;
        from = *size;
        let megabytes = |bytes: u64| bytes / (1024 * 1024);
        let disk = measure::disk_bytes(folder).map_err(CommandError::io("the folder"))?;
        println!(
            "  disk {:.1} KB an article; memory {} MB, and {} MB of mapped files",
            disk as f64 / 1024.0 / *size as f64,
            megabytes(measure::own_bytes(None)),
            megabytes(measure::resident_bytes(None) - measure::own_bytes(None))
        );
        for (name, pattern) in PAGES {
            page(options, &router, name, pattern).await?;
        }
    }
    Ok(())
}

/// Ingests articles as several clients would, while the index follows.
async fn ingest(options: &ScaleOptions, archive: &Archive, from: usize, to: usize) -> Result<(), CommandError> {
    let store = archive.store().clone();
    let indexing = tokio::spawn(async move {
        let indexer = Indexer::new(store);
        loop {
            tokio::time::sleep(INDEX_EVERY).await;
            if let Err(error) = indexer.run(INDEX_EVERY).await {
                return error;
            }
        }
    });
    let (started, cpu, usage) = (Instant::now(), measure::cpu(None), archive.store().usage());
    let mut ingested = stream::iter(from..to)
        .map(|number| {
            let archive = archive.clone();
            tokio::spawn(async move { archive.ingest(generate::document(number)).await })
        })
        .buffer_unordered(options.writers);
    while let Some(result) = ingested.next().await {
        let result = result.map_err(|error| CommandError::Other(error.to_string()))?;
        result.map_err(|error| CommandError::Other(error.chain()))?;
    }
    let (articles, seconds) = ((to - from) as f64, started.elapsed().as_secs_f64());
    let cpu = (measure::cpu(None) - cpu).as_secs_f64() * 1_000.0 / articles;
    let Usage { read_units, write_units } = archive.store().usage().since(usage);
    println!(
        "{to} articles: the last {} at {:.0} a second, {cpu:.2} ms of CPU each with the index; {:.1} write units, {:.1} read units",
        to - from,
        articles / seconds,
        write_units / articles,
        read_units / articles
    );
    indexing.abort();
    Indexer::new(archive.store().clone()).run(Duration::MAX).await?;
    Ok(())
}

async fn page(options: &ScaleOptions, router: &Router, name: &str, pattern: &str) -> Result<(), CommandError> {
    let mut random = Random::new(7);
    let mut times = Vec::with_capacity(options.requests);
    for number in 0..options.requests {
        let city = generate::CITIES[random.zipf(generate::CITIES.len())].to_lowercase();
        let path = pattern.replace("{city}", &city).replace("{word}", &word(20 + random.below(400)));
        let path = path.replace("{rare}", &word(200 + random.below(4_000)));
        let started = Instant::now();
        // No response is that of an earlier request.
        let accept = format!("*/*;of={number}");
        let request = Request::get(&path).header("host", "localhost").header("accept", accept);
        let request = request.body(Body::empty()).expect("a request");
        let answer = router.clone().oneshot(request).await.expect("the router never fails");
        let status = answer.status();
        let body =
            answer.into_body().collect().await.map_err(|error| CommandError::Other(error.to_string()))?.to_bytes();
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        if !status.is_success() {
            return Err(CommandError::Other(format!("{path}: {status}: {}", String::from_utf8_lossy(&body))));
        }
    }
    let [p50, p99] = [0.5, 0.99].map(|at| quantile(times.clone(), at));
    println!("  {name:16} p50 {p50:7.2} ms   p99 {p99:7.2} ms");
    Ok(())
}
