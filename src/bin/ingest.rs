//! The function that ingests documents: from the queue, from uploads, and the bundled seeds.

use dateline::{config::Config, lambda, logs};
use lambda_runtime::{Error, service_fn};

// A function gets one batch at a time, so it needs only one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env();
    logs::json(&config);
    let archive = lambda::archive(&config)?;
    let metrics = lambda::Metrics::new(&config, "ingest", archive.store());
    lambda_runtime::run(service_fn(|event| lambda::handle(&archive, &metrics, event))).await
}
