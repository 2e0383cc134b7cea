//! Dateline: a news archive and API. It turns raw documents into articles with evidence.
//!
//! ```text
//! raw document ─ reading ─▶ draft ─ archive (one transaction) ─▶ table ─ change log ─▶ search index
//! page request ─ pages ─▶ the routes of http ◀─ agents ─ tool call
//! HTTP request ─ http ─▶ query (filter, plan) ─▶ postings in the table, or search ─▶ page ─▶ representation
//! ```
//!
//! One module per stage. Dependencies point towards [`article`], which depends on no other module; `http` and `cli` may
//! use all of them; `pages` shows what `http` answers; `formats` writes what leaves in the formats of others. Only
//! [`store`] uses the SDK, only `http` chooses status codes, only the binaries and `cli` build clients.

pub mod access;
mod agents;
pub mod archive;
pub mod article;
#[cfg(feature = "local")]
pub mod cli;
pub mod config;
pub mod enrich;
pub mod export;
pub mod fetch;
mod formats;
pub mod http;
pub mod hub;
mod json;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod limits;
pub mod logs;
pub mod pages;
pub mod query;
pub mod reading;
pub mod search;
pub mod sources;
pub mod store;
pub mod webhooks;
