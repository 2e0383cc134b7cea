//! The function that updates the search index: triggered by the table's stream, and by a timer in case an event was
//! lost.

use dateline::{config::Config, lambda, logs, search::indexer::Indexer};
use lambda_runtime::{Error, service_fn};

// Merging is CPU-bound and the reads wait for it anyway, so one runtime thread and one blocking thread are enough.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env();
    logs::json(&config);
    let archive = lambda::archive(&config)?;
    let metrics = lambda::Metrics::new(&config, "index", archive.store());
    let indexer = Indexer::new(archive.store().clone());
    lambda_runtime::run(service_fn(|event| lambda::index(&indexer, &metrics, event))).await
}
