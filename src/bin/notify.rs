//! The function that delivers changes to webhooks.

use dateline::{config::Config, lambda, logs};
use lambda_runtime::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env();
    logs::json(&config);
    let deliverer = lambda::deliverer(&config)?;
    lambda_runtime::run(service_fn(|event| lambda::notify(&deliverer, event))).await
}
