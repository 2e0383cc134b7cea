//! Which lines look like a story: gradient-boosted trees over the features of each line, then the smoothest labels.
//!
//! The trees are trained by `model/train.py`; where from, and how well they do on sites that they never saw, stands in
//! `model/README.md`. They decide what is kept. Why a line is removed is told by the rules around them: what furniture it
//! is, or where it stands.

use super::features::{self, Features};
use std::sync::LazyLock;

const TREES: &str = include_str!("model/trees.txt");
/// Added to the odds of every line: a sentence that is lost is worse than a button that stays.
const BIAS: f64 = 1.0;
/// What a change from kept to removed or back costs: stories are runs of lines.
const SWITCH: f64 = 0.6;

/// Eight bytes, so that all the trees stay near while hundreds of lines walk through them.
#[derive(Clone, Copy)]
struct Node {
    /// Which feature is asked; in a leaf [`LEAF`].
    feature: u16,
    /// To the left, which is the next node, where the feature is not above the value; else to this one.
    right: u16,
    /// The threshold, or what the leaf says.
    value: f32,
}

const LEAF: u16 = u16::MAX;

struct Model {
    before: f64,
    nodes: Vec<Node>,
    /// Where each tree begins.
    trees: Vec<usize>,
}

static MODEL: LazyLock<Model> =
    LazyLock::new(|| read(TREES).expect("the trees are checked in as train.py writes them, and a test reads them"));

fn read(text: &str) -> Option<Model> {
    let mut lines = text.lines();
    let before = lines.next()?.strip_prefix('=')?.parse().ok()?;
    let mut model = Model { before, nodes: Vec::new(), trees: Vec::new() };
    for line in lines {
        model.trees.push(model.nodes.len());
        let mut words = line.split(' ');
        tree(&mut words, &mut model.nodes, 0)?;
        if words.next().is_some() {
            return None;
        }
    }
    Some(model)
}

/// Deeper trees than these are none of ours.
const DEPTH: usize = 40;

fn tree<'a>(words: &mut impl Iterator<Item = &'a str>, nodes: &mut Vec<Node>, depth: usize) -> Option<()> {
    let word = words.next().filter(|_| depth < DEPTH)?;
    if let Some(value) = word.strip_prefix('=') {
        nodes.push(Node { feature: LEAF, right: 0, value: value.parse().ok()? });
        return Some(());
    }
    let (feature, threshold) = word.split_once(':')?;
    let feature = feature.parse().ok().filter(|it| usize::from(*it) < features::COUNT)?;
    let at = nodes.len();
    nodes.push(Node { feature, right: 0, value: threshold.parse().ok()? });
    tree(words, nodes, depth + 1)?;
    nodes[at].right = u16::try_from(nodes.len()).ok()?;
    tree(words, nodes, depth + 1)
}

/// The odds, as a logarithm, that a line is of the story.
fn odds(features: &Features) -> f64 {
    let model: &Model = &MODEL;
    let value = |root: &usize| {
        let mut at = *root;
        loop {
            let node = model.nodes[at];
            if node.feature == LEAF {
                return f64::from(node.value);
            }
            let left = features[usize::from(node.feature)] <= node.value;
            at = if left { at + 1 } else { usize::from(node.right) };
        }
    };
    model.before + model.trees.iter().map(value).sum::<f64>()
}

/// For each line, whether it is of the story.
pub fn story(features: &[Features]) -> Vec<bool> {
    smooth(features.iter().map(odds))
}

/// The labels of the greatest sum of odds, where every change of label costs.
fn smooth(odds: impl Iterator<Item = f64>) -> Vec<bool> {
    let mut before: Vec<[bool; 2]> = Vec::new();
    let (mut removed, mut kept) = (0.0_f64, 0.0_f64);
    for odds in odds {
        // Whether the line before was kept, where this one is removed, and where it is kept.
        before.push([kept - SWITCH > removed, kept >= removed - SWITCH]);
        (removed, kept) = (removed.max(kept - SWITCH), kept.max(removed - SWITCH) + odds + BIAS);
    }
    let mut label = kept > removed;
    let mut labels = vec![false; before.len()];
    for (at, before) in before.iter().enumerate().rev() {
        labels[at] = label;
        label = before[usize::from(label)];
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trees_are_whole() {
        let model = read(TREES).expect("the trees are read");
        assert_eq!(model.trees.len(), 70);
        for bad in ["", "=x", "=1\n0:1 =1", "=1\n0:1 =1 =2 =3", "=1\n999:1 =1 =2"] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn labels_change_where_it_pays() {
        let labels = |odds: &[f64]| smooth(odds.iter().map(|it| it - BIAS));
        assert_eq!(labels(&[-3.0, 2.0, -0.5, 2.0, -3.0]), [false, true, true, true, false]);
        assert_eq!(labels(&[-3.0, 2.0, -2.5, 2.0, -3.0]), [false, true, false, true, false]);
        assert_eq!(labels(&[-1.0, 0.4, -1.0]), [false, false, false]);
        assert!(labels(&[]).is_empty());
    }
}
