//! Reading: a raw document in, a draft with its evidence out. Nothing is stored and no clock is read: the same document
//! gives the same draft.
//!
//! 1. [`decode`]: the bytes become text, in the encoding that they prove, and the form is found out.
//! 2. The form's reader (`text`, `markdown`, [`html`]; [`feed`] for each entry) makes a [`Page`]: what it found, where,
//!    and what became of every byte.
//! 3. `draft` turns the page into an article's facts: the dateline's place, the language, the length, and what its words
//!    mean (`meaning`): names, topics, quantities, dates, each back at its place in the document (`locate`).
//!
//! Nothing is invented: a fact that no rule reads is null. Nothing is dropped: the page's pieces, one after another, are
//! the document.

mod decode;
mod draft;
mod error;
pub mod feed;
pub mod html;
mod json;
pub mod limits;
mod locate;
mod markdown;
mod meaning;
mod page;
mod reread;
mod shown;
mod text;
mod view;

pub use decode::{Decoded, Form, decode, form};
pub use error::ReadError;
pub use meaning::DERIVED_KEYWORDS;
pub use page::{Finding, Page, Paragraph};
pub use text::examples;

use crate::article::{Draft, RawDocument};

/// Changes whenever the rules read some document differently.
pub const RULES_VERSION: &str = "5";

/// The article of a document that holds one. The entries of a feed are read by [`feed::drafts`].
pub fn read(document: &RawDocument) -> Result<Draft, ReadError> {
    let decoded = decode(document)?;
    let text = decoded.without_mark();
    let page = match decoded.form {
        Form::Text => text::read(text),
        Form::Markdown => markdown::read(text),
        Form::Html => html::read(text, document.url.as_deref(), document.retrieved_at),
        Form::Feed => return Err(ReadError::IsFeed),
    };
    draft::draft(document, &decoded, page)
}

#[cfg(test)]
mod tests;
