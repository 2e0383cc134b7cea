//! What an entry's members mean. `feedparser-rs` knows the dialects: which of three kinds of dates is meant, in which of
//! thirty spellings, who an author is, what a link is relative to.

use super::{
    places::{About, Dialect, Entry},
    xml,
};
use crate::reading::{ReadError, limits::STATED_VALUES};
use feedparser_rs::{ParseOptions, ParserLimits};

/// What stands around an item of a JSON Feed.
const JSON_BEFORE: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"","items":["#;
const JSON_AFTER: &str = "]}";

pub fn of(document: &str, about: &About, entry: &Entry) -> Result<feedparser_rs::Entry, ReadError> {
    let mut alone = String::new();
    match &about.dialect {
        Dialect::Xml { around } => {
            around.iter().for_each(|(name, attributes)| xml::start_tag(name, attributes, &mut alone));
            xml::well_formed(document, entry.span, &mut alone);
            around.iter().rev().for_each(|(name, _)| xml::end_tag(name, &mut alone));
        }
        Dialect::Json => {
            alone.push_str(JSON_BEFORE);
            alone.push_str(&document[entry.span.start..entry.span.end]);
            alone.push_str(JSON_AFTER);
        }
    }
    let malformed = |reason: String| ReadError::MalformedFeed { reason };
    // Nothing is rewritten here: what is shown of an entry is read from the document itself.
    // Of more values than are kept one more is asked for, which tells that there are.
    let most = STATED_VALUES + 1;
    let limits = ParserLimits { max_tags: most, max_authors: most, ..ParserLimits::default() };
    let options = ParseOptions { resolve_relative_uris: false, sanitize_html: false, limits };
    let feed = feedparser_rs::parse_with_options(alone.as_bytes(), &options).map_err(|it| malformed(it.to_string()))?;
    let reason = feed.bozo_exception.unwrap_or_else(|| "the entry is in no dialect of feeds".to_owned());
    feed.entries.into_iter().next().ok_or_else(|| malformed(reason))
}
