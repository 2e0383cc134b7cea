//! Feed discovery for a page that is not a feed: the feed that it links to, else one at a well-known path, else a news
//! sitemap that the site's robots.txt names.

use crate::reading::feed::MEDIA_TYPES;
use html5gum::{Token, Tokenizer};
use url::Url;

/// Bytes of a page that are searched: feeds are linked in its head, which is no longer.
const HEAD_BYTES: usize = 512 * 1024;
/// Paths from the site's root at which common publishing systems serve a feed: WordPress and Ghost; Jekyll and Hugo;
/// Drupal and others.
const WELL_KNOWN: [&str; 6] = ["/feed", "/rss.xml", "/feed.xml", "/index.xml", "/atom.xml", "/feed.json"];
/// Maximum sitemaps to try.
const SITEMAPS: usize = 3;

/// Returns the first feed that a page links to (`<link rel="alternate">` with a feed's media type).
pub fn named(page: &[u8], url: &Url) -> Option<Url> {
    let head = &page[..page.len().min(HEAD_BYTES)];
    let mut base = url.clone();
    for token in Tokenizer::new(head) {
        let Ok(Token::StartTag(tag)) = token else { continue };
        let attribute = |name: &str| {
            let found = tag.attributes.iter().find(|(attribute, _)| attribute.as_slice() == name.as_bytes());
            found.map(|(_, value)| String::from_utf8_lossy(value.as_slice()).trim().to_owned())
        };
        match tag.name.as_slice() {
            b"base" => base = attribute("href").and_then(|href| url.join(&href).ok()).unwrap_or(base),
            b"link" => {
                let is_alternate = attribute("rel")
                    .is_some_and(|rel| rel.to_ascii_lowercase().split_whitespace().any(|word| word == "alternate"));
                let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
                let is_feed = MEDIA_TYPES.contains(&kind.split(';').next().unwrap_or_default().trim());
                let target = attribute("href").filter(|href| !href.is_empty()).and_then(|href| base.join(&href).ok());
                if is_alternate && is_feed && target.is_some() {
                    return target;
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns other URLs that may be a feed, the likeliest first.
pub fn guesses(url: &Url, sitemaps: Vec<Url>) -> Vec<Url> {
    let of_news = sitemaps.into_iter().filter(|sitemap| sitemap.path().to_ascii_lowercase().contains("news"));
    WELL_KNOWN.iter().filter_map(|path| url.join(path).ok()).chain(of_news.take(SITEMAPS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_linked_feed_of_a_page_is_found() {
        let url = Url::parse("https://a.example/news/today").expect("a URL");
        let found = |page: &str| named(page.as_bytes(), &url).map(|feed| feed.to_string());
        let page = "<head><link rel=stylesheet href=a.css><link rel='alternate' type='text/html' hreflang=fr href=/fr>\
                    <LINK REL='home ALTERNATE' TYPE='application/RSS+XML; charset=utf-8' HREF='../feed.xml'>\
                    <link rel=alternate type=application/atom+xml href=/atom></head>";
        assert_eq!(found(page).as_deref(), Some("https://a.example/feed.xml"));
        let page = "<base href=https://b.example/x/><link rel=alternate type=application/feed+json href=f.json>";
        assert_eq!(found(page).as_deref(), Some("https://b.example/x/f.json"));
        assert_eq!(found("<p>no feed <!-- <link rel=alternate type=application/rss+xml href=/x> --></p>"), None);
    }

    #[test]
    fn guesses_are_well_known_paths_at_the_root_and_news_sitemaps() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let sitemaps = vec![url("https://a.example/sitemap.xml"), url("https://a.example/News-Sitemap.xml")];
        let found = guesses(&url("https://a.example/world/today?x"), sitemaps);
        assert_eq!((found.len(), found[0].as_str()), (WELL_KNOWN.len() + 1, "https://a.example/feed"));
        assert_eq!(found.last().map(Url::as_str), Some("https://a.example/News-Sitemap.xml"));
    }
}
