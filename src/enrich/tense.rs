//! The tense of the words around a date: whether it is before or after publication.

use super::{
    sentences::sentences,
    text_fields::{Word, lower, words},
};
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    Past,
    Future,
}

/// English words of the past and future tense. A word in `-ed` counts as past too, unless `FUTURE` lists it.
const PAST: &[&str] = &[
    "was", "were", "had", "came", "took", "began", "went", "held", "met", "said", "told", "became", "rose", "fell",
    "hit", "won", "lost", "made", "gave", "left", "struck", "broke", "sent", "found", "saw", "ran", "wrote", "spoke",
    "led", "did", "got", "brought", "built", "paid", "sold",
];
const FUTURE: &[&str] = &[
    "will",
    "would",
    "shall",
    "due",
    "expected",
    "scheduled",
    "slated",
    "planned",
    "set",
    "next",
    "upcoming",
    "plans",
    "begins",
    "starts",
    "takes",
    "opens",
    "to",
];
/// Words of the future tense in German, French, Spanish, Italian, Portuguese, Dutch and Russian, and words of the past
/// that often occur near them.
const FUTURE_ELSEWHERE: &[&str] = &[
    "wird",
    "soll",
    "sollen",
    "beginnt",
    "startet",
    "sera",
    "seront",
    "aura",
    "auront",
    "va",
    "vont",
    "será",
    "serán",
    "habrá",
    "tendrá",
    "van",
    "sarà",
    "saranno",
    "avrà",
    "terrà",
    "serão",
    "haverá",
    "terá",
    "vai",
    "vão",
    "zal",
    "zullen",
    "gaat",
    "будет",
    "будут",
    "состоится",
    "пройдет",
];
const PAST_ELSEWHERE: &[&str] = &[
    "wurde",
    "wurden",
    "war",
    "waren",
    "hatte",
    "hatten",
    "sagte",
    "était",
    "étaient",
    "avait",
    "été",
    "dit",
    "fue",
    "fueron",
    "dijo",
    "había",
    "sido",
    "stato",
    "stata",
    "ha",
    "foi",
    "foram",
    "disse",
    "werd",
    "werden",
    "was",
    "waren",
    "zei",
    "был",
    "была",
    "было",
    "были",
    "сказал",
];
const CLAUSE_BREAKS: [char; 4] = [',', ';', '—', ':'];
/// Maximum words before or after a date that are searched for its tense.
const WORDS: usize = 10;
/// Maximum bytes before or after a date that count as its clause.
const CLAUSE_BYTES: usize = 300;

/// Returns the tense of the words before a date within its clause, and the byte offset at which those words begin.
/// They are searched backwards from the date; a future word before a past one overrides it. For English.
pub fn before(text: &str, sentence: usize, date: usize) -> Option<(Tense, usize)> {
    // The limit bounds the work: reading a long clause again for every date in it would take quadratic time.
    let sentence = sentence.max(text.floor_char_boundary(date.saturating_sub(CLAUSE_BYTES)));
    let mut clause_breaks = text[sentence..date].rmatch_indices(CLAUSE_BREAKS);
    let clause = clause_breaks.next().map_or(sentence, |(at, separator)| sentence + at + separator.len());
    // In `The tariff, set to be enforced on April 9,` only the last clause has the verb.
    let words = words(&text[clause..date]);
    let mut verb = None;
    for (at, word) in words.iter().enumerate().rev().take(WORDS) {
        // `to be enforced`, `will be held`: the word before the participle decides.
        match (tense_of(&words, at), verb) {
            // `to` alone may be a direction; it means the future only before a verb that was already found.
            (Some(Tense::Future), None) if word.text == "to" => {}
            (Some(Tense::Future), _) => {
                let first = (0..at).rev().take_while(|word| tense_of(&words, *word) == Some(Tense::Future)).last();
                return Some((Tense::Future, clause + words[first.unwrap_or(at)].start));
            }
            (Some(Tense::Past), None) => verb = Some(clause + word.start),
            // The past word nearest to the date counts; other words show no tense.
            _ => {}
        }
    }
    verb.map(|start| (Tense::Past, start))
}

/// Returns the tense of the words around a date within its sentence, first those before it.
pub fn around(text: &str, date: &Range<usize>, language: Option<&str>) -> Option<Tense> {
    let window = text.floor_char_boundary(date.start.saturating_sub(CLAUSE_BYTES))
        ..text.ceil_char_boundary((date.end + CLAUSE_BYTES).min(text.len()));
    let sentence =
        sentences(&text[window.clone()]).into_iter().find(|sentence| window.start + sentence.end > date.start)?;
    let sentence = window.start + sentence.start..(window.start + sentence.end).max(date.end);
    let after = &text[date.end..sentence.end];
    if language != Some("en") {
        return nearest(&words(&text[sentence.start..date.start]), &words(after));
    }
    let opens = sentence.start >= date.start;
    if opens && after.trim_start().starts_with([':', '–', '—']) {
        // `Saturday: Rain in the north.` A schedule or a forecast.
        return Some(Tense::Future);
    }
    before(text, sentence.start, date.start).map(|before| before.0).or_else(|| {
        // `On Friday, the council will vote, says the mayor.` The clause begins after a comma directly after the date.
        let clause = after.strip_prefix(',').unwrap_or(after);
        let words = words(clause.split(CLAUSE_BREAKS).next().unwrap_or_default());
        (0..words.len().min(WORDS)).find_map(|at| tense_of(&words, at).filter(|_| words[at].text != "to"))
    })
}

/// Returns the tense of an English word among those of its clause.
fn tense_of(words: &[Word<'_>], at: usize) -> Option<Tense> {
    let low = lower(words[at].text);
    let is_future = match low.as_ref() {
        // `set to open`, but `a record set on Sunday`.
        "set" => words.get(at + 1).is_some_and(|next| matches!(next.text, "to" | "for")),
        low => FUTURE.contains(&low) || low.ends_with("'ll") || low.ends_with("’ll"),
    };
    let is_past = || PAST.contains(&low.as_ref()) || low.len() > 4 && low.ends_with("ed");
    if is_future { Some(Tense::Future) } else { is_past().then_some(Tense::Past) }
}

/// Returns the tense of the word nearest to a date that has one, by the lists for languages other than English.
fn nearest(before: &[Word<'_>], after: &[Word<'_>]) -> Option<Tense> {
    let tense = |word: &Word<'_>| {
        let low = lower(word.text);
        let is_future = FUTURE_ELSEWHERE.contains(&low.as_ref());
        if is_future { Some(Tense::Future) } else { PAST_ELSEWHERE.contains(&low.as_ref()).then_some(Tense::Past) }
    };
    (0..WORDS).find_map(|distance| {
        let behind = before.len().checked_sub(distance + 1).and_then(|at| tense(&before[at]));
        behind.or_else(|| after.get(distance).and_then(tense))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_around_a_weekday_show_its_tense() {
        for (text, day, language, expected) in [
            ("The court ruled on Friday that it will sit.", "Friday", "en", Some(Tense::Past)),
            ("The club is set to play on Friday.", "Friday", "en", Some(Tense::Future)),
            ("They'll play on Friday.", "Friday", "en", Some(Tense::Future)),
            ("Friday, he said, was dull. He will leave.", "Friday", "en", Some(Tense::Past)),
            ("Friday was dull.", "Friday", "en", Some(Tense::Past)),
            ("A quiet Friday.", "Friday", "en", None),
            ("Am Freitag wird der Rat abstimmen.", "Freitag", "de", Some(Tense::Future)),
            ("Am Freitag wurde gewählt. Er wird gehen.", "Freitag", "de", Some(Tense::Past)),
            ("Le conseil sera réuni vendredi.", "vendredi", "fr", Some(Tense::Future)),
        ] {
            let start = text.find(day).expect("the day");
            assert_eq!(around(text, &(start..start + day.len()), Some(language)), expected, "{text}");
        }
    }
}
