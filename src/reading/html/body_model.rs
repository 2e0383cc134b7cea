//! Selects the blocks that look like the body: gradient-boosted trees over the features of each block.
//!
//! `model/train.py` trains the trees; `model/README.md` describes the training data and the accuracy on unseen
//! publishers. The library's extraction is one of the features: the trees learned where it is wrong.

use super::{
    block_features::{self, Page},
    page_regions::Region,
};
use crate::reading::trees::Trees;
use std::sync::LazyLock;

static TREES: LazyLock<Trees> = LazyLock::new(|| {
    Trees::read(include_str!("model/trees.txt"), block_features::COUNT)
        .expect("the trees are checked in as train.py writes them, and a test reads them")
});

/// Returns for each block of the page whether it belongs to the body. What no reader sees does not, nor what its own
/// words or links show to be something else.
pub fn body(page: &Page<'_>) -> Vec<bool> {
    let mut kept = vec![false; page.scan.blocks.len()];
    block_features::visit(page, |at, features| {
        let may_be = page.outside[at].is_none() && page.scan.blocks[at].region.is_none_or(Region::is_visible);
        kept[at] = may_be && TREES.odds(features) > 0.0;
    });
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trees_can_be_read() {
        assert!(TREES.odds(&[0.0; block_features::COUNT]).is_finite());
    }
}
