//! IPTC NewsML-G2 2.34, conformance `power`: a `newsItem` whose content is XHTML.
//!
//! The schema prescribes the order of the elements: administrative metadata before descriptive, each in the order of
//! the specification.

use super::{byline, uri::uri, xml::Xml};
use crate::article::{Article, Entity, EntityType, Facts};

const NEWSML: &str = "http://iptc.org/std/nar/2006-10-01/";
const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// What the aliases of the codes below mean: `ninat`, `stat`, `irel`, `cpnat`, `medtop`, `drol`, `iso3166-1a2`.
const CATALOG: &str = "http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_40.xml";

pub fn write(article: &Article) -> String {
    let head = &article.head;
    let (urn, version) = (head.id.urn(), head.revision.to_string());
    let mut attributes = vec![
        ("xmlns", NEWSML),
        ("standard", "NewsML-G2"),
        ("standardversion", "2.34"),
        ("conformance", "power"),
        ("guid", &*urn),
        ("version", &*version),
    ];
    if let Some(language) = &article.facts.language {
        attributes.push(("xml:lang", language));
    }
    let mut xml = Xml::document();
    xml.element("newsItem", &attributes, |xml| {
        xml.empty("catalogRef", &[("href", CATALOG)]);
        xml.element("itemMeta", &[], |xml| item_metadata(xml, article));
        xml.element("contentMeta", &[], |xml| content_metadata(xml, article));
        xml.element("contentSet", &[], |xml| content(xml, article));
    });
    xml.into_string()
}

fn item_metadata(xml: &mut Xml, article: &Article) {
    let (head, facts) = (&article.head, &article.facts);
    xml.empty("itemClass", &[("qcode", "ninat:text")]);
    xml.element("provider", &[("literal", "dateline")], |xml| xml.text("name", &[], "Dateline"));
    xml.text("versionCreated", &[], &head.changed_at.to_string());
    xml.text("firstCreated", &[], &head.first_seen_at.to_string());
    xml.empty("pubStatus", &[("qcode", "stat:usable")]);
    xml.text_if("title", facts.headline.as_ref());
    if let Some(url) = facts.url.as_deref().and_then(uri) {
        xml.empty("link", &[("rel", "irel:isDerivedFrom"), ("href", &url)]);
    }
}

fn content_metadata(xml: &mut Xml, article: &Article) {
    let facts = &article.facts;
    if let Some(image) = facts.image.as_deref().and_then(uri) {
        xml.empty("icon", &[("href", &image)]);
    }
    xml.text_if("contentCreated", facts.published.stated());
    xml.text_if("contentModified", facts.modified_at.map(|at| at.to_string()));
    if let Some(place) = facts.dateline.as_ref().and_then(|dateline| dateline.place.as_ref()) {
        xml.element("located", &[("literal", &place.id)], |xml| {
            xml.text("name", &[], &place.name);
            if let Some(country) = &place.country {
                let code = format!("iso3166-1a2:{}", country.as_str());
                xml.empty("broader", &[("qcode", &code), ("type", "cpnat:geoArea")]);
            }
        });
    }
    if let Some(publisher) = &facts.publisher {
        xml.element("infoSource", &[("literal", &publisher.id)], |xml| xml.text("name", &[], &publisher.name));
    }
    for author in &facts.authors {
        let attributes = [("literal", &*author.name), ("type", "cpnat:person")];
        xml.element("creator", &attributes, |xml| xml.text("name", &[], &author.name));
    }
    if let Some(language) = &facts.language {
        xml.empty("language", &[("tag", language)]);
    }
    for keyword in &facts.keywords {
        xml.text("keyword", &[], keyword);
    }
    subjects(xml, facts);
    xml.text_if("headline", facts.headline.as_ref());
    xml.text_if("dateline", facts.dateline.as_ref().map(|dateline| &dateline.text));
    xml.text_if("by", byline(article));
    xml.text_if("creditline", facts.agency.as_ref());
    xml.text_if("description", facts.deck.as_ref());
    if let Some(summary) = &facts.summary {
        xml.text("description", &[("role", "drol:summary")], summary);
    }
}

fn subjects(xml: &mut Xml, facts: &Facts) {
    if let Some(section) = &facts.section {
        xml.element("subject", &[("literal", section)], |xml| xml.text("name", &[], section));
    }
    for topic in &facts.topics {
        let code = format!("medtop:{}", topic.code);
        xml.element("subject", &[("type", "cpnat:abstract"), ("qcode", &code)], |xml| {
            xml.text("name", &[("xml:lang", "en")], &topic.label);
        });
    }
    for Entity { kind, id, name, .. } in &facts.entities {
        let kind = match kind {
            EntityType::Person => "cpnat:person",
            EntityType::Organisation => "cpnat:organisation",
            EntityType::Place | EntityType::Country => "cpnat:geoArea",
        };
        xml.element("subject", &[("type", kind), ("literal", id)], |xml| xml.text("name", &[], name));
    }
}

fn content(xml: &mut Xml, article: &Article) {
    let words = article.facts.word_count.to_string();
    let attributes = [("contenttype", "application/xhtml+xml"), ("wordcount", &*words)];
    xml.element("inlineXML", &attributes, |xml| {
        xml.element("html", &[("xmlns", XHTML)], |xml| {
            xml.element("head", &[], |xml| {
                xml.text("title", &[], article.facts.headline.as_deref().unwrap_or_default());
            });
            xml.element("body", &[], |xml| {
                for paragraph in &article.detail.body {
                    xml.text("p", &[], paragraph);
                }
            });
        });
    });
}
