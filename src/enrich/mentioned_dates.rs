//! Dates that a text mentions: days, months and years, as precise as they are stated.
//!
//! A day without a year is resolved only if the publication date is known: to the nearest such day, within half a year.
//! Otherwise its year stays open. Weekdays and words like `yesterday` are dates only relative to publication: a weekday
//! is the last one up to and including the day of publication, or the first one from that day on if the words around it
//! are in the future tense, or the one after that day if the text says `next`.

use super::{
    dates,
    tense::{self, Tense},
    text_fields::{TextField, Word},
};
use crate::article::{MentionedDate, Precision, edtf_interval};
use jiff::{ToSpan, civil::Date};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, ops::Range, sync::LazyLock};

/// The years that a bare number may mean.
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2100;

/// Words before a bare number that make it a year, in the languages of the seeds.
const BEFORE_YEAR: &[&str] = &[
    "in", "since", "between", "by", "from", "until", "till", "during", "before", "after", "of", "the", "and", "to",
    "early", "late", "mid", "summer", "winter", "spring", "autumn", "fall", "year", "around", "en", "depuis", "entre",
    "et", "avant", "après", "fin", "début", "desde", "hasta", "y", "año", "seit", "im", "jahr", "bis", "und", "von",
    "vor", "nach", "em", "anno", "nel", "dal", "в", "с", "до", "по", "عام", "سنة", "سال",
];
/// Words after a number that show that it is not a year.
const NOT_AFTER_YEAR: &[&str] = &[
    "people",
    "homes",
    "houses",
    "jobs",
    "workers",
    "km",
    "kilometres",
    "kilometers",
    "miles",
    "metres",
    "meters",
    "feet",
    "tonnes",
    "tons",
    "acres",
    "hectares",
    "hours",
    "times",
    "dollars",
    "euros",
    "pounds",
    "rupees",
    "cases",
    "votes",
    "students",
    "children",
    "women",
    "men",
    "troops",
    "soldiers",
    "megawatts",
    "mw",
    "kg",
    "vehicles",
    "points",
];

/// Words for a street that follow its name, and `block`, which follows a house number.
const STREETS: &[&str] = &[
    "street",
    "st",
    "st.",
    "avenue",
    "ave",
    "ave.",
    "road",
    "rd",
    "rd.",
    "drive",
    "dr",
    "dr.",
    "boulevard",
    "blvd",
    "blvd.",
    "lane",
    "ln",
    "way",
    "court",
    "highway",
    "parkway",
    "place",
    "terrace",
    "block",
];

const WEEKDAYS: [&str; 7] = [
    "monday lundi montag lunes lunedì segunda-feira понедельник",
    "tuesday mardi dienstag martes martedì terça-feira вторник",
    "wednesday mercredi mittwoch miércoles mercoledì quarta-feira среду",
    "thursday jeudi donnerstag jueves giovedì quinta-feira четверг",
    "friday vendredi freitag viernes venerdì sexta-feira пятницу",
    "saturday samedi samstag sábado sabato субботу",
    "sunday dimanche sonntag domingo domenica воскресенье",
];
/// Words directly before a weekday that mean the first one after the day of publication.
const NEXT: &[&str] = &["next", "this coming", "kommenden", "nächsten", "volgende", "komende", "aanstaande"];
/// Words before a weekday of no particular week, as in `every Friday`, and before the Spanish `mañana` where it means
/// the morning.
const NOT_BEFORE_DAY: &[&str] =
    &["that", "every", "each", "jeden", "jedem", "chaque", "cada", "ogni", "elke", "la", "esta", "una"];
/// Words for days around publication, and their distance from it in days.
const AROUND: &[(&str, i32)] = &[
    ("today", 0),
    ("tonight", 0),
    ("yesterday", -1),
    ("tomorrow", 1),
    ("aujourd'hui", 0),
    ("hier", -1),
    ("demain", 1),
    ("heute", 0),
    ("gestern", -1),
    ("hoy", 0),
    ("ayer", -1),
    ("mañana", 1),
];

static RELATIVE: LazyLock<FxHashMap<&'static str, DateExpression>> = LazyLock::new(|| {
    let weekdays = (0..).zip(WEEKDAYS);
    let weekdays =
        weekdays.flat_map(|(day, names)| names.split(' ').map(move |part| (part, DateExpression::Weekday(day))));
    weekdays.chain(AROUND.iter().map(|(word, days)| (*word, DateExpression::Around(*days)))).collect()
});

/// A date as the text states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateExpression {
    Day(Date),
    /// Month and day, without a year.
    OpenDay(i8, i8),
    Month(i16, i8),
    Year(i16),
    /// Monday is 0.
    Weekday(i8),
    /// Days from publication.
    Around(i32),
}

#[derive(Clone, Debug, PartialEq)]
pub struct DateMatch {
    pub told: DateExpression,
    /// UTF-8 bytes of the field.
    pub range: Range<usize>,
}

/// Returns every date of a field, in order.
pub fn find(field: &TextField<'_>, language: Option<&str>) -> Vec<DateMatch> {
    let (text, words, low) = (field.text, field.words.as_slice(), field.low.as_slice());
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (date, used) = [named_month(text, words, low, at), numeric(text, words, at)]
            .into_iter()
            .flatten()
            .next()
            .or_else(|| {
                relative(low, at, language).filter(|_| !names_date_behind(text, words, low, at)).map(|date| (date, 1))
            })
            .or_else(|| year(text, words, low, at).map(|year| (DateExpression::Year(year), 1)))
            .map_or((None, 1), |(date, used)| (Some(date), used));
        if let Some(told) = date {
            let range = words[at].start..words[at + used - 1].end;
            found.push(DateMatch { told, range });
        }
        at += used;
    }
    found
}

/// Parses a date with a named month: `April 9`, `9 April 2025`, `August 2021`, `5. Mai`, `9 de abril de 2025`.
fn named_month(text: &str, words: &[Word<'_>], low: &[Cow<'_, str>], at: usize) -> Option<(DateExpression, usize)> {
    // `may` and `march` may be verbs; a month with such a name has a capital letter and a number next to it.
    let month_at = |at: usize| -> Option<i8> {
        let word = words.get(at)?;
        let number = dates::month(low[at].trim_end_matches('.'))?;
        let latin = word.text.is_ascii();
        (!latin || word.is_capital() || low[at].len() > 3).then(|| i8::try_from(number).ok())?
    };
    let day_at = |at: usize| -> Option<i8> {
        let text =
            words.get(at)?.text.trim_end_matches(|mark: char| mark.is_alphabetic() || matches!(mark, '.' | 'º' | 'ª'));
        text.parse().ok().filter(|day| (1..=31).contains(day) && text.len() <= 2)
    };
    let year_at = |at: usize| -> Option<i16> {
        let text = words.get(at)?.text;
        text.parse().ok().filter(|year| text.len() == 4 && YEARS.contains(year))
    };
    let joint =
        |at: usize| usize::from(low.get(at).is_some_and(|word| matches!(word.as_ref(), "de" | "of" | "del" | "do")));
    let near = |from: usize, to: usize| words[to].start - words[from].end <= 3;
    if let Some(day) = day_at(at) {
        let month_index = at + 1 + joint(at + 1);
        let month = month_at(month_index).filter(|_| near(month_index - 1, month_index))?;
        let year_index = month_index + 1 + joint(month_index + 1);
        if let Some(year) = year_at(year_index).filter(|_| near(year_index - 1, year_index)) {
            return Some((DateExpression::Day(Date::new(year, month, day).ok()?), year_index + 1 - at));
        }
        Date::new(2000, month, day).ok()?;
        return Some((DateExpression::OpenDay(month, day), month_index + 1 - at));
    }
    let month = if words[at].is_capital() || !words[at].text.is_ascii() { month_at(at) } else { None }?;
    let next = at + 1;
    if let Some(year) = year_at(next).filter(|_| near(at, next)) {
        return Some((DateExpression::Month(year, month), 2));
    }
    if joint(next) == 1
        && let Some(year) = year_at(next + 1)
    {
        return Some((DateExpression::Month(year, month), 3));
    }
    let day = day_at(next).filter(|_| near(at, next) && text[words[at].end..words[next].start].trim() != ",")?;
    if let Some(year) = year_at(next + 1).filter(|_| near(next, next + 1)) {
        return Some((DateExpression::Day(Date::new(year, month, day).ok()?), 3));
    }
    Date::new(2000, month, day).ok()?;
    Some((DateExpression::OpenDay(month, day), 2))
}

/// Parses `2025-04-09` and similar dates, by the rules of `dates::stated`.
fn numeric(text: &str, words: &[Word<'_>], at: usize) -> Option<(DateExpression, usize)> {
    let start = words[at].start;
    if !words[at].text.starts_with(|letter: char| letter.is_ascii_digit()) || !words[at].text.contains(['-', '.']) {
        return None;
    }
    let stated = dates::stated(&text[start..words[at].end]).filter(|stated| stated.range.start == 0)?;
    Some((DateExpression::Day(stated.published.day()?), 1))
}

fn relative(low: &[Cow<'_, str>], at: usize, language: Option<&str>) -> Option<DateExpression> {
    let word = low[at].as_ref();
    let date = RELATIVE.get(word).copied()?;
    let repeats = at.checked_sub(1).is_some_and(|before| NOT_BEFORE_DAY.contains(&low[before].as_ref()));
    // `hier` is yesterday in French and here in German.
    (!repeats && (word != "hier" || language == Some("fr"))).then_some(date)
}

/// Whether a date follows directly, as in `Friday, November 7`: then only that date is one.
fn names_date_behind(text: &str, words: &[Word<'_>], low: &[Cow<'_, str>], at: usize) -> bool {
    let next = at + 1;
    next < words.len()
        && matches!(&text[words[at].end..words[next].start], " " | ", ")
        && (named_month(text, words, low, next).is_some() || numeric(text, words, next).is_some())
}

fn year(text: &str, words: &[Word<'_>], low: &[Cow<'_, str>], at: usize) -> Option<i16> {
    let word = words[at].text;
    let year: i16 = word.parse().ok().filter(|year| word.len() == 4 && YEARS.contains(year))?;
    let before = at.checked_sub(1).map(|before| low[before].as_ref());
    let opened = text[..words[at].start].trim_end().ends_with(['(', '–', '—', '-', '/']);
    let led = opened || before.is_some_and(|word| BEFORE_YEAR.contains(&word) || dates::month(word).is_some());
    let follows = low.get(at + 1).map(AsRef::as_ref);
    let amount = text[..words[at].start].ends_with(['$', '€', '£', '₹', ',', '.'])
        || text[words[at].end..].trim_start().starts_with(['%', '°'])
        || follows.is_some_and(|word| NOT_AFTER_YEAR.contains(&word));
    (led && !amount && !is_house_number(words, low, at)).then_some(year)
}

/// Whether a number is a house's: a capitalised name of at most three words ends in a word for a street after it, as in
/// `1900 Elm Park Road`, or it counts a block.
fn is_house_number(words: &[Word<'_>], low: &[Cow<'_, str>], at: usize) -> bool {
    let next = at + 1..words.len().min(at + 5);
    next.clone().find(|word| STREETS.contains(&low[*word].as_ref())).is_some_and(|street| {
        let is_block = low[street] == "block";
        street == at + 1 && is_block || street > at + 1 && words[at + 1..=street].iter().all(Word::is_capital)
    })
}

/// Converts a date to the form of the article's JSON. `published`: the day of publication, if known; without it a
/// relative date gives `None`.
pub fn resolve(
    field: &TextField<'_>,
    found: &DateMatch,
    language: Option<&str>,
    published: Option<Date>,
) -> Option<MentionedDate> {
    let (edtf, precision) = match found.told {
        DateExpression::Day(day) => (day.to_string(), Precision::Day),
        DateExpression::OpenDay(month, day) => match published.and_then(|published| nearest(month, day, published)) {
            Some(day) => (day.to_string(), Precision::Day),
            None => (format!("XXXX-{month:02}-{day:02}"), Precision::Day),
        },
        DateExpression::Month(year, month) => (format!("{year:04}-{month:02}"), Precision::Month),
        DateExpression::Year(year) => (format!("{year:04}"), Precision::Year),
        DateExpression::Weekday(weekday) => {
            let tense = tense::around(field.text, &found.range, language);
            let day = weekday_near(weekday, published?, tense, is_next(field.text, found.range.start))?;
            (day.to_string(), Precision::Day)
        }
        DateExpression::Around(days) => (published?.checked_add(days.days()).ok()?.to_string(), Precision::Day),
    };
    let interval = edtf_interval(&edtf);
    Some(MentionedDate {
        from: interval.map(|interval| interval.0),
        to: interval.map(|interval| interval.1),
        precision,
        edtf,
        text: field.text[found.range.clone()].to_owned(),
        at: field.at(&found.range),
    })
}

fn is_next(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end();
    NEXT.iter().any(|next| before.ends_with(next))
}

fn weekday_near(weekday: i8, published: Date, tense: Option<Tense>, next: bool) -> Option<Date> {
    let back = i32::from((published.weekday().to_monday_zero_offset() - weekday).rem_euclid(7));
    let days = match tense {
        _ if next => 7 - back,
        Some(Tense::Future) => (7 - back) % 7,
        _ => -back,
    };
    published.checked_add(days.days()).ok()
}

/// Returns the nearest day with this month and day, within half a year.
fn nearest(month: i8, day: i8, published: Date) -> Option<Date> {
    let years = [published.year() - 1, published.year(), published.year() + 1];
    let candidates = years.into_iter().filter_map(|year| Date::new(year, month, day).ok());
    candidates.min_by_key(|candidate| published.until(*candidate).map_or(i32::MAX, |span| span.get_days().abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::text_fields::Field;

    fn all(text: &str, published: Option<&str>) -> Vec<String> {
        let published = published.and_then(|published| published.parse().ok());
        let field = TextField::new(Field::Body, 0, text);
        let found =
            find(&field, Some("en")).into_iter().filter_map(|date| resolve(&field, &date, Some("en"), published));
        found.map(|date| format!("{} {}", date.edtf, date.text)).collect()
    }

    #[test]
    fn dates_are_as_precise_as_they_are_stated() {
        for (text, expected) in [
            ("between 2013 and 2018", vec!["2013 2013", "2018 2018"]),
            ("their takeover in August 2021, after the 2021 withdrawal", vec!["2021-08 August 2021", "2021 2021"]),
            (
                "effect on April 5. It begins on April 9, in May 2021",
                vec!["XXXX-04-05 April 5", "XXXX-04-09 April 9", "2021-05 May 2021"],
            ),
            ("on 9 April 2025 and April 10, 2025", vec!["2025-04-09 9 April 2025", "2025-04-10 April 10, 2025"]),
            ("le 4 avril et 27 de marzo de 2024", vec!["XXXX-04-04 4 avril", "2024-03-27 27 de marzo de 2024"]),
            ("it may 5 times march 3 days with 2000 people and 1900 homes", vec![]),
            ("on Monday", vec![]),
            ("a house in 1900 Elm Park Road, in the 1900 block of Elm Street, and in 1900", vec!["1900 1900"]),
        ] {
            assert_eq!(all(text, None), expected, "{text}");
        }
    }

    #[test]
    fn open_dates_are_resolved_by_the_publication_date() {
        // 9 April 2025 was a Wednesday.
        for (text, expected) in [
            ("on April 5 and in December 2024", vec!["2025-04-05 April 5", "2024-12 December 2024"]),
            (
                "on Monday, on Wednesday, next Thursday",
                vec!["2025-04-07 Monday", "2025-04-09 Wednesday", "2025-04-10 Thursday"],
            ),
            (
                "The council voted on Saturday. It will meet on Saturday, and said so on Friday.",
                vec!["2025-04-05 Saturday", "2025-04-12 Saturday", "2025-04-04 Friday"],
            ),
            (
                "On Saturday, heavy rain is expected. Saturday: Dry and mild. A record set on Saturday fell on Sunday.",
                vec!["2025-04-12 Saturday", "2025-04-12 Saturday", "2025-04-05 Saturday", "2025-04-06 Sunday"],
            ),
            ("It will open on Wednesday", vec!["2025-04-09 Wednesday"]),
            ("every Friday, on that Friday, esta mañana", vec![]),
            ("It ended on Monday, March 31.", vec!["2025-03-31 March 31"]),
            ("yesterday and on December 30", vec!["2025-04-08 yesterday", "2024-12-30 December 30"]),
        ] {
            assert_eq!(all(text, Some("2025-04-09")), expected, "{text}");
        }
    }
}
