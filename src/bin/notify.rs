//! The function that tells webhooks of what changed.

use dateline::{lambda, logs};
use lambda_runtime::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::json();
    let deliverer = lambda::deliverer()?;
    lambda_runtime::run(service_fn(|event| lambda::notify(&deliverer, event))).await
}
