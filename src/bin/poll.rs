//! The function that polls the due sources, called on a schedule.

use dateline::{config::Config, lambda, logs};
use lambda_runtime::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env();
    logs::json(&config);
    let archive = lambda::archive(&config)?;
    let metrics = lambda::Metrics::new(&config, "poll", archive.store());
    let poller = lambda::poller(&archive, &config)?;
    lambda_runtime::run(service_fn(|event| lambda::poll(&poller, &metrics, event))).await
}
