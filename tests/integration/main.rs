//! The tests that need nothing of their own, in one binary: linking is what most of their build takes.
//!
//! What counts allocations has the process to itself (`tests/cold_start.rs`).

#![allow(clippy::disallowed_methods, reason = "the tests have environment variables of their own")]

mod access;
mod command;
mod crash;
mod detect;
mod failures;
mod history;
mod http;
mod index;
#[cfg(feature = "lambda")]
mod lambda;
mod paging;
#[cfg(feature = "lambda")]
mod permissions;
#[cfg(feature = "lambda")]
mod queue;
mod races;
mod reprocess;
mod search;
mod seeds;
mod sources;
mod store_contract;
mod stories;
mod support;
mod table;
mod torture;
mod webhooks;
mod websub;
