//! The function that takes documents in: from the queue, from uploads, and the bundled seeds.

use dateline::{lambda, logs};
use lambda_runtime::{Error, service_fn};

// One batch at a time is what a function gets, so one thread is what it needs.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::json();
    let archive = lambda::archive()?;
    lambda_runtime::run(service_fn(|event| lambda::handle(&archive, event))).await
}
