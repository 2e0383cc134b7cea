//! Enriching: what a text means beyond its words. Each part takes text and says what it found and where; none knows
//! from which form of document the text came.

pub mod agencies;
pub mod byline;
pub mod dateline;
pub mod dates;
pub mod language;
pub mod length;
pub mod places;
