//! When an article was published: said by the document, narrowed down to an interval, or not known.

use super::Instant;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    Second,
    Minute,
    Day,
    Month,
    Year,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The document says it.
    Explicit,
    /// It follows from something else, as `reasoning` tells.
    Inferred,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Published {
    /// The moment, or the first moment in UTC of the day that is known. `null` where no date is stated.
    pub at: Option<Instant>,
    pub precision: Option<Precision>,
    pub basis: Option<Basis>,
    /// The interval it must lie in, half-open, where one is known.
    pub earliest: Option<Instant>,
    pub latest: Option<Instant>,
    pub reasoning: Option<String>,
}
