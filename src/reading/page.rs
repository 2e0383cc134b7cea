//! The result of a format's reader: the facts it found with their spans, the paragraphs of the body, and the pieces
//! that the document is split into. All spans are UTF-8 byte offsets into the decoded text.

use crate::article::{Label, Piece, Published, Publisher, Span};
use std::collections::BTreeMap;

/// Maximum bytes of a deck: a sentence or two.
const DECK_BYTES: usize = 300;

/// A fact, and how it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<T> {
    pub value: T,
    /// Where it was read; several spans if the value is split or was confirmed elsewhere.
    pub spans: Vec<Span>,
    /// The name of the rule that read it: `headline-repeated`, `json-ld`.
    pub rule: &'static str,
    /// Different values that the document states elsewhere.
    pub alternatives: Vec<String>,
}

impl<T> Finding<T> {
    pub fn new(value: T, span: Span, rule: &'static str) -> Self {
        Self { value, spans: vec![span], rule, alternatives: Vec::new() }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Finding<U> {
        Finding { value: change(self.value), spans: self.spans, rule: self.rule, alternatives: self.alternatives }
    }
}

/// A paragraph of the body as readers see it: white space is collapsed, entities are resolved. A heading or a list item
/// within the body is a paragraph too.
#[derive(Clone, Debug, PartialEq)]
pub struct Paragraph {
    pub text: String,
    pub spans: Vec<Span>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParsedPage {
    /// In order, without gap or overlap, from the first byte to the last. Their `text` stays empty.
    pub pieces: Vec<Piece>,
    pub headline: Option<Finding<String>>,
    pub deck: Option<Finding<String>>,
    /// The dateline as printed, without its punctuation. Not part of the body.
    pub dateline: Option<Finding<String>>,
    /// Without the dateline and without the deck.
    pub body: Vec<Paragraph>,
    pub authors: Option<Finding<Vec<String>>>,
    pub agency: Option<Finding<String>>,
    pub publisher: Option<Finding<Publisher>>,
    /// Only where the document states a full date.
    pub published: Option<Finding<Published>>,
    pub modified: Option<Finding<Published>>,
    /// Absolute; canonical only by the document's own statement.
    pub url: Option<Finding<String>>,
    pub image: Option<Finding<String>>,
    pub section: Option<Finding<String>>,
    pub keywords: Option<Finding<Vec<String>>>,
    /// A description that the publisher wrote for the page and that is not the deck.
    pub summary: Option<Finding<String>>,
    /// The declared BCP 47 tag; overruled if the text is detected to be in another language.
    pub language: Option<Finding<String>>,
    /// Whether the document states that it holds only part of the article.
    pub partial: bool,
    /// What was not read because of a limit, which each entry names.
    pub left_out: Vec<String>,
}

impl ParsedPage {
    /// Whether the pieces, concatenated, are the text.
    pub fn tiles(&self, text: &str) -> bool {
        let mut at = 0;
        self.pieces.iter().all(|piece| {
            let follows =
                piece.start == at && piece.start < piece.end && text.is_char_boundary(piece.end.min(text.len()));
            at = piece.end;
            follows
        }) && at == text.len()
    }

    /// Whether the next paragraph may open with the dateline: it is the first, or only a possible deck precedes it.
    pub(super) fn may_have_dateline(&self) -> bool {
        let before_is_deck = match self.body.as_slice() {
            [] => true,
            [only] => self.deck.is_none() && only.text.len() <= DECK_BYTES,
            _ => false,
        };
        self.dateline.is_none() && before_is_deck
    }

    /// Turns the paragraph before the dateline into the deck.
    pub(super) fn deck_before_dateline(&mut self) {
        if let Some(Paragraph { text, spans }) = self.body.pop() {
            self.deck = Some(Finding { value: text, spans, rule: "deck-before-dateline", alternatives: Vec::new() });
        }
    }

    /// Shifts the page behind the first `skipped` bytes, which its reader did not see and which become a removed piece.
    pub(super) fn behind(mut self, skipped: usize, reason: &str) -> Self {
        let moved = |span: &Span| Span { start: span.start + skipped, end: span.end + skipped };
        self.place(|spans| spans.iter().map(moved).collect());
        for piece in &mut self.pieces {
            piece.start += skipped;
            piece.end += skipped;
        }
        let reason = reason.to_owned();
        let beginning = Piece { start: 0, end: skipped, label: Label::Removed, reason, text: String::new() };
        self.pieces.insert(0, beginning);
        self
    }

    /// Maps every span to another view of the document.
    pub(super) fn place(&mut self, moved: impl Fn(&[Span]) -> Vec<Span>) {
        let all = [
            spans_mut(&mut self.headline),
            spans_mut(&mut self.deck),
            spans_mut(&mut self.dateline),
            spans_mut(&mut self.authors),
            spans_mut(&mut self.agency),
            spans_mut(&mut self.publisher),
            spans_mut(&mut self.published),
            spans_mut(&mut self.modified),
            spans_mut(&mut self.url),
            spans_mut(&mut self.image),
            spans_mut(&mut self.section),
            spans_mut(&mut self.keywords),
            spans_mut(&mut self.summary),
            spans_mut(&mut self.language),
        ];
        let body = self.body.iter_mut().map(|paragraph| Some(&mut paragraph.spans));
        for spans in all.into_iter().chain(body).flatten() {
            *spans = moved(spans);
        }
    }

    /// Returns the facts that are read as metadata instead of kept as text, with their spans.
    pub(super) fn mined(&self) -> Vec<(&'static str, &[Span])> {
        let all: [(&str, Option<&[Span]>); 12] = [
            ("dateline", spans(&self.dateline)),
            ("agency", spans(&self.agency)),
            ("byline", spans(&self.authors)),
            ("publisher", spans(&self.publisher)),
            ("published", spans(&self.published)),
            ("modified", spans(&self.modified)),
            ("url", spans(&self.url)),
            ("image", spans(&self.image)),
            ("section", spans(&self.section)),
            ("keywords", spans(&self.keywords)),
            ("summary", spans(&self.summary)),
            ("language", spans(&self.language)),
        ];
        all.into_iter().filter_map(|(name, spans)| spans.map(|spans| (name, spans))).collect()
    }
}

/// Splits a range of the document into pieces: the parts that lie within it, and between them removed pieces with the
/// reason `gap`. Of overlapping parts, the first in the given order wins.
pub(super) fn tile<Reason: AsRef<str>>(range: Span, parts: &[(Span, Label, Reason)], gap: &str) -> Vec<Piece> {
    let mut placed: BTreeMap<usize, (usize, Label, &str)> = BTreeMap::new();
    for (span, label, reason) in parts {
        let before = placed.range(..span.end).next_back();
        let free = before.is_none_or(|(_, (end, ..))| *end <= span.start);
        if free && range.start <= span.start && span.start < span.end && span.end <= range.end {
            placed.insert(span.start, (span.end, *label, reason.as_ref()));
        }
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |start: usize, end: usize, label: Label, reason: &str| match pieces.last_mut() {
        _ if start == end => {}
        Some(last) if last.label == label && last.reason == reason => last.end = end,
        _ => pieces.push(Piece { start, end, label, reason: reason.to_owned(), text: String::new() }),
    };
    let mut at = range.start;
    for (start, (end, label, reason)) in placed {
        push(at, start, Label::Removed, gap);
        push(start, end, label, reason);
        at = end;
    }
    push(at, range.end, Label::Removed, gap);
    pieces
}

fn spans_mut<T>(found: &mut Option<Finding<T>>) -> Option<&mut Vec<Span>> {
    found.as_mut().map(|finding| &mut finding.spans)
}

fn spans<T>(found: &Option<Finding<T>>) -> Option<&[Span]> {
    found.as_ref().map(|finding| finding.spans.as_slice())
}
