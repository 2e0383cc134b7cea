//! JSON Feed 1.1. The extension `_dateline` says what the format has no member for.

use super::{Feed, FeedEntry};
use crate::formats::without_absent;
use serde_json::{Value, json};

pub fn write(feed: &Feed) -> Value {
    let mut written = without_absent(json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "next_url": feed.next,
        "hubs": feed.hub.iter().map(|hub| json!({"type": "WebSub", "url": hub})).collect::<Vec<_>>(),
    }));
    // Required, even if it is empty.
    written["items"] = feed.entries.iter().map(item).collect();
    written
}

fn item(entry: &FeedEntry) -> Value {
    let (head, facts) = (&entry.card.head, &entry.card.facts);
    let mut item = without_absent(json!({
        "id": head.id.urn(),
        "url": entry.url(),
        "title": facts.headline,
        "content_html": entry.html(),
        "summary": entry.summary_text(),
        "image": entry.image(),
        "date_published": facts.published.at,
        "date_modified": head.changed_at,
        "authors": facts.authors.iter().map(|author| json!({"name": author.name})).collect::<Vec<_>>(),
        "tags": entry.tags(),
        "language": facts.language,
        "_dateline": {
            "id": head.id,
            "revision": head.revision,
            "story": head.story,
            "page": entry.page,
            "publisher": facts.publisher.as_ref().map(|publisher| &publisher.name),
            "published": {
                "precision": facts.published.precision,
                "basis": facts.published.basis,
                "earliest": facts.published.earliest,
                "latest": facts.published.latest,
            },
        },
    }));
    // An item has a content, even if it is empty.
    if entry.paragraphs.is_none() {
        item["content_text"] = json!(entry.summary_text().unwrap_or_default());
    }
    item
}
