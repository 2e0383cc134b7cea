//! A tagger of names: a conditional random field over the words of a text (Lafferty, McCallum and Pereira 2001), trained
//! on news with gold labels by `model/train.py`. It proposes names with a probability; what becomes of them is decided
//! by [`super::people`], [`super::organisations`] and [`super::places`].

mod features;

use super::EntityText;
use crate::article::EntityType;
use features::Features;
use rustc_hash::FxHashMap;
use std::{ops::Range, sync::LazyLock};

pub use features::{is_first_name, is_surname};

/// The labels of a word: outside of names, and the first and the further words of a name of each kind.
const LABELS: usize = 7;
const OUTSIDE: usize = 0;
/// The kinds of names, in the order of their labels: each has one for the first word and one for the further ones.
pub const KINDS: [EntityType; 3] = [EntityType::Person, EntityType::Organisation, EntityType::Place];

/// A name that the tagger found in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct TaggedName {
    pub kind: EntityType,
    pub words: Range<usize>,
    /// Between 0 and 1.
    pub probability: f32,
}

/// The tags of a text.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    pub names: Vec<TaggedName>,
    /// For each word, the probability of each kind.
    kinds: Vec<[f32; KINDS.len()]>,
}

/// From this probability on, a name of a single word is evidence too.
const SURE: f32 = 0.95;
/// From this probability on, a word is taken to be what the tagger says, against other evidence.
const REFUTES: f32 = 0.8;

impl Tags {
    /// Whether all of the words are more probably something else than names of a kind.
    pub fn refutes(&self, words: &Range<usize>, kind: EntityType) -> bool {
        let Some(at) = KINDS.iter().position(|other| *other == kind) else { return false };
        let words = self.kinds.get(words.clone()).unwrap_or_default();
        !words.is_empty() && words.iter().all(|kinds| kinds[at] <= 1.0 - REFUTES)
    }

    /// Whether a name is one of the most certain.
    pub fn is_sure(&self, words: &Range<usize>) -> bool {
        self.names.iter().any(|name| name.words == *words && name.probability >= SURE)
    }

    /// Yields the names of a kind with at least a probability.
    pub fn of_kind(&self, kind: EntityType, least: f32) -> impl Iterator<Item = &Range<usize>> {
        let found = self.names.iter().filter(move |name| name.kind == kind && name.probability >= least);
        found.map(|name| &name.words)
    }
}

type Scores = [f32; LABELS];

/// The weights: of each feature for each label, and of each label after another.
struct Model {
    transitions: [Scores; LABELS],
    features: FxHashMap<u32, Scores>,
}

/// Weights are stored as hundredths.
const SCALE: f32 = 100.0;

static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::read(include_str!("model/weights.txt")).expect("the weights are well-formed, as tested"));

impl Model {
    /// Reads the weights: seven lines of transitions, then a line for each feature with its hash in hexadecimal digits
    /// and its weights other than zero, `label:weight`.
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut transitions = [[0.0; LABELS]; LABELS];
        for row in &mut transitions {
            let weights: Option<Vec<f32>> = lines.next()?.split(' ').map(weight).collect();
            *row = weights?.try_into().ok()?;
        }
        let feature = |line: &str| {
            let mut words = line.split(' ');
            let hash = u32::from_str_radix(words.next()?, 16).ok()?;
            let mut scores = [0.0; LABELS];
            for word in words {
                let (label, value) = word.split_once(':')?;
                *scores.get_mut(label.parse::<usize>().ok()?)? = weight(value)?;
            }
            Some((hash, scores))
        };
        Some(Self { transitions, features: lines.map(feature).collect::<Option<_>>()? })
    }

    fn score(&self, row: &[u32]) -> Scores {
        let mut scores = [0.0; LABELS];
        for weights in row.iter().filter_map(|feature| self.features.get(feature)) {
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score += weight;
            }
        }
        scores
    }
}

fn weight(text: &str) -> Option<f32> {
    Some(f32::from(text.parse::<i16>().ok()?) / SCALE)
}

/// Returns the features of every word of every text, to train the model.
pub fn rows(texts: &[EntityText<'_>]) -> Vec<Vec<Vec<u32>>> {
    let features = Features::new(texts);
    let of_text = |text: usize| {
        let mut rows = Vec::new();
        features.visit(text, |_| true, |_, row| rows.push(row.to_vec()));
        rows
    };
    (0..texts.len()).map(of_text).collect()
}

/// How many words next to a capitalised one are labelled with it. All others are outside of names.
const NEXT_TO: usize = 2;
/// The scores of a word outside of names.
const OUTSIDE_SCORES: Scores = [0.0, -30.0, -30.0, -30.0, -30.0, -30.0, -30.0];

/// Returns for each word of a text whether it is a capitalised one or next to one.
fn near_capitals(text: &EntityText<'_>) -> Vec<bool> {
    let mut near = vec![false; text.words.len()];
    for at in (0..near.len()).filter(|at| text.words[*at].is_capital()) {
        let end = (at + NEXT_TO + 1).min(near.len());
        near[at.saturating_sub(NEXT_TO)..end].fill(true);
    }
    near
}

/// Returns the tags of each text, of at most `most` words in all, and the number of words in the texts beyond them.
pub fn tag(texts: &[EntityText<'_>], most: usize) -> (Vec<Tags>, usize) {
    let features = Features::new(texts);
    let (mut left, mut untagged) = (most, 0);
    let tags = |(index, text): (usize, &EntityText<'_>)| {
        let near = near_capitals(text);
        if !near.contains(&true) {
            return Tags::default();
        }
        if near.len() > left {
            untagged += near.len();
            return Tags::default();
        }
        left -= near.len();
        let mut scores = vec![OUTSIDE_SCORES; near.len()];
        features.visit(index, |at| near[at], |at, row| scores[at] = MODEL.score(row));
        decode(&scores, &MODEL.transitions)
    };
    let tags = texts.iter().enumerate().map(tags).collect();
    (tags, untagged)
}

/// Returns the names on the most probable path of labels, with their probabilities by the forward-backward algorithm.
fn decode(scores: &[Scores], transitions: &[Scores; LABELS]) -> Tags {
    let marginals = marginals(scores, transitions);
    let path = best_path(scores, transitions);
    let mut names = Vec::new();
    let mut at = 0;
    while at < path.len() {
        let label = path[at];
        if label == OUTSIDE {
            at += 1;
            continue;
        }
        let kind = (label - 1) / 2;
        let further = 2 * kind + 2;
        let mut end = at + 1;
        while end < path.len() && path[end] == further {
            end += 1;
        }
        let within = (at..end).map(|word| marginals[word][path[word]]).fold(1.0, f32::min);
        let ends = marginals.get(end).map_or(1.0, |marginals| 1.0 - marginals[further]);
        names.push(TaggedName { kind: KINDS[kind], words: at..end, probability: within.min(ends) });
        at = end;
    }
    let kinds = marginals.iter().map(|word| std::array::from_fn(|kind| word[2 * kind + 1] + word[2 * kind + 2]));
    Tags { names, kinds: kinds.collect() }
}

/// Returns the probability of each label of each word, by the forward-backward algorithm. It multiplies exponentials,
/// which are scaled at each word: an exponential for each label and word costs a tenth of one for each pair of labels.
fn marginals(scores: &[Scores], transitions: &[Scores; LABELS]) -> Vec<Scores> {
    let steps = transitions.map(|row| row.map(f32::exp));
    let own: Vec<Scores> = scores
        .iter()
        .map(|scores| {
            let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            scores.map(|score| (score - most).exp())
        })
        .collect();
    let mut forward: Vec<Scores> = Vec::with_capacity(own.len());
    for own in &own {
        let next: Scores = match forward.last() {
            None => *own,
            Some(last) => std::array::from_fn(|label| {
                own[label] * (0..LABELS).map(|before| last[before] * steps[before][label]).sum::<f32>()
            }),
        };
        forward.push(scaled(next));
    }
    let mut backward = [1.0; LABELS];
    let mut marginals = vec![[0.0; LABELS]; own.len()];
    for at in (0..own.len()).rev() {
        marginals[at] = scaled(std::array::from_fn(|label| forward[at][label] * backward[label]));
        backward = scaled(std::array::from_fn(|label| {
            (0..LABELS).map(|next| steps[label][next] * own[at][next] * backward[next]).sum::<f32>()
        }));
    }
    marginals
}

/// Returns the values in proportion, with one as their sum.
fn scaled(values: Scores) -> Scores {
    let sum: f32 = values.iter().sum();
    // All are too small to be distinguished: the model cannot label the word.
    if sum > 0.0 { values.map(|value| value / sum) } else { [1.0 / LABELS as f32; LABELS] }
}

/// Returns the most probable path (Viterbi).
fn best_path(scores: &[Scores], transitions: &[Scores; LABELS]) -> Vec<usize> {
    let best_of =
        |values: &Scores| (0..LABELS).fold(0, |best, label| if values[label] > values[best] { label } else { best });
    let mut from: Vec<[usize; LABELS]> = Vec::with_capacity(scores.len());
    let mut last = [0.0; LABELS];
    for (at, own) in scores.iter().enumerate() {
        if at == 0 {
            last = *own;
            continue;
        }
        let before: [usize; LABELS] = std::array::from_fn(|label| {
            best_of(&std::array::from_fn(|before| last[before] + transitions[before][label]))
        });
        last = std::array::from_fn(|label| own[label] + last[before[label]] + transitions[before[label]][label]);
        let most = last.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        last = last.map(|score| score - most);
        from.push(before);
    }
    let mut label = best_of(&last);
    let mut path = vec![label; scores.len()];
    for at in (0..from.len()).rev() {
        label = from[at][label];
        path[at] = label;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn labels_have_probabilities(scores in proptest::collection::vec(proptest::array::uniform7(-30f32..30.0), 0..40)) {
            let marginals = marginals(&scores, &MODEL.transitions);
            prop_assert_eq!(marginals.len(), scores.len());
            for word in &marginals {
                prop_assert!((word.iter().sum::<f32>() - 1.0).abs() < 0.01);
            }
            let tags = decode(&scores, &MODEL.transitions);
            for name in &tags.names {
                prop_assert!(name.words.end <= scores.len() && (0.0..=1.0).contains(&name.probability));
            }
        }
    }

    #[test]
    fn malformed_weights_are_refused() {
        let transitions = "0 0 0 0 0 0 0\n".repeat(LABELS);
        assert!(Model::read(&format!("{transitions}1f 0:12 6:-3")).is_some());
        for text in
            ["", "0 0", &format!("{transitions}x 0:1"), &format!("{transitions}1f 7:1"), &format!("{transitions}1f 0")]
        {
            assert!(Model::read(text).is_none(), "{text}");
        }
    }
}
