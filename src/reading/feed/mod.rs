//! Reads feeds: one document, many articles. RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom, JSON Feed.
//!
//! 1. [`spans`] locates each entry and its members in the document, in JSON or in XML that may be malformed
//!    ([`lenient_xml`]).
//! 2. [`values`] interprets the members with a library that knows the dialects. It parses one entry at a time,
//!    rewritten as well-formed XML, so that an unreadable entry does not affect the others.
//! 3. [`entry`] turns an entry's metadata and body into a page of the whole document: every article of a feed has the
//!    feed as its raw document, and its pieces mark the part that is the article.

mod entry;
mod lenient_xml;
pub(super) mod signature;
mod spans;
pub(super) mod unescape;
mod values;
mod xml_tokens;

pub use signature::{JSON_FEED, MEDIA_TYPES, begins_like_one, is_json_feed, media_type};
pub use spans::Polling;

use super::{ReadError, decode, draft};
use crate::article::{Draft, RawDocument};
use crate::limits::FEED_ENTRIES;
use sha2::{Digest, Sha256};

/// An entry's name, index and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryName {
    pub at: usize,
    /// Its id within the feed, else its link, else the hash of its bytes.
    pub name: String,
    /// Hash of the entry's bytes in the document.
    pub sha256: String,
}

/// Returns the entries of a feed, and the error if it has more than the limit.
pub fn entries(document: &RawDocument) -> Result<(Vec<EntryName>, Option<ReadError>), ReadError> {
    let decoded = decode(document)?;
    let feed = open(decoded.without_mark())?;
    let found = feed.entries.len();
    let names = feed.entries.iter().take(FEED_ENTRIES).enumerate().map(|(at, entry)| {
        let bytes = &feed.document.as_bytes()[entry.span.start..entry.span.end];
        let sha256: String = hex::encode(Sha256::digest(bytes));
        EntryName { at, name: entry.id.clone().unwrap_or_else(|| format!("sha256:{sha256}")), sha256 }
    });
    Ok((names.collect(), (found > FEED_ENTRIES).then_some(ReadError::TooManyEntries { found })))
}

/// Returns the feed's polling hints, even if it has no entries.
pub fn polling(document: &RawDocument) -> Result<Polling, ReadError> {
    let decoded = decode(document)?;
    spans::find(decoded.without_mark()).map(|(about, _)| about.polling)
}

/// Returns the articles of the wanted entries; each fails on its own.
pub fn drafts(document: &RawDocument, wanted: &[usize]) -> Result<Vec<Result<Draft, ReadError>>, ReadError> {
    let decoded = decode(document)?;
    let feed = open(decoded.without_mark())?;
    let read = |at: &usize| {
        let entry = feed.entries.get(*at).ok_or(ReadError::NothingToRead)?;
        // What the library does not understand is read from the members themselves.
        let values = values::of(feed.document, &feed.about, entry).unwrap_or_default();
        let page = entry::page(feed.document, &feed.about, entry, values, document.url.as_deref());
        draft::draft(document, &decoded, page)
    };
    Ok(wanted.iter().map(read).collect())
}

struct Feed<'a> {
    document: &'a str,
    about: spans::About,
    entries: Vec<spans::FeedEntry>,
}

fn open(document: &str) -> Result<Feed<'_>, ReadError> {
    let (about, entries) = spans::find(document)?;
    match entries.is_empty() {
        true => Err(ReadError::NothingToRead),
        false => Ok(Feed { document, about, entries }),
    }
}

#[cfg(test)]
mod tests;
