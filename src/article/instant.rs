//! A UTC timestamp with millisecond precision, in one fixed-width format.
//!
//! Fixed width matters: clients see the same string that the table orders lists by, and strings of one width sort
//! chronologically.

use jiff::{Timestamp, fmt::strtime, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = DateTime, examples("2025-04-07T09:30:00.000Z"))]
pub struct Instant(Timestamp);

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("expected a day (2025-04-07) or an RFC 3339 time (2025-04-07T09:30:00Z) in the years 1000 to 9999")]
pub struct BadInstant;

impl Instant {
    pub fn now() -> Self {
        Self::truncated(Timestamp::now())
    }

    /// Parses a time with its offset, or a day, which means the start of that day in UTC.
    pub fn parse(text: &str) -> Result<Self, BadInstant> {
        let instant = match text.parse::<jiff::civil::Date>() {
            Ok(day) if text.len() == 10 => day.to_zoned_datetime(TimeZone::UTC).map_err(|_| BadInstant)?.timestamp(),
            _ => text.parse::<Timestamp>().map_err(|_| BadInstant)?,
        };
        Self::from_timestamp(instant).ok_or(BadInstant)
    }

    /// Returns `None` outside the years 1000 to 9999, which four digits cannot represent.
    pub fn from_timestamp(timestamp: Timestamp) -> Option<Self> {
        let year = timestamp.to_zoned_datetime(TimeZone::UTC).year();
        (1000..=9999).contains(&year).then(|| Self::truncated(timestamp))
    }

    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Returns the time `by` later, or `self` if that is out of range.
    pub fn after(self, by: Duration) -> Self {
        self.0.checked_add(by).ok().and_then(Self::from_timestamp).unwrap_or(self)
    }

    /// Returns the last moment before this one.
    pub fn just_before(self) -> Option<Self> {
        self.0.checked_sub(Duration::from_millis(1)).ok().and_then(Self::from_timestamp)
    }

    /// Returns the UTC day, `YYYY-MM-DD`.
    pub fn day(self) -> String {
        self.to_string()[..10].to_owned()
    }

    fn truncated(timestamp: Timestamp) -> Self {
        Self(Timestamp::from_millisecond(timestamp.as_millisecond()).unwrap_or(timestamp))
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let utc = self.0.to_zoned_datetime(TimeZone::UTC);
        let text = strtime::format("%Y-%m-%dT%H:%M:%S.%3fZ", &utc).map_err(|_| std::fmt::Error)?;
        f.write_str(&text)
    }
}

impl TryFrom<String> for Instant {
    type Error = BadInstant;
    fn try_from(text: String) -> Result<Self, BadInstant> {
        Self::parse(&text)
    }
}

impl From<Instant> for String {
    fn from(instant: Instant) -> String {
        instant.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_have_one_format() {
        for (text, expected) in [
            ("2025-04-07", "2025-04-07T00:00:00.000Z"),
            ("2025-04-07T09:30:00Z", "2025-04-07T09:30:00.000Z"),
            ("2025-04-07T09:30:00.123999+05:00", "2025-04-07T04:30:00.123Z"),
        ] {
            assert_eq!(Instant::parse(text).map(|instant| instant.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for bad in ["", "yesterday", "2025-13-01", "2025-04-07T09:30:00", "0999-12-31", "-000001-01-01T00:00:00Z"] {
            assert_eq!(Instant::parse(bad), Err(BadInstant), "{bad}");
        }
    }
}
