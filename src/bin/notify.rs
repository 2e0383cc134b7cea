//! The function that delivers changes to webhooks.

use dateline::{config::Config, lambda, logs};
use lambda_runtime::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env();
    logs::json(&config);
    let archive = lambda::archive(&config)?;
    let metrics = lambda::Metrics::new(&config, "notify", archive.store());
    let deliverer = lambda::deliverer(&archive)?;
    lambda_runtime::run(service_fn(|event| lambda::notify(&deliverer, &metrics, event))).await
}
