//! Parses the time after a date, with its zone: without a zone the instant is unknown.

use super::{DateToken, DateTokenKind};
use crate::article::Offset;
use jiff::{Timestamp, civil, tz::TimeZone};

/// Parses a time with its zone close after a date; also returns its offset and the number of its tokens.
pub fn time_after(day: civil::Date, tokens: &[DateToken]) -> Option<(Timestamp, Option<Offset>, usize)> {
    use DateTokenKind::{Mark, Number, Word};
    let is_filler = |kind: &DateTokenKind| match kind {
        Mark(mark) => matches!(mark, ',' | '|' | '·' | '-' | '–' | '—' | '@'),
        Word(word) => matches!(word.as_str(), "at" | "um" | "à" | "t" | "ore"),
        Number(..) => false,
    };
    let skipped = tokens.iter().take(2).take_while(|token| is_filler(&token.kind)).count();
    let kinds: Vec<&DateTokenKind> = tokens[skipped..].iter().take(9).map(|token| &token.kind).collect();
    let [Number(hour, 1..=2), Mark(':' | '.'), Number(minute, 2), rest @ ..] = kinds.as_slice() else { return None };
    let (mut hour, mut used) = (*hour, 3);
    let mut rest = rest;
    if let [Mark(':'), Number(_, 2), more @ ..] = rest {
        (rest, used) = (more, used + 2);
    }
    // `a.m.` is split into four tokens.
    let meridiem = match rest {
        [Word(a), Mark('.'), Word(m), Mark('.'), ..] if m == "m" && (a == "a" || a == "p") => Some((a == "p", 4)),
        [Word(meridiem), ..] if meridiem == "am" || meridiem == "pm" => Some((meridiem == "pm", 1)),
        _ => None,
    };
    if let Some((afternoon, tokens)) = meridiem {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if afternoon { 12 } else { 0 };
        used += tokens;
    }
    let (offset, zone_tokens) = zone(&tokens[skipped + used..])?;
    let part = |number: i64| i8::try_from(number).ok();
    let time = civil::Time::new(part(hour)?, part(*minute)?, 0, 0).ok()?;
    let zoned = day.to_datetime(time).to_zoned_datetime(offset.map_or(TimeZone::UTC, Offset::zone)).ok()?;
    Some((zoned.timestamp(), offset, skipped + used + zone_tokens))
}

/// Zone abbreviations with the same offset everywhere, in minutes. `IST`, `BST` and `CST` are ambiguous and left out.
const ZONES: &[(&str, i64)] = &[
    ("gmt", 0),
    ("utc", 0),
    ("edt", -240),
    ("est", -300),
    ("pdt", -420),
    ("pst", -480),
    ("cet", 60),
    ("cest", 120),
    ("msk", 180),
    ("jst", 540),
    ("pkt", 300),
];

/// Parses the offset of a time and the number of its tokens. `Z` states the instant but no offset.
fn zone(tokens: &[DateToken]) -> Option<(Option<Offset>, usize)> {
    let named = match tokens {
        [DateToken { kind: DateTokenKind::Word(name), .. }, ..] if name == "z" => return Some((None, 1)),
        [DateToken { kind: DateTokenKind::Word(name), .. }, ..] => {
            ZONES.iter().find(|(zone, _)| zone == name).map(|(_, minutes)| *minutes)
        }
        _ => None,
    };
    let of_utc = usize::from(named == Some(0));
    if let Some((minutes, used)) = signed(&tokens[of_utc..], tokens[..of_utc].last()) {
        return Some((Some(Offset::of_minutes(minutes)?), of_utc + used));
    }
    Some((Some(Offset::of_minutes(named?)?), 1))
}

/// Parses `+05:30` and `-0800` into minutes; directly after `GMT` or `UTC` also `+2`.
fn signed(tokens: &[DateToken], utc: Option<&DateToken>) -> Option<(i64, usize)> {
    use DateTokenKind::{Mark, Number};
    let kinds: Vec<&DateTokenKind> = tokens.iter().take(4).map(|token| &token.kind).collect();
    let (minutes, used) = match kinds.as_slice() {
        [Mark('+' | '-'), Number(hours, 1..=2), Mark(':'), Number(minutes, 2), ..] => (hours * 60 + minutes, 4),
        [Mark('+' | '-'), Number(both, 4), ..] => (both / 100 * 60 + both % 100, 2),
        [Mark('+' | '-'), Number(hours, 1..=2), ..] if utc?.end == tokens[0].start => (hours * 60, 2),
        _ => return None,
    };
    Some((if matches!(kinds[0], Mark('-')) { -minutes } else { minutes }, used))
}
