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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_round_trip_and_uneven_columns_are_refused() {
        let piece = |start, end, label, reason: &str| Piece {
            start,
            end,
            label,
            reason: reason.to_owned(),
            text: String::new(),
        };
        let pieces = vec![
            piece(0, 9, Label::Removed, "markup"),
            piece(9, 31, Label::Kept, "body"),
            piece(31, 32, Label::Mined, "language"),
        ];
        assert_eq!(PieceColumns::of(&pieces).pieces(), Some(pieces));
        let uneven = PieceColumns { lengths: vec![1], labels: Vec::new(), reasons: vec!["blank".to_owned()] };
        assert_eq!(uneven.pieces(), None);
    }
}
