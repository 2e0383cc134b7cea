//! Requests to the web, for sources and webhooks.
//!
//! | file | decides |
//! | --- | --- |
//! | [`client`] | how a document is requested, and why a request failed |
//! | [`address`] | which addresses may be reached |
//! | [`robots`] | which pages a site allows robots to fetch |
//! | [`polite_client`] | how often one host is requested |

mod address;
mod client;
mod polite_client;
mod robots;

pub use client::{AddressPolicy, FetchError, FetchRequest, Fetched, Fetcher};
pub use polite_client::{Answered, HOST_DELAY, PoliteClient};
