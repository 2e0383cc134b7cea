//! Topics: assigns IPTC Media Topics to an article by its words, and reports those words.
//!
//! A lexicon for each language (`topics.tsv`) says which words indicate which topic. A word counts once for its
//! presence, a little for each repetition, and double in the headline. A topic is assigned if it has several words, a
//! score that is high enough for the article's length, and its share of the total score; otherwise none is assigned,
//! since a wrong topic is worse than none. Second-level topics are assigned only under an assigned root.

use super::text_fields::{Field, TextField};
use crate::article::{MEDIA_TOPICS, MediaTopic, TextSpan, Topic};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{collections::BTreeMap, sync::LazyLock};

/// The weight of a word, the weight of a word that the lexicon marks as strong, and the factor for the headline.
const WORD: f64 = 1.0;
const STRONG: f64 = 1.6;
const HEADLINE: f64 = 2.0;
/// Minimum number of different words, score, and share of the total score of all roots that a topic needs.
const WORDS_MIN: usize = 3;
const SCORE_MIN: f64 = 4.0;
const SHARE_MIN: f64 = 0.16;
/// A long article has words of every topic, so beyond this many words the minimum score grows with the square root of
/// the length.
const LENGTH: f64 = 300.0;
/// The raw score at which the reported score is one half.
const HALF: f64 = 8.0;
/// Maximum topics assigned on each level, and words reported for each topic.
const ROOTS_MAX: usize = 3;
const SECOND_MAX: usize = 2;
const BECAUSE_MAX: usize = 6;

struct LexiconEntry {
    topic: usize,
    weight: f64,
}

type Entries = FxHashMap<&'static str, Vec<LexiconEntry>>;

/// The words of a language and the topics that they indicate.
#[derive(Default)]
struct LanguageLexicon {
    /// Phrases of one to three words.
    phrases: Entries,
    /// Beginnings of words: of inflected forms and compounds.
    beginnings: Entries,
}

impl LanguageLexicon {
    /// Returns the entries of a single word, else of its longest beginning.
    fn word(&self, low: &str) -> Option<(&'static str, &[LexiconEntry])> {
        if let Some((word, entries)) = self.phrases.get_key_value(low) {
            return Some((word, entries));
        }
        if self.beginnings.is_empty() {
            return None;
        }
        let ends = low.char_indices().map(|(at, letter)| at + letter.len_utf8()).skip(BEGINNING_LETTERS - 1);
        let ends: Vec<usize> = ends.take(BEGINNING_LETTERS_MAX).collect();
        let found = ends.into_iter().rev().find_map(|end| self.beginnings.get_key_value(&low[..end]));
        found.map(|(word, entries)| (*word, entries.as_slice()))
    }
}

/// Letters of the shortest and of the longest beginning of words that is looked up.
const BEGINNING_LETTERS: usize = 2;
const BEGINNING_LETTERS_MAX: usize = 18;

type Lexicon = FxHashMap<&'static str, LanguageLexicon>;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::default();
    for row in include_str!("topics.tsv").lines().filter(|line| !line.starts_with('#')) {
        let mut columns = row.split('\t');
        let (Some(code), Some(language), Some(all)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let Some(topic) = MEDIA_TOPICS.iter().position(|topic| topic.code == code) else { continue };
        for word in all.split('|') {
            let (word, weight) = word.strip_prefix('!').map_or((word, WORD), |rest| (rest, STRONG));
            let lexicon = lexicon.entry(language).or_default();
            let (word, entries) = match word.strip_suffix('*') {
                Some(beginning) => (beginning, &mut lexicon.beginnings),
                None => (word, &mut lexicon.phrases),
            };
            entries.entry(word).or_default().push(LexiconEntry { topic, weight });
        }
    }
    lexicon
});

/// The first words of phrases, in any language. Few words begin one, so no phrase is looked up for the others.
static BEGIN_PHRASES: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let phrases = LEXICON.values().flat_map(|lexicon| lexicon.phrases.keys());
    phrases.filter_map(|phrase| phrase.split_once(' ')).map(|(first, _)| first).collect()
});
const PHRASE_WORDS: usize = 3;

/// A topic, and the spans at which the words that indicate it first occur.
pub struct TopicMatch {
    pub topic: Topic,
    pub because: Vec<TextSpan>,
}

#[derive(Default)]
struct TopicSignal {
    /// By word: its weight, its count, and the span of its first occurrence.
    words: BTreeMap<&'static str, (f64, u32, TextSpan)>,
}

impl TopicSignal {
    fn score(&self) -> f64 {
        self.words.values().map(|(weight, times, _)| weight * (1.0 + f64::from(*times).ln() / 2.0)).sum()
    }
}

pub fn find(text_fields: &[TextField<'_>], language: Option<&str>) -> Vec<TopicMatch> {
    let Some(language) = language else { return Vec::new() };
    let mut signals: Vec<TopicSignal> = MEDIA_TOPICS.iter().map(|_| TopicSignal::default()).collect();
    let mut length = 0;
    for field in text_fields {
        let factor = if field.field == Field::Headline { HEADLINE } else { 1.0 };
        length += hits(field, language, |word, entries, range| {
            for entry in entries {
                let weight = entry.weight * factor;
                let seen = signals[entry.topic].words.entry(word).or_insert_with(|| (0.0, 0, field.at(&range)));
                seen.0 = seen.0.max(weight);
                seen.1 += 1;
            }
        });
    }
    let needed = SCORE_MIN * (length as f64 / LENGTH).max(1.0).sqrt();
    let total: f64 = roots().map(|root| signals[root].score()).sum();
    let qualifies = |topic: &usize, share: f64| {
        let score = signals[*topic].score();
        signals[*topic].words.len() >= WORDS_MIN && score >= needed && score >= total * share
    };
    let mut assigned: Vec<usize> = roots().filter(|root| qualifies(root, SHARE_MIN)).collect();
    let best_first = |a: &usize, b: &usize| signals[*b].score().total_cmp(&signals[*a].score()).then(a.cmp(b));
    assigned.sort_by(best_first);
    assigned.truncate(ROOTS_MAX);
    let under = |topic: &usize| assigned.iter().any(|root| MEDIA_TOPICS[*topic].root == Some(MEDIA_TOPICS[*root].code));
    let mut second: Vec<usize> =
        (0..MEDIA_TOPICS.len()).filter(|topic| under(topic) && qualifies(topic, SHARE_MIN / 2.0)).collect();
    second.sort_by(best_first);
    second.truncate(SECOND_MAX);
    assigned.into_iter().chain(second).map(|topic| topic_match(topic, &signals[topic])).collect()
}

fn roots() -> impl Iterator<Item = usize> {
    (0..MEDIA_TOPICS.len()).filter(|topic| MEDIA_TOPICS[*topic].root.is_none())
}

fn topic_match(topic: usize, signal: &TopicSignal) -> TopicMatch {
    let mut words: Vec<_> = signal.words.iter().collect();
    words.sort_by(|a, b| (b.1.0 * f64::from(b.1.1)).total_cmp(&(a.1.0 * f64::from(a.1.1))).then(a.0.cmp(b.0)));
    words.truncate(BECAUSE_MAX);
    let MediaTopic { code, label, .. } = &MEDIA_TOPICS[topic];
    let score = signal.score();
    TopicMatch {
        topic: Topic {
            code: (*code).to_owned(),
            label: (*label).to_owned(),
            // Two digits: more would suggest a precision that the score does not have.
            score: (score / (score + HALF) * 100.0).round() / 100.0,
            because: words.iter().map(|(word, _)| (**word).to_owned()).collect(),
        },
        because: words.into_iter().map(|(_, (_, _, at))| at.clone()).collect(),
    }
}

/// Calls `hit` for every lexicon phrase in a field, longest match first, and returns the field's number of words.
fn hits(
    field: &TextField<'_>,
    language: &str,
    mut hit: impl FnMut(&'static str, &[LexiconEntry], std::ops::Range<usize>),
) -> usize {
    let Some(lexicon) = LEXICON.get(language) else { return 0 };
    if language == "zh" || language == "ja" {
        // Ideographs have no blanks between them: words of one to four are looked up.
        let letters: Vec<(usize, char)> = field.text.char_indices().collect();
        for at in 0..letters.len() {
            for length in (1..=4).rev().filter(|length| at + length <= letters.len()) {
                let start = letters[at].0;
                let end = letters.get(at + length).map_or(field.text.len(), |letter| letter.0);
                if let Some((word, entries)) = lexicon.phrases.get_key_value(&field.text[start..end]) {
                    hit(word, entries, start..end);
                    break;
                }
            }
        }
        return letters.len() / 2;
    }
    let (words, low) = (&field.words, &field.low);
    let mut at = 0;
    while at < low.len() {
        let most = if BEGIN_PHRASES.contains(low[at].as_ref()) { PHRASE_WORDS } else { 1 };
        let phrases = (2..=most).rev().filter(|length| at + length <= low.len());
        let mut found = phrases.filter_map(|length| {
            let (word, entries) = lexicon.phrases.get_key_value(low[at..at + length].join(" ").as_str())?;
            Some(((*word, entries.as_slice()), length))
        });
        let found = found.next().or_else(|| lexicon.word(&low[at]).map(|entry| (entry, 1)));
        match found {
            Some(((word, entries), length)) => {
                hit(word, entries, words[at].start..words[at + length - 1].end);
                at += length;
            }
            None => at += 1,
        }
    }
    words.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::text_fields::text_fields;

    fn codes(headline: &str, body: &str, language: &str) -> Vec<String> {
        let body = [body.to_owned()];
        let found = find(&text_fields(Some(headline), None, &body), Some(language));
        found.into_iter().map(|found| found.topic.code).collect()
    }

    #[test]
    fn every_row_of_the_lexicon_has_a_known_topic() {
        let rows = include_str!("topics.tsv").lines().filter(|line| !line.starts_with('#'));
        for row in rows {
            let columns: Vec<&str> = row.split('\t').collect();
            assert_eq!(columns.len(), 3, "{row}");
            assert!(MEDIA_TOPICS.iter().any(|topic| topic.code == columns[0]), "{row}");
            assert!(
                columns[2]
                    .split('|')
                    .all(|part| part.trim_start_matches('!').to_lowercase() == part.trim_start_matches('!')),
                "{row}"
            );
        }
    }

    #[test]
    fn a_topic_needs_several_words() {
        for (headline, body, language, expected) in [
            (
                "Striker sends the islanders into the cup final",
                "The team won the match by a single goal. Their coach praised the goalkeeper, and the fans stayed in the stadium.",
                "en",
                vec!["15000000"],
            ),
            (
                "Hospital closes ward after outbreak",
                "Doctors said the virus had infected nine patients. A vaccine is available, the clinic said; the disease is rare.",
                "en",
                vec!["07000000", "20000446"],
            ),
            (
                "Grève à la métropole",
                "Les syndicats demandent des salaires plus élevés; les salariés ont voté la grève. L’emploi reste une question.",
                "fr",
                vec!["09000000"],
            ),
            (
                "央行维持利率",
                "经济增长放缓，出口和投资下降，市场预期银行降低价格。企业说贸易会恢复。",
                "zh",
                vec!["04000000"],
            ),
            (
                "Die Bundestagswahl wird vorgezogen",
                "Die Regierungsparteien und die Opposition einigten sich. Der Kanzler sprach mit den Ministern im Parlament.",
                "de",
                vec!["11000000"],
            ),
            (
                "فوز المنتخب في البطولة",
                "سجل اللاعب هدف المباراة في الملعب، وقال المدرب إن الفريق استحق الفوز في الدوري هذا الموسم.",
                "ar",
                vec!["15000000"],
            ),
            (
                "台風で大雨",
                "気象庁は警報を出した。気温は下がり、雨と風が強まる予報で、台風の前線が近い。",
                "ja",
                vec!["17000000"],
            ),
            (
                "A walk in the hills",
                "The path goes up and down again. It was a nice day and nobody said much.",
                "en",
                vec![],
            ),
            ("Team", "One goal.", "en", vec![]),
        ] {
            assert_eq!(codes(headline, body, language), expected, "{headline}");
        }
        assert!(codes("Goal goal goal", "goal coach cup", "sv").is_empty(), "no lexicon, no topic");
    }
}
