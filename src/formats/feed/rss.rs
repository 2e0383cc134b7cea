//! RSS 2.0. Its dates are those of RFC 822, its authors Dublin Core's (`author` of RSS is an e-mail address), its full
//! text is `content:encoded`.

use super::{Feed, FeedEntry, MEDIA};
use crate::{
    article::Instant,
    formats::{MEDIA_TOPICS, xml::Xml},
};
use jiff::{fmt::rfc2822, tz::TimeZone};

pub fn write(feed: &Feed) -> String {
    let namespaces = [
        ("version", "2.0"),
        ("xmlns:atom", "http://www.w3.org/2005/Atom"),
        ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        ("xmlns:media", MEDIA),
    ];
    let mut xml = Xml::document();
    xml.element("rss", &namespaces, |xml| {
        xml.element("channel", &[], |xml| {
            xml.text("title", &[], &feed.title);
            xml.text("link", &[], &feed.page);
            xml.text("description", &[], &feed.title);
            xml.text_if("lastBuildDate", feed.updated().and_then(date));
            xml.text("generator", &[], concat!("Dateline ", env!("CARGO_PKG_VERSION")));
            xml.empty("atom:link", &[("rel", "self"), ("type", "application/rss+xml"), ("href", &feed.url)]);
            if let Some(next) = &feed.next {
                xml.empty("atom:link", &[("rel", "next"), ("type", "application/rss+xml"), ("href", next)]);
            }
            if let Some(hub) = &feed.hub {
                xml.empty("atom:link", &[("rel", "hub"), ("href", hub)]);
            }
            for entry in &feed.entries {
                item(xml, entry);
            }
        });
    });
    xml.into_string()
}

fn item(xml: &mut Xml, entry: &FeedEntry) {
    let (head, facts) = (&entry.card.head, &entry.card.facts);
    xml.element("item", &[], |xml| {
        xml.text("title", &[], entry.title());
        xml.text("link", &[], &entry.url());
        xml.text("guid", &[("isPermaLink", "false")], &head.id.urn());
        xml.text_if("pubDate", facts.published.at.and_then(date));
        xml.text("atom:updated", &[], &head.changed_at.to_string());
        for author in &facts.authors {
            xml.text("dc:creator", &[], &author.name);
        }
        xml.text_if("dc:publisher", facts.publisher.as_ref().map(|publisher| &publisher.name));
        xml.text_if("dc:language", facts.language.as_ref());
        for topic in &facts.topics {
            xml.text("category", &[("domain", MEDIA_TOPICS)], &topic.label);
        }
        for keyword in &facts.keywords {
            xml.text("category", &[], keyword);
        }
        xml.text_if("description", entry.summary_text());
        xml.text_if("content:encoded", entry.html());
        if let Some(image) = entry.image() {
            xml.empty("media:content", &[("url", &image), ("medium", "image")]);
        }
    });
}

/// `None` for a year that the format cannot express.
fn date(at: Instant) -> Option<String> {
    rfc2822::to_string(&at.timestamp().to_zoned_datetime(TimeZone::UTC)).ok()
}
