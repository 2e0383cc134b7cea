//! Interprets an entry's members. `feedparser-rs` knows the dialects: three kinds of dates in thirty spellings,
//! authors, the base of relative links.

use super::{
    lenient_xml,
    spans::{About, Dialect, FeedEntry},
};
use crate::{limits::STATED_VALUES, reading::ReadError};
use feedparser_rs::{ParseOptions, ParserLimits};

/// Wrapper that makes a JSON Feed of a single item.
const JSON_BEFORE: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"","items":["#;
const JSON_AFTER: &str = "]}";

pub fn of(document: &str, about: &About, entry: &FeedEntry) -> Result<feedparser_rs::Entry, ReadError> {
    let mut alone = String::new();
    match &about.dialect {
        Dialect::Xml { around } => {
            let root = [("rss".to_owned(), vec![("version".to_owned(), "2.0".to_owned())])];
            let around = if around.is_empty() { root.as_slice() } else { around.as_slice() };
            around.iter().for_each(|(name, attributes)| lenient_xml::start_tag(name, attributes, &mut alone));
            lenient_xml::well_formed(document, entry.span, &mut alone);
            around.iter().rev().for_each(|(name, _)| lenient_xml::end_tag(name, &mut alone));
        }
        Dialect::Json => {
            alone.push_str(JSON_BEFORE);
            alone.push_str(&document[entry.span.start..entry.span.end]);
            alone.push_str(JSON_AFTER);
        }
    }
    let malformed = |reason: String| ReadError::MalformedFeed { reason };
    // The parser rewrites nothing: what is shown of an entry is read from the document itself.
    // One value more than is kept, to detect that there are more.
    let most = STATED_VALUES + 1;
    let limits = ParserLimits { max_tags: most, max_authors: most, ..ParserLimits::default() };
    let options = ParseOptions { resolve_relative_uris: false, sanitize_html: false, limits };
    let feed =
        feedparser_rs::parse_with_options(alone.as_bytes(), &options).map_err(|error| malformed(error.to_string()))?;
    let reason = feed.bozo_exception.unwrap_or_else(|| "the entry is not in a known feed dialect".to_owned());
    feed.entries.into_iter().next().ok_or_else(|| malformed(reason))
}
