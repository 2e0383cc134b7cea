//! The function that checks whether a request's key permits the request.

use dateline::{config::Config, lambda, logs};
use lambda_runtime::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env();
    logs::json(&config);
    let archive = lambda::archive(&config)?;
    lambda_runtime::run(service_fn(|event| lambda::authorize(&archive, event))).await
}
