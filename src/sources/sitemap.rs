//! News sitemaps: the pages that a site published in the last two days, as it lists them for news search
//! (<https://www.sitemaps.org/protocol.html>, and the extension whose namespace is [`NEWS`]).
//!
//! Pages that are not listed as news are left alone: a sitemap without the extension lists whatever a site has.

use crate::reading::limits::FEED_ENTRIES;
use quick_xml::{
    NsReader,
    events::Event,
    name::{Namespace, ResolveResult},
};
use url::Url;

const NEWS: &str = "http://www.google.com/schemas/sitemap-news/0.9";
/// What such a document begins with.
const ROOTS: [&str; 2] = ["<urlset", "<sitemapindex"];
/// Of one member, no more is kept.
const TEXT_BYTES: usize = 2_048;

#[derive(Debug, PartialEq)]
pub enum Sitemap {
    Pages(Vec<Page>),
    /// Other sitemaps, each with when it last changed, as it says.
    Index(Vec<(Url, Option<String>)>),
}

/// A page that is listed as news.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub url: String,
    pub title: Option<String>,
    /// The publication's name and language.
    pub publisher: Option<String>,
    pub language: Option<String>,
    /// What tells that the page changed: as it is written.
    pub modified: Option<String>,
    pub published: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("it is no sitemap: {0}")]
pub struct BadSitemap(String);

/// Whether a document that begins like this, in lower case, is one.
pub fn begins_like_one(start: &str) -> bool {
    ROOTS.iter().any(|it| start.contains(it))
}

/// `base`: where it was found.
pub fn read(document: &[u8], base: &Url) -> Result<Sitemap, BadSitemap> {
    let document = String::from_utf8_lossy(document);
    let mut reader = NsReader::from_str(&document);
    reader.config_mut().check_end_names = false;
    let (mut pages, mut others) = (Vec::new(), Vec::new());
    let (mut entry, mut is_news, mut text) = (Page::default(), false, String::new());
    let (mut is_index, mut is_whole) = (None, false);
    loop {
        let read = reader.read_resolved_event().map_err(|error| error.to_string());
        let (namespace, event) = match read {
            Ok(read) => read,
            Err(error) => return Err(BadSitemap(format!("{error} at byte {}", reader.error_position()))),
        };
        let is_of_news = matches!(namespace, ResolveResult::Bound(Namespace(it)) if it == NEWS);
        match event {
            Event::Start(tag) => {
                text.clear();
                match tag.local_name().as_ref() {
                    "sitemapindex" => is_index = is_index.or(Some(true)),
                    "urlset" => is_index = is_index.or(Some(false)),
                    "url" | "sitemap" => (entry, is_news) = (Page::default(), false),
                    _ => {}
                }
            }
            Event::Text(it) => keep(&mut text, &it),
            Event::CData(it) => keep(&mut text, &it),
            Event::GeneralRef(it) => {
                let meant = match it.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    _ => quick_xml::escape::resolve_xml_entity(&it).unwrap_or_default().to_owned(),
                };
                keep(&mut text, &meant);
            }
            Event::End(tag) => {
                let said = || Some(text.trim().to_owned()).filter(|it| !it.is_empty());
                match (is_of_news, tag.local_name().as_ref()) {
                    (true, "news") => is_news = true,
                    (true, "title") => entry.title = said(),
                    (true, "name") => entry.publisher = said(),
                    (true, "language") => entry.language = said(),
                    (true, "publication_date") => entry.published = said(),
                    (false, "loc") if entry.url.is_empty() => {
                        entry.url = base.join(text.trim()).map(String::from).unwrap_or_default();
                    }
                    (false, "lastmod") => entry.modified = said(),
                    (false, "urlset" | "sitemapindex") => is_whole = true,
                    (false, "url") if is_news && !entry.url.is_empty() => pages.push(std::mem::take(&mut entry)),
                    (false, "sitemap") => {
                        others.extend(Url::parse(&entry.url).ok().map(|it| (it, entry.modified.take())))
                    }
                    _ => {}
                }
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
        if pages.len() > FEED_ENTRIES || others.len() > FEED_ENTRIES {
            return Err(BadSitemap(format!("it lists more than {FEED_ENTRIES}")));
        }
    }
    match is_index {
        Some(_) if !is_whole => Err(BadSitemap("it breaks off before its end".to_owned())),
        Some(true) => Ok(Sitemap::Index(others)),
        Some(false) => Ok(Sitemap::Pages(pages)),
        None => Err(BadSitemap("it has neither <urlset> nor <sitemapindex>".to_owned())),
    }
}

fn keep(text: &mut String, more: &str) {
    if text.len() + more.len() <= TEXT_BYTES {
        text.push_str(more);
    }
}

impl Page {
    /// Changes when the site says that the page did.
    pub fn version(&self) -> String {
        let said = |it: &Option<String>| it.clone().unwrap_or_default();
        format!("{} {} {}", said(&self.modified), said(&self.published), said(&self.title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_listed_as_news() {
        let base = Url::parse("https://gazette.example/news.xml").expect("a URL");
        let document = "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' \
            xmlns:n='http://www.google.com/schemas/sitemap-news/0.9' xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>\
            <url><loc> /tram?a=1&amp;b=2 </loc><lastmod>2026-03-02</lastmod><n:news><n:publication><n:name>Gazette</n:name>\
            <n:language>pt</n:language></n:publication><n:publication_date>2026-03-01</n:publication_date>\
            <n:title><![CDATA[Tram & ferry]]> &#x201C;back&#x201D;</n:title></n:news>\
            <image:image><image:loc>/x.jpg</image:loc><image:title>A picture</image:title></image:image></url>\
            <url><loc>/about</loc></url></urlset>";
        let Ok(Sitemap::Pages(pages)) = read(document.as_bytes(), &base) else { panic!("pages") };
        let text = |it: &str| Some(it.to_owned());
        let page = Page {
            url: "https://gazette.example/tram?a=1&b=2".to_owned(),
            title: text("Tram & ferry “back”"),
            publisher: text("Gazette"),
            language: text("pt"),
            modified: text("2026-03-02"),
            published: text("2026-03-01"),
        };
        assert_eq!(pages, [page]);
    }

    #[test]
    fn an_index_names_others_and_anything_else_is_refused_by_name() {
        let base = Url::parse("https://gazette.example/").expect("a URL");
        let index = "<sitemapindex><sitemap><loc>/a.xml</loc><lastmod>2026-03-02</lastmod></sitemap>\
                     <sitemap><loc>https://b.example/b.xml</loc></sitemap></sitemapindex>";
        let url = |it: &str| Url::parse(it).expect("a URL");
        let expected = [
            (url("https://gazette.example/a.xml"), Some("2026-03-02".to_owned())),
            (url("https://b.example/b.xml"), None),
        ];
        assert_eq!(read(index.as_bytes(), &base).expect("an index"), Sitemap::Index(expected.to_vec()));
        for bad in ["", "no XML", "<rss></rss>", "<urlset><url", "<urlset><url></url>"] {
            let told = read(bad.as_bytes(), &base).map_err(|it| it.to_string());
            assert!(told.as_ref().is_err_and(|it| it.starts_with("it is no sitemap")), "{bad}: {told:?}");
        }
        let entry = "<url><loc>/a</loc><n:news/></url>";
        let long = format!("<urlset xmlns:n='{}'>{}</urlset>", NEWS, entry.repeat(FEED_ENTRIES + 2));
        assert!(
            read(long.as_bytes(), &base).is_ok_and(|it| it == Sitemap::Pages(Vec::new())),
            "an empty element is no news"
        );
        let long = long.replace("<n:news/>", "<n:news></n:news>");
        assert!(read(long.as_bytes(), &base).is_err());
    }
}
