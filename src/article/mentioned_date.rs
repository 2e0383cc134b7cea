//! A date mentioned in the text, with the precision stated there.

use super::{Instant, Precision, TextSpan};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MentionedDate {
    /// Start of a half-open interval; `null` where the text leaves the year open and it cannot be inferred.
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    pub precision: Precision,
    /// The date in EDTF (ISO 8601-2, level 1): `2021-08`, or `XXXX-04-09` where the year is open.
    pub edtf: String,
    pub text: String,
    pub at: TextSpan,
}

/// Returns the interval of a year, a month or a day in EDTF; `None` if its year is open or the date is invalid.
pub fn edtf_interval(edtf: &str) -> Option<(Instant, Instant)> {
    let parts: Vec<i16> = edtf.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let date =
        |year: i16, month: i16, day: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    let (start, end) = match parts.as_slice() {
        [year] => (date(*year, 1, 1)?, date(*year, 1, 1)?.checked_add(1.year()).ok()?),
        [year, month] => (date(*year, *month, 1)?, date(*year, *month, 1)?.checked_add(1.month()).ok()?),
        [year, month, day] => (date(*year, *month, *day)?, date(*year, *month, *day)?.tomorrow().ok()?),
        _ => return None,
    };
    let at = |day: Date| Instant::from_timestamp(day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp());
    Some((at(start)?, at(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edtf_date_becomes_an_interval() {
        for (edtf, expected) in [
            ("2021", Some(("2021-01-01", "2022-01-01"))),
            ("2021-12", Some(("2021-12-01", "2022-01-01"))),
            ("2024-02-29", Some(("2024-02-29", "2024-03-01"))),
            ("XXXX-04-09", None),
            ("2021-13", None),
            ("", None),
        ] {
            let interval = edtf_interval(edtf).map(|(from, to)| (from.day(), to.day()));
            assert_eq!(interval, expected.map(|(from, to)| (from.to_owned(), to.to_owned())), "{edtf}");
        }
    }
}
