//! What may be asked of counts: how many articles match, by a facet or over time.

use super::{
    BadParameter, Filter, Text,
    parameters::{Reading, filter_names},
};
use crate::article::{Facet, Instant};
use jiff::{ToSpan, civil::Weekday, tz::TimeZone};

/// The values that one facet shows at most.
pub const VALUES_MAX: usize = 200;
/// The stretches that one timeline shows at most.
pub const BUCKETS_MAX: usize = 2_000;

#[derive(Clone, Debug, PartialEq)]
pub struct FacetQuery {
    pub filter: Filter,
    pub text: Option<Text>,
    pub fields: Vec<Facet>,
    pub limit: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TimelineQuery {
    pub filter: Filter,
    pub text: Option<Text>,
    pub interval: Interval,
}

/// Of the calendar in UTC. Weeks begin on Monday, as ISO 8601 has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    Hour,
    Day,
    Week,
    Month,
}

impl Interval {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The beginning of the stretch that a moment is in; `None` where the calendar ends.
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
        };
        Instant::from_timestamp(begin.timestamp())
    }

    /// The beginning of the next stretch, after the beginning of one.
    pub fn next(self, begin: Instant) -> Option<Instant> {
        let utc = begin.timestamp().to_zoned_datetime(TimeZone::UTC);
        let span = match self {
            Self::Hour => 1.hour(),
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
        };
        Instant::from_timestamp(utc.checked_add(span).ok()?.timestamp())
    }
}

impl FacetQuery {
    pub const NAMES: [&str; 2] = ["field", "limit"];

    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut reading = begin(pairs, &Self::NAMES);
        let (filter, text) = (reading.filter(), reading.text());
        let given = reading.once("field").unwrap_or_default();
        let mut fields = Vec::new();
        for name in given.split(',').map(str::trim) {
            match Facet::ALL.into_iter().find(|it| it.name() == name) {
                Some(facet) if fields.contains(&facet) => reading.refuse("field", format!("{name} is given twice")),
                Some(facet) => fields.push(facet),
                None => {
                    let known = Facet::ALL.map(Facet::name).join(", ");
                    reading.refuse("field", format!("expected any of {known}, separated by commas, found {name:?}"));
                }
            }
        }
        let limit = reading.limit(VALUES_MAX);
        if reading.bad.is_empty() { Ok(Self { filter, text, fields, limit }) } else { Err(reading.bad) }
    }
}

impl TimelineQuery {
    pub const NAMES: [&str; 1] = ["interval"];

    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut reading = begin(pairs, &Self::NAMES);
        let (filter, text) = (reading.filter(), reading.text());
        let given = reading.once("interval").unwrap_or_default();
        let interval = Interval::ALL.into_iter().find(|it| it.name() == given);
        if interval.is_none() {
            let known = Interval::ALL.map(Interval::name).join(", ");
            reading.refuse("interval", format!("expected one of {known}, found {given:?}"));
        }
        match interval {
            Some(interval) if reading.bad.is_empty() => Ok(Self { filter, text, interval }),
            _ => Err(reading.bad),
        }
    }
}

fn begin<'a>(pairs: &'a [(String, String)], others: &[&'static str]) -> Reading<'a> {
    Reading::begin(pairs, &filter_names().chain(others.iter().copied()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_those_of_the_calendar() {
        let at = |text: &str| Instant::parse(text).expect("a time");
        let moment = at("2024-02-29T13:45:10.5Z");
        for (interval, begin, next) in [
            (Interval::Hour, "2024-02-29T13:00:00Z", "2024-02-29T14:00:00Z"),
            (Interval::Day, "2024-02-29", "2024-03-01"),
            (Interval::Week, "2024-02-26", "2024-03-04"),
            (Interval::Month, "2024-02-01", "2024-03-01"),
        ] {
            assert_eq!(interval.begin(moment), Some(at(begin)), "{interval:?}");
            assert_eq!(interval.next(at(begin)), Some(at(next)), "{interval:?}");
        }
    }

    #[test]
    fn every_fault_is_named() {
        let pairs = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<_>>();
        let named = |bad: Vec<BadParameter>| bad.into_iter().map(|it| it.parameter).collect::<Vec<_>>();
        let bad = FacetQuery::parse(&pairs("field=topic,colour&limit=900&sort=published&q=(")).expect_err("illegal");
        assert_eq!(named(bad), ["sort", "q", "field", "limit"]);
        assert_eq!(named(FacetQuery::parse(&[]).expect_err("no field")), ["field"]);
        let bad = TimelineQuery::parse(&pairs("interval=year&cursor=x")).expect_err("illegal");
        assert_eq!(named(bad), ["cursor", "interval"]);
    }
}
