//! How dates, numbers and codes are worded on the pages: a date shows how certain it is, a code its name.

use crate::article::{Basis, Instant, Offset, Precision, Published, Quantity, QuantityKind};
use jiff::{ZonedDateTime, tz::TimeZone};

/// When an article was published, as far as it is known.
pub fn published(published: &Published, first_seen: Instant) -> String {
    let Some(at) = published.at else { return between(published, first_seen) };
    let local = at.timestamp().to_zoned_datetime(zone(published));
    let date = local.strftime("%-d %B %Y").to_string();
    let text = match published.precision {
        Some(Precision::Second | Precision::Minute) => {
            format!("{date}, {} {}", local.strftime("%H:%M"), zone_name(&local))
        }
        Some(Precision::Month) => local.strftime("%B %Y").to_string(),
        Some(Precision::Year) => local.strftime("%Y").to_string(),
        Some(Precision::Day) | None => date,
    };
    match published.basis {
        Some(Basis::Modified) => format!("modified {text}, publication not stated"),
        Some(Basis::Explicit | Basis::Inferred) | None => text,
    }
}

/// An interval of publication; without one, when the archive first had the article.
fn between(published: &Published, first_seen: Instant) -> String {
    match (published.earliest, published.latest) {
        (Some(earliest), Some(latest)) => match (day(earliest), day(latest)) {
            (a, b) if a == b => a,
            (a, b) => format!("between {a} and {b}"),
        },
        (None, Some(latest)) => format!("by {}, not stated when", day(latest)),
        (Some(earliest), None) => format!("since {}, not stated when", day(earliest)),
        (None, None) => format!("not stated, first seen {}", day(first_seen)),
    }
}

fn zone_name(local: &ZonedDateTime) -> String {
    match local.offset().seconds() {
        0 => "UTC".to_owned(),
        _ => local.strftime("UTC%:z").to_string(),
    }
}

/// The zone that the article states its time in.
fn zone(published: &Published) -> TimeZone {
    published.offset.map_or(TimeZone::UTC, Offset::zone)
}

/// A day, as `7 April 2025`.
pub fn day(at: Instant) -> String {
    at.timestamp().to_zoned_datetime(TimeZone::UTC).strftime("%-d %B %Y").to_string()
}

/// A time of day, as `7 April 2025, 09:40 UTC`.
pub fn minute(at: Instant) -> String {
    at.timestamp().to_zoned_datetime(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// A number and what it counts: `1 article`, `1,779 articles`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number with its thousands separated.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in its largest sensible unit: `15 minutes`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => count(seconds, "second", "seconds"),
        120..7_200 => count(seconds / 60, "minute", "minutes"),
        7_200..172_800 => count(seconds / 3_600, "hour", "hours"),
        _ => count(seconds / 86_400, "day", "days"),
    }
}

pub fn bytes(number: u64) -> String {
    match number {
        0..10_000 => count(number, "byte", "bytes"),
        10_000..10_000_000 => format!("{} kB", grouped(number / 1_000)),
        _ => format!("{} MB", grouped(number / 1_000_000)),
    }
}

/// What a quantity is read as: `420,000 EUR`.
pub fn quantity(quantity: &Quantity) -> String {
    let number = number(quantity.value);
    match quantity.kind {
        QuantityKind::Money => format!("{number} {}", quantity.currency.as_deref().unwrap_or("of an unnamed currency")),
        QuantityKind::Percent => format!("{number} percent"),
        QuantityKind::Count => {
            format!("{number} {}", quantity.counted.as_deref().unwrap_or_default()).trim_end().to_owned()
        }
    }
}

fn number(value: f64) -> String {
    let whole = value.trunc();
    let sign = if value < 0.0 { "-" } else { "" };
    let fraction = value.to_string().split_once('.').map(|(_, fraction)| format!(".{fraction}")).unwrap_or_default();
    format!("{sign}{}{fraction}", grouped(whole.abs() as u64))
}

/// A code or a name of the data model in plain words: `date_line` is `date line`.
pub fn plain(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

/// A field of the evidence in plain words: the second of `quantities` is `amount 2`.
pub fn field(name: &str) -> String {
    let Some((list, number)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) else {
        return plain(name).replace('.', ", ");
    };
    let one = match list {
        "entities" => "name",
        "quantities" => "amount",
        "mentioned_dates" => "date in the text",
        other => other,
    };
    format!("{one} {}", number.parse::<usize>().map_or(0, |number| number + 1))
}

/// The day on which a bucket of a timeline begins, as the API's parameters take it.
pub fn parameter_day(at: Instant) -> String {
    at.timestamp().to_zoned_datetime(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).expect("a time")
    }

    #[test]
    fn a_date_shows_its_certainty() {
        let seen = at("2026-11-26T10:00:00Z");
        let known = |precision| Published {
            at: Some(at("2025-03-12T09:40:00Z")),
            precision: Some(precision),
            basis: Some(Basis::Explicit),
            ..Published::default()
        };
        assert_eq!(published(&known(Precision::Minute), seen), "12 March 2025, 09:40 UTC");
        assert_eq!(published(&known(Precision::Day), seen), "12 March 2025");
        assert_eq!(published(&known(Precision::Month), seen), "March 2025");
        let modified = Published { basis: Some(Basis::Modified), ..known(Precision::Day) };
        assert_eq!(published(&modified, seen), "modified 12 March 2025, publication not stated");
        let within = |earliest: Option<&str>, latest: Option<&str>| Published {
            earliest: earliest.map(at),
            latest: latest.map(at),
            ..Published::default()
        };
        let (fifth, ninth) = (Some("2025-04-05T00:00:00Z"), Some("2025-04-09T23:00:00Z"));
        assert_eq!(published(&within(fifth, ninth), seen), "between 5 April 2025 and 9 April 2025");
        assert_eq!(published(&within(None, ninth), seen), "by 9 April 2025, not stated when");
        assert_eq!(published(&within(None, None), seen), "not stated, first seen 26 November 2026");
    }

    #[test]
    fn numbers_are_grouped_and_named() {
        assert_eq!(count(1, "article", "articles"), "1 article");
        assert_eq!(count(1_234_567, "article", "articles"), "1,234,567 articles");
        assert_eq!(grouped(999), "999");
        assert_eq!(number(-1_234.5), "-1,234.5");
        assert_eq!(duration(900), "15 minutes");
        assert_eq!(field("quantities[1]"), "amount 2");
        assert_eq!(field("modified_at"), "modified at");
    }
}
