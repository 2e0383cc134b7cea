//! Reads the filing time from the lines that agencies put around their copy.

use crate::{
    article::{Offset, Precision, Published},
    enrich::dates::{of_day, of_moment},
};
use jiff::civil::{Date, Time};

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Returns when the copy was filed. Reads the formats of Associated Press (`AP-WF-06-01-25 0715GMT`: month, day, year)
/// and of the military date-time group (`221510 OCT 24`: day and time in an unstated zone, month, year).
pub fn filed(line: &str) -> Option<Published> {
    associated_press(line).or_else(|| date_time_group(line))
}

/// Whether a line is the keywords that agencies file a story under, or their note to editors: `BC-EU--Ukraine-Trams, 1st
/// Ld-Writethru`, `Eds: ADDS quote.`
pub fn is_filing(line: &str) -> bool {
    let keywords = line.split(' ').next().unwrap_or_default();
    let is_filed = keywords.starts_with("BC-") || keywords.contains("--") && keywords.starts_with(char::is_uppercase);
    is_filed || line.starts_with("Eds:")
}

fn associated_press(line: &str) -> Option<Published> {
    let (date, time) = line.strip_prefix("AP-")?.split_once(' ')?;
    let (_, date) = date.split_once('-')?;
    let parts: Vec<i8> = date.split('-').filter_map(|part| part.parse().ok()).collect();
    let [month, day, year] = parts.as_slice() else { return None };
    let time = clock(time.trim().strip_suffix("GMT")?)?;
    let day = Date::new(2000 + i16::from(*year), *month, *day).ok()?;
    let gmt = Offset::of_minutes(0)?;
    of_moment(day.to_datetime(time).to_zoned_datetime(gmt.zone()).ok()?.timestamp(), Some(gmt), Precision::Minute)
}

fn date_time_group(line: &str) -> Option<Published> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [.., group, month, year] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name == month).and_then(|month| i8::try_from(month + 1).ok())?;
    let is_valid = group.len() == 6 && group.bytes().all(|byte| byte.is_ascii_digit());
    clock(group.get(2..).filter(|_| is_valid)?)?;
    let year: i16 = year.parse().ok().filter(|year| (0..100).contains(year))?;
    of_day(Date::new(2000 + year, month, group[..2].parse().ok()?).ok()?)
}

fn clock(text: &str) -> Option<Time> {
    let is_valid = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    Time::new(text.get(..2).filter(|_| is_valid)?.parse().ok()?, text[2..].parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::filed;

    #[test]
    fn filing_times_are_read() {
        for (line, expected) in [
            ("AP-WF-06-01-25 0715GMT", Some("2025-06-01T07:15:00.000Z")),
            ("hb/mo/wk 221510 OCT 24", Some("2024-10-22T00:00:00.000Z")),
            ("AP-WF-13-01-25 0715GMT", None),
            ("221575 OCT 24", None),
            ("in OCT 24", None),
        ] {
            assert_eq!(
                filed(line).and_then(|filed| filed.at).map(|instant| instant.to_string()).as_deref(),
                expected,
                "{line}"
            );
        }
    }
}
