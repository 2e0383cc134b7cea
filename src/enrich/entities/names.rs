//! Which words may be a person's name: written like one, and in no table of things.

use super::{
    Text,
    tables::{self, Names},
};
use rustc_hash::FxHashSet;
use std::{ops::Range, sync::LazyLock};

/// The most words of a name.
pub const NAME_WORDS: usize = 4;
/// Small words in a row within a name: `de la`.
const PARTICLES_MAX: usize = 2;
/// Small words within a name.
const PARTICLES: &[&str] = &[
    "bin", "ibn", "bint", "al", "el", "de", "da", "di", "del", "della", "dos", "du", "la", "le", "van", "von", "der",
    "den", "ter", "ten", "zu", "ul", "ur",
];
static THINGS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| WORDS_OF_THINGS.iter().copied().collect());

/// Words that are often written with a capital letter and are in names of things, not of people.
const WORDS_OF_THINGS: &[&str] = &[
    "the",
    "a",
    "an",
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

/// The words of a name that begins here.
pub fn name_at(text: &Text<'_>, at: usize) -> Option<Range<usize>> {
    if !text.may_be_name(at) {
        return None;
    }
    let mut end = at + 1;
    while end < text.words.len() && end - at < NAME_WORDS && text.joined(end - 1) {
        let small = (end..text.words.len())
            .take(PARTICLES_MAX)
            .take_while(|it| PARTICLES.contains(&text.words[*it].text) && text.joined(*it))
            .count();
        if !text.may_be_name(end + small) {
            break;
        }
        end += small + 1;
    }
    // A run of capitals that goes on is something else: a name of a thing, a line in title case.
    let goes_on = text.capital_behind(end - 1).is_some();
    let ends_as_name = text.words[end - 1].text.chars().filter(|it| it.is_alphabetic()).count() >= 2;
    (!goes_on && ends_as_name).then_some(at..end)
}

pub fn is_name_word(word: &str) -> bool {
    let mut letters = word.chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    // The pronoun is no initial.
    let initial = (word.chars().count() <= 2 && word.ends_with('.') || word.chars().count() == 1)
        && word.is_ascii()
        && !word.starts_with('I');
    let small = word.chars().any(char::is_lowercase);
    let low = || word.to_lowercase();
    let of_thing = |low: &str| low.split('-').any(|it| THINGS.contains(it));
    first
        && (small || initial)
        && word.chars().all(|it| it.is_alphabetic() || matches!(it, '\'' | '’' | '-' | '.'))
        && !of_thing(&low())
        && tables::country(word).is_none_or(|it| it.names == Names::Perhaps)
        && tables::organisation(word).is_none()
        && tables::title(&low()).is_none()
}
