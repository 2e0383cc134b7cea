//! People: names of two words or more that something beside them proves to be a person's.
//!
//! | rule | evidence |
//! | --- | --- |
//! | `title` | an office, a rank or a form of address before the name |
//! | `age` | an age between commas behind it |
//! | `apposition` | a role, or `who`, behind a comma behind it |
//! | `said` | a verb of saying beside it |
//! | `repeated` | the full name twice, and besides the surname alone as the one who says something |
//!
//! A surname alone is a mention of the one person in the article who has it.

use super::{
    Claims, Draft, Terms, Text,
    names::{NAME_WORDS, name_at},
    tables::{self, Title},
};
use crate::article::EntityType;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
};

/// The most words of a title.
const TITLE_WORDS: usize = 3;
/// The most people that are told apart in one text: every word is held against all of them. An article may have fewer.
const PEOPLE_MAX: usize = 200;
/// How far behind a comma a role is looked for, in words.
const ROLE_WORDS: usize = 8;

const SAID: &[&str] = &[
    "said",
    "says",
    "told",
    "added",
    "wrote",
    "argued",
    "warned",
    "explained",
    "recalled",
    "insisted",
    "noted",
    "stressed",
    "tweeted",
    "testified",
    "dit",
    "dijo",
    "sagte",
    "affirme",
    "explique",
    "explicó",
    "erklärte",
];
struct Person {
    name: String,
    role: Option<String>,
    rule: &'static str,
    mentions: Vec<(usize, Range<usize>)>,
}

pub fn find(texts: &[Text<'_>], terms: &mut Terms<'_>, claims: &mut Claims) -> Vec<Draft> {
    let mut people: Vec<Person> = Vec::new();
    for (at, text) in texts.iter().enumerate().filter(|(_, it)| it.cased) {
        proved(at, text, &mut people);
    }
    repeated(texts, &mut people);
    // `Psychotherapy Fees noted here`: each word of it is a word of the language.
    people.retain(|it| !it.name.split(' ').all(|word| terms.has(&[word])));
    let mut surnames: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for (index, person) in people.iter().enumerate() {
        let surname = person.name.rsplit(' ').next().unwrap_or_default();
        // Of two people of one surname, the surname alone is neither.
        surnames.entry(surname).and_modify(|it| *it = None).or_insert(Some(index));
    }
    let surnames: BTreeMap<String, usize> =
        surnames.into_iter().filter_map(|(name, index)| Some((name.to_owned(), index?))).collect();
    for person in &mut people {
        person.mentions.clear();
    }
    let full: HashMap<String, usize> = people.iter().map(|it| it.name.clone()).zip(0..).collect();
    for (at, text) in texts.iter().enumerate() {
        mention(at, text, &Known { full: &full, surnames: &surnames }, &mut people, claims);
    }
    let draft = |it: Person| Draft {
        kind: EntityType::Person,
        name: it.name,
        role: it.role,
        country: None,
        strong: true,
        rule: it.rule,
        mentions: it.mentions.into_iter().map(|(at, words)| texts[at].mention(&words)).collect(),
    };
    people.into_iter().map(draft).filter(|it| !it.mentions.is_empty()).collect()
}

/// The people that the words beside their names prove.
fn proved(at: usize, text: &Text<'_>, people: &mut Vec<Person>) {
    let mut word = 0;
    while word < text.words.len() {
        if let Some((length, title)) = title_at(text, word)
            && text.joined(word + length - 1)
            && !after_article(text, word)
            && let Some(name) = name_at(text, word + length).filter(|it| it.len() >= 2)
        {
            let role = (title == Title::Role).then(|| role(text, word..word + length));
            meet(people, text.text(&name), role, "title", at, &name);
            word = name.end;
            continue;
        }
        let Some(name) = name_at(text, word).filter(|it| it.len() >= 2 && starts_fresh(text, it.start)) else {
            word += 1;
            continue;
        };
        if let Some((rule, role)) = beside(text, &name) {
            meet(people, text.text(&name), role, rule, at, &name);
        }
        word = name.end;
    }
}

/// A name is no part of a longer one: nothing that is written with a capital letter stands directly before it.
fn starts_fresh(text: &Text<'_>, at: usize) -> bool {
    text.capital_before(at).is_none_or(|it| text.opens_sentence(it))
}

/// `the General Data Protection Regulation` is no general.
fn after_article(text: &Text<'_>, at: usize) -> bool {
    at > 0 && text.joined(at - 1) && text.low(at - 1) == "the" && text.words[at].is_capital()
}

fn beside(text: &Text<'_>, name: &Range<usize>) -> Option<(&'static str, Option<String>)> {
    let last = name.end - 1;
    let next = text.low(name.end);
    if text.joined(last) && SAID.contains(&next) {
        return Some(("said", None));
    }
    let before = name.start.checked_sub(1);
    if before.is_some_and(|it| text.joined(it) && SAID.contains(&text.low(it)))
        && text.after(last).trim_start().starts_with([',', '.', ';'])
    {
        let role = (text.after(last) == ", ").then(|| role_behind(text, name.end)).flatten();
        return Some(("said", role));
    }
    if text.after(last) != ", " {
        return None;
    }
    let is_age = next.len() <= 3 && next.parse::<u8>().is_ok_and(|it| it > 0);
    if is_age && text.after(name.end).starts_with([',', '.']) {
        let role = (text.after(name.end) == ", ").then(|| role_behind(text, name.end + 1)).flatten();
        return Some(("age", role));
    }
    if matches!(next, "who" | "whose") {
        return Some(("apposition", None));
    }
    role_behind(text, name.end).map(|role| ("apposition", Some(role)))
}

/// `the chief executive of the port`, `a spokesman for …`: from behind the article to the title, if there is one.
fn role_behind(text: &Text<'_>, from: usize) -> Option<String> {
    let article = usize::from(matches!(text.low(from), "a" | "an" | "the"));
    let start = from + article;
    let mut end = start;
    // Within the clause alone: a comma ends it.
    while end < text.words.len() && end - start < ROLE_WORDS {
        let most = if tables::begins_title(text.low(end)) { TITLE_WORDS } else { 0 };
        let titles = (1..=most).rev().find(|length| {
            end + length <= text.words.len() && tables::title(&phrase(text, end..end + length)) == Some(Title::Role)
        });
        if let Some(length) = titles {
            // What a person is, and not whom the clause speaks of: no name follows directly.
            let named = text.capital_behind(end + length - 1).is_some();
            return (!named).then(|| text.text(&(start..end + length)).to_owned());
        }
        // Another thing is said of the person, or of somebody else.
        if !text.joined(end) || matches!(text.low(end), "and" | "or" | "but" | "with" | "is" | "was" | "who") {
            return None;
        }
        end += 1;
    }
    None
}

fn phrase(text: &Text<'_>, words: Range<usize>) -> String {
    text.passage.low.get(words).map(|it| it.join(" ")).unwrap_or_default()
}

/// The longest title that begins at a word, and how many words it has.
fn title_at(text: &Text<'_>, at: usize) -> Option<(usize, Title)> {
    let most = if tables::begins_title(text.low(at)) { TITLE_WORDS } else { 0 };
    (1..=most).rev().find_map(|length| {
        let whole = at + length <= text.words.len() && (at..at + length - 1).all(|it| text.joined(it));
        let title = tables::title(&phrase(text, at..at + length)).filter(|_| whole)?;
        // `general` and `major` are adjectives; a rank has a capital letter.
        (text.words[at].is_capital() || title == Title::Role && length == 1 || length > 1).then_some((length, title))
    })
}

/// The title, with the word of the office before it: `Railways Minister`.
fn role(text: &Text<'_>, title: Range<usize>) -> String {
    let before = title.start.checked_sub(1).filter(|it| {
        let word = &text.words[*it];
        text.words[title.start].is_capital()
            && text.joined(*it)
            && word.is_capital()
            && !text.opens_sentence(*it)
            && !(0..TITLE_WORDS).any(|more| *it >= more && tables::country(text.text(&(it - more..it + 1))).is_some())
            && !word.text.chars().all(|it| it.is_uppercase() || it == '.')
    });
    text.text(&(before.unwrap_or(title.start)..title.end)).to_owned()
}

fn meet(
    people: &mut Vec<Person>,
    name: &str,
    role: Option<String>,
    rule: &'static str,
    at: usize,
    words: &Range<usize>,
) {
    let full = people.len() == PEOPLE_MAX;
    let known = people.iter_mut().find(|it| it.name == name);
    match known {
        Some(person) => {
            person.role = person.role.take().or(role);
            person.mentions.push((at, words.clone()));
        }
        None if full => {}
        None => people.push(Person { name: name.to_owned(), role, rule, mentions: vec![(at, words.clone())] }),
    }
}

/// Full names that come twice while their surname alone says something.
fn repeated(texts: &[Text<'_>], people: &mut Vec<Person>) {
    let mut full: BTreeMap<&str, Vec<(usize, Range<usize>)>> = BTreeMap::new();
    let mut alone: BTreeSet<&str> = BTreeSet::new();
    for (at, text) in texts.iter().enumerate().filter(|(_, it)| it.cased) {
        let mut word = 0;
        while word < text.words.len() {
            match name_at(text, word) {
                Some(name) if starts_fresh(text, word) => {
                    let after_the = word > 0 && text.joined(word - 1) && text.low(word - 1) == "the";
                    match name.len() {
                        // Things have full names too, but say nothing.
                        1 if text.joined(word) && SAID.contains(&text.low(word + 1)) => {
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
        let is_known = people.iter().any(|it| it.name == name || it.name.rsplit(' ').next() == Some(surname));
        if mentions.len() >= 2 && alone.contains(surname) && !is_known && people.len() < PEOPLE_MAX {
            people.push(Person { name: name.to_owned(), role: None, rule: "repeated", mentions });
        }
    }
}

/// Which person a name is of.
struct Known<'a> {
    full: &'a HashMap<String, usize>,
    surnames: &'a BTreeMap<String, usize>,
}

/// Every place where a person is named, in full or by the surname.
fn mention(at: usize, text: &Text<'_>, known: &Known<'_>, people: &mut [Person], claims: &mut Claims) {
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
