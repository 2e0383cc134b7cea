//! Extraction scores: similarity of texts by shared shingles, counts of correct facts, times.

use crate::measure::quantile;
use std::{collections::HashSet, fmt, time::Instant};

/// Words per shingle.
const SHINGLE: usize = 4;

/// Precision, recall and F1 of texts, each the mean over the documents.
#[derive(Default)]
pub struct TextOverlap {
    scores: Vec<(String, Score)>,
}

#[derive(Clone, Copy)]
struct Score {
    precision: f64,
    recall: f64,
    f1: f64,
}

impl TextOverlap {
    pub fn add(&mut self, id: &str, read: &str, known: &str) {
        let (read, known) = (shingles(read), shingles(known));
        let common = read.intersection(&known).count() as f64;
        let share = |of: usize| if of == 0 { 0.0 } else { common / of as f64 };
        let f1 = 2.0 * common / (read.len() + known.len()).max(1) as f64;
        let score = Score { precision: share(read.len()), recall: share(known.len()), f1 };
        self.scores.push((id.to_owned(), score));
    }

    fn mean(&self, part: impl Fn(&Score) -> f64) -> f64 {
        self.scores.iter().map(|(_, score)| part(score)).sum::<f64>() / self.scores.len().max(1) as f64
    }

    pub fn of(&self, id: &str) -> Option<f64> {
        self.scores.iter().find(|score| score.0 == id).map(|score| score.1.f1)
    }

    pub fn worst(&self, number: usize) -> Vec<(&str, f64)> {
        let mut scores: Vec<_> = self.scores.iter().map(|(id, score)| (id.as_str(), score.f1)).collect();
        scores.sort_by(|a, b| a.1.total_cmp(&b.1));
        scores.truncate(number);
        scores
    }
}

impl fmt::Display for TextOverlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (f1, precision, recall) =
            (self.mean(|score| score.f1), self.mean(|score| score.precision), self.mean(|score| score.recall));
        write!(f, "{f1:7.3}    {precision:7.3} {recall:7.3}")
    }
}

pub fn shingles(text: &str) -> HashSet<Vec<String>> {
    let words = words(text);
    if words.is_empty() {
        return HashSet::new();
    }
    words.windows(SHINGLE.min(words.len())).map(<[String]>::to_vec).collect()
}

/// Splits text into lower-case runs of letters and digits, as extraction benchmarks count words. Uses none of the
/// reader's own rules: a measure must not share the faults of what it measures.
pub fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|part| !part.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Counts of known facts, of extracted facts, and of correctly extracted facts.
#[derive(Default)]
pub struct Counts {
    pub known: usize,
    pub given: usize,
    pub right: usize,
}

impl Counts {
    pub fn one(&mut self, given: bool, right: bool) {
        self.known += 1;
        self.given += usize::from(given);
        self.right += usize::from(right);
    }

    pub fn coverage(&self) -> f64 {
        self.given as f64 / self.known.max(1) as f64
    }

    pub fn precision(&self) -> f64 {
        self.right as f64 / self.given.max(1) as f64
    }

    pub fn recall(&self) -> f64 {
        self.right as f64 / self.known.max(1) as f64
    }

    pub fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.known + self.given).max(1) as f64
    }
}

#[derive(Default)]
pub struct Times(Vec<f64>);

impl Times {
    pub fn add(&mut self, started: Instant) {
        self.0.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6.2}  {:6.2}", quantile(self.0.clone(), 0.5), quantile(self.0.clone(), 0.95))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_of_a_text_is_its_share_of_common_shingles() {
        let mut likeness = TextOverlap::default();
        likeness.add("same", "One two, three four five.", "one two three four FIVE");
        likeness.add("half", "one two three four five", "one two three four six");
        likeness.add("nothing", "", "one two three four");
        let f1 = |id: &str| likeness.of(id).expect("added above");
        assert_eq!((f1("same"), f1("half"), f1("nothing")), (1.0, 0.5, 0.0));
        assert_eq!(likeness.to_string(), "  0.500      0.500   0.500");
        assert_eq!(likeness.worst(2), [("nothing", 0.0), ("half", 0.5)]);
    }

    #[test]
    fn a_missing_fact_lowers_recall_but_not_precision() {
        let mut counts = Counts::default();
        counts.one(true, true);
        counts.one(true, false);
        counts.one(false, false);
        counts.one(false, false);
        assert_eq!((counts.coverage(), counts.precision(), counts.recall()), (0.5, 0.5, 0.25));
    }
}
