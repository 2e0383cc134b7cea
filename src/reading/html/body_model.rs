//! Selects the blocks that look like the body: gradient-boosted trees over the features of each block.
//!
//! `model/train.py` trains the trees; `model/README.md` describes the training data and the accuracy on unseen
//! publishers. Where the trees are in doubt, the library is asked: its extraction is one of the features, and the trees
//! learned where it is wrong.

use super::{
    block_features::{self, Page},
    page_regions::Region,
};
use crate::reading::{
    text::weight,
    trees::{Trees, raise},
};
use std::sync::LazyLock;

/// The least log-odds that the most probable blocks of a page have.
const LEAST: f64 = 2.0;
/// Log-odds below which a block is in doubt, and the weight of such blocks, as a share of those that would be kept, above
/// which a page is.
const DOUBTFUL: f64 = 2.0;
const DOUBT: f64 = 0.2;
/// Maximum weight of a block in that comparison: some 60 words, as in the training.
const HEAVIEST: usize = 360;

static TREES: LazyLock<Trees> = LazyLock::new(|| {
    Trees::read(include_str!("model/trees.txt"), block_features::COUNT)
        .expect("the trees are checked in as train.py writes them, and a test reads them")
});

/// The log-odds of the blocks with text that they belong to the body.
#[derive(Default)]
pub struct Odds {
    blocks: Vec<usize>,
    odds: Vec<f64>,
}

/// Returns what the trees say of the page, with the library's extraction if it has one.
pub fn odds(page: &Page<'_>) -> Odds {
    let mut found = Odds::default();
    block_features::visit(page, |at, features| {
        found.blocks.push(at);
        found.odds.push(TREES.odds(features));
    });
    found
}

impl Odds {
    /// Whether nothing of the page is body text, or much is neither clearly body text nor clearly something else.
    pub fn are_doubtful(&self, page: &Page<'_>) -> bool {
        let weight_of = |is: fn(f64) -> bool| -> usize {
            let found = self.blocks.iter().zip(&self.odds).filter(|(_, odds)| is(**odds));
            found.map(|(at, _)| weight(&page.scan.blocks[*at].text).min(HEAVIEST)).sum()
        };
        let kept = weight_of(|odds| odds > 0.0);
        kept == 0 || weight_of(|odds| odds.abs() < DOUBTFUL) as f64 > DOUBT * kept as f64
    }

    /// Returns for each block of the page whether it belongs to the body. What no reader sees does not, nor what its own
    /// words or links show to be something else.
    pub fn kept(mut self, page: &Page<'_>) -> Vec<bool> {
        raise(&mut self.odds, LEAST);
        let mut kept = vec![false; page.scan.blocks.len()];
        for (at, odds) in self.blocks.into_iter().zip(self.odds) {
            let may_be = page.outside[at].is_none() && page.scan.blocks[at].region.is_none_or(Region::is_visible);
            kept[at] = may_be && odds > 0.0;
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::html::{labels, scan::scan};

    #[test]
    fn a_clear_article_is_not_in_doubt_and_a_page_without_one_is() {
        let is_doubtful = |document: &str| {
            let scan = scan(document).expect("within the limits");
            let outside: Vec<_> = scan.blocks.iter().map(|block| labels::outside(block)).collect();
            let page = Page { scan: &scan, outside: &outside, extracted: None };
            odds(&page).are_doubtful(&page)
        };
        let paragraph = "<p>The two ports will sell one ticket from Monday on, the ministries said in a joint statement \
            that was read out on the quay, and the prices of the boats stay as they are until the end of the year.</p>";
        let others = [("two ports", "three towns"), ("one ticket", "a pass")];
        let others: String = others.iter().map(|(from, to)| paragraph.replace(from, to)).collect();
        assert!(!is_doubtful(&format!("<main><h1>Two ports agree</h1>{paragraph}{others}</main>")));
        assert!(is_doubtful("<nav><a href=a>Ports</a> <a href=b>Boats</a></nav><h1>Harbour</h1>"));
    }

    #[test]
    fn the_trees_can_be_read() {
        assert!(TREES.odds(&[0.0; block_features::COUNT]).is_finite());
    }
}
