//! IPTC ninjs 3.1 and 2.2: the news item as JSON.
//!
//! Times in ninjs are exact. A day alone is stated in `edNote`, in the words of ISO 8601.

use super::{MEDIA_TOPICS, body_text, byline, uri::uri, without_absent};
use crate::article::{Article, EntityType, Facts, Precision};
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V3_1,
    V2_2,
}

pub fn write(article: &Article, version: Version) -> Value {
    match version {
        Version::V3_1 => item(article, "3.1"),
        // The same members, whose names are in lower case before version 3.
        Version::V2_2 => in_lower_case(item(article, "2.2")),
    }
}

fn item(article: &Article, version: &str) -> Value {
    let (head, facts) = (&article.head, &article.facts);
    let body = body_text(article);
    without_absent(json!({
        "standard": {
            "name": "ninjs",
            "version": version,
            "schema": format!("http://www.iptc.org/std/ninjs/ninjs-schema_{version}.json"),
        },
        "uri": head.id.urn(),
        "type": "text",
        "representationType": if facts.partial { "partial" } else { "full" },
        "version": head.revision.to_string(),
        "firstCreated": head.first_seen_at,
        "versionCreated": head.changed_at,
        "contentCreated": facts.published.stated().filter(|_| is_exact(facts)),
        "pubStatus": "usable",
        "edNote": facts.published.stated().filter(|_| !is_exact(facts)).map(|day| format!("Published {day}")),
        "language": facts.language,
        "title": facts.headline,
        "by": byline(article),
        "located": facts.dateline.as_ref().map(|dateline| &dateline.text),
        "headlines": [
            text("main", facts.headline.as_deref()),
            text("deck", facts.deck.as_deref()),
        ],
        "descriptions": [text("summary", facts.summary.as_deref())],
        "bodies": [body.as_ref().map(|body| json!({
            "role": "main",
            "contentType": "text/plain",
            "charCount": body.chars().count(),
            "wordCount": facts.word_count,
            "value": body,
        }))],
        "people": entities(facts, &[EntityType::Person]),
        "organisations": entities(facts, &[EntityType::Organisation]),
        "places": places(facts),
        "subjects": subjects(facts),
        "infoSources": [
            facts.publisher.as_ref().map(|publisher| json!({
                "name": publisher.name,
                "role": "publisher",
                "literal": publisher.id,
                "uri": publisher.domain.as_ref().and_then(|domain| uri(&format!("https://{domain}/"))),
            })),
            facts.agency.as_ref().map(|agency| json!({"name": agency, "role": "agency"})),
        ],
        "renditions": [facts.image.as_deref().and_then(uri).map(|image| json!({"name": "image", "href": image}))],
        "altIds": [
            json!({"role": "dateline", "value": head.id}),
            facts.url.as_ref().map(|url| json!({"role": "url", "value": url})).unwrap_or_default(),
        ],
    }))
}

fn text(role: &str, value: Option<&str>) -> Value {
    value.map(|value| json!({"role": role, "contentType": "text/plain", "value": value})).unwrap_or_default()
}

/// Whether more than the day of publication is known.
fn is_exact(facts: &Facts) -> bool {
    matches!(facts.published.precision, Some(Precision::Second | Precision::Minute))
}

fn entities(facts: &Facts, kinds: &[EntityType]) -> Vec<Value> {
    let named = facts.entities.iter().filter(|entity| kinds.contains(&entity.kind));
    named.map(|entity| json!({"name": entity.name, "rel": "mentions", "literal": entity.id})).collect()
}

fn places(facts: &Facts) -> Vec<Value> {
    let filed_from = facts.dateline.as_ref().and_then(|dateline| dateline.place.as_ref());
    let filed_from = filed_from.map(|place| json!({"name": place.name, "rel": "dateline", "literal": place.id}));
    filed_from.into_iter().chain(entities(facts, &[EntityType::Place, EntityType::Country])).collect()
}

fn subjects(facts: &Facts) -> Vec<Value> {
    let topics = facts.topics.iter().map(|topic| {
        json!({
            "name": topic.label,
            "rel": "about",
            "uri": format!("{MEDIA_TOPICS}{}", topic.code),
            "literal": topic.code,
            "creator": "Dateline",
            "confidence": (topic.score.clamp(0.0, 1.0) * 100.0).round() as u8,
        })
    });
    let keywords = facts.keywords.iter().map(|keyword| json!({"name": keyword, "rel": "keyword"}));
    let section = facts.section.iter().map(|section| json!({"name": section, "rel": "section"}));
    topics.chain(keywords).chain(section).collect()
}

fn in_lower_case(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), in_lower_case(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(in_lower_case).collect()),
        value => value,
    }
}
