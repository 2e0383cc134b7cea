//! The functions on AWS Lambda: adapters around the router and the archive. A function is configured by its environment
//! and driven by its events; the template creates the table and the bucket.

mod answer;
mod authorizing;
mod events;
mod indexing;
mod intake;
mod metrics;
mod notifying;
mod polling;

pub use answer::answer;
pub use authorizing::authorize;
pub use events::handle;
pub use indexing::index;
pub use metrics::{Metrics, NAMESPACE, PUBLISHED};
pub use notifying::notify;
pub use polling::poll;

use crate::fetch::{AddressPolicy, Fetcher, HOST_DELAY};
use crate::{
    archive::Archive,
    config::Config,
    sources::poll::Poller,
    store::{StoreError, aws},
    webhooks::deliver::Deliverer,
};

/// Opens the archive that the environment names, once per cold start. It connects when the first event needs it.
pub fn archive(config: &Config) -> Result<Archive, StoreError> {
    Ok(Archive::new(aws::open(config)?))
}

/// Creates the poller of an archive's sources.
pub fn poller(archive: &Archive, config: &Config) -> Result<Poller, StoreError> {
    Ok(Poller::new(archive.clone(), fetcher()?, HOST_DELAY).reached_at(config.public_url.clone()))
}

/// Creates the deliverer of an archive's webhooks.
pub fn deliverer(archive: &Archive) -> Result<Deliverer, StoreError> {
    Ok(Deliverer::new(archive.store().clone(), fetcher()?))
}

/// Creates a fetcher that reaches only public internet addresses.
fn fetcher() -> Result<Fetcher, StoreError> {
    Fetcher::new(AddressPolicy::Public).map_err(|error| StoreError::Open(error.to_string()))
}
