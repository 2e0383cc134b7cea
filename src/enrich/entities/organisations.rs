//! Organisations: names with evidence of an organisation in them.
//!
//! | rule | evidence |
//! | --- | --- |
//! | `acronym` | an acronym in brackets after the name is made of its capitals, and the name has an organisation word |
//! | `head-word` | the name has a head word of organisations, such as Ministry |
//! | `known-name` | the name is in a list of unambiguous names |
//! | `tagger` | the tagger's probability, in English |

use super::{Claims, EntityDraft, EntityText, Terms, tables};
use crate::article::EntityType;
use rustc_hash::FxHashSet;
use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

/// Maximum words of a name, and of a name in the table.
const WORDS: usize = 9;
const KNOWN_WORDS: usize = 6;
/// Lower-case words within a name. `and the` is not among them: another name begins after it.
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
/// Further words that make a name with an acronym an organisation's: things have acronyms too.
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
/// Words that begin an organisation's name, before `of` or `for`.
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

/// Words for a person's relation to an organisation, besides the titles.
const OF_PERSONS: &[&str] = &["associate", "bachelor", "doctor", "fellow", "master", "member"];

static HEADS: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| [ENDS, BEGINS, INTRODUCED].into_iter().flatten().copied().collect());

/// Whether a word heads the names of organisations.
pub fn is_head(word: &str) -> bool {
    HEADS.contains(word)
}

struct Organisation {
    rule: &'static str,
    mentions: Vec<(usize, Range<usize>)>,
}

/// The rule of names that a word such as `ministry` heads.
const HEAD_WORD: &str = "head-word";

pub fn find(texts: &[EntityText<'_>], terms: &mut Terms<'_>, claims: &mut Claims) -> Vec<EntityDraft> {
    let mut found: BTreeMap<String, Organisation> = BTreeMap::new();
    let mut acronyms: BTreeMap<String, String> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        let mut word = 0;
        while word < text.words.len() {
            let Some((name, rule, words)) = at_word(text, word).filter(|found| claims.is_free(at, &found.2)) else {
                word += 1;
                continue;
            };
            // `Social Media Agency` as a heading is a common term if the text also has it in lower case.
            if rule == HEAD_WORD && terms.has(&tail(text, &words)) {
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
    // An introduced acronym is a mention of its organisation.
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
    for (at, text) in texts.iter().enumerate().filter(|(_, text)| text.cased) {
        for words in text.tags.of_kind(EntityType::Organisation, TAGGED) {
            let is_new = |words: &Range<usize>| claims.is_free(at, words) && !is_general(text, words, terms);
            if let Some(words) = tagged_name(text, words).filter(is_new) {
                claims.take(at, &words);
                let entry = found.entry(text.text(&words).to_owned());
                let entry = entry.or_insert_with(|| Organisation { rule: "tagger", mentions: Vec::new() });
                entry.mentions.push((at, words));
            }
        }
    }
    let draft = |(name, organisation): (String, Organisation)| EntityDraft {
        kind: EntityType::Organisation,
        name,
        role: None,
        country: None,
        strong: true,
        rule: organisation.rule,
        mentions: organisation.mentions.into_iter().map(|(at, words)| texts[at].mention(&words)).collect(),
    };
    found.into_iter().map(draft).collect()
}

/// Returns the end of a name, from its last capitalised word but one.
fn tail<'a>(text: &EntityText<'a>, words: &Range<usize>) -> Vec<&'a str> {
    let capitals = words.clone().rev().filter(|at| text.words[*at].is_capital());
    let from = capitals.take(2).last().unwrap_or(words.start);
    text.words[from..words.end].iter().map(|word| word.text).collect()
}

/// Returns the canonical name and the words of the longest name in the table that begins at a word.
pub fn known_at(text: &EntityText<'_>, at: usize) -> Option<(&'static str, Range<usize>)> {
    let most = if tables::begins_organisation(text.words[at].text) { KNOWN_WORDS } else { 0 };
    (1..=most).rev().filter(|length| at + length <= text.words.len()).find_map(|length| {
        let words = at..at + length;
        Some((tables::organisation(text.text(&words))?, words))
    })
}

/// From this probability on, the tagger alone is evidence.
const TAGGED: f32 = 0.8;
/// From this probability on, the tagger's name is taken where it has more words than the rule's.
const COMPLETES: f32 = 0.5;

/// Whether a name says only what kind of organisation it is (`Court`, `the Queen`), or is a common term elsewhere.
fn is_general(text: &EntityText<'_>, words: &Range<usize>, terms: &mut Terms<'_>) -> bool {
    let [word] = &text.words[words.clone()] else { return terms.has(&tail(text, words)) };
    let is_acronym = word.text.chars().filter(|letter| letter.is_uppercase()).count() >= 3;
    let low = text.low(words.start);
    let is_kind = is_head(word.text) || tables::title(low).is_some() || GENERAL.contains(&low);
    !is_acronym && (is_kind || !text.tags.is_sure(words) || terms.has(&[word.text]))
}

/// Words for organisations of which there are many.
const GENERAL: &[&str] = &[
    "ai",
    "air",
    "army",
    "cabinet",
    "catholic",
    "church",
    "coalition",
    "council",
    "democrats",
    "embassy",
    "government",
    "hospital",
    "house",
    "internet",
    "mainland",
    "ministry",
    "navy",
    "opposition",
    "parliament",
    "police",
    "prison",
    "prisoners",
    "republicans",
    "school",
    "state",
    "team",
    "tv",
    "web",
];

/// Returns the words of a tagged name without an article, unless it is a country's or a single letter.
fn tagged_name(text: &EntityText<'_>, words: &Range<usize>) -> Option<Range<usize>> {
    let mut words = words.clone();
    if text.low(words.start) == "the" || text.low(words.start).ends_with("-based") {
        words.start += 1;
    }
    let is_one = words.clone().skip(1).all(|word| matches!(text.after(word - 1), " " | "\u{a0}" | " & " | ", "));
    let is_name = is_one
        && !words.is_empty()
        && text.words[words.start].is_capital()
        && text.text(&words).chars().count() >= 2
        && tables::country(text.text(&words)).is_none();
    is_name.then_some(words)
}

fn at_word(text: &EntityText<'_>, at: usize) -> Option<(String, &'static str, Range<usize>)> {
    if !text.words[at].is_capital() {
        return None;
    }
    if let Some((name, words)) = known_at(text, at) {
        return Some((name.to_owned(), "known-name", words));
    }
    if !text.cased || !starts_run(text, at) {
        return None;
    }
    let run = run_at(text, at)?;
    let run = without_beginning(text, run)?;
    // `Fellow of the Society of Actuaries (FSA)` is a person's title.
    let first = text.low(run.start);
    let of_person = text.low(run.start + 1) == "of" && (OF_PERSONS.contains(&first) || tables::title(first).is_some());
    let introduced =
        !of_person && acronym_behind(text, &run).is_some() && run.clone().any(|at| is_head(text.words[at].text));
    let rule = if introduced { "acronym" } else { HEAD_WORD };
    let words = if introduced { Some(run) } else { headed(text, run) }?;
    // `Securities and Exchange Commission`: the tagger sees where the name begins.
    let whole = text
        .tags
        .of_kind(EntityType::Organisation, COMPLETES)
        .find(|name| name.start <= words.start && words.end <= name.end && name.len() > words.len());
    let words = whole.and_then(|whole| tagged_name(text, whole)).unwrap_or(words);
    Some((text.text(&words).to_owned(), rule, words))
}

fn starts_run(text: &EntityText<'_>, at: usize) -> bool {
    let is_article = |before: usize| text.low(before) == "the";
    text.words[at].is_capital() && !is_article(at) && text.capital_before(at).is_none_or(is_article)
}

/// Returns a run of capitalised words, with the lower-case words of `WITHIN` between them.
fn run_at(text: &EntityText<'_>, at: usize) -> Option<Range<usize>> {
    let mut end = at + 1;
    while end < text.words.len() && end - at < WORDS && text.joined(end - 1) {
        if text.words[end].is_capital() {
            end += 1;
            continue;
        }
        let small = [2, 1].into_iter().find(|length| {
            let words = end..end + length;
            words.end < text.words.len()
                && words.clone().all(|word| text.joined(word))
                && WITHIN.contains(&text.text(&words))
                && text.words[words.end].is_capital()
                && text.words[words.end].text != "The"
        });
        let Some(small) = small else { break };
        end += small + 1;
    }
    (end - at <= WORDS).then_some(at..end)
}

/// Removes a leading word that belongs to no name: `the`, or a small word that opens a sentence.
fn without_beginning(text: &EntityText<'_>, mut run: Range<usize>) -> Option<Range<usize>> {
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

/// Returns the part of a run that a word of the lists makes an organisation's name.
fn headed(text: &EntityText<'_>, run: Range<usize>) -> Option<Range<usize>> {
    let word = |at: usize| text.words[at].text;
    let begins = run.clone().find(|at| {
        BEGINS.contains(&word(*at))
            && text.words.get(at + 1).is_some_and(|word| matches!(word.text, "of" | "for" | "de" | "des" | "du"))
    });
    if let Some(head) = begins.filter(|head| head + 2 < run.end) {
        // `Supreme Court of India`: the capitalised words directly before the head belong to the name.
        let start = (run.start..head).rev().take_while(|at| text.words[*at].is_capital()).last().unwrap_or(head);
        // Limit: a new name that begins after `and` is not split off: `Ministry of Health and World Bank`.
        return Some(start..run.end);
    }
    let last = run.clone().rev().find(|at| ENDS.contains(&word(*at)))?;
    let start = (run.start..last).rev().take_while(|at| text.words[*at].is_capital()).last()?;
    let is_name = (start..last).any(|at| word(at).chars().count() > 1);
    (is_name && last + 1 == run.end).then_some(start..last + 1)
}

/// Returns the acronym after a name if its letters are capitals of the name in order, as in `World Health Organization
/// (WHO)`.
fn acronym_behind(text: &EntityText<'_>, words: &Range<usize>) -> Option<String> {
    let rest = text.field.text[text.range(words).end..].strip_prefix(" (")?;
    let (acronym, _) = rest.split_once(')')?;
    let length = acronym.chars().count();
    if !(2..=8).contains(&length) || !acronym.chars().all(|character| character.is_uppercase()) {
        return None;
    }
    let mut capitals =
        words.clone().filter_map(|at| text.words[at].text.chars().next()).filter(|character| character.is_uppercase());
    let found = acronym.chars().all(|letter| capitals.by_ref().any(|capital| capital == letter));
    let count = words.clone().filter(|at| text.words[*at].is_capital()).count();
    (found && count <= length + 1).then(|| acronym.to_owned())
}
