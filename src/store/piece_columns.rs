//! The pieces of a document as they are stored: one column each for lengths, labels and reasons.
//!
//! A page of HTML has thousands of pieces. They are contiguous, so their lengths say where they are; in columns they
//! compress to a seventh.

use crate::article::{Label, Piece};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PieceColumns {
    lengths: Vec<usize>,
    labels: Vec<Label>,
    reasons: Vec<String>,
}

impl PieceColumns {
    pub fn of(pieces: &[Piece]) -> Self {
        Self {
            lengths: pieces.iter().map(|piece| piece.end - piece.start).collect(),
            labels: pieces.iter().map(|piece| piece.label).collect(),
            reasons: pieces.iter().map(|piece| piece.reason.clone()).collect(),
        }
    }

    /// Returns the pieces, without their text; `None` if the columns differ in length.
    pub fn pieces(self) -> Option<Vec<Piece>> {
        if self.lengths.len() != self.labels.len() || self.lengths.len() != self.reasons.len() {
            return None;
        }
        let mut start = 0;
        let rows = self.lengths.into_iter().zip(self.labels).zip(self.reasons);
        Some(
            rows.map(|((length, label), reason)| {
                let piece = Piece { start, end: start + length, label, reason, text: String::new() };
                start = piece.end;
                piece
            })
            .collect(),
        )
    }
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;
    use crate::{archive::preview, archive::seeds::seeds, article::Instant};

    #[test]
    fn pieces_round_trip() {
        for seed in seeds(Instant::now()) {
            let document = seed.document.expect("a document");
            let Ok((_, evidence)) = preview(&document) else { continue };
            let pieces = evidence.without_text().pieces;
            assert_eq!(PieceColumns::of(&pieces).pieces().as_ref(), Some(&pieces), "{}", seed.name);
        }
        let uneven = PieceColumns { lengths: vec![1], labels: Vec::new(), reasons: vec!["blank".to_owned()] };
        assert_eq!(uneven.pieces(), None);
    }
}
