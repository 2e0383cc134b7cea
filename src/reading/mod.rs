//! Reading turns a raw document into a draft with its evidence. It stores nothing and reads no clock: the same document
//! always gives the same draft.
//!
//! 1. [`encoding`] decodes the bytes, in the encoding that they prove, and detects the document's format.
//! 2. The format's reader (`text`, `markdown`, [`html`]; [`feed`] for each entry) makes a [`ParsedPage`]: the facts it
//!    found, their spans, and a label for every byte.
//! 3. `draft` turns the page into an article's facts: the dateline's place, the language, the length, and the
//!    annotations (`annotate`): names, topics, quantities, dates, each mapped back to its document span (`offset_map`).
//!
//! Nothing is invented: a fact that no rule reads is null. Nothing is dropped: the page's pieces, concatenated, are the
//! document.

mod annotate;
mod block_lines;
mod draft;
mod encoding;
mod error;
mod evidence_fields;
pub mod feed;
pub mod html;
mod json;
mod markdown;
mod normalisation;
mod offset_map;
mod page;
mod publication_date;
mod sniff;
mod text;
mod trees;
mod visible_text;

pub use annotate::DERIVED_KEYWORDS;
pub use encoding::{Decoded, decode};
pub use error::ReadError;
pub use html::examples as block_examples;
pub use page::{Finding, Paragraph, ParsedPage};
pub use sniff::{DocumentFormat, form};
pub use text::{examples as line_examples, headline_examples};

use crate::article::{Draft, RawDocument};

/// Changes whenever the rules read any document differently.
pub const RULES_VERSION: &str = "9";

/// Reads a document that holds one article. [`feed::drafts`] reads the entries of a feed.
pub fn read(document: &RawDocument) -> Result<Draft, ReadError> {
    let decoded = decode(document)?;
    let text = decoded.without_mark();
    let page = match decoded.form {
        DocumentFormat::Text => text::read(text),
        DocumentFormat::Markdown => markdown::read(text),
        DocumentFormat::Html => html::read(text, document.url.as_deref(), document.retrieved_at),
        DocumentFormat::Feed => return Err(ReadError::IsFeed),
    };
    draft::draft(document, &decoded, page)
}

#[cfg(test)]
mod tests;
