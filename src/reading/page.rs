//! What a form's reader hands on: the facts it found with their spans, the paragraphs of the story, and the pieces that
//! the document falls into. All spans are UTF-8 bytes of the decoded text.

use crate::article::{Instant, Piece, Published, Publisher, Span};

/// A fact, and how it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<T> {
    pub value: T,
    /// Where it was read; more than one where it stands in parts or was confirmed.
    pub spans: Vec<Span>,
    /// The rule that read it, by name: `headline-repeated`, `json-ld`.
    pub rule: &'static str,
    /// What other places said, where they said something else.
    pub others: Vec<String>,
}

impl<T> Finding<T> {
    pub fn new(value: T, span: Span, rule: &'static str) -> Self {
        Self { value, spans: vec![span], rule, others: Vec::new() }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Finding<U> {
        Finding { value: change(self.value), spans: self.spans, rule: self.rule, others: self.others }
    }
}

/// A paragraph of the story as readers see it: white space is one blank, entities are resolved. A heading or a list item
/// within the story is a paragraph too.
#[derive(Clone, Debug, PartialEq)]
pub struct Paragraph {
    pub text: String,
    pub spans: Vec<Span>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// In order, without gap or overlap, from the first byte to the last. Their `text` stays empty.
    pub pieces: Vec<Piece>,
    pub headline: Option<Finding<String>>,
    pub deck: Option<Finding<String>>,
    /// The dateline as printed, without its punctuation. It is no part of the body.
    pub dateline: Option<Finding<String>>,
    /// Without the dateline and without the deck.
    pub body: Vec<Paragraph>,
    pub authors: Option<Finding<Vec<String>>>,
    pub agency: Option<Finding<String>>,
    pub publisher: Option<Finding<Publisher>>,
    /// Only where the document states a full date.
    pub published: Option<Finding<Published>>,
    pub modified_at: Option<Finding<Instant>>,
    /// Absolute; canonical only in that the document says so.
    pub url: Option<Finding<String>>,
    pub image: Option<Finding<String>>,
    pub section: Option<Finding<String>>,
    pub keywords: Option<Finding<Vec<String>>>,
    /// A description that the publisher wrote for the page and that is not the deck.
    pub summary: Option<Finding<String>>,
    /// BCP 47, as declared; followed only where the text itself does not tell.
    pub language: Option<Finding<String>>,
    /// Whether the document says that it holds only a part of the article.
    pub partial: bool,
    /// What a limit kept from being read, by name.
    pub left_out: Vec<String>,
}
