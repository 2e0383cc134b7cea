//! The formats that articles are written in, besides the archive's own JSON. Each is a function of the article alone.
//!
//! | format | file | specification |
//! | --- | --- | --- |
//! | plain text | [`plain_text`] | |
//! | Markdown | [`markdown`] | CommonMark 0.31 |
//! | schema.org `NewsArticle` | [`json_ld`] | schema.org 29, JSON-LD 1.1 |
//! | ninjs 3.1 and 2.2 | [`ninjs`] | IPTC ninjs |
//! | NewsML-G2 2.34 | [`newsml`] | IPTC NewsML-G2, conformance `power` |
//! | JSON Feed, Atom, RSS | [`feed`], of lists | |
//! | CSV | [`csv`], of exports | RFC 4180 |
//! | Apache Parquet | `parquet`, of exports (feature `local`) | |
//!
//! What a format has no member for is left out of it. What an article does not state is left out too: no format gets a
//! guess. A publication date of which only the day is known never becomes a time, but in feeds, which have nothing else.

pub mod csv;
pub mod feed;
pub mod json_ld;
pub mod markdown;
pub mod newsml;
pub mod ninjs;
#[cfg(feature = "local")]
pub mod parquet;
pub mod plain_text;
mod uri;
mod xml;

use crate::article::Article;
use serde_json::Value;

/// Where the subjects of IPTC Media Topics are published.
const MEDIA_TOPICS: &str = "http://cv.iptc.org/newscodes/mediatopic/";

/// Returns the paragraphs of the body, the first one with the dateline before it.
fn paragraphs(article: &Article) -> impl Iterator<Item = String> {
    let dateline = article.facts.dateline.as_ref().map(|dateline| format!("{}: ", dateline.text)).unwrap_or_default();
    article
        .detail
        .body
        .iter()
        .enumerate()
        .map(move |(index, paragraph)| if index == 0 { format!("{dateline}{paragraph}") } else { paragraph.clone() })
}

/// Returns the body as text: its paragraphs, with an empty line between two.
fn body_text(article: &Article) -> Option<String> {
    (!article.detail.body.is_empty()).then(|| article.detail.body.join("\n\n"))
}

/// Returns the names of the authors, as a byline lists them.
fn byline(article: &Article) -> Option<String> {
    let names: Vec<&str> = article.facts.authors.iter().map(|author| author.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Removes the members and elements that are null, and the lists that are then empty.
fn without_absent(value: Value) -> Value {
    let is_present = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, without_absent(value)));
            Value::Object(members.filter(|(_, value)| is_present(value)).collect())
        }
        Value::Array(elements) => {
            Value::Array(elements.into_iter().map(without_absent).filter(|value| is_present(value)).collect())
        }
        value => value,
    }
}
