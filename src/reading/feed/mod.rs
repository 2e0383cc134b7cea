//! Feeds: one document, many articles. RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom, JSON Feed.
//!
//! 1. [`places`]: where each entry and each of its members stands in the document, in XML that may be none ([`xml`]) or
//!    in JSON.
//! 2. [`values`]: what the members mean, by a library that knows the dialects. It is given one entry at a time, written
//!    again in XML that is well formed, so that an entry that cannot be read spoils no other.
//! 3. [`entry`]: an entry's facts and its story, as a page of the whole document: every article of a feed has the
//!    feed as its raw document, and its pieces say which part of it is the article's.

mod entry;
pub(super) mod escapes;
mod places;
mod values;
mod xml;

pub use places::Polling;

use super::{ReadError, decode, draft, limits::FEED_ENTRIES};
use crate::article::{Draft, RawDocument};
use sha2::{Digest, Sha256};

/// What a document begins with, when it is a feed.
const ROOTS: [&str; 4] = ["<rss", "<feed", "<rdf:rdf", "<atom:feed"];
/// How the `version` of a JSON Feed begins (JSON Feed 1.1, "Top-level").
const JSON_VERSION: &str = "https://jsonfeed.org/version/";

/// As feeds are sent; plain XML must begin like one.
pub const MEDIA_TYPES: [&str; 4] = ["application/rss+xml", "application/atom+xml", "application/rdf+xml", JSON_FEED];
pub const JSON_FEED: &str = "application/feed+json";

/// Which of them a feed is.
pub fn media_type(document: &str) -> &'static str {
    let begins = |it: &str| document.find(it).is_some_and(|at| at < PROLOGUE_BYTES);
    match document.trim_start_matches('\u{feff}').trim_start() {
        it if it.starts_with('{') => JSON_FEED,
        _ if begins("<feed") || begins("<atom:feed") => "application/atom+xml",
        _ if begins("<rdf:RDF") => "application/rdf+xml",
        _ => "application/rss+xml",
    }
}

/// How far from its beginning a feed's root is looked for.
const PROLOGUE_BYTES: usize = 4096;

/// Whether a document that begins like this is a feed. `start` in lower case.
pub fn begins_like_one(start: &str) -> bool {
    if start.starts_with('{') {
        return start.contains(JSON_VERSION) || start.contains(&JSON_VERSION.replace('/', "\\/"));
    }
    let mut rest = start.trim_start();
    // Declarations, instructions and comments may stand before the root.
    while rest.starts_with("<?") || rest.starts_with("<!") {
        let end = if rest.starts_with("<!--") { "-->" } else { ">" };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
    ROOTS.iter().any(|it| rest.strip_prefix(it).is_some_and(|it| !it.starts_with(|it: char| it.is_alphanumeric())))
}

/// Whether JSON is a feed and not a raw document in its envelope.
pub fn is_json_feed(json: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: String,
    }
    serde_json::from_slice::<Versioned>(json).is_ok_and(|it| it.version.starts_with(JSON_VERSION))
}

/// An entry by its place among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryName {
    pub at: usize,
    /// Its id within the feed, else its link, else what tells it from all others.
    pub name: String,
    /// Of the entry as it stands.
    pub sha256: String,
}

/// The entries of a feed, and what a limit leaves out.
pub fn entries(document: &RawDocument) -> Result<(Vec<EntryName>, Option<ReadError>), ReadError> {
    let decoded = decode(document)?;
    let feed = open(decoded.without_mark())?;
    let found = feed.entries.len();
    let names = feed.entries.iter().take(FEED_ENTRIES).enumerate().map(|(at, it)| {
        let text = &feed.document.as_bytes()[it.span.start..it.span.end];
        let sha256: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        EntryName { at, name: it.id.clone().unwrap_or_else(|| format!("sha256:{sha256}")), sha256 }
    });
    Ok((names.collect(), (found > FEED_ENTRIES).then_some(ReadError::TooManyEntries { found })))
}

/// What it says to those who poll it, also where it has no entry.
pub fn polling(document: &RawDocument) -> Result<Polling, ReadError> {
    let decoded = decode(document)?;
    places::find(decoded.without_mark()).map(|(about, _)| about.polling)
}

/// The articles of some entries, each by itself.
pub fn drafts(document: &RawDocument, wanted: &[usize]) -> Result<Vec<Result<Draft, ReadError>>, ReadError> {
    let decoded = decode(document)?;
    let feed = open(decoded.without_mark())?;
    let read = |at: &usize| {
        let entry = feed.entries.get(*at).ok_or(ReadError::NothingToRead)?;
        let values = values::of(feed.document, &feed.about, entry)?;
        let page = entry::page(feed.document, &feed.about, entry, values, document.url.as_deref());
        draft::draft(document, &decoded, page)
    };
    Ok(wanted.iter().map(read).collect())
}

struct Feed<'a> {
    document: &'a str,
    about: places::About,
    entries: Vec<places::Entry>,
}

fn open(document: &str) -> Result<Feed<'_>, ReadError> {
    let (about, entries) = places::find(document)?;
    match entries.is_empty() {
        true => Err(ReadError::NothingToRead),
        false => Ok(Feed { document, about, entries }),
    }
}

#[cfg(test)]
mod tests;
