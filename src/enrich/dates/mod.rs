//! Dates that a text states in full: day, month and year. A date without a year is not a full date.
//!
//! Order: a named month makes it unambiguous. Among numbers alone, a leading four-digit year means ISO order, and dots
//! mean the continental order with the day first; with slashes and hyphens the day is the number above 12, and if there
//! is none, the date is ambiguous and refused, unless both numbers are equal. A time counts only with its zone: without
//! one the instant is unknown.

mod clock;
mod url_path;

pub use url_path::in_path;

use crate::article::{Basis, Instant, Offset, Precision, Published};
use jiff::{
    Span, Timestamp, civil,
    fmt::{
        rfc2822,
        strtime::BrokenDownTime,
        temporal::{Pieces, PiecesOffset},
    },
    tz::TimeZone,
};
use rustc_hash::FxHashMap;
use std::{ops::Range, sync::LazyLock};

#[derive(Clone, Debug, PartialEq)]
pub struct Stated {
    /// UTF-8 bytes of the text.
    pub range: Range<usize>,
    pub published: Published,
}

/// Returns the first full date that a text states.
pub fn stated(text: &str) -> Option<Stated> {
    let tokens = tokens(text);
    (0..tokens.len()).find_map(|at| {
        let (day, used) = date_at(&tokens[at..])?;
        let mut last = at + used - 1;
        let mut published = of_day(day)?;
        if let Some((moment, offset, used)) = clock::time_after(day, &tokens[last + 1..]) {
            published = of_moment(moment, offset, Precision::Minute)?;
            last += used;
        }
        Some(Stated { range: tokens[at].start..tokens[last].end, published })
    })
}

/// Whether a text is a day of a month, with or without its year: `4 avril`, `Jan. 5`.
pub fn is_day(text: &str) -> bool {
    let tokens: Vec<DateToken> =
        tokens(text).into_iter().filter(|token| !matches!(token.kind, DateTokenKind::Mark(_))).collect();
    let kinds: Vec<&DateTokenKind> = tokens.iter().map(|token| &token.kind).collect();
    let is_month_day = |number: i64| (1..=31).contains(&number);
    match kinds.as_slice() {
        [DateTokenKind::Number(day, _), DateTokenKind::Word(word)]
        | [DateTokenKind::Word(word), DateTokenKind::Number(day, _)] => is_month_day(*day) && month(word).is_some(),
        _ => stated(text).is_some(),
    }
}

/// Words that say what the date after them refers to: a change, or the publication.
const OF_CHANGE: &[&str] = &[
    "updated",
    "modified",
    "aktualisiert",
    "mis à jour",
    "actualizado",
    "atualizado",
    "aggiornato",
    "bijgewerkt",
    "güncelleme",
    "обновлено",
    "оновлено",
    "تحديث",
    "更新",
];
const OF_PUBLICATION: &[&str] = &[
    "published",
    "posted",
    "veröffentlicht",
    "publié",
    "published",
    "erschienen",
    "erstellt",
    "gepostet",
    "mis en ligne",
    "publicado",
    "pubblicato",
    "gepubliceerd",
    "yayınlanma",
    "опубликовано",
    "опубліковано",
    "نشر",
    "发布",
    "發布",
];

/// Returns the first date in a text that is next to a word of publication: `wurde am 12. März 2025 veröffentlicht`.
pub fn published_in(text: &str) -> Option<Stated> {
    let date = stated(text)?;
    let low = |text: &str| text.to_lowercase();
    let before: String = text[..date.range.start].chars().rev().take(BESIDE_CHARS).collect();
    let before = low(&before.chars().rev().collect::<String>());
    let after = low(&text[date.range.end..].chars().take(BESIDE_CHARS).collect::<String>());
    let beside = OF_PUBLICATION.iter().any(|word| before.contains(word) || after.contains(word));
    (beside && !is_of_change(&before)).then_some(date)
}

/// Maximum characters between a date and the word that says what it is the date of.
const BESIDE_CHARS: usize = 30;

/// Whether the text before a date in its line says that it is the date of a change: the last such word decides.
pub fn is_of_change(before: &str) -> bool {
    let low = before.to_lowercase();
    let last = |words: &[&str]| words.iter().filter_map(|word| low.rfind(word)).max();
    last(OF_CHANGE) > last(OF_PUBLICATION)
}

/// Parses a machine-readable date of metadata: RFC 3339, the looser forms of ISO 8601 found in practice, or RFC 2822.
pub fn machine(text: &str) -> Option<Published> {
    let text = text.trim();
    if let Ok(pieces) = Pieces::parse(text) {
        return of_pieces(&pieces);
    }
    if let Ok(parsed) = BrokenDownTime::parse("%Y-%m-%d %H:%M:%S %z", text) {
        return of_moment(parsed.to_timestamp().ok()?, parsed.offset().map(Offset::from), Precision::Second);
    }
    let zoned = rfc2822::parse(text).ok()?;
    let offset = Some(zoned.offset().into()).filter(|_| !text.contains("-0000"));
    of_moment(zoned.timestamp(), offset, Precision::Second)
}

/// Returns an instant if a time is written with its offset, otherwise a day.
fn of_pieces(pieces: &Pieces<'_>) -> Option<Published> {
    let (Some(time), Some(offset)) = (pieces.time(), pieces.offset()) else { return of_day(pieces.date()) };
    let moment = offset.to_numeric_offset().to_timestamp(pieces.date().to_datetime(time)).ok()?;
    let stated = match offset {
        PiecesOffset::Numeric(numeric) if !(numeric.is_negative() && numeric.offset().is_zero()) => {
            Some(numeric.offset().into())
        }
        _ => None,
    };
    of_moment(moment, stated, Precision::Second)
}

/// Parses a date in machine-readable or human-readable form.
pub fn any(text: &str) -> Option<Published> {
    machine(text).or_else(|| stated(text).map(|stated| stated.published))
}

/// Hours by which a day begins in the earliest zone before it begins in UTC.
const EARLIEST_ZONE_HOURS: i64 = 14;

/// Whether a stated date is possible for a document with this retrieval time, which cannot precede publication.
pub fn is_possible(published: &Published, retrieved_at: Instant) -> bool {
    let latest = retrieved_at.timestamp().saturating_add(Span::new().hours(EARLIEST_ZONE_HOURS));
    published.at.is_none_or(|at| latest.is_ok_and(|latest| at.timestamp() <= latest))
}

/// Returns the publication date for an explicitly stated instant.
pub fn of_moment(moment: Timestamp, offset: Option<Offset>, precision: Precision) -> Option<Published> {
    let at = Instant::from_timestamp(moment);
    at?;
    Some(Published { at, offset, precision: Some(precision), basis: Some(Basis::Explicit), ..Published::default() })
}

/// Returns the publication date for a day whose zone is unknown: `at` is its start in UTC, and the interval
/// is its 24 hours there.
pub fn of_day(day: civil::Date) -> Option<Published> {
    let start = day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
    let end = start.checked_add(Span::new().hours(24)).ok()?;
    let at = Instant::from_timestamp(start);
    at?;
    Some(Published {
        at,
        precision: Some(Precision::Day),
        basis: Some(Basis::Explicit),
        earliest: at,
        latest: Instant::from_timestamp(end),
        ..Published::default()
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DateTokenKind {
    /// The value, and the number of its digits.
    Number(i64, usize),
    Word(String),
    Mark(char),
}

#[derive(Clone, Debug)]
struct DateToken {
    kind: DateTokenKind,
    start: usize,
    end: usize,
}

/// Splits a text into numbers (digits of several scripts), lower-case words and single marks; blanks are dropped.
fn tokens(text: &str) -> Vec<DateToken> {
    let mut tokens: Vec<DateToken> = Vec::new();
    for (start, letter) in text.char_indices() {
        let end = start + letter.len_utf8();
        let previous = tokens.last_mut().filter(|token| token.end == start);
        match (digit(letter), previous) {
            (Some(digit), Some(DateToken { kind: DateTokenKind::Number(value, digits), end: last, .. }))
                if *digits < 9 =>
            {
                *value = *value * 10 + digit;
                *digits += 1;
                *last = end;
            }
            (Some(digit), _) => tokens.push(DateToken { kind: DateTokenKind::Number(digit, 1), start, end }),
            // Ideographs are words of one letter: 3月16日.
            (None, Some(DateToken { kind: DateTokenKind::Word(word), end: last, .. }))
                if letter.is_alphabetic() && !is_ideograph(letter) && !word.chars().any(is_ideograph) =>
            {
                word.extend(letter.to_lowercase());
                *last = end;
            }
            (None, _) if letter.is_alphabetic() => {
                tokens.push(DateToken { kind: DateTokenKind::Word(letter.to_lowercase().collect()), start, end });
            }
            (None, _) if letter.is_whitespace() => {}
            (None, _) => tokens.push(DateToken { kind: DateTokenKind::Mark(letter), start, end }),
        }
    }
    tokens
}

/// Returns the value of an ASCII, Arabic-Indic, Extended Arabic-Indic, Devanagari or full-width digit.
fn digit(letter: char) -> Option<i64> {
    let zeros = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{ff10}'];
    zeros.iter().find_map(|zero| {
        let value = u32::from(letter).checked_sub(u32::from(*zero))?;
        (value < 10).then_some(i64::from(value))
    })
}

fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{4e00}'..='\u{9fff}')
}

/// Parses a full date at the start of the tokens; also returns the number of tokens that it takes.
fn date_at(tokens: &[DateToken]) -> Option<(civil::Date, usize)> {
    use DateTokenKind::{Mark, Number, Word};
    let kinds: Vec<&DateTokenKind> = tokens.iter().take(8).map(|token| &token.kind).collect();
    let day = |year: i64, month: i64, day: i64| {
        let part = |number: i64| i8::try_from(number).ok();
        civil::Date::new(i16::try_from(year).ok()?, part(month)?, part(day)?).ok().filter(|date| date.year() >= 1000)
    };
    match kinds.as_slice() {
        [Number(y, 4), Mark(a @ ('-' | '/' | '.')), Number(m, 1..=2), Mark(b), Number(d, 1..=2), ..] if a == b => {
            day(*y, *m, *d).map(|day| (day, 5))
        }
        [Number(y, 4), Word(ny), Number(m, 1..=2), Word(yue), Number(d, 1..=2), Word(ri), ..]
            if ny == "年" && yue == "月" && ri == "日" =>
        {
            day(*y, *m, *d).map(|day| (day, 6))
        }
        [Number(d, 1..=2), Mark('.'), Number(m, 1..=2), Mark('.'), Number(y, 4), ..] => {
            day(*y, *m, *d).map(|day| (day, 5))
        }
        // A year of two digits, where nothing but a date is written so: `12.03.25`, `31/12/24`, `12-Mar-25`.
        [Number(d, 2), Mark('.'), Number(m, 2), Mark('.'), Number(y, 2), ..] => {
            day(of_two_digits(*y), *m, *d).map(|day| (day, 5))
        }
        [Number(d, 1..=2), Mark('-'), Word(name), Mark('-'), Number(y, 2), ..] => {
            day(of_two_digits(*y), month(name)?, *d).map(|day| (day, 5))
        }
        [Number(a, 2), Mark('/'), Number(b, 2), Mark('/'), Number(y, 2), ..] => {
            let (month, first) = in_order(*a, *b)?;
            day(of_two_digits(*y), month, first).map(|day| (day, 5))
        }
        [Number(a, 1..=2), Mark(mark @ ('/' | '-')), Number(b, 1..=2), Mark(second), Number(y, 4), ..]
            if mark == second =>
        {
            let (month, first) = in_order(*a, *b)?;
            day(*y, month, first).map(|day| (day, 5))
        }
        [Number(d, 1..=2), rest @ ..] => {
            // `12 March 2025`, `12. März 2025`, `3rd of May 2024`, `27 de marzo de 2024`, `12-Mar-2025`
            let skip = filler(rest);
            let Some(Word(name)) = rest.get(skip) else { return None };
            let month = month(name)?;
            let after = skip + 1 + filler(&rest[skip + 1..]);
            let Some(Number(y, 4)) = rest.get(after) else { return None };
            day(*y, month, *d).map(|day| (day, after + 2))
        }
        [Word(name), rest @ ..] => {
            // `March 12, 2025`, `Jan. 5 2027`
            let month = month(name)?;
            let skip = filler(rest);
            let Some(Number(d, 1..=2)) = rest.get(skip) else { return None };
            let after = skip + 1 + filler(&rest[skip + 1..]);
            let Some(Number(y, 4)) = rest.get(after) else { return None };
            day(*y, month, *d).map(|day| (day, after + 2))
        }
        _ => None,
    }
}

/// Returns the month and the day of two numbers whose order is unknown, if their values show which is which.
fn in_order(first: i64, second: i64) -> Option<(i64, i64)> {
    match (first > 12, second > 12) {
        (true, false) => Some((second, first)),
        (false, true) => Some((first, second)),
        _ => (first == second).then_some((first, second)),
    }
}

/// Returns the year of two digits, of the window that POSIX (`strptime`, `%y`) gives it: 1969 to 2068.
fn of_two_digits(year: i64) -> i64 {
    if year < 69 { 2000 + year } else { 1900 + year }
}

/// Counts the next tokens, at most two, that are only filler between the parts of a date.
fn filler(kinds: &[&DateTokenKind]) -> usize {
    let is_filler = |kind: &DateTokenKind| match kind {
        DateTokenKind::Mark(mark) => matches!(mark, '.' | ',' | '-' | '،' | '/' | 'º' | 'ª'),
        DateTokenKind::Word(word) => {
            matches!(word.as_str(), "st" | "nd" | "rd" | "th" | "of" | "de" | "del" | "er" | "من" | "º")
        }
        DateTokenKind::Number(..) => false,
    };
    kinds.iter().take(2).take_while(|kind| is_filler(kind)).count()
}

pub(in crate::enrich) fn month(name: &str) -> Option<i64> {
    MONTH_NAMES.get(name).copied()
}

static MONTH_NAMES: LazyLock<FxHashMap<&'static str, i64>> = LazyLock::new(|| {
    let months = (1..).zip(MONTHS);
    months.flat_map(|(number, names)| names.split(' ').map(move |part| (part, number))).collect()
});

/// The names and usual abbreviations of the months in English, French, German, Spanish, Portuguese, Italian, Dutch,
/// Russian, Ukrainian, Turkish, Arabic (both sets) and Urdu: Unicode CLDR, `calendars/gregorian/months`.
const MONTHS: [&str; 12] = [
    "january jan janvier janv januar jänner enero ene janeiro gennaio gen januari января янв січня ocak يناير كانونالثاني جنوری",
    "february feb février févr fév februar febrero fevereiro fev febbraio febr februari февраля фев лютого şubat فبراير شباط فروری",
    "march mar mars märz mär marzo março maart марта мар березня mart مارس آذار مارچ",
    "april apr avril avr abril abr aprile апреля апр квітня nisan أبريل ابريل نيسان اپریل",
    "may mai mayo maio maggio mag mei мая травня mayıs مايو أيار مئی",
    "june jun juin juni junio junho giugno giu июня июн червня haziran يونيو حزيران جون",
    "july jul juillet juil juli julio julho luglio lug июля июл липня temmuz يوليو تموز جولائی",
    "august aug août aout agosto ago augustus августа авг серпня ağustos أغسطس آب اگست",
    "september sep sept septembre septiembre setembro set settembre сентября сен вересня eylül سبتمبر أيلول ستمبر",
    "october oct octobre oktober okt octubre outubro out ottobre ott октября окт жовтня ekim أكتوبر اکتوبر",
    "november nov novembre noviembre novembro ноября ноя листопада kasım نوفمبر نومبر",
    "december dec décembre déc dezember dez diciembre dic dezembro dicembre декабря дек грудня aralık ديسمبر دسمبر",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_dates_are_parsed_in_their_usual_forms() {
        for (text, expected) in [
            ("Published: 12 March 2025, 09:40 GMT", Some("2025-03-12T09:40:00.000Z")),
            ("Jan. 5, 2027", Some("2027-01-05T00:00:00.000Z")),
            ("12. März 2025", Some("2025-03-12T00:00:00.000Z")),
            ("27 de marzo de 2024", Some("2024-03-27T00:00:00.000Z")),
            ("le 1er avril 2024", Some("2024-04-01T00:00:00.000Z")),
            ("8 февраля 2024 г.", Some("2024-02-08T00:00:00.000Z")),
            ("تاریخ اشاعت: 3 نومبر 2024", Some("2024-11-03T00:00:00.000Z")),
            ("٣ نوفمبر ٢٠٢٤", Some("2024-11-03T00:00:00.000Z")),
            ("2026年3月16日 13:42", Some("2026-03-16T00:00:00.000Z")),
            ("2025-03-12", Some("2025-03-12T00:00:00.000Z")),
            ("31/12/2024", Some("2024-12-31T00:00:00.000Z")),
            ("12/31/2024", Some("2024-12-31T00:00:00.000Z")),
            ("31-12-2024", Some("2024-12-31T00:00:00.000Z")),
            ("12.03.25", Some("2025-03-12T00:00:00.000Z")),
            ("31/12/98", Some("1998-12-31T00:00:00.000Z")),
            ("Monday, 07-Apr-25 09:30:00 GMT", Some("2025-04-07T09:30:00.000Z")),
            ("03/04/25", None),
            ("1.2.34", None),
            ("12 March 25 people", None),
            ("3-4-2024", None),
            ("03/04/2024", None),
            ("3.4.2024", Some("2024-04-03T00:00:00.000Z")),
            ("31 February 2024", None),
            ("on April 5", None),
            ("between 2013 and 2018", None),
            ("", None),
        ] {
            let found = stated(text).and_then(|stated| stated.published.at).map(|instant| instant.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_stated_time_keeps_its_offset() {
        for (text, expected) in [
            ("12 March 2025, 09:40 GMT", "2025-03-12T09:40:00.000Z +00:00 2025-03-12"),
            ("March 12, 2025 at 9:40 p.m. EST", "2025-03-13T02:40:00.000Z -05:00 2025-03-12"),
            ("12.03.2025, 00:30 GMT+2", "2025-03-11T22:30:00.000Z +02:00 2025-03-12"),
            ("12.03.2025, 00:30 GMT - 2 min", "2025-03-12T00:30:00.000Z +00:00 2025-03-12"),
            ("12.03.2025, 00:30 +0200", "2025-03-11T22:30:00.000Z +02:00 2025-03-12"),
            ("2025-03-12 09:40Z", "2025-03-12T09:40:00.000Z none 2025-03-12"),
            ("12 March 2025, 09:40", "2025-03-12T00:00:00.000Z none 2025-03-12"),
        ] {
            assert_eq!(stated(text).map(|stated| formatted(&stated.published)).as_deref(), Some(expected), "{text}");
        }
    }

    /// Formats the instant, the offset and the day.
    fn formatted(published: &Published) -> String {
        let offset = published.offset.map_or_else(|| "none".to_owned(), |offset| offset.to_string());
        format!("{} {offset} {}", published.at.expect("a date"), published.day().expect("a day"))
    }

    #[test]
    fn the_range_covers_only_the_date() {
        let text = "Updated: 12 March 2025, 14:05 GMT | News";
        let found = stated(text).expect("a date");
        assert_eq!(&text[found.range], "12 March 2025, 14:05 GMT");
    }

    #[test]
    fn the_words_before_a_date_distinguish_change_and_publication() {
        for (before, expected) in [
            ("", false),
            ("By Ana Sá, ", false),
            ("Last updated: ", true),
            ("Mis à jour le ", true),
            ("Updated by Ana Sá on ", true),
            ("Published 3 May, updated ", true),
            ("Updated 5 May, first published on ", false),
            ("更新时间：", true),
        ] {
            assert_eq!(is_of_change(before), expected, "{before}");
        }
    }

    #[test]
    fn a_publication_date_after_retrieval_is_impossible() {
        let retrieved = Instant::parse("2025-04-06T11:00:00Z").expect("an instant");
        for (stated, possible) in [("2025-04-06", true), ("2025-04-07", true), ("2025-04-08", false)] {
            let published = machine(stated).expect("a date");
            assert_eq!(is_possible(&published, retrieved), possible, "{stated}");
        }
    }

    #[test]
    fn machine_readable_dates_are_parsed() {
        for (text, expected) in [
            ("2025-03-12T09:40:00+05:00", Some("2025-03-12T04:40:00.000Z +05:00 2025-03-12")),
            ("2025-03-12T20:40:00.000-0800", Some("2025-03-13T04:40:00.000Z -08:00 2025-03-12")),
            ("2025-03-12 09:40:00 +0530", Some("2025-03-12T04:10:00.000Z +05:30 2025-03-12")),
            ("2025-03-12 09:40:00+00:00", Some("2025-03-12T09:40:00.000Z +00:00 2025-03-12")),
            ("2025-03-12T09:40Z", Some("2025-03-12T09:40:00.000Z none 2025-03-12")),
            ("2025-03-12T09:40:00-00:00", Some("2025-03-12T09:40:00.000Z none 2025-03-12")),
            ("Wed, 12 Mar 2025 09:40:00 GMT", Some("2025-03-12T09:40:00.000Z +00:00 2025-03-12")),
            ("Wed, 12 Mar 2025 01:40:00 +0900", Some("2025-03-11T16:40:00.000Z +09:00 2025-03-12")),
            ("Wed, 12 Mar 2025 09:40:00 -0000", Some("2025-03-12T09:40:00.000Z none 2025-03-12")),
            ("2025-03-12T09:40:00", Some("2025-03-12T00:00:00.000Z none 2025-03-12")),
            ("2025-03-12", Some("2025-03-12T00:00:00.000Z none 2025-03-12")),
            ("yesterday", None),
        ] {
            assert_eq!(machine(text).map(|published| formatted(&published)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_day_is_recognised_without_its_year() {
        for text in ["4 avril", "Jan. 5", "8 февраля", "April 9, 2025"] {
            assert!(is_day(text), "{text}");
        }
        for text in ["Ukraine", "40 avril", "2025", ""] {
            assert!(!is_day(text), "{text}");
        }
    }
}
