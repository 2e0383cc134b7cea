//! The parameters of counts: how many articles match, by facet or over time.

use super::{
    BadParameter, Filter, TextQuery,
    parameters::{ParameterReader, filter_names},
};
use crate::{
    article::{Facet, Instant},
    limits::{FACET_VALUES_SHOWN, PAGE_DEFAULT},
};
use jiff::{ToSpan, civil::Weekday, tz::TimeZone};
use strum::VariantArray;

#[derive(Clone, Debug, PartialEq)]
pub struct FacetQuery {
    pub filter: Filter,
    pub text: Option<TextQuery>,
    pub fields: Vec<Facet>,
    pub limit: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TimelineQuery {
    pub filter: Filter,
    pub text: Option<TextQuery>,
    /// `None`: the one that fits.
    pub interval: Option<Interval>,
}

/// An interval of the calendar in UTC. Weeks begin on Monday (ISO 8601).
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Interval {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Interval {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the start of the interval that contains a moment; `None` beyond the end of the calendar.
    pub fn begin(self, at: Instant) -> Option<Instant> {
        let utc = at.timestamp().to_zoned_datetime(TimeZone::UTC);
        let begin = match self {
            Self::Hour => utc.with().minute(0).second(0).subsec_nanosecond(0).build().ok()?,
            Self::Day => utc.start_of_day().ok()?,
            Self::Week => {
                let since_monday = utc.weekday().since(Weekday::Monday);
                utc.start_of_day().ok()?.checked_sub(i64::from(since_monday).days()).ok()?
            }
            Self::Month => utc.first_of_month().ok()?.start_of_day().ok()?,
            Self::Quarter => {
                let in_quarter = (utc.month() - 1) % 3;
                utc.first_of_month().ok()?.checked_sub(in_quarter.months()).ok()?.start_of_day().ok()?
            }
            Self::Year => utc.first_of_year().ok()?.start_of_day().ok()?,
        };
        Instant::from_timestamp(begin.timestamp())
    }

    /// Returns the start of the next interval, from the start of one.
    pub fn next(self, begin: Instant) -> Option<Instant> {
        let utc = begin.timestamp().to_zoned_datetime(TimeZone::UTC);
        let span = match self {
            Self::Hour => 1.hour(),
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        };
        Instant::from_timestamp(utc.checked_add(span).ok()?.timestamp())
    }
}

impl FacetQuery {
    pub const NAMES: [&str; 2] = ["field", "limit"];

    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut params = begin(pairs, &Self::NAMES);
        let (filter, text) = (params.filter(), params.text());
        let fields = params.choices("field", Facet::VARIANTS, Facet::name).unwrap_or_default();
        params.require("field", Facet::VARIANTS, Facet::name);
        let limit = params.number("limit", 1..=FACET_VALUES_SHOWN, PAGE_DEFAULT);
        params.finish(Self { filter, text, fields, limit })
    }
}

impl TimelineQuery {
    pub const NAMES: [&str; 1] = ["interval"];

    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut params = begin(pairs, &Self::NAMES);
        let (filter, text) = (params.filter(), params.text());
        let all: Vec<_> = std::iter::once(None).chain(Interval::VARIANTS.iter().copied().map(Some)).collect();
        let name = |interval: Option<Interval>| interval.map_or("auto", Interval::name);
        params.require("interval", &all, name);
        let interval = params.choice("interval", &all, name).flatten();
        params.finish(Self { filter, text, interval })
    }
}

fn begin<'a>(pairs: &'a [(String, String)], others: &[&'static str]) -> ParameterReader<'a> {
    ParameterReader::new(pairs, &filter_names().chain(others.iter().copied()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_follow_the_calendar() {
        let at = |text: &str| Instant::parse(text).expect("a valid time");
        let moment = at("2024-02-29T13:45:10.5Z");
        for (interval, begin, next) in [
            (Interval::Hour, "2024-02-29T13:00:00Z", "2024-02-29T14:00:00Z"),
            (Interval::Day, "2024-02-29", "2024-03-01"),
            (Interval::Week, "2024-02-26", "2024-03-04"),
            (Interval::Month, "2024-02-01", "2024-03-01"),
            (Interval::Quarter, "2024-01-01", "2024-04-01"),
            (Interval::Year, "2024-01-01", "2025-01-01"),
        ] {
            assert_eq!(interval.begin(moment), Some(at(begin)), "{interval:?}");
            assert_eq!(interval.next(at(begin)), Some(at(next)), "{interval:?}");
        }
    }

    #[test]
    fn every_invalid_parameter_is_reported() {
        let pairs = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<_>>();
        let names = |bad: Vec<BadParameter>| bad.into_iter().map(|error| error.parameter).collect::<Vec<_>>();
        let bad = FacetQuery::parse(&pairs("field=topic,colour&limit=900&sort=published&q=(")).expect_err("invalid");
        assert_eq!(names(bad), ["sort", "q", "field", "limit"]);
        assert_eq!(names(FacetQuery::parse(&[]).expect_err("no field")), ["field"]);
        let bad = TimelineQuery::parse(&pairs("interval=decade&cursor=x")).expect_err("invalid");
        assert_eq!(names(bad), ["cursor", "interval"]);
        let bad = TimelineQuery::parse(&pairs("interval=day&interval=week")).expect_err("twice");
        assert_eq!(names(bad), ["interval"]);
    }
}
