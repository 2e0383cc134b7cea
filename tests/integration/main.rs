//! All integration tests in one binary, because most of their build time is linking.
//!
//! A test that counts allocations needs its own process: `tests/cold_start.rs`.

#![allow(clippy::disallowed_methods, reason = "the tests have their own environment variables")]

mod access;
mod browser;
mod command;
mod contract;
mod crash;
mod data_folder;
mod detect;
mod disk;
mod doctor;
mod doubling;
mod examples;
mod facets;
mod failures;
mod filters;
mod formats;
mod history;
mod http;
mod http_ingest;
mod index;
#[cfg(feature = "lambda")]
mod lambda;
mod pages;
mod paging;
#[cfg(feature = "lambda")]
mod permissions;
#[cfg(feature = "lambda")]
mod queue;
mod races;
mod reprocess;
mod response_cache;
mod search;
mod seeds;
mod sources;
mod store_contract;
mod stored_items;
mod stories;
mod support;
mod table;
mod table_contract;
mod torture;
mod web_archives;
mod webhooks;
mod websub;
