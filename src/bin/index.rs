//! The function that keeps the search index: rung by the table's stream, and by a timer in case a ring was lost.

use dateline::{lambda, logs};
use lambda_runtime::{Error, service_fn};

// Merging takes a processor, and the reads beside it wait for it: one thread runs, another works.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::json();
    let indexer = lambda::indexer()?;
    lambda_runtime::run(service_fn(|event| lambda::index(&indexer, event))).await
}
