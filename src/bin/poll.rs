//! The function that polls the sources that are due, whenever the schedule calls it.

use dateline::{lambda, logs};
use lambda_runtime::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::json();
    let poller = lambda::poller()?;
    lambda_runtime::run(service_fn(|event| lambda::poll(&poller, event))).await
}
