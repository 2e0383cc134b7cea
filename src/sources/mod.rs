//! Sources: feeds that are polled on a schedule, and the fetcher that asks for them.
//!
//! | file | decides |
//! | --- | --- |
//! | [`address`] | which addresses may be reached |
//! | [`fetch`] | how a document is asked for, and why it cannot be had |
//! | [`discover`] | which feed a page names |
//! | [`source`] | what a source is told, and how it is |
//! | [`schedule`] | when it is polled next |
//! | [`opml`] | what becomes of lists of feeds |
//! | [`poll`] | that it is polled by one at a time, and what becomes of its entries |

mod address;
mod discover;
pub mod fetch;
pub mod opml;
pub mod poll;
mod schedule;
pub mod source;

pub use source::{BadSetting, Health, Settings, Source, SourceError, State};
