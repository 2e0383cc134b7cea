//! Quantities: money, percentages, and people killed or hurt.

use super::{
    currencies,
    numbers::{self, Number, begins_with, gap},
    sentences::sentences,
    text_fields::{TextField, Word},
};
use crate::article::{CountryCode, Quantity, QuantityKind};
use std::ops::Range;

const PERCENT: &[&str] = &[
    "%",
    "٪",
    "％",
    "percent",
    "per cent",
    "percentage points",
    "pour cent",
    "prozent",
    "por ciento",
    "por cento",
    "per cento",
    "procent",
    "процентов",
    "процента",
    "فيصد",
    "فیصد",
    "في المئة",
    "في المائة",
    "प्रतिशत",
];

/// Words for casualties in English, French, German and Spanish, and what happened to the people.
const CASUALTY_WORDS: &[(&str, &str)] = &[
    ("killed", "killed"),
    ("dead", "killed"),
    ("died", "killed"),
    ("deaths", "killed"),
    ("fatalities", "killed"),
    ("killing", "killed"),
    ("morts", "killed"),
    ("tués", "killed"),
    ("muertos", "killed"),
    ("fallecidos", "killed"),
    ("tote", "killed"),
    ("getötet", "killed"),
    ("injured", "hurt"),
    ("wounded", "hurt"),
    ("hurt", "hurt"),
    ("injuring", "hurt"),
    ("wounding", "hurt"),
    ("blessés", "hurt"),
    ("heridos", "hurt"),
    ("verletzt", "hurt"),
    ("verletzte", "hurt"),
];
/// Words allowed between a number and a casualty word: the people that it counts, and auxiliary verbs.
const BETWEEN: &[&str] = &[
    "people",
    "persons",
    "person",
    "civilians",
    "soldiers",
    "troops",
    "children",
    "women",
    "men",
    "workers",
    "passengers",
    "officers",
    "policemen",
    "police",
    "students",
    "others",
    "miners",
    "pilgrims",
    "protesters",
    "villagers",
    "residents",
    "victims",
    "personnes",
    "personas",
    "menschen",
    "were",
    "was",
    "have",
    "has",
    "had",
    "been",
    "are",
    "is",
    "reported",
    "confirmed",
    "wurden",
    "fueron",
    "ont",
    "été",
    "and",
    "more",
    "other",
    "at",
    "least",
    "of",
    "them",
    "security",
    "personnel",
    "fighters",
    "militants",
];
/// Maximum words between a number and a casualty word.
const WORDS_BETWEEN: usize = 5;

/// A quantity and its byte range in its field.
pub type QuantityMatch = (Quantity, Range<usize>);

/// Returns the quantities of a field, in order. `country`: the article's, which decides what a rupee is.
pub fn find(field: &TextField<'_>, language: Option<&str>, country: Option<&CountryCode>) -> Vec<QuantityMatch> {
    let text = field.text;
    let mut found: Vec<QuantityMatch> = Vec::new();
    for number in numbers::numbers(text, language) {
        if let Some((kind, currency, range)) = amount(text, &number, country) {
            found.push((quantity(field, kind, number.value, currency, None, &range), range));
        }
    }
    // Few texts mention casualties, and only those are split into sentences.
    if (0..field.words.len()).any(|word| casualty(field.low(word)).is_some()) {
        for sentence in sentences(text) {
            casualties(field, language, field.words_of(&sentence), &mut found);
        }
    }
    found.sort_by_key(|(_, range)| range.start);
    found.dedup_by(|a, b| a.1.start == b.1.start);
    found
}

fn amount(
    text: &str,
    number: &Number,
    country: Option<&CountryCode>,
) -> Option<(QuantityKind, Option<&'static str>, Range<usize>)> {
    let Range { start, end } = number.range;
    let rest = &text[end..];
    let blank = gap(rest);
    if let Some(word) = PERCENT.iter().find(|percent| begins_with(&rest[blank..], percent)) {
        let length: usize = rest[blank..].chars().take(word.chars().count()).map(char::len_utf8).sum();
        return Some((QuantityKind::Percent, None, start..end + blank + length));
    }
    if let Some(currency) = currencies::before(&text[..start], country) {
        return Some((QuantityKind::Money, currency.code, start - currency.bytes..end));
    }
    let currency = currencies::after(rest, number.scaled, country)?;
    Some((QuantityKind::Money, currency.code, start..end + currency.bytes))
}

/// Returns what happened to people according to a casualty word.
fn casualty(low: &str) -> Option<&'static str> {
    CASUALTY_WORDS.iter().find(|(word, _)| *word == low).map(|(_, casualty)| *casualty)
}

/// Adds the people killed or hurt: `at least 12 people were killed`, `killed 12`, `leaving three dead`.
fn casualties(field: &TextField<'_>, language: Option<&str>, sentence: Range<usize>, found: &mut Vec<QuantityMatch>) {
    let (words, low) = (&field.words[sentence.clone()], &field.low[sentence]);
    let casualty = |at: usize| casualty(&low[at]);
    for (at, word) in words.iter().enumerate() {
        let Some(value) = count(word, language) else { continue };
        let after = (at + 1..words.len()).take(WORDS_BETWEEN + 1).take_while(|word| {
            let previous = word - 1;
            previous == at || BETWEEN.contains(&low[previous].as_ref())
        });
        let ahead = after.clone().find_map(|word| casualty(word).map(|casualty| (casualty, word)));
        // `killed 12`, `killing at least 12`, `wounded three`.
        let behind = || {
            let near = (at.saturating_sub(3)..at).rev();
            let mut near = near.take_while(|word| *word + 1 == at || BETWEEN.contains(&low[*word + 1].as_ref()));
            near.find_map(|word| {
                let verb = casualty(word).filter(|_| low[word] != "dead" && low[word] != "died");
                verb.map(|casualty| (casualty, word))
            })
        };
        // `killed three soldiers and wounded 17`: the verb directly before the number counts.
        let adjacent = behind().filter(|(_, word)| word + 1 == at);
        let Some((casualty, _)) = adjacent.or(ahead).or_else(behind) else { continue };
        let range = word.start..word.end;
        let overlaps = found.iter().any(|(_, span)| span.start < range.end && range.start < span.end);
        let is_year = (1900.0..2100.0).contains(&value) && word.text.len() == 4;
        if !overlaps && !is_year {
            found.push((quantity(field, QuantityKind::Count, value, None, Some(casualty), &range), range));
        }
    }
}

/// Parses a whole number of at least one, in digits or in words.
fn count(word: &Word<'_>, language: Option<&str>) -> Option<f64> {
    let digits = numbers::numbers(word.text, language).into_iter().find(|number| number.range == (0..word.text.len()));
    digits
        .map(|number| number.value)
        .or_else(|| numbers::word(word.text))
        .filter(|value| value.fract() == 0.0 && *value >= 1.0)
}

fn quantity(
    field: &TextField<'_>,
    kind: QuantityKind,
    value: f64,
    currency: Option<&str>,
    counted: Option<&str>,
    range: &Range<usize>,
) -> Quantity {
    Quantity {
        kind,
        value,
        currency: currency.map(str::to_owned),
        counted: counted.map(str::to_owned),
        text: field.text[range.clone()].to_owned(),
        at: field.at(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::text_fields::Field;

    fn all(text: &str, language: &str, country: Option<&str>) -> Vec<String> {
        let country = country.and_then(|country| CountryCode::parse(country).ok());
        let field = TextField::new(Field::Body, 0, text);
        let found = find(&field, Some(language), country.as_ref());
        let summary = |(quantity, _): QuantityMatch| {
            let unit = quantity.currency.or(quantity.counted).unwrap_or_else(|| "-".to_owned());
            format!("{} {unit} {:?} {}", quantity.value, quantity.kind, quantity.text)
        };
        found.into_iter().map(summary).collect()
    }

    #[test]
    fn amounts_are_parsed_with_their_units() {
        for (text, language, country, expected) in [
            (
                "equipment worth $7 billion, a 29% tariff",
                "en",
                None,
                vec!["7000000000 USD Money $7 billion", "29 - Percent 29%"],
            ),
            ("a fine of Rs 4.5 lakh", "en", Some("PK"), vec!["450000 PKR Money Rs 4.5 lakh"]),
            (
                "ein Fonds von €1,2 Mrd und 2,5 Prozent",
                "de",
                None,
                vec!["1200000000 EUR Money €1,2 Mrd", "2.5 - Percent 2,5 Prozent"],
            ),
            ("10 milliards d’euros", "fr", None, vec!["10000000000 EUR Money 10 milliards d’euros"]),
            ("投资70亿美元，增长12%", "zh", None, vec!["7000000000 USD Money 70亿美元", "12 - Percent 12%"]),
            ("Rs 300 and 40 people in 2019", "en", None, vec!["300 - Money Rs 300"]),
        ] {
            assert_eq!(all(text, language, country), expected, "{text}");
        }
    }

    #[test]
    fn casualties_are_counted_as_killed_or_hurt() {
        for (text, expected) in [
            ("At least 12 people were killed and 40 others injured.", vec!["12 killed Count 12", "40 hurt Count 40"]),
            ("The blast killed three soldiers and wounded 17.", vec!["3 killed Count three", "17 hurt Count 17"]),
            ("The fire left two dead.", vec!["2 killed Count two"]),
            ("Nobody was hurt in 2019 when 300 cars burned.", vec![]),
            ("Five ministers said the plan was dead.", vec![]),
        ] {
            assert_eq!(all(text, "en", None), expected, "{text}");
        }
    }
}
