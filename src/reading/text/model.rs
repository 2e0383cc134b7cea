//! Selects the lines that look like a body: gradient-boosted trees over the features of each line, then smoothing.
//!
//! `model/train.py` trains the trees; `model/README.md` describes the training data and the accuracy on unseen sites.
//! The trees decide what is kept. The rules around them give the reason why a line is removed: the kind of boilerplate,
//! or the line's position.

use super::features::{self, Features};
use crate::reading::trees::{Trees, raise, smooth};
use std::sync::LazyLock;

/// The least log-odds that the most probable lines of a document have.
const LEAST: f64 = 3.0;
/// Cost of a change from kept to removed or back: bodies are runs of lines.
const SWITCH: f64 = 0.3;

static TREES: LazyLock<Trees> = LazyLock::new(|| {
    Trees::read(include_str!("model/trees.txt"), features::COUNT)
        .expect("the trees are checked in as train.py writes them, and a test reads them")
});

/// Returns for each line whether it belongs to the body.
pub fn body(features: &[Features]) -> Vec<bool> {
    let mut odds: Vec<f64> = features.iter().map(|features| TREES.odds(features)).collect();
    raise(&mut odds, LEAST);
    smooth(&odds, SWITCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trees_can_be_read() {
        assert!(TREES.odds(&[0.0; features::COUNT]).is_finite());
    }
}
