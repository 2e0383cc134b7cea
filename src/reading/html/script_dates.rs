//! The date of publication in a page's scripts, where sites keep their articles' data as JSON.

use super::{candidate::Candidate, scan::Scan};
use crate::{
    article::{Instant, Precision, Published, Span},
    enrich::dates,
};

/// Names of members that hold the date of publication, then that of creation, best first.
const MEMBERS: [&str; 16] = [
    "datePublished",
    "publishedFirst",
    "firstPublished",
    "firstPublishedAt",
    "publishedAt",
    "published_at",
    "publishDate",
    "publish_date",
    "publishedDate",
    "published_date",
    "publicationDate",
    "publication_date",
    "pubDate",
    "dateCreated",
    "created_at",
    "createdAt",
];
/// Maximum bytes between a member's name and the end of its value.
const VALUE_BYTES: usize = 60;

/// Returns the first date of the best member that the scripts have.
pub fn first(document: &str, scan: &Scan) -> Option<(Published, Candidate)> {
    let scripts = || scan.silent.iter().filter(|(_, kind)| *kind == "script").map(|(span, _)| span);
    MEMBERS.iter().find_map(|member| scripts().find_map(|script| in_script(document, script, member)))
}

fn in_script(document: &str, script: &Span, member: &str) -> Option<(Published, Candidate)> {
    let text = &document[script.start..script.end];
    let (at, _) = text.match_indices(member).find(|(at, _)| is_member(text, *at, member))?;
    let from = at + member.len();
    let rest = &text[from..];
    // The name may be quoted, with escaped quotation marks within a string.
    let is_mark = |letter: char| matches!(letter, '"' | '\'' | '\\' | ':' | ' ');
    let value = rest.trim_start_matches(is_mark);
    let start = from + (rest.len() - value.len());
    let end = value.find(['"', '\'', '\\', ',', '}', '\n']).unwrap_or(value.len());
    let value = value.get(..end).filter(|value| value.len() <= VALUE_BYTES)?;
    let published = dates::any(value).or_else(|| of_epoch(value))?;
    let span = Span { start: script.start + start, end: script.start + start + end };
    Some((published, Candidate { text: value.to_owned(), spans: vec![span], rule: "script" }))
}

/// Whether a name at an offset is the whole name of a member with a value.
fn is_member(text: &str, at: usize, member: &str) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + member.len()..].trim_start_matches(['"', '\'', '\\', ' ']);
    !before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
        && after.starts_with(':')
}

/// Returns the moment of seconds or milliseconds since 1970.
fn of_epoch(value: &str) -> Option<Published> {
    let number: i64 = value.trim().parse().ok()?;
    let milliseconds = match value.trim().len() {
        10 => number.checked_mul(1000)?,
        13 => number,
        _ => return None,
    };
    let at = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
    Instant::from_timestamp(at)?;
    dates::of_moment(at, None, Precision::Second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_from_whole_members_of_scripts() {
        for (script, expected) in [
            (r#"{"publishedFirst":"2025-04-07T10:00:00+02:00"}"#, Some("2025-04-07T10:00:00+02:00")),
            (r#"var a = {created_at: '2025-04-07'};"#, Some("2025-04-07")),
            (r#""{\"publishDate\":\"7 April 2025\"}""#, Some("7 April 2025")),
            (r#"{"published_at":1744020000}"#, Some("1744020000")),
            (r#"{"created_at":"2025-01-01","datePublished":"2025-04-07"}"#, Some("2025-04-07")),
            (r#"{"x-datePublished":"2025-04-07","datePublished.x":"2025-04-07"}"#, None),
            (r#"if (a.datePublished) {}"#, None),
        ] {
            let document = format!("<script>{script}</script>");
            let scan = super::super::scan::scan(&document).expect("within the limits");
            let found = first(&document, &scan).map(|(_, candidate)| {
                let span = candidate.spans[0];
                document[span.start..span.end].to_owned()
            });
            assert_eq!(found.as_deref(), expected, "{script}");
        }
    }
}
