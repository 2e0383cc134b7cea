//! The functions on AWS: what surrounds the router and the archive there. What a function is told, it is told by its
//! environment and its events; the table and the bucket are the template's to create.

mod answer;
mod authorizing;
mod events;
mod indexing;
mod intake;
mod notifying;
mod polling;

pub use answer::answer;
pub use authorizing::authorize;
pub use events::handle;
pub use indexing::index;
pub use notifying::notify;
pub use polling::poll;

use crate::{
    archive::Archive,
    search::indexer::Indexer,
    sources::{
        PACE,
        fetch::{Fetcher, Reach},
        poll::Poller,
    },
    store::{StoreError, aws},
    webhooks::deliver::Deliverer,
};

/// The archive that the environment names. Once a cold start; nothing is connected before the first event needs it.
pub fn archive() -> Result<Archive, StoreError> {
    Ok(Archive::new(aws::open(&aws::Settings::from_env()?)?))
}

/// The indexer of that archive.
pub fn indexer() -> Result<Indexer, StoreError> {
    Ok(Indexer::new(archive()?.store().clone()))
}

/// Whoever polls that archive's sources. `DATELINE_PUBLIC_URL`: where hubs reach the archive.
pub fn poller() -> Result<Poller, StoreError> {
    let public_url = std::env::var("DATELINE_PUBLIC_URL").ok().filter(|it| !it.is_empty());
    Ok(Poller::new(archive()?, fetcher()?, PACE).reached_at(public_url))
}

/// Whoever tells its webhooks of what changed.
pub fn deliverer() -> Result<Deliverer, StoreError> {
    Ok(Deliverer::new(archive()?.store().clone(), fetcher()?))
}

/// It reaches the public internet alone.
fn fetcher() -> Result<Fetcher, StoreError> {
    Fetcher::new(Reach::Public).map_err(|error| StoreError::Open(error.to_string()))
}
