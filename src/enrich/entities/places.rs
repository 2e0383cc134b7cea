//! Countries and cities.
//!
//! | rule | evidence |
//! | --- | --- |
//! | `country-name` | the table of countries has it; a name that is also something else needs a preposition before it |
//! | `country-adjective` | only the adjective is there: seen, but no facet |
//! | `dateline` | the place that the story was filed from |
//! | `city-and-country` | a city of the table and its country behind a comma |
//! | `city-in-country` | a preposition before a city of the table, and its country elsewhere in the article |

use super::{
    Claims, Draft, Text,
    tables::{self, Names},
};
use crate::{
    article::{CountryCode, Dateline, EntityType, Place},
    enrich::places as table,
};
use std::{collections::BTreeMap, ops::Range};

/// The most words of a place's name.
const WORDS: usize = 5;
const PREPOSITIONS: &[&str] = &[
    "in", "to", "from", "near", "at", "outside", "around", "across", "into", "via", "à", "en", "dans", "desde", "nach",
    "aus", "with", "against", "between", "of",
];
/// Before a city, where `of` and `with` say little.
const BEFORE_CITY: &[&str] = &["in", "near", "from", "at", "outside", "to", "around", "à", "en", "nach"];

type Mentions = Vec<(usize, Range<usize>)>;

pub fn find(texts: &[Text<'_>], dateline: Option<&Dateline>, claims: &mut Claims) -> Vec<Draft> {
    let mut drafts = countries(texts, claims);
    let mut named: Vec<CountryCode> =
        drafts.iter().filter(|it| it.strong).filter_map(|it| it.country.clone()).collect();
    let home = dateline.and_then(|it| it.place.as_ref());
    named.extend(home.and_then(|it| it.country.clone()));
    drafts.extend(cities(texts, home, &named, claims));
    drafts
}

fn countries(texts: &[Text<'_>], claims: &mut Claims) -> Vec<Draft> {
    let mut found: BTreeMap<&'static str, (CountryCode, bool, Mentions)> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        let mut word = 0;
        while word < text.words.len() {
            let here = longest(text, word, tables::country).filter(|(_, words)| claims.is_free(at, words));
            let Some((country, words)) = here else {
                word += 1;
                continue;
            };
            let named = match country.names {
                // `Fiji Water` and `Sonny Brazil` are seen, and prove nothing. `US` and `UK` are in no other name.
                Names::Always => is_short(text, &words) || !is_of_name(text, &words),
                Names::Adjective => false,
                Names::Perhaps if led(text, &words, PREPOSITIONS) && text.capital_behind(words.end - 1).is_none() => {
                    true
                }
                Names::Perhaps => {
                    word = words.end;
                    continue;
                }
            };
            claims.take(at, &words);
            word = words.end;
            let entry = found.entry(country.name).or_insert_with(|| (country.code.clone(), false, Vec::new()));
            entry.1 |= named;
            entry.2.push((at, words));
        }
    }
    let draft = |(name, (code, strong, mentions)): (&str, (CountryCode, bool, Mentions))| Draft {
        kind: EntityType::Country,
        name: name.to_owned(),
        role: None,
        country: Some(code),
        strong,
        rule: if strong { "country-name" } else { "country-adjective" },
        mentions: mentions.into_iter().map(|(at, words)| texts[at].mention(&words)).collect(),
    };
    found.into_iter().map(draft).collect()
}

/// `US`, `U.K.`: all capitals.
fn is_short(text: &Text<'_>, words: &Range<usize>) -> bool {
    text.text(words).chars().all(|it| it.is_uppercase() || it == '.')
}

/// Whether a word that may be of a name stands directly beside a country's. What opens a sentence has its capital letter
/// from there.
fn is_of_name(text: &Text<'_>, words: &Range<usize>) -> bool {
    let before = text.capital_before(words.start).filter(|it| !text.opens_sentence(*it));
    let beside = [before, text.capital_behind(words.end - 1)];
    text.cased && beside.into_iter().flatten().any(|it| text.may_be_name(it)) || text.of_firm(words)
}

fn cities(texts: &[Text<'_>], home: Option<&Place>, named: &[CountryCode], claims: &mut Claims) -> Vec<Draft> {
    let mut found: BTreeMap<String, (Place, &'static str, Mentions)> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        let mut word = 0;
        while word < text.words.len() {
            let here = city_at(text, word, home, named).filter(|it| claims.is_free(at, &it.2));
            let Some((place, rule, words)) = here else {
                word += 1;
                continue;
            };
            claims.take(at, &words);
            word = words.end;
            let entry = found.entry(place.id.clone()).or_insert_with(|| (place, rule, Vec::new()));
            entry.2.push((at, words));
        }
    }
    let draft = |(place, rule, mentions): (Place, &'static str, Mentions)| Draft {
        kind: EntityType::Place,
        name: place.name,
        role: None,
        country: place.country,
        strong: true,
        rule,
        mentions: mentions.into_iter().map(|(at, words)| texts[at].mention(&words)).collect(),
    };
    found.into_values().map(draft).collect()
}

fn city_at(
    text: &Text<'_>,
    at: usize,
    home: Option<&Place>,
    named: &[CountryCode],
) -> Option<(Place, &'static str, Range<usize>)> {
    if !text.words[at].is_capital() || text.cased && text.capital_before(at).is_some() {
        return None;
    }
    let first = text.words[at].text;
    // Most names are no evidence of a city, and the table of cities is long.
    let unplaced = || !led(text, &(at..at + 1), BEFORE_CITY) && !has_comma(text, at);
    if !home.is_some_and(|it| it.name.starts_with(first)) && (unplaced() || !table::begins_city(first)) {
        return None;
    }
    let (place, words) = longest(text, at, |name| {
        let home = home.filter(|it| it.name == name).cloned();
        home.or_else(|| table::city(name, None).filter(|it| it.name == name))
    })?;
    if text.cased && text.capital_behind(words.end - 1).is_some() || text.of_firm(&words) {
        return None;
    }
    if home.is_some_and(|it| it.id == place.id) {
        return home.cloned().map(|it| (it, "dateline", words));
    }
    if !text.cased {
        return None;
    }
    if text.after(words.end - 1) == ", "
        && let Some((country, _)) = longest(text, words.end, tables::country)
        && let Some(place) = table::city(&place.name, Some(&country.code))
    {
        return Some((place, "city-and-country", words));
    }
    let near = place.country.as_ref().is_some_and(|it| named.contains(it));
    let long = place.name.chars().count() >= 4;
    (near && long && led(text, &words, BEFORE_CITY)).then_some((place, "city-in-country", words))
}

/// Whether a name that begins at a word may have a comma behind it, as before a country.
fn has_comma(text: &Text<'_>, at: usize) -> bool {
    let last = (at..text.words.len()).take(WORDS).find(|it| !text.joined(*it));
    last.is_some_and(|it| text.after(it) == ", ")
}

/// The longest name that begins at a word and is known.
fn longest<T>(text: &Text<'_>, at: usize, known: impl Fn(&str) -> Option<T>) -> Option<(T, Range<usize>)> {
    let most = if text.words.get(at).is_some_and(|it| it.is_capital()) { WORDS } else { 0 };
    (1..=most).rev().filter(|length| at + length <= text.words.len()).find_map(|length| {
        let words = at..at + length;
        // The last word of a name is no small one.
        let ends = text.words[words.end - 1].is_capital();
        if ends { known(text.text(&words)).map(|it| (it, words)) } else { None }
    })
}

fn led(text: &Text<'_>, words: &Range<usize>, by: &[&str]) -> bool {
    let before = words.start.checked_sub(1).filter(|it| text.joined(*it));
    before.is_some_and(|it| by.contains(&text.low(it)))
}
