//! The function that serves the HTTP API.

use dateline::{access::Policy, config::Config, http::Service, lambda, limits::PAGE_BYTES, logs, pages};
use lambda_http::{Error, service_fn};

// A function gets one request at a time, so it needs only one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env();
    logs::json(&config);
    let archive = lambda::archive(&config)?;
    let metrics = lambda::Metrics::new(&config, "api", archive.store());
    // The gateway has already checked the request's signature or key.
    let router = pages::router(
        Service::new(archive, Policy::OPEN).reached_at(config.public_url).exporting_in_parts(PAGE_BYTES / 3),
    );
    lambda_http::run(service_fn(|request| lambda::answer(router.clone(), &metrics, request))).await
}
