//! Infers a publication interval for an article that states no date: between the days that its text mentions in the
//! past tense and those that it mentions in the future tense.
//!
//! `came into effect on April 5` was written on or after that day, `set to be enforced on April 9` before it. A missing
//! year is not guessed: the interval then consists of days without a year, given in the reasoning and the evidence, and
//! neither bound is a date. The words before a date in its own clause decide the tense; if none of them does, the date
//! gives no bound.

use super::{
    mentioned_dates::{self, DateExpression},
    sentences::sentences,
    tense::{self, Tense},
    text_fields::{Field, TextField},
};
use crate::article::{Instant, TextSpan};
use jiff::{civil::Date, tz::TimeZone};

/// A day that bounds the publication date, and the words that show its tense.
#[derive(Clone, Debug)]
struct Bound {
    tense: Tense,
    /// `None` if the text states no year.
    year: Option<i16>,
    month: i8,
    day: i8,
    at: TextSpan,
    words: String,
}

/// The publication interval inferred from a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// Start in UTC of the earliest possible day, if its year is stated.
    pub earliest: Option<Instant>,
    /// Exclusive end in UTC of the latest possible day, if its year is stated.
    pub latest: Option<Instant>,
    pub reasoning: String,
    /// The interval in EDTF (ISO 8601-2): `XXXX-04-05/XXXX-04-08`.
    pub edtf: String,
    /// Spans of the words that support it.
    pub because: Vec<TextSpan>,
}

pub fn infer(text_fields: &[TextField<'_>], language: Option<&str>) -> Option<Inferred> {
    if language != Some("en") {
        return None;
    }
    let mut bounds = Vec::new();
    let mut weekday: Option<(String, TextSpan)> = None;
    for field in text_fields.iter().filter(|text_field| text_field.field == Field::Body) {
        let expressions = mentioned_dates::find(field, language);
        if expressions.is_empty() {
            continue;
        }
        let sentences = sentences(field.text);
        for date in expressions {
            let range = date.range;
            let at = sentences.partition_point(|sentence| sentence.end <= range.start);
            let Some(sentence) = sentences.get(at).filter(|sentence| sentence.start <= range.start) else { continue };
            let tense = tense::before(field.text, sentence.start, range.start);
            let (year, month, day) = match date.told {
                DateExpression::Day(day) => (Some(day.year()), day.month(), day.day()),
                DateExpression::OpenDay(month, day) => (None, month, day),
                DateExpression::Weekday(_) if tense.as_ref().is_some_and(|tense| tense.0 == Tense::Past) => {
                    let text = field.text[range.clone()].to_owned();
                    weekday.get_or_insert((text, field.at(&range)));
                    continue;
                }
                _ => continue,
            };
            if let Some((tense, start)) = tense {
                let clause = start..range.end;
                let words = field.text[clause.clone()].to_owned();
                bounds.push(Bound { tense, year, month, day, at: field.at(&clause), words });
            }
        }
    }
    conclude(&bounds, weekday)
}

fn conclude(bounds: &[Bound], weekday: Option<(String, TextSpan)>) -> Option<Inferred> {
    let order = |date: &&Bound| (date.year, date.month, date.day);
    // If any bound states a year, only those with a year are compared; otherwise all days are assumed to be of one
    // year. A past bound on or after the future one is a contradiction.
    let any_year = bounds.iter().any(|date| date.year.is_some());
    let comparable: Vec<&Bound> = bounds.iter().filter(|date| date.year.is_some() == any_year).collect();
    let past = comparable.iter().copied().filter(|bound| bound.tense == Tense::Past).max_by_key(order);
    let future = comparable.iter().copied().filter(|bound| bound.tense == Tense::Future).min_by_key(order);
    let (past, future) = match (past, future) {
        (Some(past), Some(future)) if order(&past) >= order(&future) => return None,
        // A single bound without a year is of no use.
        (None, None) => return None,
        (Some(only), None) | (None, Some(only)) if only.year.is_none() => return None,
        both => both,
    };
    let name = |date: &Bound| {
        let year = date.year.map_or_else(|| "XXXX".to_owned(), |year| format!("{year:04}"));
        format!("{year}-{:02}-{:02}", date.month, date.day)
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
    let moment = |date: &Bound| {
        let day = Date::new(date.year?, date.month, date.day).ok()?;
        Instant::from_timestamp(day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
    };
    let end = |bound: Option<&Bound>| bound.map_or_else(|| "..".to_owned(), name);
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

    fn cited<'a>(text_fields: &'a [TextField<'_>], text_span: &TextSpan) -> &'a str {
        let field = text_fields.iter().find(|field| field.paragraph == text_span.paragraph as usize).expect("a field");
        &field.text[text_span.start as usize..text_span.end as usize]
    }

    type IntervalParts = (String, Option<String>, Option<String>, Vec<String>);

    fn infer_from(text: &str) -> Option<IntervalParts> {
        let text_fields = [TextField::new(Field::Body, 0, text)];
        let found = infer(&text_fields, Some("en"))?;
        let because = found.because.iter().map(|span| cited(&text_fields, span).to_owned()).collect();
        let day = |instant: Option<Instant>| instant.map(Instant::day);
        Some((found.edtf, day(found.earliest), day(found.latest), because))
    }

    #[test]
    fn past_and_future_clauses_bound_the_publication_date() {
        let found = infer_from(
            "The two met on Monday. A levy that came into force on April 5 is small. The new duty, set to be charged from April 9, is not.",
        );
        let because = ["came into force on April 5", "set to be charged from April 9", "Monday"];
        assert_eq!(found, Some(("XXXX-04-05/XXXX-04-09".to_owned(), None, None, because.map(str::to_owned).to_vec())));
    }

    #[test]
    fn bounds_with_a_stated_year_are_dates() {
        let found = infer_from("The bridge closed on 3 March 2025 and will open again on 1 May 2025.");
        let bounds = found.map(|interval| (interval.0, interval.1, interval.2));
        let expected =
            ("2025-03-03/2025-05-01".to_owned(), Some("2025-03-03".to_owned()), Some("2025-05-01".to_owned()));
        assert_eq!(bounds, Some(expected));
        let past = infer_from("The bridge closed on 3 March 2025.").map(|interval| (interval.0, interval.2));
        assert_eq!(past, Some(("2025-03-03/..".to_owned(), None)));
    }

    #[test]
    fn missing_or_contradictory_bounds_give_no_interval() {
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
