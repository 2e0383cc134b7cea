//! Where each fact was read, and what became of every byte of the raw document.

use serde::{Deserialize, Serialize};

/// Half-open, in UTF-8 bytes of the raw document's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Shown to readers, word for word.
    Kept,
    /// Not part of the article.
    Removed,
    /// Not shown, but a fact was read from it.
    Mined,
}

/// A run of the raw document with one fate. The pieces of a document follow one another without gap or overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Piece {
    pub start: usize,
    pub end: usize,
    pub label: Label,
    pub reason: String,
    /// The text of the run. Stored without it: it is cut from the raw document when it is shown.
    #[serde(default)]
    pub text: String,
}

/// How the text at a fact's spans, one after another, gives its value. White space, what is invisible, and the bars that set
/// the cells of a table's row apart do not count; references and escapes are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// It is the value.
    Text,
    /// The value is a part of it.
    Within,
    /// It states the date, in the words of people or the form of machines.
    Date,
    /// Each member of the value, which semicolons separate, is a part of it, in whichever case.
    List,
    /// The rule concludes the value from it, as an amount from its words.
    Derived,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldEvidence {
    /// The member of the article, dotted where it is nested: `dateline.place`.
    pub field: String,
    pub spans: Vec<Span>,
    /// The rule that read it, by name.
    pub rule: String,
    /// The value that the rule made of the spans; of `published` and `modified_at` what is stated: `2025-04-07`, or a moment
    /// with its offset, in UTC (`Z`) where none is stated.
    pub normalised: Option<String>,
    /// How the bytes at the spans give that value; `null` where there are none.
    pub normalisation: Option<Normalisation>,
    /// What other places in the document said, where they were not followed.
    pub others: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Evidence {
    /// The encoding (WHATWG name) that turned the raw bytes into the text that spans count in.
    pub encoding: String,
    pub pieces: Vec<Piece>,
    pub fields: Vec<FieldEvidence>,
    /// What a limit kept from being read or filed, by name.
    pub left_out: Vec<String>,
}

impl Evidence {
    /// The same evidence with each piece's text cut from the document's text.
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
