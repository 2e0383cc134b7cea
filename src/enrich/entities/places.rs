//! Cities.
//!
//! | rule | evidence |
//! | --- | --- |
//! | `dateline` | the place that the article was filed from |
//! | `city-and-country` | a city in the table, and its country after a comma |
//! | `city-in-country` | a city in the table after a preposition, and its country elsewhere in the article |

use super::{
    Claims, EntityDraft, EntityText,
    countries::{WORDS, longest, preceded},
    country_names,
};
use crate::{
    article::{CountryCode, Dateline, EntityType, Place},
    enrich::places as table,
};
use std::{collections::BTreeMap, ops::Range};

/// Prepositions before a city, where `of` and `with` prove little.
const BEFORE_CITY: &[&str] = &["in", "near", "from", "at", "outside", "to", "around", "à", "en", "nach"];

/// Each mention as the index of its text and its words there.
type Mentions = Vec<(usize, Range<usize>)>;

/// Returns the cities. `countries`: the countries already found in the article.
pub fn find(
    texts: &[EntityText<'_>],
    language: Option<&str>,
    dateline: Option<&Dateline>,
    countries: &[EntityDraft],
    claims: &mut Claims,
) -> Vec<EntityDraft> {
    let mut named: Vec<CountryCode> =
        countries.iter().filter(|draft| draft.strong).filter_map(|draft| draft.country.clone()).collect();
    let home = dateline.and_then(|dateline| dateline.place.as_ref());
    named.extend(home.and_then(|home| home.country.clone()));
    cities(texts, language, home, &named, claims)
}

fn cities(
    texts: &[EntityText<'_>],
    language: Option<&str>,
    home: Option<&Place>,
    named: &[CountryCode],
    claims: &mut Claims,
) -> Vec<EntityDraft> {
    let mut found: BTreeMap<String, (Place, &'static str, Mentions)> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        let mut word = 0;
        while word < text.words.len() {
            let here = city_at(text, word, language, home, named).filter(|city| claims.is_free(at, &city.2));
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
    language: Option<&str>,
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
        && let Some((country, _)) = longest(text, words.end, |name| country_names::of(name, language))
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
