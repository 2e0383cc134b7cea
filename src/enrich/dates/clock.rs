//! The time behind a date, with its zone: without one the moment is not known.

use super::{Kind, Token};
use crate::article::Offset;
use jiff::{Timestamp, civil, tz::TimeZone};

/// A time with its zone, close behind a date, and how many tokens it takes.
pub fn time_after(day: civil::Date, tokens: &[Token]) -> Option<(Timestamp, Option<Offset>, usize)> {
    use Kind::{Mark, Number, Word};
    let between = |kind: &Kind| match kind {
        Mark(it) => matches!(it, ',' | '|' | '·' | '-' | '–' | '—' | '@'),
        Word(it) => matches!(it.as_str(), "at" | "um" | "à" | "t" | "ore"),
        Number(..) => false,
    };
    let skipped = tokens.iter().take(2).take_while(|it| between(&it.kind)).count();
    let kinds: Vec<&Kind> = tokens[skipped..].iter().take(9).map(|it| &it.kind).collect();
    let [Number(hour, 1..=2), Mark(':' | '.'), Number(minute, 2), rest @ ..] = kinds.as_slice() else { return None };
    let (mut hour, mut used) = (*hour, 3);
    let mut rest = rest;
    if let [Mark(':'), Number(_, 2), more @ ..] = rest {
        (rest, used) = (more, used + 2);
    }
    // `a.m.` comes apart into four tokens.
    let half = match rest {
        [Word(a), Mark('.'), Word(m), Mark('.'), ..] if m == "m" && (a == "a" || a == "p") => Some((a == "p", 4)),
        [Word(half), ..] if half == "am" || half == "pm" => Some((half == "pm", 1)),
        _ => None,
    };
    if let Some((afternoon, tokens)) = half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if afternoon { 12 } else { 0 };
        used += tokens;
    }
    let (offset, zone_tokens) = zone(&tokens[skipped + used..])?;
    let part = |it: i64| i8::try_from(it).ok();
    let time = civil::Time::new(part(hour)?, part(*minute)?, 0, 0).ok()?;
    let zoned = day.to_datetime(time).to_zoned_datetime(offset.map_or(TimeZone::UTC, Offset::zone)).ok()?;
    Some((zoned.timestamp(), offset, skipped + used + zone_tokens))
}

/// Zones whose letters mean one offset everywhere. `IST`, `BST` and `CST` mean several and are not here.
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

/// The offset that a time is written with, and its tokens. `Z` states the moment and no offset.
fn zone(tokens: &[Token]) -> Option<(Option<Offset>, usize)> {
    let named = match tokens {
        [Token { kind: Kind::Word(name), .. }, ..] if name == "z" => return Some((None, 1)),
        [Token { kind: Kind::Word(name), .. }, ..] => {
            ZONES.iter().find(|(it, _)| it == name).map(|(_, minutes)| *minutes)
        }
        _ => None,
    };
    let of_utc = usize::from(named == Some(0));
    if let Some((minutes, used)) = signed(&tokens[of_utc..], tokens[..of_utc].last()) {
        return Some((Some(Offset::of_minutes(minutes)?), of_utc + used));
    }
    Some((Some(Offset::of_minutes(named?)?), 1))
}

/// `+05:30`, `-0800`; directly behind the name of UTC also `+2`.
fn signed(tokens: &[Token], utc: Option<&Token>) -> Option<(i64, usize)> {
    use Kind::{Mark, Number};
    let kinds: Vec<&Kind> = tokens.iter().take(4).map(|it| &it.kind).collect();
    let (minutes, used) = match kinds.as_slice() {
        [Mark('+' | '-'), Number(hours, 1..=2), Mark(':'), Number(minutes, 2), ..] => (hours * 60 + minutes, 4),
        [Mark('+' | '-'), Number(both, 4), ..] => (both / 100 * 60 + both % 100, 2),
        [Mark('+' | '-'), Number(hours, 1..=2), ..] if utc?.end == tokens[0].start => (hours * 60, 2),
        _ => return None,
    };
    Some((if matches!(kinds[0], Mark('-')) { -minutes } else { minutes }, used))
}
