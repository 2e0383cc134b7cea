//! OPML 2.0: the lists of feeds that readers hand to each other, in and out.
//!
//! Folders are not kept: a source has no place among others. Whatever in a list is no feed is told, and not passed over.

use super::{BadSetting, Settings, Source};
use opml::{Body, Head, OPML, Outline};

/// A longer list, or one that is folded deeper, is refused before it is read.
pub const BYTES: usize = 1024 * 1024;
const DEPTH: usize = 50;

#[derive(Debug, thiserror::Error)]
pub enum BadList {
    #[error("expected at most {BYTES} bytes")]
    TooLarge,
    #[error("expected folders at most {DEPTH} deep")]
    TooDeep,
    #[error("it is no OPML: {0}")]
    Unreadable(String),
}

/// An entry of a list: what its source is told, or why it makes none.
pub struct Entry {
    /// As the list has it.
    pub name: String,
    pub settings: Result<Settings, Vec<BadSetting>>,
}

pub fn read(list: &str) -> Result<Vec<Entry>, BadList> {
    if list.len() > BYTES {
        return Err(BadList::TooLarge);
    }
    if depth(list) > DEPTH {
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

fn collect(outline: Outline, entries: &mut Vec<Entry>) {
    let given = |it: Option<String>| it.filter(|it| !it.trim().is_empty());
    let title = given(outline.title).or_else(|| given(Some(outline.text)));
    let name = title.clone().or_else(|| outline.xml_url.clone()).unwrap_or_default();
    match given(outline.xml_url) {
        Some(url) => entries.push(Entry { name, settings: Settings { title, ..Settings::new(url) }.checked() }),
        None if outline.outlines.is_empty() => {
            let bad = BadSetting { member: "xmlUrl", detail: "the outline names no feed and holds none".to_owned() };
            entries.push(Entry { name, settings: Err(vec![bad]) });
        }
        None => {}
    }
    for inner in outline.outlines {
        collect(inner, entries);
    }
}

/// How deep outlines are folded at most, told by their tags alone.
fn depth(list: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in list.split('<').skip(1) {
        if tag.starts_with("/outline") {
            depth = depth.saturating_sub(1);
        } else if tag.starts_with("outline") && !tag.split('>').next().is_some_and(|it| it.ends_with('/')) {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

pub fn write(sources: &[Source]) -> Result<String, BadList> {
    let outline = |it: &Source| {
        let title = it.settings.title.clone().unwrap_or_else(|| it.id.clone());
        Outline {
            text: title.clone(),
            title: Some(title),
            r#type: Some("rss".to_owned()),
            xml_url: Some(it.settings.url.clone()),
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
    fn a_list_comes_back_as_it_went_out() {
        let now = Instant::parse("2026-01-01").expect("a day");
        let settings = |url: &str, title: Option<&str>| {
            let settings = Settings { title: title.map(str::to_owned), ..Settings::new(url.to_owned()) };
            Source::new(settings.checked().expect("legal"), now)
        };
        let sources = [
            settings("https://a.example/feed?x=1&y=<2>", Some("News & \"more\"")),
            settings("https://b.example/ж", Some("Новости")),
        ];
        let list = write(&sources).expect("written");
        let back: Vec<Settings> =
            read(&list).expect("read").into_iter().map(|it| it.settings.expect("legal")).collect();
        assert_eq!(back, sources.map(|it| it.settings));
    }

    #[test]
    fn folders_are_opened_and_what_is_no_feed_is_told() {
        let list = "<opml version='2.0'><head/><body><outline text='World'><outline text='A' xmlUrl='https://a.example/'/>\
                    <outline text='B' title='Bee' xmlUrl='gopher://b'/></outline><outline text='Nothing'/></body></opml>";
        let read = read(list).expect("read");
        let told: Vec<(&str, bool)> = read.iter().map(|it| (it.name.as_str(), it.settings.is_ok())).collect();
        assert_eq!(told, [("A", true), ("Bee", false), ("Nothing", false)]);
    }

    #[test]
    fn what_is_no_list_is_refused_by_name() {
        assert!(matches!(read("<html></html>"), Err(BadList::Unreadable(_))));
        assert!(matches!(read(""), Err(BadList::Unreadable(_))));
        let deep = format!("<opml version='2.0'><body>{}</body></opml>", "<outline text='a'>".repeat(100_000));
        assert!(matches!(read(&deep), Err(BadList::TooLarge)));
        let deep = format!("<opml version='2.0'><body>{}</body></opml>", "<outline text='a'>".repeat(10_000));
        assert!(matches!(read(&deep), Err(BadList::TooDeep)));
    }
}
