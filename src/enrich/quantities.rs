//! Quantities: money, percentages, and people killed or hurt.

use super::{
    casualties, currencies,
    numbers::{self, Number, begins_with, gap},
    text_fields::TextField,
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

/// Words after an amount of money that make it the face value of a coin or a banknote, not an amount.
const FACE_VALUES: &[&str] = &["bill", "bills", "note", "notes", "banknote", "banknotes", "coin", "coins"];
/// The highest face value of a banknote: `a $900 billion bill` is a law.
const FACE_VALUE_MAX: f64 = 100.0;

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
    // Casualties don't overlap each other, and the amounts are in order.
    let amounts = found.len();
    for casualty in casualties::find(field, language) {
        let next = found[..amounts].partition_point(|(_, span)| span.end <= casualty.range.start);
        let overlaps = found[..amounts].get(next).is_some_and(|(_, span)| span.start < casualty.range.end);
        if !overlaps {
            let quantity =
                quantity(field, QuantityKind::Count, casualty.value, None, Some(casualty.happened), &casualty.range);
            found.push((quantity, casualty.range));
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
        let is_face_value = !number.scaled
            && number.value <= FACE_VALUE_MAX
            && FACE_VALUES.iter().any(|word| begins_with(&rest[blank..], word));
        if is_face_value {
            return None;
        }
        return Some((QuantityKind::Money, currency.code, start - currency.bytes..end));
    }
    let currency = currencies::after(rest, number.scaled, country)?;
    Some((QuantityKind::Money, currency.code, start..end + currency.bytes))
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
            (
                "a fund of $2B, twelve $1 bills and a $900 billion bill",
                "en",
                None,
                vec!["2000000000 USD Money $2B", "900000000000 USD Money $900 billion"],
            ),
            ("at least 12 people were killed", "en", None, vec!["12 killed Count 12"]),
            ("Rs 300 and 40 people in 2019", "en", None, vec!["300 - Money Rs 300"]),
        ] {
            assert_eq!(all(text, language, country), expected, "{text}");
        }
    }
}
