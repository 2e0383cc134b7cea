//! Sources: feeds that are polled on a schedule, and the fetcher that asks for them.
//!
//! | file | decides |
//! | --- | --- |
//! | [`address`] | which addresses may be reached |
//! | [`fetch`] | how a document is asked for, and why it cannot be had |
//! | [`robots`], [`web`] | what a site asks of robots; at which pace it is asked |
//! | [`settings`], [`rules`] | what a source is told; which of its entries are taken |
//! | [`source`] | how it is |
//! | [`listing`], [`discover`], [`sitemap`] | what its URL leads to |
//! | [`websub`] | that a hub rings when there is something new |
//! | [`entries`] | what becomes of what it lists |
//! | [`schedule`] | when it is polled next |
//! | [`opml`] | what becomes of lists of feeds |
//! | [`poll`] | that it is polled by one at a time |

mod address;
mod discover;
mod entries;
pub mod fetch;
mod listing;
pub mod opml;
mod outcome;
pub mod poll;
mod robots;
mod rules;
mod schedule;
mod settings;
mod sitemap;
pub mod source;
mod web;
pub mod websub;

pub use rules::{Rule, RuleField};
pub use settings::{BadSetting, Settings};
pub use source::{Health, RemoteError, Source, State};
pub use web::PACE;
