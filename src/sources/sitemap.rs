//! News sitemaps: the pages that a site published in the last two days, as it lists them for news search
//! (<https://www.sitemaps.org/protocol.html>, and the extension whose namespace is [`NEWS`]).
//!
//! Pages that are not listed as news are ignored: a sitemap without the extension may list every page of a site.

use crate::limits::FEED_ENTRIES;
use quick_xml::{
    NsReader,
    events::Event,
    name::{Namespace, ResolveResult},
};
use url::Url;

const NEWS: &str = "http://www.google.com/schemas/sitemap-news/0.9";
/// The root elements of sitemaps and sitemap indexes.
const ROOTS: [&str; 2] = ["<urlset", "<sitemapindex"];
/// Maximum bytes of an element's text.
const TEXT_BYTES: usize = 2_048;

#[derive(Debug, PartialEq)]
pub enum Sitemap {
    Pages(Vec<SitemapPage>),
    /// Other sitemaps, each with its last modification as written.
    Index(Vec<(Url, Option<String>)>),
}

/// A page that is listed as news.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SitemapPage {
    pub url: String,
    pub title: Option<String>,
    /// The publication's name and language.
    pub publisher: Option<String>,
    pub language: Option<String>,
    /// The dates as written; they are part of the page's version.
    pub modified: Option<String>,
    pub published: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("not a sitemap: {0}")]
pub struct BadSitemap(String);

/// Whether a document with this start, in lower case, is a sitemap.
pub fn begins_like_one(start: &str) -> bool {
    ROOTS.iter().any(|root| start.contains(root))
}

/// Parses a sitemap or a sitemap index. `base`: the URL of the document.
pub fn read(document: &[u8], base: &Url) -> Result<Sitemap, BadSitemap> {
    let document = String::from_utf8_lossy(document);
    let mut reader = NsReader::from_str(&document);
    reader.config_mut().check_end_names = false;
    let (mut pages, mut others) = (Vec::new(), Vec::new());
    let (mut entry, mut is_news, mut text) = (SitemapPage::default(), false, String::new());
    let (mut is_index, mut is_whole) = (None, false);
    loop {
        let read = reader.read_resolved_event().map_err(|error| error.to_string());
        let (namespace, event) = match read {
            Ok(read) => read,
            Err(error) => return Err(BadSitemap(format!("{error} at byte {}", reader.error_position()))),
        };
        let is_of_news = matches!(namespace, ResolveResult::Bound(Namespace(uri)) if uri == NEWS);
        match event {
            Event::Start(tag) => {
                text.clear();
                match tag.local_name().as_ref() {
                    "sitemapindex" => is_index = is_index.or(Some(true)),
                    "urlset" => is_index = is_index.or(Some(false)),
                    "url" | "sitemap" => (entry, is_news) = (SitemapPage::default(), false),
                    _ => {}
                }
            }
            Event::Text(content) => keep(&mut text, &content),
            Event::CData(content) => keep(&mut text, &content),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    _ => quick_xml::escape::resolve_xml_entity(&reference).unwrap_or_default().to_owned(),
                };
                keep(&mut text, &resolved);
            }
            Event::End(tag) => {
                let trimmed = || Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                match (is_of_news, tag.local_name().as_ref()) {
                    (true, "news") => is_news = true,
                    (true, "title") => entry.title = trimmed(),
                    (true, "name") => entry.publisher = trimmed(),
                    (true, "language") => entry.language = trimmed(),
                    (true, "publication_date") => entry.published = trimmed(),
                    (false, "loc") if entry.url.is_empty() => {
                        entry.url = base.join(text.trim()).map(String::from).unwrap_or_default();
                    }
                    (false, "lastmod") => entry.modified = trimmed(),
                    (false, "urlset" | "sitemapindex") => is_whole = true,
                    (false, "url") if is_news && !entry.url.is_empty() => pages.push(std::mem::take(&mut entry)),
                    (false, "sitemap") => {
                        others.extend(Url::parse(&entry.url).ok().map(|url| (url, entry.modified.take())))
                    }
                    _ => {}
                }
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
        if pages.len() > FEED_ENTRIES || others.len() > FEED_ENTRIES {
            return Err(BadSitemap(format!("it has more than {FEED_ENTRIES} entries")));
        }
    }
    match is_index {
        Some(_) if !is_whole => Err(BadSitemap("it is truncated".to_owned())),
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

impl SitemapPage {
    /// Returns a version that changes when the sitemap's dates or title of the page change.
    pub fn version(&self) -> String {
        let part = |value: &Option<String>| value.clone().unwrap_or_default();
        format!("{} {} {}", part(&self.modified), part(&self.published), part(&self.title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_listed_as_news_are_read() {
        let base = Url::parse("https://gazette.example/news.xml").expect("a URL");
        let document = "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' \
            xmlns:n='http://www.google.com/schemas/sitemap-news/0.9' xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>\
            <url><loc> /tram?a=1&amp;b=2 </loc><lastmod>2026-03-02</lastmod><n:news><n:publication><n:name>Gazette</n:name>\
            <n:language>pt</n:language></n:publication><n:publication_date>2026-03-01</n:publication_date>\
            <n:title><![CDATA[Tram & ferry]]> &#x201C;back&#x201D;</n:title></n:news>\
            <image:image><image:loc>/x.jpg</image:loc><image:title>A picture</image:title></image:image></url>\
            <url><loc>/about</loc></url></urlset>";
        let Ok(Sitemap::Pages(pages)) = read(document.as_bytes(), &base) else { panic!("pages") };
        let text = |text: &str| Some(text.to_owned());
        let page = SitemapPage {
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
    fn an_index_lists_sitemaps_and_other_documents_are_refused() {
        let base = Url::parse("https://gazette.example/").expect("a URL");
        let index = "<sitemapindex><sitemap><loc>/a.xml</loc><lastmod>2026-03-02</lastmod></sitemap>\
                     <sitemap><loc>https://b.example/b.xml</loc></sitemap></sitemapindex>";
        let url = |text: &str| Url::parse(text).expect("a URL");
        let expected = [
            (url("https://gazette.example/a.xml"), Some("2026-03-02".to_owned())),
            (url("https://b.example/b.xml"), None),
        ];
        assert_eq!(read(index.as_bytes(), &base).expect("an index"), Sitemap::Index(expected.to_vec()));
        for bad in ["", "no XML", "<rss></rss>", "<urlset><url", "<urlset><url></url>"] {
            let result = read(bad.as_bytes(), &base).map_err(|error| error.to_string());
            assert!(result.as_ref().is_err_and(|error| error.starts_with("not a sitemap")), "{bad}: {result:?}");
        }
        let entry = "<url><loc>/a</loc><n:news/></url>";
        let long = format!("<urlset xmlns:n='{}'>{}</urlset>", NEWS, entry.repeat(FEED_ENTRIES + 2));
        assert!(
            read(long.as_bytes(), &base).is_ok_and(|sitemap| sitemap == Sitemap::Pages(Vec::new())),
            "an empty element does not list a page as news"
        );
        let long = long.replace("<n:news/>", "<n:news></n:news>");
        assert!(read(long.as_bytes(), &base).is_err());
    }
}
