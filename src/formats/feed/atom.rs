//! Atom (RFC 4287), with links to the next page (RFC 5005).

use super::{Feed, FeedEntry, MEDIA};
use crate::{
    article::Instant,
    formats::{MEDIA_TOPICS, xml::Xml},
};

pub fn write(feed: &Feed) -> String {
    let mut xml = Xml::document();
    xml.element("feed", &[("xmlns", "http://www.w3.org/2005/Atom"), ("xmlns:media", MEDIA)], |xml| {
        xml.text("id", &[], &feed.url);
        xml.text("title", &[], &feed.title);
        // Required. An empty feed was never updated.
        let updated = feed.updated().map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), |at| at.to_string());
        xml.text("updated", &[], &updated);
        xml.empty("link", &[("rel", "self"), ("type", "application/atom+xml"), ("href", &feed.url)]);
        xml.empty("link", &[("rel", "alternate"), ("type", "text/html"), ("href", &feed.page)]);
        if let Some(next) = &feed.next {
            xml.empty("link", &[("rel", "next"), ("type", "application/atom+xml"), ("href", next)]);
        }
        if let Some(hub) = &feed.hub {
            xml.empty("link", &[("rel", "hub"), ("href", hub)]);
        }
        xml.text("generator", &[("version", env!("CARGO_PKG_VERSION"))], "Dateline");
        for item in &feed.entries {
            entry(xml, item);
        }
    });
    xml.into_string()
}

fn entry(xml: &mut Xml, entry: &FeedEntry) {
    let (head, facts) = (&entry.card.head, &entry.card.facts);
    let language = facts.language.as_deref().map(|language| ("xml:lang", language));
    xml.element("entry", language.as_slice(), |xml| {
        xml.text("id", &[], &head.id.urn());
        xml.text("title", &[], entry.title());
        xml.text("updated", &[], &head.changed_at.to_string());
        xml.text_if("published", facts.published.at.map(|at: Instant| at.to_string()));
        xml.empty("link", &[("rel", "alternate"), ("href", &entry.url())]);
        xml.empty("link", &[("rel", "related"), ("type", "text/html"), ("href", &entry.page)]);
        // An entry without an author would have that of the feed, which has none.
        let publisher = facts.publisher.as_ref().map(|publisher| publisher.name.as_str());
        let authors = facts.authors.iter().map(|author| author.name.as_str());
        let unsigned = facts.authors.is_empty().then(|| publisher.unwrap_or("Unknown"));
        for name in authors.chain(unsigned) {
            xml.element("author", &[], |xml| xml.text("name", &[], name));
        }
        for topic in &facts.topics {
            xml.empty("category", &[("term", &topic.code), ("scheme", MEDIA_TOPICS), ("label", &topic.label)]);
        }
        for keyword in &facts.keywords {
            xml.empty("category", &[("term", keyword)]);
        }
        if let Some(summary) = entry.summary_text() {
            xml.text("summary", &[("type", "text")], summary);
        }
        if let Some(html) = entry.html() {
            xml.text("content", &[("type", "html")], &html);
        }
        if let Some(image) = entry.image() {
            xml.empty("media:content", &[("url", &image), ("medium", "image")]);
        }
    });
}
