//! Selects the lines that look like a body: gradient-boosted trees over the features of each line, then smoothing.
//!
//! `model/train.py` trains the trees; `model/README.md` describes the training data and the accuracy on unseen sites.
//! The trees decide what is kept. The rules around them give the reason why a line is removed: the kind of boilerplate,
//! or the line's position.

use super::features::{self, Features};
use std::sync::LazyLock;

const TREES: &str = include_str!("model/trees.txt");
/// Added to the log-odds of every line: a lost sentence is worse than a kept button.
const BIAS: f64 = 1.0;
/// Cost of a change from kept to removed or back: bodies are runs of lines.
const SWITCH: f64 = 0.6;

/// A node of eight bytes, so that all trees stay in cache while hundreds of lines walk through them.
#[derive(Clone, Copy)]
struct Node {
    /// Index of the feature to compare; [`LEAF`] in a leaf.
    feature: u16,
    /// Index of the right child, taken if the feature is above the value; the left child is the next node.
    right: u16,
    /// The threshold, or a leaf's output.
    value: f32,
}

const LEAF: u16 = u16::MAX;

struct Model {
    /// Log-odds before any tree.
    intercept: f64,
    nodes: Vec<Node>,
    /// Index of each tree's root.
    trees: Vec<usize>,
}

static MODEL: LazyLock<Model> =
    LazyLock::new(|| read(TREES).expect("the trees are checked in as train.py writes them, and a test parses them"));

fn read(text: &str) -> Option<Model> {
    let mut lines = text.lines();
    let intercept = lines.next()?.strip_prefix('=')?.parse().ok()?;
    let mut model = Model { intercept, nodes: Vec::new(), trees: Vec::new() };
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

/// Maximum depth of a tree; deeper ones are refused.
const DEPTH: usize = 40;

fn tree<'a>(words: &mut impl Iterator<Item = &'a str>, nodes: &mut Vec<Node>, depth: usize) -> Option<()> {
    let word = words.next().filter(|_| depth < DEPTH)?;
    if let Some(value) = word.strip_prefix('=') {
        nodes.push(Node { feature: LEAF, right: 0, value: value.parse().ok()? });
        return Some(());
    }
    let (feature, threshold) = word.split_once(':')?;
    let feature = feature.parse().ok().filter(|feature| usize::from(*feature) < features::COUNT)?;
    let at = nodes.len();
    nodes.push(Node { feature, right: 0, value: threshold.parse().ok()? });
    tree(words, nodes, depth + 1)?;
    nodes[at].right = u16::try_from(nodes.len()).ok()?;
    tree(words, nodes, depth + 1)
}

/// Returns the log-odds that a line belongs to the body.
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
    model.intercept + model.trees.iter().map(value).sum::<f64>()
}

/// Returns for each line whether it belongs to the body.
pub fn body(features: &[Features]) -> Vec<bool> {
    smooth(features.iter().map(odds))
}

/// Returns the labels with the greatest sum of log-odds, less the cost of every change of label.
fn smooth(odds: impl Iterator<Item = f64>) -> Vec<bool> {
    let mut before: Vec<[bool; 2]> = Vec::new();
    let (mut removed, mut kept) = (0.0_f64, 0.0_f64);
    for odds in odds {
        // Whether the previous line is kept, if this one is removed and if it is kept.
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
    fn the_trees_parse_and_malformed_trees_are_refused() {
        let model = read(TREES).expect("valid trees");
        assert_eq!(model.trees.len(), 70);
        for bad in ["", "=x", "=1\n0:1 =1", "=1\n0:1 =1 =2 =3", "=1\n999:1 =1 =2"] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn labels_change_only_where_the_gain_exceeds_the_cost() {
        let labels = |odds: &[f64]| smooth(odds.iter().map(|odd| odd - BIAS));
        assert_eq!(labels(&[-3.0, 2.0, -0.5, 2.0, -3.0]), [false, true, true, true, false]);
        assert_eq!(labels(&[-3.0, 2.0, -2.5, 2.0, -3.0]), [false, true, false, true, false]);
        assert_eq!(labels(&[-1.0, 0.4, -1.0]), [false, false, false]);
        assert!(labels(&[]).is_empty());
    }
}
