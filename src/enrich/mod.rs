//! Enriching: what a text means beyond its words. Each part takes text and says what it found and where; none knows
//! from which form of document the text came.

pub mod agencies;
pub mod byline;
mod currencies;
pub mod dateline;
pub mod dates;
pub mod entities;
pub mod keywords;
pub mod language;
pub mod length;
pub mod likeness;
pub mod mentioned_dates;
mod numbers;
pub mod passage;
pub mod places;
pub mod publication;
pub mod quantities;
pub mod sentences;
pub mod summary;
pub mod topics;
