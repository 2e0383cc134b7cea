//! Countries.
//!
//! | rule | evidence |
//! | --- | --- |
//! | `country-name` | the name is in a table of countries; an ambiguous name needs a preposition before it |
//! | `country-adjective` | only the adjective, or a part of a longer name, occurs: listed, but not a facet |

use super::{Claims, EntityDraft, EntityText, country_names, tables::NameTable};
use crate::article::{CountryCode, EntityType, TextSpan};
use std::{collections::BTreeMap, ops::Range};

/// Maximum words of a place name.
pub const WORDS: usize = 5;
const PREPOSITIONS: &[&str] = &[
    "in", "to", "from", "near", "at", "outside", "around", "across", "into", "via", "à", "en", "dans", "desde", "nach",
    "aus", "with", "against", "between", "of",
];

/// A country's code, whether any mention is strong evidence, and the mentions.
type Found = BTreeMap<&'static str, (CountryCode, bool, Vec<TextSpan>)>;

pub fn find(texts: &[EntityText<'_>], language: Option<&str>, claims: &mut Claims) -> Vec<EntityDraft> {
    if language.is_some_and(country_names::is_without_capitals) {
        return without_capitals(texts, language);
    }

    let mut found = Found::new();
    for (at, text) in texts.iter().enumerate() {
        let mut word = 0;
        while word < text.words.len() {
            let here = longest(text, word, |name| country_names::of(name, language))
                .filter(|(_, words)| claims.is_free(at, words));
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
            entry.2.push(text.mention(&words));
        }
    }
    drafts(found)
}

/// Returns the countries of a text in a script without capitals, where a name is known by the table alone.
fn without_capitals(texts: &[EntityText<'_>], language: Option<&str>) -> Vec<EntityDraft> {
    let mut found = Found::new();
    for text in texts {
        for (country, range, strong) in country_names::find(text.field, language) {
            let entry = found.entry(country.name).or_insert_with(|| (country.code.clone(), false, Vec::new()));
            entry.1 |= strong;
            entry.2.push(text.field.at(&range));
        }
    }
    drafts(found)
}

fn drafts(found: Found) -> Vec<EntityDraft> {
    let draft = |(name, (code, strong, mentions)): (&str, (CountryCode, bool, Vec<TextSpan>))| EntityDraft {
        kind: EntityType::Country,
        name: name.to_owned(),
        role: None,
        country: Some(code),
        strong,
        rule: if strong { "country-name" } else { "country-adjective" },
        mentions,
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

/// Returns the longest name that begins at a word and that `lookup` finds.
pub fn longest<T>(text: &EntityText<'_>, at: usize, lookup: impl Fn(&str) -> Option<T>) -> Option<(T, Range<usize>)> {
    let most = if text.words.get(at).is_some_and(|word| word.is_capital()) { WORDS } else { 0 };
    (1..=most).rev().filter(|length| at + length <= text.words.len()).find_map(|length| {
        let words = at..at + length;
        // A name does not end in a lower-case word.
        let ends = text.words[words.end - 1].is_capital();
        if ends { lookup(text.text(&words)).map(|found| (found, words)) } else { None }
    })
}

pub fn preceded(text: &EntityText<'_>, words: &Range<usize>, by: &[&str]) -> bool {
    let before = words.start.checked_sub(1).filter(|word| text.joined(*word));
    before.is_some_and(|word| by.contains(&text.low(word)))
}
