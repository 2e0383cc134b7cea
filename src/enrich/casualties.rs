//! People killed or hurt, as a text counts them: a number and a word for what happened in one sentence.

use super::{
    numbers::{self, Number, is_ideograph},
    sentences::sentences,
    text_fields::TextField,
};
use std::ops::Range;

/// Words for casualties and what happened to the people, in the languages that topics are found in.
const CASUALTY_WORDS: &[(&str, &str)] = &[
    ("killed", "killed"),
    ("dead", "killed"),
    ("died", "killed"),
    ("deaths", "killed"),
    ("fatalities", "killed"),
    ("killing", "killed"),
    ("morts", "killed"),
    ("mortes", "killed"),
    ("tués", "killed"),
    ("muertos", "killed"),
    ("fallecidos", "killed"),
    ("tote", "killed"),
    ("toten", "killed"),
    ("todesopfer", "killed"),
    ("getötet", "killed"),
    ("morti", "killed"),
    ("mortos", "killed"),
    ("doden", "killed"),
    ("погибли", "killed"),
    ("погибших", "killed"),
    ("قتيلا", "killed"),
    ("قتيلاً", "killed"),
    ("قتلى", "killed"),
    ("مقتل", "killed"),
    ("ہلاک", "killed"),
    ("मौत", "killed"),
    ("मारे", "killed"),
    ("injured", "hurt"),
    ("wounded", "hurt"),
    ("hurt", "hurt"),
    ("injuring", "hurt"),
    ("wounding", "hurt"),
    ("blessés", "hurt"),
    ("heridos", "hurt"),
    ("verletzt", "hurt"),
    ("verletzte", "hurt"),
    ("verletzten", "hurt"),
    ("feriti", "hurt"),
    ("feridos", "hurt"),
    ("gewonden", "hurt"),
    ("пострадали", "hurt"),
    ("пострадавших", "hurt"),
    ("جريحا", "hurt"),
    ("جرحى", "hurt"),
    ("زخمی", "hurt"),
    ("घायल", "hurt"),
];
/// Casualty words that precede the number which they count: `killed 12`, `killing at least 12`, `مقتل 12`.
const BEFORE_NUMBER: &[&str] = &[
    "killed",
    "killing",
    "deaths",
    "injured",
    "wounded",
    "hurt",
    "injuring",
    "wounding",
    "getötet",
    "verletzt",
    "tués",
    "погибли",
    "пострадали",
    "مقتل",
];
/// Words allowed between a number and a casualty word: the people that it counts, and auxiliary verbs.
const BETWEEN: &[&str] = &[
    "people",
    "persons",
    "person",
    "civilians",
    "soldiers",
    "troops",
    "children",
    "women",
    "men",
    "workers",
    "passengers",
    "officers",
    "policemen",
    "police",
    "students",
    "others",
    "miners",
    "pilgrims",
    "protesters",
    "villagers",
    "residents",
    "victims",
    "personnes",
    "personas",
    "menschen",
    "persone",
    "pessoas",
    "mensen",
    "человек",
    "شخصا",
    "افراد",
    "लोगों",
    "लोग",
    "की",
    "were",
    "was",
    "have",
    "has",
    "had",
    "been",
    "are",
    "is",
    "reported",
    "confirmed",
    "wurden",
    "fueron",
    "ont",
    "été",
    "and",
    "more",
    "other",
    "at",
    "least",
    "of",
    "them",
    "security",
    "personnel",
    "fighters",
    "militants",
];
/// Maximum words between a number and a casualty word.
const WORDS_BETWEEN: usize = 5;
/// Words directly before the current number of a death toll: `the toll rose to 21`, `a death toll of 19`.
const BEFORE_TOLL: &[&str] = &["to", "at", "of", "reached", "hit", "passed", "exceeded", "least", "than", "topped"];
/// Maximum words between `toll` and its number.
const TOLL_WORDS: usize = 14;
/// What follows a number directly in Chinese and Japanese texts: a counter of people, and what happened to them.
const COUNTERS: &[&str] = &["人", "名", "余人", "多人"];
const HAPPENED: &[(&str, &str)] = &[
    ("死亡", "killed"),
    ("遇难", "killed"),
    ("遇難", "killed"),
    ("丧生", "killed"),
    ("喪生", "killed"),
    ("身亡", "killed"),
    ("死伤", "hurt"),
    ("受伤", "hurt"),
    ("受傷", "hurt"),
    ("负伤", "hurt"),
    ("負傷", "hurt"),
    ("重軽傷", "hurt"),
    ("けが", "hurt"),
];

/// A number of people, and what happened to them.
pub struct Casualty {
    pub value: f64,
    pub happened: &'static str,
    /// UTF-8 bytes of the field.
    pub range: Range<usize>,
}

pub fn find(field: &TextField<'_>, language: Option<&str>) -> Vec<Casualty> {
    if matches!(language, Some("zh" | "ja")) {
        return counted_by_ideographs(field.text, language);
    }
    // Few texts mention casualties, and only those are split into sentences.
    let mentions_any = field.low.iter().any(|word| word == "toll" || happened(word).is_some());
    let sentences = if mentions_any { sentences(field.text) } else { Vec::new() };
    sentences.into_iter().flat_map(|sentence| in_sentence(field, language, sentence)).collect()
}

/// Returns what happened to people according to a casualty word.
fn happened(low: &str) -> Option<&'static str> {
    CASUALTY_WORDS.iter().find(|(word, _)| *word == low).map(|(_, happened)| *happened)
}

fn in_sentence(field: &TextField<'_>, language: Option<&str>, sentence: Range<usize>) -> Vec<Casualty> {
    let words = field.words_of(&sentence);
    let counts = counts(field, language, words.clone(), sentence);
    let toll = toll(field, &counts, words.clone());
    counts
        .iter()
        .enumerate()
        .filter_map(|(at, count)| {
            let is_toll = toll == Some(at);
            let happened = if is_toll { "killed" } else { near(field, count, &words)? };
            Some(Casualty { value: count.value, happened, range: count.range.clone() })
        })
        .collect()
}

/// A whole number of at least one, in digits or as a word.
struct Count {
    value: f64,
    range: Range<usize>,
    /// Indices of the field's words that it is printed in.
    words: Range<usize>,
}

fn counts(field: &TextField<'_>, language: Option<&str>, words: Range<usize>, sentence: Range<usize>) -> Vec<Count> {
    let numbers = numbers::numbers(&field.text[sentence.clone()], language).into_iter().map(|number| {
        let range = sentence.start + number.range.start..sentence.start + number.range.end;
        let first = field.words.partition_point(|word| word.end <= range.start);
        let last = field.words.partition_point(|word| word.start < range.end);
        Count { value: number.value, words: first..last.max(first + 1), range }
    });
    let printed = words.filter_map(|at| {
        let word = &field.words[at];
        Some(Count { value: numbers::word(word.text)?, range: word.start..word.end, words: at..at + 1 })
    });
    let is_year = |count: &Count| (1900.0..2100.0).contains(&count.value) && count.range.len() == 4;
    let is_count = |count: &Count| count.value.fract() == 0.0 && count.value >= 1.0 && !is_year(count);
    let mut counts: Vec<Count> = numbers.chain(printed).filter(is_count).collect();
    counts.sort_by_key(|count| count.range.start);
    counts
}

/// Returns what happened to the people that a number counts, by the casualty word nearest to it.
fn near(field: &TextField<'_>, count: &Count, sentence: &Range<usize>) -> Option<&'static str> {
    let between = |word: usize| BETWEEN.contains(&field.low(word));
    // `also 19, died`: an age, or another clause.
    let joined = |word: usize, next: usize| {
        field
            .words
            .get(next)
            .is_some_and(|next| !field.text[field.words[word].end..next.start].contains([',', '—', '–']))
    };
    let ahead = (count.words.end..sentence.end)
        .take(WORDS_BETWEEN + 1)
        .take_while(|word| joined(word - 1, *word) && (*word == count.words.end || between(word - 1)))
        .find_map(|word| happened(field.low(word)));
    let before = (count.words.start.saturating_sub(3).max(sentence.start)..count.words.start).rev();
    let behind = before
        .take_while(|word| joined(*word, word + 1) && (word + 1 == count.words.start || between(word + 1)))
        .find_map(|word| {
            happened(field.low(word))
                .filter(|_| BEFORE_NUMBER.contains(&field.low(word)))
                .map(|happened| (happened, word))
        });
    // `killed three soldiers and wounded 17`: the verb directly before the number counts.
    let adjacent = behind.filter(|(_, word)| word + 1 == count.words.start);
    adjacent.map(|behind| behind.0).or(ahead).or(behind.map(|behind| behind.0))
}

/// Returns the index of the count that is the death toll: the last one after `death toll` that a word like `to` precedes.
fn toll(field: &TextField<'_>, counts: &[Count], words: Range<usize>) -> Option<usize> {
    let toll = words
        .clone()
        .find(|word| field.low(*word) == "toll" && *word > words.start && field.low(word - 1) == "death")?;
    let is_toll = |count: &Count| {
        count.words.start > toll + 1
            && count.words.start <= toll + TOLL_WORDS
            && BEFORE_TOLL.contains(&field.low(count.words.start - 1))
    };
    counts.iter().rposition(is_toll)
}

fn counted_by_ideographs(text: &str, language: Option<&str>) -> Vec<Casualty> {
    let casualty = |number: Number| {
        let rest = &text[number.range.end..];
        let rest = COUNTERS.iter().find_map(|counter| rest.strip_prefix(counter))?;
        let rest = rest.trim_start_matches(['が', '被', '中', 'の']);
        let happened = HAPPENED.iter().find(|(word, _)| rest.starts_with(word))?.1;
        Some(Casualty { value: number.value, happened, range: number.range })
    };
    if !text.contains(is_ideograph) {
        return Vec::new();
    }
    numbers::numbers(text, language).into_iter().filter_map(casualty).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::text_fields::Field;

    fn all(text: &str, language: &str) -> Vec<String> {
        let field = TextField::new(Field::Body, 0, text);
        let summary =
            |casualty: Casualty| format!("{} {} {}", casualty.value, casualty.happened, &text[casualty.range]);
        find(&field, Some(language)).into_iter().map(summary).collect()
    }

    #[test]
    fn casualties_are_counted_as_killed_or_hurt() {
        for (text, expected) in [
            ("At least 12 people were killed and 40 others injured.", vec!["12 killed 12", "40 hurt 40"]),
            ("The blast killed three soldiers and wounded 17.", vec!["3 killed three", "17 hurt 17"]),
            ("The fire left two dead.", vec!["2 killed two"]),
            ("The attack killed 1,200 and hurt some.", vec!["1200 killed 1,200"]),
            ("The death toll from the two floods rose from 9 to 21.", vec!["21 killed 21"]),
            ("Road tolls rose to 21.", vec![]),
            ("Her friend, 19, died there.", vec![]),
            ("Nobody was hurt in 2019 when 300 cars burned.", vec![]),
            ("Five ministers said the plan was dead.", vec![]),
        ] {
            assert_eq!(all(text, "en"), expected, "{text}");
        }
    }

    #[test]
    fn casualties_are_counted_in_other_languages() {
        for (text, language, expected) in [
            ("Mindestens 28 Tote und fünf Verletzte", "de", vec!["28 killed 28", "5 hurt fünf"]),
            ("L’incendie a fait deux morts et dix blessés.", "fr", vec!["2 killed deux", "10 hurt dix"]),
            ("Il crollo ha causato 3 morti e 14 feriti.", "it", vec!["3 killed 3", "14 hurt 14"]),
            ("事故造成3人死亡，14人受伤。", "zh", vec!["3 killed 3", "14 hurt 14"]),
            ("地震で4万6584人が死亡し、町は12人。", "ja", vec!["46584 killed 4万6584"]),
            ("दुर्घटना में 12 लोगों की मौत", "hi", vec!["12 killed 12"]),
            ("حادثے میں 12 افراد ہلاک", "ur", vec!["12 killed 12"]),
            ("مقتل 12 شخصا في حريق", "ar", vec!["12 killed 12"]),
        ] {
            assert_eq!(all(text, language), expected, "{text}");
        }
    }
}
