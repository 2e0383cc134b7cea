//! Quantities: money, percentages, and people killed or hurt.

use super::{
    currencies,
    numbers::{self, Number, begins_with, gap},
    passage::{Passage, Word},
    sentences::sentences,
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

/// What happened to people, by the words that say so in English, French, German and Spanish.
const FATES: &[(&str, &str)] = &[
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
/// Words that lead from a number to what happened: the people that it counts, and auxiliary verbs.
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
/// How many of them.
const WORDS_BETWEEN: usize = 5;

/// A quantity and where it stands in its passage.
pub type Found = (Quantity, Range<usize>);

/// `country`: of the article, which decides what a rupee is.
pub fn find(passage: &Passage<'_>, language: Option<&str>, country: Option<&CountryCode>) -> Vec<Found> {
    let text = passage.text;
    let mut found: Vec<Found> = Vec::new();
    for number in numbers::numbers(text, language) {
        if let Some((kind, currency, range)) = amount(text, &number, country) {
            found.push((quantity(passage, kind, number.value, currency, None, &range), range));
        }
    }
    // Few texts tell of such a thing, and only those are taken apart.
    if (0..passage.words.len()).any(|it| fate(passage.low(it)).is_some()) {
        for sentence in sentences(text) {
            casualties(passage, language, passage.words_of(&sentence), &mut found);
        }
    }
    found.sort_by_key(|it| it.1.start);
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
    if let Some(word) = PERCENT.iter().find(|it| begins_with(&rest[blank..], it)) {
        let length: usize = rest[blank..].chars().take(word.chars().count()).map(char::len_utf8).sum();
        return Some((QuantityKind::Percent, None, start..end + blank + length));
    }
    if let Some(it) = currencies::before(&text[..start], country) {
        return Some((QuantityKind::Money, it.code, start - it.bytes..end));
    }
    let it = currencies::after(rest, number.scaled, country)?;
    Some((QuantityKind::Money, it.code, start..end + it.bytes))
}

/// What a word says became of people.
fn fate(low: &str) -> Option<&'static str> {
    FATES.iter().find(|(it, _)| *it == low).map(|(_, fate)| *fate)
}

/// People killed or hurt: `at least 12 people were killed`, `killed 12`, `leaving three dead`.
fn casualties(passage: &Passage<'_>, language: Option<&str>, sentence: Range<usize>, found: &mut Vec<Found>) {
    let (words, low) = (&passage.words[sentence.clone()], &passage.low[sentence]);
    let fate = |at: usize| fate(&low[at]);
    for (at, word) in words.iter().enumerate() {
        let Some(value) = count(word, language) else { continue };
        let after = (at + 1..words.len()).take(WORDS_BETWEEN + 1).take_while(|it| {
            let previous = it - 1;
            previous == at || BETWEEN.contains(&low[previous].as_ref())
        });
        let ahead = after.clone().find_map(|it| fate(it).map(|fate| (fate, it)));
        // `killed 12`, `killing at least 12`, `wounded three`.
        let behind = || {
            let near = (at.saturating_sub(3)..at).rev();
            let mut near = near.take_while(|it| *it + 1 == at || BETWEEN.contains(&low[*it + 1].as_ref()));
            near.find_map(|it| fate(it).filter(|_| low[it] != "dead" && low[it] != "died").map(|fate| (fate, it)))
        };
        // `killed three soldiers and wounded 17`: the verb at the number's side has it.
        let beside = behind().filter(|(_, it)| it + 1 == at);
        let Some((fate, _)) = beside.or(ahead).or_else(behind) else { continue };
        let range = word.start..word.end;
        let known = found.iter().any(|(_, it)| it.start < range.end && range.start < it.end);
        let is_year = (1900.0..2100.0).contains(&value) && word.text.len() == 4;
        if !known && !is_year {
            found.push((quantity(passage, QuantityKind::Count, value, None, Some(fate), &range), range));
        }
    }
}

/// A whole number, in digits or in words.
fn count(word: &Word<'_>, language: Option<&str>) -> Option<f64> {
    let digits = numbers::numbers(word.text, language).into_iter().find(|it| it.range == (0..word.text.len()));
    digits.map(|it| it.value).or_else(|| numbers::word(word.text)).filter(|it| it.fract() == 0.0 && *it >= 1.0)
}

fn quantity(
    passage: &Passage<'_>,
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
        text: passage.text[range.clone()].to_owned(),
        at: passage.at(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::passage::Field;

    fn all(text: &str, language: &str, country: Option<&str>) -> Vec<String> {
        let country = country.and_then(|it| CountryCode::parse(it).ok());
        let passage = Passage::new(Field::Body, 0, text);
        let found = find(&passage, Some(language), country.as_ref());
        let shown = |(it, _): Found| {
            let unit = it.currency.or(it.counted).unwrap_or_else(|| "-".to_owned());
            format!("{} {unit} {:?} {}", it.value, it.kind, it.text)
        };
        found.into_iter().map(shown).collect()
    }

    #[test]
    fn amounts_are_read_with_their_units() {
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
    fn people_killed_and_hurt_are_counted_as_such() {
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
