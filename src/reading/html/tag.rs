//! A start tag, in memory that the next one takes over: a page has thousands.

use crate::article::Span;
use std::ops::Range;

#[derive(Default)]
pub struct Tag {
    pub name: String,
    /// Where it begins, in the document.
    pub start: usize,
    attributes: Vec<Attribute>,
    /// The names and values of all of them.
    text: String,
}

struct Attribute {
    name: Range<usize>,
    value: Range<usize>,
    /// Where its name begins, and where its value stands without quotation marks.
    start: usize,
    value_span: Span,
}

impl Tag {
    pub fn open(&mut self, name: &[u8], start: usize) {
        self.attributes.clear();
        self.text.clear();
        self.name.clear();
        self.name.push_str(&String::from_utf8_lossy(name));
        self.start = start;
    }

    pub fn push_name(&mut self, name: &[u8], span: Span) {
        let name = self.push(name);
        let value = name.end..name.end;
        let value_span = Span { start: span.end, end: span.end };
        self.attributes.push(Attribute { name, value, start: span.start, value_span });
    }

    pub fn push_value(&mut self, value: &[u8], span: Span) {
        let value = self.push(value);
        if let Some(last) = self.attributes.last_mut() {
            (last.value, last.value_span) = (value, span);
        }
    }

    fn push(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(&String::from_utf8_lossy(text));
        start..self.text.len()
    }

    pub fn is_bare(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The first of a name counts.
    fn find(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|it| &self.text[it.name.clone()] == name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// What an attribute says, if it says anything, and where.
    pub fn attribute(&self, name: &str) -> Option<(&str, Span)> {
        let found = self.find(name)?;
        let value = self.text[found.value.clone()].trim();
        (!value.is_empty()).then_some((value, found.value_span))
    }

    /// The name of each attribute, and its place, without the quotation mark that may close it.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Span)> {
        self.attributes.iter().map(|it| (&self.text[it.name.clone()], Span { start: it.start, end: it.value_span.end }))
    }
}
