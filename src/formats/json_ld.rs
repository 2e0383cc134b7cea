//! schema.org `NewsArticle` as JSON-LD.
//!
//! Members of schema.org whose meaning is the archive's own word are taken; others are left out: `genre` is not a
//! section, and `locationCreated` is where an article was filed from, which a place that it mentions is not.

use super::{MEDIA_TOPICS, body_text, uri::uri, without_absent};
use crate::article::{Article, EntityType, Place};
use serde_json::{Value, json};

/// `page`: the URL of the article's page in the archive.
pub fn write(article: &Article, page: &str) -> Value {
    let (head, facts) = (&article.head, &article.facts);
    let url = facts.url.as_deref().and_then(uri);
    let topics = facts.topics.iter().map(|topic| {
        json!({
            "@type": "DefinedTerm",
            "@id": format!("{MEDIA_TOPICS}{}", topic.code),
            "name": topic.label,
            "termCode": topic.code,
            "inDefinedTermSet": MEDIA_TOPICS,
        })
    });
    let mentions = facts.entities.iter().map(|entity| {
        let kind = match entity.kind {
            EntityType::Person => "Person",
            EntityType::Organisation => "Organization",
            EntityType::Place => "Place",
            EntityType::Country => "Country",
        };
        json!({"@type": kind, "name": entity.name, "identifier": entity.id})
    });
    without_absent(json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": head.id.urn(),
        "identifier": head.id.as_str(),
        "version": head.revision,
        "url": url.as_deref().unwrap_or(page),
        "archivedAt": page,
        "headline": facts.headline,
        "alternativeHeadline": facts.deck,
        "description": facts.summary,
        "dateline": facts.dateline.as_ref().map(|dateline| &dateline.text),
        "locationCreated": facts.dateline.as_ref().and_then(|dateline| dateline.place.as_ref()).map(place),
        "datePublished": facts.published.stated(),
        "dateModified": facts.modified_at,
        "author": facts.authors.iter().map(|author| json!({"@type": "Person", "name": author.name})).collect::<Vec<_>>(),
        "publisher": facts.publisher.as_ref().map(|publisher| json!({
            "@type": "NewsMediaOrganization",
            "name": publisher.name,
            "identifier": publisher.id,
            "url": publisher.domain.as_ref().and_then(|domain| uri(&format!("https://{domain}/"))),
        })),
        "sourceOrganization": facts.agency.as_ref().map(|agency| json!({"@type": "NewsMediaOrganization", "name": agency})),
        "articleSection": facts.section,
        "articleBody": body_text(article),
        "wordCount": facts.word_count,
        "timeRequired": format!("PT{}S", facts.reading_seconds),
        "inLanguage": facts.language,
        "keywords": facts.keywords,
        "image": facts.image.as_deref().and_then(uri),
        "about": topics.collect::<Vec<_>>(),
        "mentions": mentions.collect::<Vec<_>>(),
    }))
}

fn place(place: &Place) -> Value {
    json!({
        "@type": "Place",
        "name": place.name,
        "identifier": place.id,
        "address": place.country.as_ref().map(|country| json!({"@type": "PostalAddress", "addressCountry": country})),
    })
}
