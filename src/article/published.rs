//! When an article was published: stated by the document, narrowed down to an interval, or unknown.

use super::{Instant, Offset};
use jiff::{civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Precision {
    Second,
    Minute,
    Day,
    Month,
    Year,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Basis {
    /// Stated in the document.
    Explicit,
    /// Stated as the date of the last change, where no date of publication is stated: it was published by then.
    Modified,
    /// Inferred from other facts; `reasoning` explains how.
    Inferred,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Published {
    /// The time, or the start in UTC of the day if only the day is known. `null` where no date is stated.
    pub at: Option<Instant>,
    /// The publisher's UTC offset at that time, where the document states it; `null` otherwise, and where only the day
    /// is known. `Z` and `-0000` state a time but no local offset (RFC 9557, section 2; RFC 5322, section 3.3).
    #[serde(default)]
    pub offset: Option<Offset>,
    pub precision: Option<Precision>,
    pub basis: Option<Basis>,
    /// The half-open interval that must contain the publication time, where one is known.
    pub earliest: Option<Instant>,
    pub latest: Option<Instant>,
    pub reasoning: Option<String>,
}

impl Published {
    /// Returns the publisher's local day; the UTC day where no offset is stated.
    pub fn day(&self) -> Option<civil::Date> {
        let zone = self.offset.map_or(TimeZone::UTC, Offset::zone);
        Some(self.at?.timestamp().to_zoned_datetime(zone).date())
    }

    /// Formats the date as stated: a day, or a time at the publisher's offset, in UTC where the offset is unknown.
    pub fn stated(&self) -> Option<String> {
        let moment = self.at?.timestamp();
        match (self.precision, self.offset) {
            (Some(Precision::Day), _) => self.day().map(|day| day.to_string()),
            (_, Some(offset)) => Some(offset.written(moment)),
            (_, None) => Some(moment.to_string()),
        }
    }
}
