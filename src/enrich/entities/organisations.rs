//! Organisations: names that say what they are.
//!
//! | rule | evidence |
//! | --- | --- |
//! | `acronym` | the acronym in brackets behind the name is made of its capitals, and a word of it is an organisation's |
//! | `head-word` | a word of the name is one that organisations are called by |
//! | `known` | a list of names that are nothing else |

use super::{Claims, Draft, Terms, Text, tables};
use crate::article::EntityType;
use std::{collections::BTreeMap, ops::Range};

/// The most words of a name, and of a known one.
const WORDS: usize = 9;
const KNOWN_WORDS: usize = 6;
/// Small words within a name. After `and the` another name begins.
const WITHIN: &[&str] = &["of", "for", "and", "of the", "for the", "de", "de la", "des", "du", "del", "y"];
/// Words that end the name of an organisation.
const ENDS: &[&str] = &[
    "Ministry",
    "Department",
    "University",
    "Bank",
    "Inc",
    "Inc.",
    "Corp",
    "Corp.",
    "Corporation",
    "Ltd",
    "Limited",
    "LLC",
    "PLC",
    "plc",
    "Group",
    "Party",
    "Council",
    "Court",
    "Agency",
    "Authority",
    "Association",
    "Federation",
    "Union",
    "Institute",
    "Foundation",
    "Commission",
    "Committee",
    "Company",
    "Organization",
    "Organisation",
    "Congress",
    "Parliament",
    "Senate",
    "Assembly",
    "Trust",
    "Bureau",
    "Academy",
    "Airlines",
    "Airways",
    "Confederation",
    "Consortium",
    "Holdings",
    "Secretariat",
    "Hospital",
    "College",
    "Laboratory",
];
/// Words that make a name with an acronym an organisation's: things have acronyms too.
const INTRODUCED: &[&str] = &[
    "Alliance",
    "Army",
    "Board",
    "Center",
    "Centre",
    "Club",
    "Corps",
    "Force",
    "Forces",
    "Forum",
    "Front",
    "Fund",
    "Guard",
    "Initiative",
    "League",
    "Mission",
    "Movement",
    "Network",
    "Office",
    "Police",
    "Programme",
    "Service",
    "Society",
    "Space",
    "Workers",
];
/// Words that begin one, before `of` or `for`.
const BEGINS: &[&str] = &[
    "Ministry",
    "Department",
    "University",
    "Bank",
    "Institute",
    "Council",
    "Chamber",
    "Board",
    "Court",
    "Bureau",
    "Academy",
    "Association",
    "Federation",
    "College",
    "Centre",
    "Center",
    "Society",
    "Union",
    "Organization",
    "Organisation",
    "Agency",
    "Commission",
    "Committee",
    "Directorate",
    "Ministère",
    "Ministerio",
    "Université",
    "Universidad",
];

/// What somebody is of an organisation, besides the titles.
const OF_PERSONS: &[&str] = &["associate", "bachelor", "doctor", "fellow", "master", "member"];

struct Organisation {
    rule: &'static str,
    mentions: Vec<(usize, Range<usize>)>,
}

pub fn find(texts: &[Text<'_>], terms: &mut Terms<'_>, claims: &mut Claims) -> Vec<Draft> {
    let mut found: BTreeMap<String, Organisation> = BTreeMap::new();
    let mut acronyms: BTreeMap<String, String> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        let mut word = 0;
        while word < text.words.len() {
            let Some((name, rule, words)) = at_word(text, word).filter(|it| claims.is_free(at, &it.2)) else {
                word += 1;
                continue;
            };
            // `Social Media Agency` as a heading, where the text speaks of social media agencies.
            if rule == "head-word" && terms.has(&tail(text, &words)) {
                word = words.end;
                continue;
            }
            if let Some(acronym) = acronym_behind(text, &words) {
                acronyms.insert(acronym, name.clone());
            }
            claims.take(at, &words);
            word = words.end;
            let entry = found.entry(name).or_insert_with(|| Organisation { rule, mentions: Vec::new() });
            entry.mentions.push((at, words));
        }
    }
    // Once introduced, an acronym is the organisation.
    for (at, text) in texts.iter().enumerate() {
        for (index, word) in text.words.iter().enumerate() {
            let words = index..index + 1;
            if let Some(name) = acronyms.get(word.text).filter(|_| claims.is_free(at, &words)) {
                claims.take(at, &words);
                if let Some(entry) = found.get_mut(name) {
                    entry.mentions.push((at, words));
                }
            }
        }
    }
    let draft = |(name, it): (String, Organisation)| Draft {
        kind: EntityType::Organisation,
        name,
        role: None,
        country: None,
        strong: true,
        rule: it.rule,
        mentions: it.mentions.into_iter().map(|(at, words)| texts[at].mention(&words)).collect(),
    };
    found.into_iter().map(draft).collect()
}

/// The end of a name, from its last word but one that is no small word.
fn tail<'a>(text: &Text<'a>, words: &Range<usize>) -> Vec<&'a str> {
    let capitals = words.clone().rev().filter(|at| text.words[*at].is_capital());
    let from = capitals.take(2).last().unwrap_or(words.start);
    text.words[from..words.end].iter().map(|it| it.text).collect()
}

fn at_word(text: &Text<'_>, at: usize) -> Option<(String, &'static str, Range<usize>)> {
    if !text.words[at].is_capital() {
        return None;
    }
    let known = (1..=KNOWN_WORDS).rev().filter(|length| at + length <= text.words.len()).find_map(|length| {
        let words = at..at + length;
        let name = tables::organisation(text.text(&words))?;
        Some((name.to_owned(), "known", words))
    });
    if known.is_some() {
        return known;
    }
    if !text.cased || !starts_run(text, at) {
        return None;
    }
    let run = run_at(text, at)?;
    let run = without_beginning(text, run)?;
    let is_told = |at: usize| [ENDS, BEGINS, INTRODUCED].iter().any(|it| it.contains(&text.words[at].text));
    // `Fellow of the Society of Actuaries (FSA)` is what somebody is.
    let first = text.low(run.start);
    let of_person = text.low(run.start + 1) == "of" && (OF_PERSONS.contains(&first) || tables::title(first).is_some());
    let introduced = !of_person && acronym_behind(text, &run).is_some() && run.clone().any(is_told);
    let rule = if introduced { "acronym" } else { "head-word" };
    let words = if introduced { Some(run) } else { headed(text, run) }?;
    Some((text.text(&words).to_owned(), rule, words))
}

fn starts_run(text: &Text<'_>, at: usize) -> bool {
    text.words[at].is_capital() && text.capital_before(at).is_none()
}

/// Words with capital letters, and small ones between them.
fn run_at(text: &Text<'_>, at: usize) -> Option<Range<usize>> {
    let mut end = at + 1;
    while end < text.words.len() && end - at < WORDS && text.joined(end - 1) {
        if text.words[end].is_capital() {
            end += 1;
            continue;
        }
        let small = [2, 1].into_iter().find(|length| {
            let words = end..end + length;
            words.end < text.words.len()
                && words.clone().all(|it| text.joined(it))
                && WITHIN.contains(&text.text(&words))
                && text.words[words.end].is_capital()
                && text.words[words.end].text != "The"
        });
        let Some(small) = small else { break };
        end += small + 1;
    }
    (end - at <= WORDS).then_some(at..end)
}

/// Without the small word that opens a sentence and belongs to no name.
fn without_beginning(text: &Text<'_>, mut run: Range<usize>) -> Option<Range<usize>> {
    const OPENING: [&str; 12] = ["the", "a", "an", "but", "and", "in", "at", "for", "on", "as", "when", "after"];
    let first = text.low(run.start);
    if first == "the" || text.opens_sentence(run.start) && OPENING.contains(&first) {
        run.start += 1;
        while run.start < run.end && !text.words[run.start].is_capital() {
            run.start += 1;
        }
    }
    (run.len() >= 2).then_some(run)
}

/// The part of a run that a word of the lists makes the name of an organisation.
fn headed(text: &Text<'_>, run: Range<usize>) -> Option<Range<usize>> {
    let word = |at: usize| text.words[at].text;
    let begins = run.clone().find(|at| {
        BEGINS.contains(&word(*at))
            && text.words.get(at + 1).is_some_and(|it| matches!(it.text, "of" | "for" | "de" | "des" | "du"))
    });
    if let Some(head) = begins.filter(|head| head + 2 < run.end) {
        // `Supreme Court of India`: what stands before the head belongs to it, up to a small word.
        let start = (run.start..head).rev().take_while(|at| text.words[*at].is_capital()).last().unwrap_or(head);
        // After `and` a new name may begin: `Ministry of Health and World Bank`.
        return Some(start..run.end);
    }
    let last = run.clone().rev().find(|at| ENDS.contains(&word(*at)))?;
    let start = (run.start..last).rev().take_while(|at| text.words[*at].is_capital()).last()?;
    let is_name = (start..last).any(|at| word(at).chars().count() > 1);
    (is_name && last + 1 == run.end).then_some(start..last + 1)
}

/// `World Health Organization (WHO)`: the acronym, where its letters are the capitals of the name in order.
fn acronym_behind(text: &Text<'_>, words: &Range<usize>) -> Option<String> {
    let rest = text.passage.text[text.range(words).end..].strip_prefix(" (")?;
    let (acronym, _) = rest.split_once(')')?;
    let length = acronym.chars().count();
    if !(2..=8).contains(&length) || !acronym.chars().all(|it| it.is_uppercase()) {
        return None;
    }
    let mut capitals = words.clone().filter_map(|at| text.words[at].text.chars().next()).filter(|it| it.is_uppercase());
    let found = acronym.chars().all(|letter| capitals.by_ref().any(|it| it == letter));
    let count = words.clone().filter(|at| text.words[*at].is_capital()).count();
    (found && count <= length + 1).then(|| acronym.to_owned())
}
