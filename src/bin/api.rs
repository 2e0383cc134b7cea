//! The function that answers the HTTP API.

use dateline::{
    http::{Service, Writes, router},
    lambda, logs,
};
use lambda_http::{Error, service_fn};

// One request at a time is what a function gets, so one thread is what it needs.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::json();
    // The gateway has checked a signature before a request that writes comes here.
    let router = router(Service::new(lambda::archive()?, Writes::Accepted));
    lambda_http::run(service_fn(|request| lambda::answer(router.clone(), request))).await
}
