//! Blocks of a document with markup, read as the lines of flattened text: the same rules for every form, and every
//! finding back at its place in the document.

use super::{Page, shown::shown, text};
use crate::article::{Label, Span};

/// Between two blocks.
const BREAK: &str = "\n\n";

pub struct Block {
    pub text: String,
    pub spans: Vec<Span>,
}

/// What became of a block.
pub type Fate = (Label, String);

/// The page, without pieces, and the fate of each block.
pub fn read(blocks: &[Block]) -> (Page, Vec<Fate>) {
    let mut view = String::new();
    let mut ends = Vec::with_capacity(blocks.len());
    for block in blocks {
        view.push_str(&shown(&block.text));
        view.push_str(BREAK);
        ends.push(view.len());
    }
    let block_at = |at: usize| ends.partition_point(|end| *end <= at);
    let mut page = text::read(&view);
    let mut fates: Vec<Fate> = vec![(Label::Removed, "blank".to_owned()); blocks.len()];
    for piece in page.pieces.drain(..).filter(|it| it.reason != "blank") {
        // A block of several pieces is what readers see of it, if they see any.
        if let Some(fate) = fates.get_mut(block_at(piece.start)).filter(|it| it.0 != Label::Kept) {
            *fate = (piece.label, piece.reason);
        }
    }
    page.place(|spans| {
        spans.iter().filter_map(|it| blocks.get(block_at(it.start))).flat_map(|it| it.spans.clone()).collect()
    });
    (page, fates)
}
