//! The function that says whether a request's key may do what it asks for.

use dateline::{lambda, logs};
use lambda_runtime::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::json();
    let archive = lambda::archive()?;
    lambda_runtime::run(service_fn(|event| lambda::authorize(&archive, event))).await
}
