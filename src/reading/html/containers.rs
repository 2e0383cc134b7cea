//! The block elements of a page: where each block of text is.

use super::{
    name_groups::{Groups, groups},
    tag::Tag,
};

/// A block element of the page. The first one of a scan stands for the page itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Container {
    /// Index of the block element that it is in; lower than its own.
    pub parent: usize,
    pub depth: usize,
    /// Which of [`CONTEXT`] it is or is in: one bit each.
    pub context: u16,
    /// The groups of its names, and those of the elements around it.
    pub named: Groups,
    pub within: Groups,
}

/// Elements that say what their content is.
pub const CONTEXT: [&str; 13] = [
    "article",
    "main",
    "section",
    "aside",
    "header",
    "footer",
    "nav",
    "figure",
    "ul",
    "ol",
    "table",
    "form",
    "blockquote",
];

impl Container {
    /// Returns an element within this one, whose index is `parent`.
    pub fn child(&self, parent: usize, name: &str, tag: &Tag) -> Self {
        let bit = CONTEXT.iter().position(|element| *element == name).map_or(0, |at| 1 << at);
        Self {
            parent,
            depth: self.depth + 1,
            context: self.context | bit,
            named: groups(tag),
            within: self.within | self.named,
        }
    }
}
