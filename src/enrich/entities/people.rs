//! People: names of two words or more that have adjacent evidence of a person.
//!
//! | rule | evidence |
//! | --- | --- |
//! | `title` | an office, a rank or a form of address before the name |
//! | `age` | an age between commas after it |
//! | `apposition` | a role, or `who`, after a comma after it |
//! | `speech-verb` | a reporting verb next to it |
//! | `repeated` | the full name twice, and also the surname alone before a reporting verb |
//! | `tagger` | the tagger's probability, in English |
//! | `listed` | the first name and the surname are in lists of names, in other languages |
//!
//! The tagger refutes a reporting verb and a repetition where it takes the name for something else's.
//!
//! A surname alone is a mention of the only person in the article with that surname.

use super::{
    Claims, EntityDraft, EntityText, Terms,
    names::{self, NAME_WORDS, name_at},
    tables::{self, NameTable, Title},
    tagger,
};
use crate::{
    article::EntityType,
    enrich::{places, text_fields::lower},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
};

/// Maximum words of a title.
const TITLE_WORDS: usize = 3;
/// Maximum people tracked in one text, since every name is compared with all of them. The article's limit is lower.
const PEOPLE_MAX: usize = 200;
/// Maximum words after a comma that are searched for a role.
const ROLE_WORDS: usize = 8;

struct Person {
    name: String,
    role: Option<String>,
    rule: &'static str,
    mentions: Vec<(usize, Range<usize>)>,
}

pub fn find(texts: &[EntityText<'_>], terms: &mut Terms<'_>, claims: &mut Claims) -> Vec<EntityDraft> {
    let mut people: Vec<Person> = Vec::new();
    for (at, text) in texts.iter().enumerate().filter(|(_, text)| text.cased) {
        people_with_evidence(at, text, &mut people);
    }
    repeated(texts, &mut people);
    people.retain(|person| {
        let refuted = |(at, words): &(usize, Range<usize>)| texts[*at].tags.refutes(words, EntityType::Person);
        !matches!(person.rule, "speech-verb" | "repeated") || !person.mentions.iter().all(refuted)
    });
    for (at, text) in texts.iter().enumerate().filter(|(_, text)| text.cased) {
        tagged(at, text, &mut people);
        listed(at, text, &mut people);
    }
    people.retain(|person| {
        let proven = !matches!(person.rule, "tagger" | "listed");
        let is_place = is_of_table(&person.name) || !proven && places::city(&person.name, None).is_some();
        !is_place && (person.rule == "title" || !is_of_city(&person.name))
    });
    // `Psychotherapy Fees noted here`: all words of the name also occur in lower case, so it is not a person.
    people.retain(|person| !person.name.split(' ').all(|word| terms.has(&[word])));
    let mut surnames: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for (index, person) in people.iter().enumerate() {
        let surname = person.name.rsplit(' ').next().unwrap_or_default();
        // A surname that two people share identifies neither.
        surnames.entry(surname).and_modify(|index| *index = None).or_insert(Some(index));
    }
    let surnames: BTreeMap<String, usize> =
        surnames.into_iter().filter_map(|(name, index)| Some((name.to_owned(), index?))).collect();
    for person in &mut people {
        person.mentions.clear();
    }
    let full: HashMap<String, usize> = people.iter().map(|person| person.name.clone()).zip(0..).collect();
    for (at, text) in texts.iter().enumerate() {
        mention(at, text, &NameIndex { full: &full, surnames: &surnames }, &mut people, claims);
    }
    let draft = |person: Person| EntityDraft {
        kind: EntityType::Person,
        name: person.name,
        role: person.role,
        country: None,
        strong: true,
        rule: person.rule,
        mentions: person.mentions.into_iter().map(|(at, words)| texts[at].mention(&words)).collect(),
    };
    people.into_iter().map(draft).filter(|person| !person.mentions.is_empty()).collect()
}

/// Adds the people who have evidence next to their names.
fn people_with_evidence(at: usize, text: &EntityText<'_>, people: &mut Vec<Person>) {
    let mut word = 0;
    while word < text.words.len() {
        if let Some((length, title)) = title_at(text, word)
            && text.joined(word + length - 1)
            && !after_article(text, word)
            && let Some(name) = name_at(text, word + length).filter(|name| name.len() >= 2)
        {
            let role = (title == Title::Role).then(|| role(text, word..word + length));
            add_person(people, text.text(&name), role, "title", at, &name);
            word = name.end;
            continue;
        }
        let Some(name) = name_at(text, word).filter(|name| name.len() >= 2 && starts_fresh(text, name.start)) else {
            word += 1;
            continue;
        };
        if let Some((rule, role)) = adjacent_evidence(text, &name) {
            let name = from_first_name(text, name.clone());
            add_person(people, text.text(&name), role, rule, at, &name);
        }
        word = name.end;
    }
}

/// Whether a city is in a name that has no first name: `Ajax Amsterdam`, `Munich Re`.
fn is_of_city(name: &str) -> bool {
    let mut words = name.split(' ');
    let has_first_name = words.clone().any(|word| tagger::is_first_name(&lower(word)));
    !has_first_name && words.any(|word| word.chars().count() >= CITY_LETTERS && places::city(word, None).is_some())
}

/// Letters of a city's name that is no common surname.
const CITY_LETTERS: usize = 5;

/// Whether a table has a name as that of a place or an organisation: `Hong Kong`, `Al Jazeera`.
fn is_of_table(name: &str) -> bool {
    tables::organisation(name).is_some() || tables::country(name).is_some() || places::country(name).is_some()
}

/// From this probability on, the tagger alone is evidence.
const TAGGED: f32 = 0.7;

/// Adds the full names that the tagger found, without the titles that it takes for a part of them.
fn tagged(at: usize, text: &EntityText<'_>, people: &mut Vec<Person>) {
    for found in text.tags.of_kind(EntityType::Person, TAGGED) {
        let mut words = found.clone();
        let mut held = None;
        while let Some((length, title)) = title_at(text, words.start).filter(|(length, _)| length + 2 <= words.len()) {
            held = (title == Title::Role).then(|| role(text, words.start..words.start + length));
            words.start += length;
        }
        let is_name = |word: usize| text.may_be_name(word) || names::is_particle(text.words[word].text);
        let ends = names::ends_as_name(text.words[words.end - 1].text);
        let is_one = (words.start..words.end - 1).all(|word| text.joined(word));
        while words.len() > 2 && !text.may_be_name(words.start) {
            words.start += 1;
        }
        if (2..=NAME_WORDS + 1).contains(&words.len()) && is_one && ends && words.clone().all(is_name) {
            add_person(people, text.text(&words), held, "tagger", at, &words);
        }
    }
}

/// Returns a name from its first name on, where other capitalised words precede it, as nouns do in German.
fn from_first_name(text: &EntityText<'_>, name: Range<usize>) -> Range<usize> {
    let is_first = |word: &usize| text.words[*word].is_capital() && tagger::is_first_name(text.low(*word));
    let first = (name.start..name.end.saturating_sub(1)).find(is_first);
    first.filter(|_| text.tags.names.is_empty()).unwrap_or(name.start)..name.end
}

/// Adds the full names whose first and last word are in lists of names, in texts that the tagger does not know.
fn listed(at: usize, text: &EntityText<'_>, people: &mut Vec<Person>) {
    if !text.tags.names.is_empty() {
        return;
    }
    let mut word = 0;
    while word < text.words.len() {
        let Some(name) = name_at(text, word).filter(|name| starts_fresh(text, name.start)) else {
            word += 1;
            continue;
        };
        word = name.end;
        let name = from_first_name(text, name);
        let (first, last) = (text.low(name.start), text.low(name.end - 1));
        if name.len() >= 2 && tagger::is_first_name(first) && tagger::is_surname(last) {
            add_person(people, text.text(&name), None, "listed", at, &name);
        }
    }
}

/// Whether a name does not continue a longer one: no capitalised word precedes it, except one that opens a sentence and
/// one of a nationality.
fn starts_fresh(text: &EntityText<'_>, at: usize) -> bool {
    let of_nation = |word: &str| tables::country(word).is_some_and(|country| country.names == NameTable::Adjective);
    text.capital_before(at).is_none_or(|before| text.opens_sentence(before) || of_nation(text.words[before].text))
}

/// Whether `the` precedes a capitalised word: `the General Data Protection Regulation` is not a general.
fn after_article(text: &EntityText<'_>, at: usize) -> bool {
    at > 0 && text.joined(at - 1) && text.low(at - 1) == "the" && text.words[at].is_capital()
}

fn adjacent_evidence(text: &EntityText<'_>, name: &Range<usize>) -> Option<(&'static str, Option<String>)> {
    let last = name.end - 1;
    let next = text.low(name.end);
    if text.joined(last) && names::is_reporting_verb(next) {
        return Some(("speech-verb", None));
    }
    let before = name.start.checked_sub(1);
    if before.is_some_and(|word| text.joined(word) && names::is_reporting_verb(text.low(word)))
        && text.after(last).trim_start().starts_with([',', '.', ';'])
    {
        let role = (text.after(last) == ", ").then(|| role_behind(text, name.end)).flatten();
        return Some(("speech-verb", role));
    }
    if text.after(last) != ", " {
        return None;
    }
    let is_age = next.len() <= 3 && next.parse::<u8>().is_ok_and(|value| value > 0);
    if is_age && text.after(name.end).starts_with([',', '.']) {
        let role = (text.after(name.end) == ", ").then(|| role_behind(text, name.end + 1)).flatten();
        return Some(("age", role));
    }
    if matches!(next, "who" | "whose") {
        return Some(("apposition", None));
    }
    role_behind(text, name.end).map(|role| ("apposition", Some(role)))
}

/// Returns the words from after the article to the title: `the chief executive of the port`, `a spokesman for …`.
fn role_behind(text: &EntityText<'_>, from: usize) -> Option<String> {
    let article = usize::from(matches!(text.low(from), "a" | "an" | "the"));
    let start = from + article;
    let mut end = start;
    // Only within the clause: a comma ends it.
    while end < text.words.len() && end - start < ROLE_WORDS {
        let most = if tables::begins_title(text.low(end)) { TITLE_WORDS } else { 0 };
        let titles = (1..=most).rev().find(|length| {
            end + length <= text.words.len() && tables::title(&phrase(text, end..end + length)) == Some(Title::Role)
        });
        if let Some(length) = titles {
            // A title directly before another name is not the role of this person.
            let named = text.capital_behind(end + length - 1).is_some();
            return (!named).then(|| text.text(&(start..end + length)).to_owned());
        }
        // The clause continues with something else about this or another person.
        if !text.joined(end) || matches!(text.low(end), "and" | "or" | "but" | "with" | "is" | "was" | "who") {
            return None;
        }
        end += 1;
    }
    None
}

fn phrase(text: &EntityText<'_>, words: Range<usize>) -> String {
    text.field.low.get(words).map(|words| words.join(" ")).unwrap_or_default()
}

/// Returns the longest title that begins at a word, and its number of words.
fn title_at(text: &EntityText<'_>, at: usize) -> Option<(usize, Title)> {
    let most = if tables::begins_title(text.low(at)) { TITLE_WORDS } else { 0 };
    (1..=most).rev().find_map(|length| {
        let whole = at + length <= text.words.len() && (at..at + length - 1).all(|word| text.joined(word));
        let title = tables::title(&phrase(text, at..at + length)).filter(|_| whole)?;
        // `general` and `major` may be adjectives; a rank has a capital letter.
        (text.words[at].is_capital() || title == Title::Role && length == 1 || length > 1).then_some((length, title))
    })
}

/// Returns the title with the word for the office before it: `Railways Minister`.
fn role(text: &EntityText<'_>, title: Range<usize>) -> String {
    let before = title.start.checked_sub(1).filter(|before| {
        let word = &text.words[*before];
        text.words[title.start].is_capital()
            && text.joined(*before)
            && word.is_capital()
            && !text.opens_sentence(*before)
            && !(0..TITLE_WORDS)
                .any(|more| *before >= more && tables::country(text.text(&(before - more..before + 1))).is_some())
            && !word.text.chars().all(|character| character.is_uppercase() || character == '.')
    });
    text.text(&(before.unwrap_or(title.start)..title.end)).to_owned()
}

fn add_person(
    people: &mut Vec<Person>,
    name: &str,
    role: Option<String>,
    rule: &'static str,
    at: usize,
    words: &Range<usize>,
) {
    let full = people.len() == PEOPLE_MAX;
    let existing = people.iter_mut().find(|person| person.name == name);
    match existing {
        Some(person) => {
            person.role = person.role.take().or(role);
            person.mentions.push((at, words.clone()));
        }
        None if full => {}
        None => people.push(Person { name: name.to_owned(), role, rule, mentions: vec![(at, words.clone())] }),
    }
}

/// Adds full names that occur twice if their surname also occurs alone before a reporting verb.
fn repeated(texts: &[EntityText<'_>], people: &mut Vec<Person>) {
    let mut full: BTreeMap<&str, Vec<(usize, Range<usize>)>> = BTreeMap::new();
    let mut alone: BTreeSet<&str> = BTreeSet::new();
    for (at, text) in texts.iter().enumerate().filter(|(_, text)| text.cased) {
        let mut word = 0;
        while word < text.words.len() {
            match name_at(text, word) {
                Some(name) if starts_fresh(text, word) => {
                    let after_the = word > 0 && text.joined(word - 1) && text.low(word - 1) == "the";
                    match name.len() {
                        // Things have full names too, but do not speak.
                        1 if text.joined(word) && names::is_reporting_verb(text.low(word + 1)) => {
                            alone.insert(text.text(&name));
                        }
                        2 | 3 if !after_the && !text.opens_sentence(word) => {
                            full.entry(text.text(&name)).or_default().push((at, name.clone()));
                        }
                        _ => {}
                    }
                    word = name.end;
                }
                _ => word += 1,
            }
        }
    }
    for (name, mentions) in full {
        let surname = name.rsplit(' ').next().unwrap_or_default();
        let is_known =
            people.iter().any(|person| person.name == name || person.name.rsplit(' ').next() == Some(surname));
        if mentions.len() >= 2 && alone.contains(surname) && !is_known && people.len() < PEOPLE_MAX {
            people.push(Person { name: name.to_owned(), role: None, rule: "repeated", mentions });
        }
    }
}

/// The people by full name and by surname.
struct NameIndex<'a> {
    full: &'a HashMap<String, usize>,
    surnames: &'a BTreeMap<String, usize>,
}

/// Adds every mention of a person, in full or by surname.
fn mention(at: usize, text: &EntityText<'_>, known: &NameIndex<'_>, people: &mut [Person], claims: &mut Claims) {
    let mut word = 0;
    while word < text.words.len() {
        let longest = if text.words[word].is_capital() { NAME_WORDS + 1 } else { 0 };
        let full = (2..=longest).rev().filter(|length| word + length <= text.words.len()).find_map(|length| {
            let words = word..word + length;
            known.full.get(text.text(&words)).map(|index| (*index, words))
        });
        let surname = || {
            let index = *known.surnames.get(text.words[word].text)?;
            // Part of another name: `Rubio Street`, `Maria Rubio`.
            let next = text.cased && text.capital_behind(word).is_some();
            let title = word > 0 && tables::title(text.low(word - 1)).is_some();
            let before = text.cased && text.capital_before(word).is_some();
            let opens = word > 0 && text.opens_sentence(word - 1);
            (!next && (!before || title || opens)).then_some((index, word..word + 1))
        };
        match full.or_else(surname).filter(|(_, words)| claims.is_free(at, words)) {
            Some((index, words)) => {
                claims.take(at, &words);
                word = words.end;
                people[index].mentions.push((at, words));
            }
            None => word += 1,
        }
    }
}
