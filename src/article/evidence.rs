//! Evidence: the source spans of each extracted field, and the label of every byte of the raw document.

use serde::{Deserialize, Serialize};

/// A half-open range of UTF-8 byte offsets in the raw document's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Shown to readers verbatim.
    Kept,
    /// Not part of the article.
    Removed,
    /// Not shown, but a field was extracted from it.
    Mined,
}

/// A run of the raw document with one label. The pieces of a document are contiguous, without gaps or overlaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Piece {
    pub start: usize,
    pub end: usize,
    pub label: Label,
    pub reason: String,
    /// The text of the run. It is not stored, but cut from the raw document when the evidence is shown.
    #[serde(default)]
    pub text: String,
}

impl Piece {
    /// The reason of a run without text.
    pub const BLANK: &str = "blank";
}

/// How the concatenated text of a field's spans yields its value. White space, invisible characters and the bars that
/// separate table cells are ignored; references and escapes are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// The text is the value.
    Text,
    /// The value is a part of the text.
    Within,
    /// The text states the date, in prose or in a machine-readable format.
    Date,
    /// Each semicolon-separated member of the value is a part of the text, ignoring case.
    List,
    /// The rule derives the value from the text, such as an amount from its words.
    Derived,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldEvidence {
    /// The article's member; nested members are dotted: `dateline.place`.
    pub field: String,
    pub spans: Vec<Span>,
    /// The name of the rule that extracted the value.
    pub rule: String,
    /// The value that the rule derived from the spans. For `published` and `modified_at` it is the date as stated:
    /// `2025-04-07`, or a time with its offset, in UTC (`Z`) where no offset is stated.
    pub normalised: Option<String>,
    /// How the bytes at the spans yield that value; `null` if there are none.
    pub normalisation: Option<Normalisation>,
    /// Values found elsewhere in the document that were not used.
    #[serde(rename = "others")]
    pub alternatives: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Evidence {
    /// The encoding (WHATWG name) that decoded the raw bytes; spans are offsets into the decoded text.
    pub encoding: String,
    pub pieces: Vec<Piece>,
    pub fields: Vec<FieldEvidence>,
    /// What a limit excluded from extraction or indexing, by name.
    pub left_out: Vec<String>,
}

impl Evidence {
    /// Fills in each piece's text from the document's text.
    pub fn with_text(mut self, document: &str) -> Self {
        for piece in &mut self.pieces {
            piece.text = document.get(piece.start..piece.end).unwrap_or_default().to_owned();
        }
        self
    }

    pub fn without_text(mut self) -> Self {
        for piece in &mut self.pieces {
            piece.text = String::new();
        }
        self
    }
}
