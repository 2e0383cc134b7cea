//! The function that answers the HTTP API.

use dateline::{
    access::Policy,
    http::{Service, router},
    lambda, logs,
};
use lambda_http::{Error, service_fn};

// One request at a time is what a function gets, so one thread is what it needs.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::json();
    // The gateway has asked for a signature or a key before a request comes here.
    let router = router(Service::new(lambda::archive()?, Policy::OPEN));
    lambda_http::run(service_fn(|request| lambda::answer(router.clone(), request))).await
}
