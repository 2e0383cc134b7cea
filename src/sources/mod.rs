//! Sources: feeds that are polled on a schedule. [`crate::fetch`] requests them.
//!
//! | file | decides |
//! | --- | --- |
//! | [`settings`], [`rules`] | how a source is configured; which of its entries are archived |
//! | [`source`] | the state and health of a source |
//! | [`detect`], [`discover`], [`sitemap`] | which feed or sitemap its URL leads to |
//! | [`websub`] | how a hub notifies us of new entries |
//! | [`entries`] | how its entries are archived |
//! | [`urls`] | that only one source polls a URL |
//! | [`schedule`] | when it is polled next |
//! | [`outcome`] | why a poll failed |
//! | [`opml`] | how lists of feeds are imported and exported |
//! | [`poll`] | that only one poller at a time polls a source |

mod detect;
mod discover;
mod entries;
pub mod opml;
mod outcome;
pub mod poll;
mod rules;
mod schedule;
mod settings;
mod sitemap;
pub mod source;
mod subscription;
pub mod urls;
pub mod websub;

pub use rules::{EntryRule, RuleField};
pub use settings::{BadSetting, SourceSettings};
pub use source::{Health, RemoteError, Source, SourceState};
