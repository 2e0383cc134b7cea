//! OPML 2.0: import and export of the lists of feeds that feed readers exchange.
//!
//! Folders are not kept: sources are not grouped. Outlines that are not feeds are reported, not skipped.

use super::{BadSetting, Source, SourceSettings};
use crate::limits::{OPML_BYTES, OPML_DEPTH};
use opml::{Body, Head, OPML, Outline};

#[derive(Debug, thiserror::Error)]
pub enum BadList {
    #[error("expected at most {OPML_BYTES} bytes")]
    TooLarge,
    #[error("expected folders at most {OPML_DEPTH} deep")]
    TooDeep,
    #[error("not an OPML document: {0}")]
    Unreadable(String),
}

/// An entry of a list: the settings of its source, or why it is not a valid source.
pub struct OpmlEntry {
    /// The name in the list.
    pub name: String,
    pub settings: Result<SourceSettings, Vec<BadSetting>>,
}

pub fn read(list: &str) -> Result<Vec<OpmlEntry>, BadList> {
    if list.len() > OPML_BYTES {
        return Err(BadList::TooLarge);
    }
    if depth(list) > OPML_DEPTH {
        return Err(BadList::TooDeep);
    }
    let list =
        OPML::from_str(list.trim_start_matches('\u{feff}')).map_err(|error| BadList::Unreadable(error.to_string()))?;
    let mut entries = Vec::new();
    for outline in list.body.outlines {
        collect(outline, &mut entries);
    }
    Ok(entries)
}

fn collect(outline: Outline, entries: &mut Vec<OpmlEntry>) {
    let given = |attribute: Option<String>| attribute.filter(|text| !text.trim().is_empty());
    let title = given(outline.title).or_else(|| given(Some(outline.text)));
    let name = title.clone().or_else(|| outline.xml_url.clone()).unwrap_or_default();
    match given(outline.xml_url) {
        Some(url) => {
            entries.push(OpmlEntry { name, settings: SourceSettings { title, ..SourceSettings::new(url) }.checked() })
        }
        None if outline.outlines.is_empty() => {
            let bad =
                BadSetting { member: "xmlUrl", detail: "the outline has no feed and no inner outlines".to_owned() };
            entries.push(OpmlEntry { name, settings: Err(vec![bad]) });
        }
        None => {}
    }
    for inner in outline.outlines {
        collect(inner, entries);
    }
}

/// Returns the maximum nesting depth of outlines, from their tags alone.
fn depth(list: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in list.split('<').skip(1) {
        if tag.starts_with("/outline") {
            depth = depth.saturating_sub(1);
        } else if tag.starts_with("outline") && !tag.split('>').next().is_some_and(|part| part.ends_with('/')) {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

pub fn write(sources: &[Source]) -> Result<String, BadList> {
    let outline = |source: &Source| {
        let title = source.settings.title.clone().unwrap_or_else(|| source.id.clone());
        Outline {
            text: title.clone(),
            title: Some(title),
            r#type: Some("rss".to_owned()),
            xml_url: Some(source.settings.url.clone()),
            ..Outline::default()
        }
    };
    let head = Head { title: Some("Dateline".to_owned()), ..Head::default() };
    let body = Body { outlines: sources.iter().map(outline).collect() };
    let list = OPML { version: "2.0".to_owned(), head: Some(head), body };
    list.to_string().map_err(|error| BadList::Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Instant;

    #[test]
    fn an_exported_list_is_imported_unchanged() {
        let now = Instant::parse("2026-01-01").expect("a day");
        let settings = |url: &str, title: Option<&str>| {
            let settings = SourceSettings { title: title.map(str::to_owned), ..SourceSettings::new(url.to_owned()) };
            Source::new(settings.checked().expect("valid"), now)
        };
        let sources = [
            settings("https://a.example/feed?x=1&y=<2>", Some("News & \"more\"")),
            settings("https://b.example/ж", Some("Новости")),
        ];
        let list = write(&sources).expect("written");
        let back: Vec<SourceSettings> =
            read(&list).expect("read").into_iter().map(|entry| entry.settings.expect("valid")).collect();
        assert_eq!(back, sources.map(|source| source.settings));
    }

    #[test]
    fn folders_are_flattened_and_invalid_outlines_are_reported() {
        let list = "<opml version='2.0'><head/><body><outline text='World'><outline text='A' xmlUrl='https://a.example/'/>\
                    <outline text='B' title='Bee' xmlUrl='gopher://b'/></outline><outline text='Nothing'/></body></opml>";
        let read = read(list).expect("read");
        let entries: Vec<(&str, bool)> =
            read.iter().map(|entry| (entry.name.as_str(), entry.settings.is_ok())).collect();
        assert_eq!(entries, [("A", true), ("Bee", false), ("Nothing", false)]);
    }

    #[test]
    fn invalid_lists_are_refused_with_their_error() {
        assert!(matches!(read("<html></html>"), Err(BadList::Unreadable(_))));
        assert!(matches!(read(""), Err(BadList::Unreadable(_))));
        let deep = format!("<opml version='2.0'><body>{}</body></opml>", "<outline text='a'>".repeat(100_000));
        assert!(matches!(read(&deep), Err(BadList::TooLarge)));
        let deep = format!("<opml version='2.0'><body>{}</body></opml>", "<outline text='a'>".repeat(10_000));
        assert!(matches!(read(&deep), Err(BadList::TooDeep)));
    }
}
