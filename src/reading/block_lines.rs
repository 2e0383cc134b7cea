//! Reads the blocks of a document with markup as the lines of flattened text: the same rules for every format, each
//! finding mapped back to its spans in the document.

use super::{ParsedPage, text, visible_text::visible_text};
use crate::article::{Label, Piece, Span};

/// Separates two blocks.
const BREAK: &str = "\n\n";

pub struct TextBlock {
    pub text: String,
    pub spans: Vec<Span>,
}

/// The label of a block, with its reason.
pub type BlockLabel = (Label, String);

/// Returns the page, without pieces, and the label of each block.
pub fn read(blocks: &[TextBlock]) -> (ParsedPage, Vec<BlockLabel>) {
    let mut flattened = String::new();
    let mut ends = Vec::with_capacity(blocks.len());
    for block in blocks {
        flattened.push_str(&visible_text(&block.text));
        flattened.push_str(BREAK);
        ends.push(flattened.len());
    }
    let block_at = |at: usize| ends.partition_point(|end| *end <= at);
    let mut page = text::read(&flattened);
    let mut labels: Vec<BlockLabel> = vec![(Label::Removed, Piece::BLANK.to_owned()); blocks.len()];
    for piece in page.pieces.drain(..).filter(|piece| piece.reason != Piece::BLANK) {
        // A block of several pieces is kept if any of them is kept.
        if let Some(label) = labels.get_mut(block_at(piece.start)).filter(|(label, _)| *label != Label::Kept) {
            *label = (piece.label, piece.reason);
        }
    }
    page.place(|spans| {
        spans.iter().filter_map(|span| blocks.get(block_at(span.start))).flat_map(|block| block.spans.clone()).collect()
    });
    (page, labels)
}
