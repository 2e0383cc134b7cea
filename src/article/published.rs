//! When an article was published: said by the document, narrowed down to an interval, or not known.

use super::{Instant, Offset};
use jiff::{civil, tz::TimeZone};
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
    /// How far the publisher's clock lay from UTC at that moment, where the document states it; `null` elsewhere, and where
    /// a day is all that is known. `Z` and `-0000` state the moment and no clock (RFC 9557, section 2; RFC 5322, section 3.3).
    #[serde(default)]
    pub offset: Option<Offset>,
    pub precision: Option<Precision>,
    pub basis: Option<Basis>,
    /// The interval it must lie in, half-open, where one is known.
    pub earliest: Option<Instant>,
    pub latest: Option<Instant>,
    pub reasoning: Option<String>,
}

impl Published {
    /// The day that it was for the publisher; in UTC, where no offset is stated.
    pub fn day(&self) -> Option<civil::Date> {
        let zone = self.offset.map_or(TimeZone::UTC, Offset::zone);
        Some(self.at?.timestamp().to_zoned_datetime(zone).date())
    }

    /// As it was stated: a day, or a moment on the publisher's clock, in UTC where that is not known.
    pub fn stated(&self) -> Option<String> {
        let moment = self.at?.timestamp();
        match (self.precision, self.offset) {
            (Some(Precision::Day), _) => self.day().map(|it| it.to_string()),
            (_, Some(offset)) => Some(offset.written(moment)),
            (_, None) => Some(moment.to_string()),
        }
    }
}
