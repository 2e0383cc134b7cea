//! How the bytes at the places of a fact give its value, found by reading them again. The evidence names it, so that
//! whoever doubts a fact can do the same.

use super::{feed::escapes::resolved, shown::is_invisible};
use crate::{
    article::{Normalisation, Span},
    enrich::dates,
};
use std::borrow::Cow;

/// What separates the members of a value that is a list: `Ana Sá; Ben Ott`.
const MEMBERS: &str = "; ";

/// `None` where a fact stands nowhere, as what is told from all of the text.
pub fn normalisation(document: &str, spans: &[Span], value: &str) -> Option<Normalisation> {
    if spans.is_empty() {
        return None;
    }
    let raw: String = spans.iter().filter_map(|it| document.get(it.start..it.end)).collect();
    // The most frequent by far, and found without looking at letters.
    if raw == value {
        return Some(Normalisation::Text);
    }
    let readings = readings(&raw);
    // The next, and found without building anything.
    if readings.iter().any(|it| bare_letters(it).eq(bare_letters(value))) {
        return Some(Normalisation::Text);
    }
    let dated = |it: &Cow<'_, str>| dates::any(it).and_then(|it| it.stated()).is_some_and(|it| it == value);
    let bare_readings: Vec<String> = readings.iter().map(|it| bare(it)).collect();
    let holds = |part: &str| bare_readings.iter().any(|it| it.contains(&bare(part)));
    let lists = || {
        let low: Vec<String> = bare_readings.iter().map(|it| it.to_lowercase()).collect();
        value.split(MEMBERS).all(|part| low.iter().any(|it| it.contains(&bare(part).to_lowercase())))
    };
    Some(if holds(value) {
        Normalisation::Within
    } else if readings.iter().any(dated) {
        Normalisation::Date
    } else if lists() {
        Normalisation::List
    } else {
        Normalisation::Derived
    })
}

/// The raw text as it stands, and as its escapes are resolved: character references once or twice, JSON's.
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

/// Without white space, what is invisible, and the bars that set the cells of a row apart.
fn bare_letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|it| !it.is_whitespace() && !is_invisible(*it) && *it != '|')
}

fn bare(text: &str) -> String {
    bare_letters(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_give_the_value_again() {
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
