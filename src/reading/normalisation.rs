//! Finds how the bytes at a fact's spans yield its value, by reading them a second time. The evidence names the
//! normalisation, so that anyone can verify a fact.

use super::{feed::unescape::resolved, visible_text::is_invisible};
use crate::{
    article::{Normalisation, Span},
    enrich::dates,
};
use std::borrow::Cow;

/// Separates the members of a list value: `Ana Sá; Ben Ott`.
const SEPARATOR: &str = "; ";

/// Returns the normalisation, or `None` for a fact without spans, such as one detected from the whole text.
pub fn normalisation(document: &str, spans: &[Span], value: &str) -> Option<Normalisation> {
    if spans.is_empty() {
        return None;
    }
    let raw: String = spans.iter().filter_map(|span| document.get(span.start..span.end)).collect();
    // The most frequent case by far, checked without comparing letters.
    if raw == value {
        return Some(Normalisation::Text);
    }
    let readings = readings(&raw);
    // The next most frequent, checked without allocating.
    if readings.iter().any(|reading| bare_letters(reading).eq(bare_letters(value))) {
        return Some(Normalisation::Text);
    }
    let is_date = |reading: &Cow<'_, str>| {
        dates::any(reading).and_then(|published| published.stated()).is_some_and(|date| date == value)
    };
    let bare_readings: Vec<String> = readings.iter().map(|reading| bare(reading)).collect();
    let contains = |part: &str| bare_readings.iter().any(|bare_reading| bare_reading.contains(&bare(part)));
    let is_list = || {
        let low: Vec<String> = bare_readings.iter().map(|bare_reading| bare_reading.to_lowercase()).collect();
        value.split(SEPARATOR).all(|part| low.iter().any(|reading| reading.contains(&bare(part).to_lowercase())))
    };
    Some(if contains(value) {
        Normalisation::Within
    } else if readings.iter().any(is_date) {
        Normalisation::Date
    } else if is_list() {
        Normalisation::List
    } else {
        Normalisation::Derived
    })
}

/// Returns the raw text unchanged and with its escapes resolved: character references once and twice, JSON escapes.
fn readings(raw: &str) -> Vec<Cow<'_, str>> {
    let mut readings = vec![Cow::Borrowed(raw)];
    if raw.contains('&') {
        let once = resolved(raw).into_owned();
        let twice = resolved(&once).into_owned();
        readings.extend([Cow::Owned(once), Cow::Owned(twice)]);
    }
    if raw.contains('\\') {
        let json = serde_json::from_str::<String>(&format!("\"{raw}\""));
        readings.extend(json.ok().map(Cow::Owned));
    }
    readings
}

/// Returns the characters without white space, invisible characters, and the bars that separate the cells of a row.
fn bare_letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| !character.is_whitespace() && !is_invisible(*character) && *character != '|')
}

fn bare(text: &str) -> String {
    bare_letters(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normalisation_from_bytes_to_value_is_found() {
        for (raw, value, expected) in [
            ("Two  ports\nagree", "Two ports agree", Normalisation::Text),
            ("Fish &amp; ice", "Fish & ice", Normalisation::Text),
            ("Fish &amp;amp; ice", "Fish & ice", Normalisation::Text),
            (r"Fish \u0026 ice \/ salt", "Fish & ice / salt", Normalisation::Text),
            ("© 2025 Gazette of the Ports. All rights reserved.", "Gazette of the Ports", Normalisation::Within),
            ("Published: 12 March 2025, 09:40 GMT", "2025-03-12T09:40:00+00:00", Normalisation::Date),
            ("By Ben Ott and Ana Sá", "Ana Sá; Ben Ott", Normalisation::List),
            ("talks, minister", "11000000 politics", Normalisation::Derived),
        ] {
            let found = normalisation(raw, &[Span { start: 0, end: raw.len() }], value);
            assert_eq!(found, Some(expected), "{raw}");
        }
        assert_eq!(normalisation("text", &[], "text"), None);
    }
}
