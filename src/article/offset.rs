//! A UTC offset in whole minutes, in RFC 3339 format: `+05:30`.

use jiff::{Timestamp, fmt::strtime::BrokenDownTime, tz};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[+-][0-9]{2}:[0-9]{2}$", examples("+05:30"))]
pub struct Offset(tz::Offset);

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("expected an offset from UTC (+05:30)")]
pub struct BadOffset;

impl Offset {
    pub fn of_minutes(minutes: i64) -> Option<Self> {
        let seconds = i32::try_from(minutes.checked_mul(60)?).ok()?;
        tz::Offset::from_seconds(seconds).ok().map(Self)
    }

    pub fn zone(self) -> tz::TimeZone {
        self.0.to_time_zone()
    }

    /// Formats a timestamp at this offset, as in RFC 3339.
    pub fn written(self, moment: Timestamp) -> String {
        moment.display_with_offset(self.0).to_string()
    }
}

impl From<tz::Offset> for Offset {
    /// Drops the seconds, which local times had before time zones were introduced.
    fn from(offset: tz::Offset) -> Self {
        Self::of_minutes(i64::from(offset.seconds() / 60)).unwrap_or(Self(offset))
    }
}

impl std::fmt::Display for Offset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut time = BrokenDownTime::default();
        time.set_offset(Some(self.0));
        f.write_str(&time.to_string("%:z").map_err(|_| std::fmt::Error)?)
    }
}

impl TryFrom<String> for Offset {
    type Error = BadOffset;
    fn try_from(text: String) -> Result<Self, BadOffset> {
        let offset = BrokenDownTime::parse("%:z", &text).ok().and_then(|time| time.offset());
        offset.map(Self::from).ok_or(BadOffset)
    }
}

impl From<Offset> for String {
    fn from(offset: Offset) -> String {
        offset.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_round_trips_and_malformed_offsets_are_refused() {
        for (minutes, expected) in [(0, "+00:00"), (330, "+05:30"), (-480, "-08:00"), (-30, "-00:30")] {
            let offset = Offset::of_minutes(minutes).expect("an offset");
            assert_eq!(offset.to_string(), expected);
            assert_eq!(Offset::try_from(expected.to_owned()), Ok(offset));
        }
        assert_eq!(Offset::of_minutes(60 * 40), None);
        for text in ["", "5", "Paris", "+40:00"] {
            assert_eq!(Offset::try_from(text.to_owned()), Err(BadOffset), "{text}");
        }
    }
}
