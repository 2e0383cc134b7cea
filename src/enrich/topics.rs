//! Topics: the subjects of the IPTC Media Topics that an article's words tell, with the words that told.
//!
//! A lexicon by language (`topics.tsv`) says which words tell which topic. A word counts once for being there and a
//! little for coming again, and double in the headline. A topic is given where it has several words, enough of them for
//! the article's length, and its share of all that was told; otherwise there is none: a wrong shelf is worse than no
//! shelf. Topics of the second level are given only under a root that is given.

use super::passage::{Field, Passage};
use crate::article::{MEDIA_TOPICS, MediaTopic, TextSpan, Topic};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{collections::BTreeMap, sync::LazyLock};

/// What a word is worth, one that is marked as saying more, and how much a headline multiplies it.
const WORD: f64 = 1.0;
const STRONG: f64 = 1.6;
const HEADLINE: f64 = 2.0;
/// A topic needs so many different words, so much in all, and this share of what all roots have together.
const WORDS_MIN: usize = 3;
const SCORE_MIN: f64 = 4.0;
const SHARE_MIN: f64 = 0.16;
/// A long article has words of every topic: beyond this many words the score that is needed grows with the root of the
/// length.
const LENGTH: f64 = 300.0;
/// At a raw score of this, the score that is shown is one half.
const HALF: f64 = 8.0;
/// Topics given, of both levels; words shown for each.
const ROOTS_MAX: usize = 3;
const SECOND_MAX: usize = 2;
const BECAUSE_MAX: usize = 6;

struct Entry {
    topic: usize,
    weight: f64,
}

/// By language, words of one to three parts, and what they tell.
type Lexicon = FxHashMap<&'static str, FxHashMap<&'static str, Vec<Entry>>>;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::default();
    for row in include_str!("topics.tsv").lines().filter(|it| !it.starts_with('#')) {
        let mut columns = row.split('\t');
        let (Some(code), Some(language), Some(all)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let Some(topic) = MEDIA_TOPICS.iter().position(|it| it.code == code) else { continue };
        for word in all.split('|') {
            let (word, weight) = word.strip_prefix('!').map_or((word, WORD), |it| (it, STRONG));
            lexicon.entry(language).or_default().entry(word).or_default().push(Entry { topic, weight });
        }
    }
    lexicon
});

/// The first words of phrases, in any language: few words begin one, and the others are not put together to be looked up.
static BEGIN_PHRASES: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let phrases = LEXICON.values().flat_map(|it| it.keys());
    phrases.filter_map(|it| it.split_once(' ')).map(|it| it.0).collect()
});
const PHRASE_WORDS: usize = 3;

/// A topic, and the words that told it, where they stand first.
pub struct Found {
    pub topic: Topic,
    pub because: Vec<TextSpan>,
}

#[derive(Default)]
struct Told {
    /// By word: its weight, how often, and where first.
    words: BTreeMap<&'static str, (f64, u32, TextSpan)>,
}

impl Told {
    fn score(&self) -> f64 {
        self.words.values().map(|(weight, times, _)| weight * (1.0 + f64::from(*times).ln() / 2.0)).sum()
    }
}

pub fn find(passages: &[Passage<'_>], language: Option<&str>) -> Vec<Found> {
    let Some(language) = language else { return Vec::new() };
    let mut told: Vec<Told> = MEDIA_TOPICS.iter().map(|_| Told::default()).collect();
    let mut length = 0;
    for passage in passages {
        let factor = if passage.field == Field::Headline { HEADLINE } else { 1.0 };
        length += hits(passage, language, |word, entries, range| {
            for entry in entries {
                let weight = entry.weight * factor;
                let seen = told[entry.topic].words.entry(word).or_insert_with(|| (0.0, 0, passage.at(&range)));
                seen.0 = seen.0.max(weight);
                seen.1 += 1;
            }
        });
    }
    let needed = SCORE_MIN * (length as f64 / LENGTH).max(1.0).sqrt();
    let all: f64 = roots().map(|it| told[it].score()).sum();
    let is_told = |at: &usize, share: f64| {
        let score = told[*at].score();
        told[*at].words.len() >= WORDS_MIN && score >= needed && score >= all * share
    };
    let mut given: Vec<usize> = roots().filter(|it| is_told(it, SHARE_MIN)).collect();
    let best_first = |a: &usize, b: &usize| told[*b].score().total_cmp(&told[*a].score()).then(a.cmp(b));
    given.sort_by(best_first);
    given.truncate(ROOTS_MAX);
    let under = |it: &usize| given.iter().any(|root| MEDIA_TOPICS[*it].root == Some(MEDIA_TOPICS[*root].code));
    let mut second: Vec<usize> =
        (0..MEDIA_TOPICS.len()).filter(|it| under(it) && is_told(it, SHARE_MIN / 2.0)).collect();
    second.sort_by(best_first);
    second.truncate(SECOND_MAX);
    given.into_iter().chain(second).map(|at| give(at, &told[at])).collect()
}

fn roots() -> impl Iterator<Item = usize> {
    (0..MEDIA_TOPICS.len()).filter(|it| MEDIA_TOPICS[*it].root.is_none())
}

fn give(at: usize, told: &Told) -> Found {
    let mut words: Vec<_> = told.words.iter().collect();
    words.sort_by(|a, b| (b.1.0 * f64::from(b.1.1)).total_cmp(&(a.1.0 * f64::from(a.1.1))).then(a.0.cmp(b.0)));
    words.truncate(BECAUSE_MAX);
    let MediaTopic { code, label, .. } = &MEDIA_TOPICS[at];
    let score = told.score();
    Found {
        topic: Topic {
            code: (*code).to_owned(),
            label: (*label).to_owned(),
            // Two digits: more would say more than is known.
            score: (score / (score + HALF) * 100.0).round() / 100.0,
            because: words.iter().map(|(word, _)| (**word).to_owned()).collect(),
        },
        because: words.into_iter().map(|(_, (_, _, at))| at.clone()).collect(),
    }
}

/// The lexicon's words in a passage, longest first, and how many words it has.
fn hits(
    passage: &Passage<'_>,
    language: &str,
    mut hit: impl FnMut(&'static str, &[Entry], std::ops::Range<usize>),
) -> usize {
    let Some(lexicon) = LEXICON.get(language) else { return 0 };
    if language == "zh" || language == "ja" {
        // Ideographs stand without blanks: words of two to four of them.
        let letters: Vec<(usize, char)> = passage.text.char_indices().collect();
        for at in 0..letters.len() {
            for length in (1..=4).rev().filter(|it| at + it <= letters.len()) {
                let start = letters[at].0;
                let end = letters.get(at + length).map_or(passage.text.len(), |it| it.0);
                if let Some((word, entries)) = lexicon.get_key_value(&passage.text[start..end]) {
                    hit(word, entries, start..end);
                    break;
                }
            }
        }
        return letters.len() / 2;
    }
    let (words, low) = (&passage.words, &passage.low);
    let mut at = 0;
    while at < low.len() {
        let most = if BEGIN_PHRASES.contains(low[at].as_ref()) { PHRASE_WORDS } else { 1 };
        let phrases = (2..=most).rev().filter(|it| at + it <= low.len());
        let mut found = phrases
            .filter_map(|length| lexicon.get_key_value(low[at..at + length].join(" ").as_str()).map(|it| (it, length)));
        let found = found.next().or_else(|| lexicon.get_key_value(low[at].as_ref()).map(|it| (it, 1)));
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
    use crate::enrich::passage::passages;

    fn codes(headline: &str, body: &str, language: &str) -> Vec<String> {
        let body = [body.to_owned()];
        let found = find(&passages(Some(headline), None, &body), Some(language));
        found.into_iter().map(|it| it.topic.code).collect()
    }

    #[test]
    fn every_row_of_the_lexicon_is_of_a_known_topic() {
        let rows = include_str!("topics.tsv").lines().filter(|it| !it.starts_with('#'));
        for row in rows {
            let columns: Vec<&str> = row.split('\t').collect();
            assert_eq!(columns.len(), 3, "{row}");
            assert!(MEDIA_TOPICS.iter().any(|it| it.code == columns[0]), "{row}");
            assert!(
                columns[2].split('|').all(|it| it.trim_start_matches('!').to_lowercase() == it.trim_start_matches('!')),
                "{row}"
            );
        }
    }

    #[test]
    fn topics_are_told_by_several_words() {
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
