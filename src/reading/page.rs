//! What a form's reader hands on: the facts it found with their spans, the paragraphs of the story, and the pieces that
//! the document falls into. All spans are UTF-8 bytes of the decoded text.

use crate::article::{Label, Piece, Published, Publisher, Span};
use std::collections::BTreeMap;

/// A deck is a sentence or two.
const DECK_BYTES: usize = 300;

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
    pub modified: Option<Finding<Published>>,
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

impl Page {
    /// Whether the pieces, one after another, are the text.
    pub fn tiles(&self, text: &str) -> bool {
        let mut at = 0;
        self.pieces.iter().all(|it| {
            let follows = it.start == at && it.start < it.end && text.is_char_boundary(it.end.min(text.len()));
            at = it.end;
            follows
        }) && at == text.len()
    }

    /// Whether the next paragraph may open with the dateline: it is the first, or only a deck can stand before it.
    pub(super) fn may_have_dateline(&self) -> bool {
        let before_is_deck = match self.body.as_slice() {
            [] => true,
            [only] => self.deck.is_none() && only.text.len() <= DECK_BYTES,
            _ => false,
        };
        self.dateline.is_none() && before_is_deck
    }

    /// A paragraph that stands before the dateline is the deck.
    pub(super) fn deck_before_dateline(&mut self) {
        if let Some(Paragraph { text, spans }) = self.body.pop() {
            self.deck = Some(Finding { value: text, spans, rule: "deck-before-dateline", others: Vec::new() });
        }
    }

    /// The same page after a beginning that its reader did not see.
    pub(super) fn behind(mut self, skipped: usize, reason: &str) -> Self {
        let moved = |it: &Span| Span { start: it.start + skipped, end: it.end + skipped };
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

    /// Moves every span to its place in another view of the document.
    pub(super) fn place(&mut self, moved: impl Fn(&[Span]) -> Vec<Span>) {
        let all = [
            spans(&mut self.headline),
            spans(&mut self.deck),
            spans(&mut self.dateline),
            spans(&mut self.authors),
            spans(&mut self.agency),
            spans(&mut self.publisher),
            spans(&mut self.published),
            spans(&mut self.modified),
            spans(&mut self.url),
            spans(&mut self.image),
            spans(&mut self.section),
            spans(&mut self.keywords),
            spans(&mut self.summary),
            spans(&mut self.language),
        ];
        let body = self.body.iter_mut().map(|it| Some(&mut it.spans));
        for spans in all.into_iter().chain(body).flatten() {
            *spans = moved(spans);
        }
    }

    /// The facts that are read from what readers are not shown, with their places.
    pub(super) fn mined(&self) -> Vec<(&'static str, &[Span])> {
        let all: [(&str, Option<&[Span]>); 12] = [
            ("dateline", places(&self.dateline)),
            ("agency", places(&self.agency)),
            ("byline", places(&self.authors)),
            ("publisher", places(&self.publisher)),
            ("published", places(&self.published)),
            ("modified", places(&self.modified)),
            ("url", places(&self.url)),
            ("image", places(&self.image)),
            ("section", places(&self.section)),
            ("keywords", places(&self.keywords)),
            ("summary", places(&self.summary)),
            ("language", places(&self.language)),
        ];
        all.into_iter().filter_map(|(name, spans)| spans.map(|it| (name, it))).collect()
    }
}

/// The pieces of a stretch of the document: the parts that lie within it, and between them what `gap` says. Of parts that
/// overlap, the first in the order given.
pub(super) fn tile<Reason: AsRef<str>>(stretch: Span, parts: &[(Span, Label, Reason)], gap: &str) -> Vec<Piece> {
    let mut placed: BTreeMap<usize, (usize, Label, &str)> = BTreeMap::new();
    for (span, label, reason) in parts {
        let before = placed.range(..span.end).next_back();
        let free = before.is_none_or(|(_, (end, ..))| *end <= span.start);
        if free && stretch.start <= span.start && span.start < span.end && span.end <= stretch.end {
            placed.insert(span.start, (span.end, *label, reason.as_ref()));
        }
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |start: usize, end: usize, label: Label, reason: &str| match pieces.last_mut() {
        _ if start == end => {}
        Some(last) if last.label == label && last.reason == reason => last.end = end,
        _ => pieces.push(Piece { start, end, label, reason: reason.to_owned(), text: String::new() }),
    };
    let mut at = stretch.start;
    for (start, (end, label, reason)) in placed {
        push(at, start, Label::Removed, gap);
        push(start, end, label, reason);
        at = end;
    }
    push(at, stretch.end, Label::Removed, gap);
    pieces
}

fn spans<T>(found: &mut Option<Finding<T>>) -> Option<&mut Vec<Span>> {
    found.as_mut().map(|it| &mut it.spans)
}

fn places<T>(found: &Option<Finding<T>>) -> Option<&[Span]> {
    found.as_ref().map(|it| it.spans.as_slice())
}
