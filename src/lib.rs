//! Dateline: raw news in, an honest archive out.
//!
//! ```text
//! raw document ─ reading ─▶ draft ─ archive (one transaction) ─▶ table ─ change feed ─▶ search index
//! HTTP request ─ http ─▶ query (filter, plan) ─▶ postings in the table, or search ─▶ page ─▶ representation
//! ```
//!
//! One module per stage. Dependencies point towards [`article`], which sees nothing: `http` and `cli` see everything,
//! only [`store`] knows the SDK, only `http` knows status codes, only the binaries and `cli` build clients.

pub mod access;
pub mod archive;
pub mod article;
#[cfg(feature = "local")]
pub mod cli;
pub mod enrich;
pub mod http;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod logs;
pub mod query;
pub mod reading;
pub mod search;
pub mod sources;
pub mod store;
pub mod webhooks;
