//! Decides which words may be a person's name: written like one, and not in a table of other names or things.

use super::{
    EntityText,
    tables::{self, NameTable},
};
use rustc_hash::FxHashSet;
use std::{ops::Range, sync::LazyLock};

/// A name with this many words is not extended further.
pub const NAME_WORDS: usize = 4;
/// Maximum consecutive particles within a name: `de la`.
const PARTICLES_MAX: usize = 2;
/// Lower-case particles within a name.
const PARTICLES: &[&str] = &[
    "bin", "ibn", "bint", "al", "el", "de", "da", "di", "del", "della", "dos", "du", "la", "le", "van", "von", "der",
    "den", "ter", "ten", "zu", "ul", "ur",
];
static THINGS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| WORDS_OF_THINGS.iter().copied().collect());

/// Words that are often capitalised and belong to names of things, not of people.
const WORDS_OF_THINGS: &[&str] = &[
    "the",
    "a",
    "an",
    "is",
    "are",
    "was",
    "were",
    "has",
    "had",
    "will",
    "can",
    "says",
    "said",
    "of",
    "by",
    "to",
    "my",
    "our",
    "your",
    "its",
    "new",
    "north",
    "south",
    "east",
    "west",
    "northern",
    "southern",
    "eastern",
    "western",
    "central",
    "supreme",
    "high",
    "national",
    "international",
    "royal",
    "federal",
    "state",
    "states",
    "united",
    "city",
    "county",
    "district",
    "province",
    "street",
    "road",
    "avenue",
    "river",
    "lake",
    "mount",
    "mountain",
    "bay",
    "sea",
    "ocean",
    "park",
    "airport",
    "station",
    "port",
    "bridge",
    "tower",
    "house",
    "office",
    "day",
    "week",
    "month",
    "year",
    "party",
    "court",
    "council",
    "committee",
    "commission",
    "ministry",
    "department",
    "university",
    "college",
    "school",
    "institute",
    "bank",
    "company",
    "group",
    "inc",
    "ltd",
    "corp",
    "plc",
    "llc",
    "association",
    "federation",
    "union",
    "agency",
    "authority",
    "foundation",
    "trust",
    "board",
    "army",
    "navy",
    "force",
    "forces",
    "police",
    "hospital",
    "church",
    "club",
    "league",
    "cup",
    "times",
    "news",
    "post",
    "press",
    "media",
    "general",
    "act",
    "bill",
    "law",
    "summit",
    "conference",
    "festival",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "christmas",
    "easter",
    "ramadan",
    "god",
    "lord",
    "street",
    "square",
    "hotel",
    "museum",
    "centre",
    "center",
    "parliament",
    "congress",
    "senate",
    "assembly",
    "republic",
    "kingdom",
    "islands",
    "island",
    "valley",
    "coast",
    "region",
    "world",
    "middle",
    "prime",
    "foreign",
    "interior",
    "minister",
    "president",
    "secretary",
    "however",
    "but",
    "and",
    "in",
    "on",
    "at",
    "for",
    "from",
    "with",
    "when",
    "while",
    "after",
    "before",
    "as",
    "if",
    "it",
    "he",
    "she",
    "they",
    "we",
    "his",
    "her",
    "their",
    "this",
    "that",
    "these",
    "those",
    "there",
    "here",
    "what",
    "who",
    "why",
    "how",
    "not",
    "no",
    "yes",
    "so",
    "then",
    "now",
    "also",
    "meanwhile",
    "although",
    "despite",
    "according",
    "last",
    "next",
    "earlier",
    "later",
    "one",
    "two",
    "three",
    "some",
    "many",
    "most",
    "all",
    "both",
    "each",
    "every",
    "other",
    "another",
    "such",
    "old",
    "great",
    "grand",
    "black",
    "white",
    "red",
    "green",
    "blue",
    "big",
    "deal",
    "war",
    "games",
    "open",
    "championship",
    "series",
    "show",
    "award",
    "awards",
    "project",
    "programme",
    "program",
    "plan",
    "report",
    "study",
    "index",
    "fund",
    "service",
    "services",
    "system",
    "team",
];

pub fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}

/// Returns the words of the name that begins at a word.
pub fn name_at(text: &EntityText<'_>, at: usize) -> Option<Range<usize>> {
    if !text.may_be_name(at) {
        return None;
    }
    let mut end = at + 1;
    while end < text.words.len() && end - at < NAME_WORDS && text.joined(end - 1) {
        let small = (end..text.words.len())
            .take(PARTICLES_MAX)
            .take_while(|word| PARTICLES.contains(&text.words[*word].text) && text.joined(*word))
            .count();
        if !text.may_be_name(end + small) {
            break;
        }
        end += small + 1;
    }
    // A longer run of capitalised words is something else: the name of a thing, or a line in title case.
    let continues = text.capital_behind(end - 1).is_some();
    (!continues && ends_as_name(text.words[end - 1].text)).then_some(at..end)
}

/// Whether a word may be the last of a name: an initial may not.
pub fn ends_as_name(word: &str) -> bool {
    word.chars().filter(|character| character.is_alphabetic()).count() >= 2
}

pub fn is_name_word(word: &str) -> bool {
    let mut letters = word.chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    // The pronoun `I` is not an initial.
    let initial = (word.chars().count() <= 2 && word.ends_with('.') || word.chars().count() == 1)
        && word.is_ascii()
        && !word.starts_with('I');
    let small = word.chars().any(char::is_lowercase);
    let low = || word.to_lowercase();
    let of_thing = |low: &str| low.split('-').any(|part| THINGS.contains(part));
    first
        && (small || initial)
        && word.chars().all(|character| character.is_alphabetic() || matches!(character, '\'' | '’' | '-' | '.'))
        && !of_thing(&low())
        && tables::country(word).is_none_or(|country| country.names == NameTable::Perhaps)
        && tables::organisation(word).is_none()
        && tables::title(&low()).is_none()
}

const REPORTING_VERBS: &[&str] = &[
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

pub fn is_reporting_verb(low: &str) -> bool {
    REPORTING_VERBS.contains(&low)
}
