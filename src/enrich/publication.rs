//! When an article was published, where no date says so: between the days that its text speaks of as past and those that
//! it speaks of as to come.
//!
//! `came into effect on April 5` was written on that day or after it, `set to be enforced on April 9` before that day. The
//! year may be open all the same, and is not guessed: then the interval is of days, told in the reasoning and in the
//! evidence, and neither bound is a date. The tense is told by the words before the date in its own clause; where none of
//! them tells, the date bounds nothing.

use super::{
    mentioned_dates::{Told, told},
    passage::{Field, Passage, words},
    sentences::sentences,
};
use crate::article::{Instant, TextSpan};
use jiff::{civil::Date, tz::TimeZone};

/// Words of the past and of the future in English, nearest to the date first when looked for. An English verb in `-ed` is
/// of the past unless one of the others stands nearer.
const PAST: &[&str] = &[
    "was", "were", "had", "came", "took", "began", "went", "held", "met", "said", "told", "became", "rose", "fell",
    "hit", "won", "lost", "made", "gave", "left", "struck", "broke", "sent", "found", "saw", "ran", "wrote", "spoke",
    "led", "did", "got", "brought", "built", "paid", "sold",
];
const FUTURE: &[&str] = &[
    "will",
    "would",
    "shall",
    "due",
    "expected",
    "scheduled",
    "slated",
    "planned",
    "set",
    "next",
    "upcoming",
    "plans",
    "begins",
    "starts",
    "takes",
    "opens",
    "to",
];
/// How many words before a date are looked at.
const WORDS: usize = 10;
const CLAUSE_BYTES: usize = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tense {
    Past,
    Future,
}

/// A day that bounds the date of publication, and the words that say how.
#[derive(Clone, Debug)]
struct Bound {
    tense: Tense,
    /// Month and day, with the year where it is told.
    year: Option<i16>,
    month: i8,
    day: i8,
    at: TextSpan,
    words: String,
}

/// What the text tells of its date of publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// The first moment in UTC of the earliest possible day, where its year is told.
    pub earliest: Option<Instant>,
    /// The end of the latest possible day, exclusive, where its year is told.
    pub latest: Option<Instant>,
    pub reasoning: String,
    /// The interval in EDTF (ISO 8601-2): `XXXX-04-05/XXXX-04-08`.
    pub edtf: String,
    /// The words that bound it.
    pub because: Vec<TextSpan>,
}

pub fn infer(passages: &[Passage<'_>], language: Option<&str>) -> Option<Inferred> {
    if language != Some("en") {
        return None;
    }
    let mut bounds = Vec::new();
    let mut weekday: Option<(String, TextSpan)> = None;
    for passage in passages.iter().filter(|it| it.field == Field::Body) {
        let told = told(passage, language);
        if told.is_empty() {
            continue;
        }
        let sentences = sentences(passage.text);
        for found in told {
            let range = found.range;
            let at = sentences.partition_point(|it| it.end <= range.start);
            let Some(sentence) = sentences.get(at).filter(|it| it.start <= range.start) else { continue };
            let tense = tense(passage.text, sentence.start, range.start);
            let (year, month, day) = match found.told {
                Told::Day(it) => (Some(it.year()), it.month(), it.day()),
                Told::OpenDay(month, day) => (None, month, day),
                Told::Weekday(_) if tense.as_ref().is_some_and(|it| it.0 == Tense::Past) => {
                    let text = passage.text[range.clone()].to_owned();
                    weekday.get_or_insert((text, passage.at(&range)));
                    continue;
                }
                _ => continue,
            };
            if let Some((tense, start)) = tense {
                let clause = start..range.end;
                let words = passage.text[clause.clone()].to_owned();
                bounds.push(Bound { tense, year, month, day, at: passage.at(&clause), words });
            }
        }
    }
    conclude(&bounds, weekday)
}

/// The tense of the nearest verb before a date within its clause, and where the words that tell it begin.
fn tense(text: &str, sentence: usize, date: usize) -> Option<(Tense, usize)> {
    // A clause that is longer than this is none, and reading it for every date in it would take their product.
    let sentence = sentence.max(text.floor_char_boundary(date.saturating_sub(CLAUSE_BYTES)));
    let mut marks = text[sentence..date].rmatch_indices([',', ';', '—', ':']);
    let clause = marks.next().map_or(sentence, |(at, mark)| sentence + at + mark.len());
    // `The tariff, set to be enforced on April 9,` : the clause alone has the verb.
    let words = words(&text[clause..date]);
    let near: Vec<_> = words.iter().rev().take(WORDS).collect();
    let tells_future = |it: &&&super::passage::Word<'_>| FUTURE.contains(&it.text.to_lowercase().as_str());
    let mut verb = None;
    for (at, word) in near.iter().enumerate() {
        let low = word.text.to_lowercase();
        // `to be enforced`, `will be held`: what stands before the participle decides.
        let here = if FUTURE.contains(&low.as_str()) {
            Some(Tense::Future)
        } else if PAST.contains(&low.as_str()) || low.len() > 4 && low.ends_with("ed") {
            Some(Tense::Past)
        } else {
            None
        };
        match (here, verb) {
            // `to` alone may be a direction; it tells the future only before the verb that was found or at `to be`.
            (Some(Tense::Future), None) if low == "to" => {}
            (Some(Tense::Future), _) => {
                let first = near[at..].iter().take_while(tells_future).last().map_or(word.start, |it| it.start);
                return Some((Tense::Future, clause + first));
            }
            (Some(Tense::Past), None) => verb = Some(clause + word.start),
            // `was expected`, `had planned` are the future of the past, and tell nothing.
            _ => {}
        }
    }
    verb.map(|start| (Tense::Past, start))
}

fn conclude(bounds: &[Bound], weekday: Option<(String, TextSpan)>) -> Option<Inferred> {
    let order = |it: &&Bound| (it.year, it.month, it.day);
    // With years told, only those are compared; without, all days are taken to be of one year, which the past must not
    // lie after the future for.
    let any_year = bounds.iter().any(|it| it.year.is_some());
    let comparable: Vec<&Bound> = bounds.iter().filter(|it| it.year.is_some() == any_year).collect();
    let past = comparable.iter().copied().filter(|it| it.tense == Tense::Past).max_by_key(order);
    let future = comparable.iter().copied().filter(|it| it.tense == Tense::Future).min_by_key(order);
    let (past, future) = match (past, future) {
        (Some(past), Some(future)) if order(&past) >= order(&future) => return None,
        // A single day of an open year bounds nothing that anybody could use.
        (None, None) => return None,
        (Some(it), None) | (None, Some(it)) if it.year.is_none() => return None,
        both => both,
    };
    let name = |it: &Bound| {
        let year = it.year.map_or_else(|| "XXXX".to_owned(), |it| format!("{it:04}"));
        format!("{year}-{:02}-{:02}", it.month, it.day)
    };
    let mut reasons = Vec::new();
    let mut because = Vec::new();
    for (bound, how) in [(past, "on or after"), (future, "before")] {
        let Some(bound) = bound else { continue };
        let tense = if bound.tense == Tense::Past { "past" } else { "future" };
        reasons.push(format!("{how} {} (“{}”, {tense} tense)", name(bound), bound.words));
        because.push(bound.at.clone());
    }
    let mut reasoning = format!("no date of publication is stated; it was published {}", reasons.join(" and "));
    if let Some((weekday, at)) = weekday.filter(|_| past.is_some() && future.is_some()) {
        reasoning.push_str(&format!("; the {weekday} that it tells of lies by then"));
        because.push(at);
    }
    if !any_year {
        reasoning.push_str("; the year is not stated");
    }
    let moment = |it: &Bound| {
        let day = Date::new(it.year?, it.month, it.day).ok()?;
        Instant::from_timestamp(day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
    };
    let end = |it: Option<&Bound>| it.map_or_else(|| "..".to_owned(), name);
    Some(Inferred {
        earliest: past.and_then(moment),
        latest: future.and_then(moment),
        reasoning,
        edtf: format!("{}/{}", end(past), end(future)),
        because,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited<'a>(passages: &'a [Passage<'_>], it: &TextSpan) -> &'a str {
        let passage = passages.iter().find(|at| at.paragraph == it.paragraph as usize).expect("the paragraph");
        &passage.text[it.start as usize..it.end as usize]
    }

    type Shown = (String, Option<String>, Option<String>, Vec<String>);

    fn infer_from(text: &str) -> Option<Shown> {
        let passages = [Passage::new(Field::Body, 0, text)];
        let found = infer(&passages, Some("en"))?;
        let because = found.because.iter().map(|it| cited(&passages, it).to_owned()).collect();
        let day = |it: Option<Instant>| it.map(Instant::day);
        Some((found.edtf, day(found.earliest), day(found.latest), because))
    }

    #[test]
    fn the_past_and_the_future_of_a_text_bound_its_date() {
        let found = infer_from(
            "The two met on Monday. A levy that came into force on April 5 is small. The new duty, set to be charged from April 9, is not.",
        );
        let because = ["came into force on April 5", "set to be charged from April 9", "Monday"];
        assert_eq!(found, Some(("XXXX-04-05/XXXX-04-09".to_owned(), None, None, because.map(str::to_owned).to_vec())));
    }

    #[test]
    fn a_stated_year_makes_the_bounds_dates() {
        let found = infer_from("The bridge closed on 3 March 2025 and will open again on 1 May 2025.");
        let bounds = found.map(|it| (it.0, it.1, it.2));
        let expected =
            ("2025-03-03/2025-05-01".to_owned(), Some("2025-03-03".to_owned()), Some("2025-05-01".to_owned()));
        assert_eq!(bounds, Some(expected));
        let past = infer_from("The bridge closed on 3 March 2025.").map(|it| (it.0, it.2));
        assert_eq!(past, Some(("2025-03-03/..".to_owned(), None)));
    }

    #[test]
    fn what_tells_no_tense_bounds_nothing() {
        for text in [
            "On April 5 the levy.",
            "The levy came into force on April 5.",
            "It came on April 9 and will go on April 5.",
            "It was expected on April 5, and will come on April 9.",
            "",
        ] {
            assert_eq!(infer_from(text), None, "{text}");
        }
    }
}
