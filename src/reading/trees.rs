//! Gradient-boosted trees: they decide from the features of a line or a block whether it belongs to the body.
//!
//! A file of trees has the log-odds before any tree, then one tree per line in preorder: `feature:threshold` for a fork
//! (left if the feature is not above the threshold), `=value` for a leaf.

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
/// Maximum depth of a tree; deeper ones are refused.
const DEPTH: usize = 40;

pub struct Trees {
    /// Log-odds before any tree.
    intercept: f64,
    nodes: Vec<Node>,
    /// Index of each tree's root.
    roots: Vec<usize>,
}

impl Trees {
    /// Reads trees over `features` features; returns `None` if they are malformed.
    pub fn read(text: &str, features: usize) -> Option<Self> {
        let mut lines = text.lines();
        let intercept = lines.next()?.strip_prefix('=')?.parse().ok()?;
        let mut trees = Self { intercept, nodes: Vec::new(), roots: Vec::new() };
        for line in lines {
            trees.roots.push(trees.nodes.len());
            let mut words = line.split(' ');
            node(&mut words, &mut trees.nodes, features, 0)?;
            if words.next().is_some() {
                return None;
            }
        }
        Some(trees)
    }

    /// Returns the log-odds of the decision.
    pub fn odds(&self, features: &[f32]) -> f64 {
        let value = |root: &usize| {
            let mut at = *root;
            loop {
                let node = self.nodes[at];
                if node.feature == LEAF {
                    return f64::from(node.value);
                }
                let left = features[usize::from(node.feature)] <= node.value;
                at = if left { at + 1 } else { usize::from(node.right) };
            }
        };
        self.intercept + self.roots.iter().map(value).sum::<f64>()
    }
}

fn node<'a>(
    words: &mut impl Iterator<Item = &'a str>,
    nodes: &mut Vec<Node>,
    features: usize,
    depth: usize,
) -> Option<()> {
    let word = words.next().filter(|_| depth < DEPTH)?;
    if let Some(value) = word.strip_prefix('=') {
        nodes.push(Node { feature: LEAF, right: 0, value: value.parse().ok()? });
        return Some(());
    }
    let (feature, threshold) = word.split_once(':')?;
    let feature = feature.parse().ok().filter(|feature| usize::from(*feature) < features)?;
    let at = nodes.len();
    nodes.push(Node { feature, right: 0, value: threshold.parse().ok()? });
    node(words, nodes, features, depth + 1)?;
    nodes[at].right = u16::try_from(nodes.len()).ok()?;
    node(words, nodes, features, depth + 1)
}

/// The features of one line or block, filled in order.
pub struct FeatureRow<const COUNT: usize> {
    values: [f32; COUNT],
    next: usize,
}

impl<const COUNT: usize> FeatureRow<COUNT> {
    pub fn new() -> Self {
        Self { values: [0.0; COUNT], next: 0 }
    }

    pub fn push(&mut self, value: f32) {
        self.values[self.next] = value;
        self.next += 1;
    }

    pub fn flag(&mut self, value: bool) {
        self.push(f32::from(u8::from(value)));
    }

    pub fn extend(&mut self, values: &[f32]) {
        values.iter().for_each(|value| self.push(*value));
    }

    /// Returns the features.
    ///
    /// # Panics
    ///
    /// If there are not `COUNT`: the model would read one feature as another.
    pub fn finish(self) -> [f32; COUNT] {
        assert_eq!(self.next, COUNT, "a row has COUNT features");
        self.values
    }
}

/// The number of the most probable lines or blocks that a document is measured by, and the most that its log-odds are
/// raised by.
const HIGHEST: usize = 5;
const RAISE: f64 = 3.0;

/// Raises the log-odds of a document if its most probable lines are on average less probable than `least`: a bulletin,
/// a list of results. Most documents that are read have a body.
pub fn raise(odds: &mut [f64], least: f64) {
    let mut highest = odds.to_vec();
    highest.sort_unstable_by(|first, second| second.total_cmp(first));
    highest.truncate(HIGHEST);
    let mean = highest.iter().sum::<f64>() / highest.len().max(1) as f64;
    let raise = (least - mean).clamp(0.0, RAISE);
    odds.iter_mut().for_each(|odds| *odds += raise);
}

/// Returns the labels with the greatest sum of log-odds, less the cost of every change of label.
pub fn smooth(odds: &[f64], switch: f64) -> Vec<bool> {
    let mut before: Vec<[bool; 2]> = Vec::with_capacity(odds.len());
    let (mut removed, mut kept) = (0.0_f64, 0.0_f64);
    for odds in odds {
        // Whether the previous line is kept, if this one is removed and if it is kept.
        before.push([kept - switch > removed, kept >= removed - switch]);
        (removed, kept) = (removed.max(kept - switch), kept.max(removed - switch) + odds);
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
    fn malformed_trees_are_refused() {
        for bad in ["", "=x", "=1\n0:1 =1", "=1\n0:1 =1 =2 =3", "=1\n9:1 =1 =2"] {
            assert!(Trees::read(bad, 9).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_odds_are_the_sum_of_one_leaf_of_each_tree() {
        let trees = Trees::read("=0.5\n0:1 =2 1:3 =4 =8\n1:0 =16 =32", 2).expect("valid trees");
        assert_eq!(trees.odds(&[1.0, 0.0]), 0.5 + 2.0 + 16.0);
        assert_eq!(trees.odds(&[1.5, 3.0]), 0.5 + 4.0 + 32.0);
        assert_eq!(trees.odds(&[1.5, 3.5]), 0.5 + 8.0 + 32.0);
    }

    #[test]
    fn odds_are_raised_only_where_even_the_highest_are_low() {
        let raised = |odds: &[f64]| {
            let mut odds = odds.to_vec();
            raise(&mut odds, 2.0);
            odds
        };
        assert_eq!(raised(&[4.0, -1.0, 3.0]), [4.0, -1.0, 3.0]);
        assert_eq!(raised(&[1.0, -1.0]), [3.0, 1.0]);
        assert_eq!(raised(&[-9.0, -7.0]), [-6.0, -4.0], "by three at most: a menu has no body");
        assert!(raised(&[]).is_empty());
    }

    #[test]
    fn labels_change_only_where_the_gain_exceeds_the_cost() {
        let labels = |odds: &[f64]| smooth(odds, 0.6);
        assert_eq!(labels(&[-3.0, 2.0, -0.5, 2.0, -3.0]), [false, true, true, true, false]);
        assert_eq!(labels(&[-3.0, 2.0, -2.5, 2.0, -3.0]), [false, true, false, true, false]);
        assert_eq!(labels(&[-1.0, 0.4, -1.0]), [false, false, false]);
        assert!(labels(&[]).is_empty());
    }
}
