//! Enrichment: derives facts from plain text. Each module takes text and returns its findings with their spans; none
//! depends on the document's format.

pub mod agencies;
pub mod byline;
mod casualties;
mod currencies;
pub mod dateline;
pub mod dates;
pub mod entities;
pub mod keywords;
pub mod language;
pub mod mentioned_dates;
pub mod near_duplicates;
mod numbers;
pub mod places;
pub mod publication_interval;
pub mod quantities;
pub mod reading_time;
pub mod sentences;
pub mod summary;
mod tense;
pub mod text_fields;
pub mod topics;
