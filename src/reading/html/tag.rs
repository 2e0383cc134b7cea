//! A start tag. Its buffers are reused for the next tag, because a page has thousands.

use crate::article::Span;
use std::ops::Range;

#[derive(Default)]
pub struct Tag {
    pub name: String,
    /// The byte offset in the document where it begins.
    pub start: usize,
    attributes: Vec<Attribute>,
    /// The names and values of all attributes, concatenated.
    text: String,
}

struct Attribute {
    name: Range<usize>,
    value: Range<usize>,
    /// The offset of its name, and the span of its value without quotation marks.
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

    /// Returns the first attribute of a name; later duplicates are ignored.
    fn find(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &self.text[attribute.name.clone()] == name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Returns the trimmed value of an attribute, if it is not empty, with its span.
    pub fn attribute(&self, name: &str) -> Option<(&str, Span)> {
        let found = self.find(name)?;
        let value = self.text[found.value.clone()].trim();
        (!value.is_empty()).then_some((value, found.value_span))
    }

    /// Returns the name and span of each attribute, without the quotation mark that may close it.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Span)> {
        self.attributes.iter().map(|attribute| {
            (&self.text[attribute.name.clone()], Span { start: attribute.start, end: attribute.value_span.end })
        })
    }
}
