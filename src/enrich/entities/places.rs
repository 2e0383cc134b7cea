//! Countries and cities.
//!
//! | rule | evidence |
//! | --- | --- |
//! | `country-name` | the name is in the country table; an ambiguous name needs a preposition before it |
//! | `country-adjective` | only the adjective, or a part of a longer name, occurs: listed, but not a facet |
//! | `dateline` | the place that the article was filed from |
//! | `city-and-country` | a city in the table, and its country after a comma |
//! | `city-in-country` | a city in the table after a preposition, and its country elsewhere in the article |

use super::{
    Claims, EntityDraft, EntityText,
    tables::{self, NameTable},
};
use crate::{
    article::{CountryCode, Dateline, EntityType, Place},
    enrich::places as table,
};
use std::{collections::BTreeMap, ops::Range};

/// Maximum words of a place name.
const WORDS: usize = 5;
const PREPOSITIONS: &[&str] = &[
    "in", "to", "from", "near", "at", "outside", "around", "across", "into", "via", "à", "en", "dans", "desde", "nach",
    "aus", "with", "against", "between", "of",
];
/// Prepositions before a city, where `of` and `with` prove little.
const BEFORE_CITY: &[&str] = &["in", "near", "from", "at", "outside", "to", "around", "à", "en", "nach"];

type Mentions = Vec<(usize, Range<usize>)>;

pub fn find(texts: &[EntityText<'_>], dateline: Option<&Dateline>, claims: &mut Claims) -> Vec<EntityDraft> {
    let mut drafts = countries(texts, claims);
    let mut named: Vec<CountryCode> =
        drafts.iter().filter(|draft| draft.strong).filter_map(|draft| draft.country.clone()).collect();
    let home = dateline.and_then(|dateline| dateline.place.as_ref());
    named.extend(home.and_then(|home| home.country.clone()));
    drafts.extend(cities(texts, home, &named, claims));
    drafts
}

fn countries(texts: &[EntityText<'_>], claims: &mut Claims) -> Vec<EntityDraft> {
    let mut found: BTreeMap<&'static str, (CountryCode, bool, Mentions)> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        let mut word = 0;
        while word < text.words.len() {
            let here = longest(text, word, tables::country).filter(|(_, words)| claims.is_free(at, words));
            let Some((country, words)) = here else {
                word += 1;
                continue;
            };
            let strong = match country.names {
                // `Fiji Water` and `Sonny Brazil` are listed but prove nothing. `US` and `UK` occur in no other name.
                NameTable::Always => is_short(text, &words) || !is_of_name(text, &words),
                NameTable::Adjective => false,
                NameTable::Perhaps
                    if preceded(text, &words, PREPOSITIONS)
                        && text.capital_behind(words.end - 1).is_none()
                        && !text.tags.refutes(&words, EntityType::Place) =>
                {
                    true
                }
                NameTable::Perhaps => {
                    word = words.end;
                    continue;
                }
            };
            claims.take(at, &words);
            word = words.end;
            let entry = found.entry(country.name).or_insert_with(|| (country.code.clone(), false, Vec::new()));
            entry.1 |= strong;
            entry.2.push((at, words));
        }
    }
    let draft = |(name, (code, strong, mentions)): (&str, (CountryCode, bool, Mentions))| EntityDraft {
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

/// Whether a name is in capitals only, such as `US` or `U.K.`.
fn is_short(text: &EntityText<'_>, words: &Range<usize>) -> bool {
    text.text(words).chars().all(|character| character.is_uppercase() || character == '.')
}

/// Whether a country's name is part of a longer name: a word that may be of a name is adjacent to it. A word that
/// opens a sentence does not count, since its capital letter proves nothing.
fn is_of_name(text: &EntityText<'_>, words: &Range<usize>) -> bool {
    let before = text.capital_before(words.start).filter(|word| !text.opens_sentence(*word));
    let adjacent = [before, text.capital_behind(words.end - 1)];
    text.cased && adjacent.into_iter().flatten().any(|word| text.may_be_name(word)) || text.of_firm(words)
}

fn cities(
    texts: &[EntityText<'_>],
    home: Option<&Place>,
    named: &[CountryCode],
    claims: &mut Claims,
) -> Vec<EntityDraft> {
    let mut found: BTreeMap<String, (Place, &'static str, Mentions)> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        let mut word = 0;
        while word < text.words.len() {
            let here = city_at(text, word, home, named).filter(|city| claims.is_free(at, &city.2));
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
    let draft = |(place, rule, mentions): (Place, &'static str, Mentions)| EntityDraft {
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
    text: &EntityText<'_>,
    at: usize,
    home: Option<&Place>,
    named: &[CountryCode],
) -> Option<(Place, &'static str, Range<usize>)> {
    if !text.words[at].is_capital() || text.cased && text.capital_before(at).is_some() {
        return None;
    }
    let first = text.words[at].text;
    // Cheap checks first: most names are not in the context of a city, and the city table is long.
    let unplaced = || !preceded(text, &(at..at + 1), BEFORE_CITY) && !has_comma(text, at);
    if !home.is_some_and(|home| home.name.starts_with(first)) && (unplaced() || !table::begins_city(first)) {
        return None;
    }
    let (place, words) = longest(text, at, |name| {
        let home = home.filter(|home| home.name == name).cloned();
        home.or_else(|| table::city(name, None).filter(|city| city.name == name))
    })?;
    let continues = text.cased && text.capital_behind(words.end - 1).is_some();
    if continues || text.of_firm(&words) {
        return None;
    }
    if home.is_some_and(|home| home.id == place.id) {
        return home.cloned().map(|home| (home, "dateline", words));
    }
    if !text.cased || text.tags.refutes(&words, EntityType::Place) {
        return None;
    }
    if text.after(words.end - 1) == ", "
        && let Some((country, _)) = longest(text, words.end, tables::country)
        && let Some(place) = table::city(&place.name, Some(&country.code))
    {
        return Some((place, "city-and-country", words));
    }
    let country_named = place.country.as_ref().is_some_and(|country| named.contains(country));
    let long_enough = place.name.chars().count() >= 4;
    (country_named && long_enough && preceded(text, &words, BEFORE_CITY)).then_some((place, "city-in-country", words))
}

/// Whether a comma may follow the name that begins at a word, as before a country.
fn has_comma(text: &EntityText<'_>, at: usize) -> bool {
    let last = (at..text.words.len()).take(WORDS).find(|word| !text.joined(*word));
    last.is_some_and(|last| text.after(last) == ", ")
}

/// Returns the longest name that begins at a word and that `lookup` finds.
fn longest<T>(text: &EntityText<'_>, at: usize, lookup: impl Fn(&str) -> Option<T>) -> Option<(T, Range<usize>)> {
    let most = if text.words.get(at).is_some_and(|word| word.is_capital()) { WORDS } else { 0 };
    (1..=most).rev().filter(|length| at + length <= text.words.len()).find_map(|length| {
        let words = at..at + length;
        // A name does not end in a lower-case word.
        let ends = text.words[words.end - 1].is_capital();
        if ends { lookup(text.text(&words)).map(|found| (found, words)) } else { None }
    })
}

fn preceded(text: &EntityText<'_>, words: &Range<usize>, by: &[&str]) -> bool {
    let before = words.start.checked_sub(1).filter(|word| text.joined(*word));
    before.is_some_and(|word| by.contains(&text.low(word)))
}
