//! `GET /articles/{id}`: the text, what is known from it, and for each fact the way to the bytes that state it.

use super::{
    cards::{self, Entry},
    evidence,
    layout::Page,
    query::UrlQuery,
    revisions::Revisions,
    words,
};
use crate::http::in_process::{Api, segment};
use crate::{
    article::{
        Article, Card, EntityType, Evidence, QuantityKind, TextSpan,
        labels::{country_label, language_label},
    },
    http::problem::Problem,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// The representations that a reader may take along, by their `format` and name.
const FORMATS: [(&str, &str); 6] = [
    ("text", "text"),
    ("markdown", "Markdown"),
    ("json-ld", "JSON-LD"),
    ("ninjs", "ninjs"),
    ("newsml-g2", "NewsML-G2"),
    ("json", "JSON"),
];

#[derive(Deserialize)]
struct Related {
    related: Vec<RelatedEntry>,
}

#[derive(Deserialize)]
struct RelatedEntry {
    article: Card,
    because: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    kind: String,
    name: String,
}

/// Bytes of a text on one page: more than any article has, and some documents.
const TEXT_BYTES: usize = 128 * 1024;

pub async fn article(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let query = UrlQuery::parse(raw.as_deref());
    let path = format!("/v1/articles/{}", segment(&id));
    let shown = query.only(&["as_of"]).at(&path);
    let [proofs, revisions, related] =
        ["evidence", "revisions", "related?limit=5"].map(|part| format!("{path}/{part}"));
    let (article, evidence, revisions, related) = futures::join!(
        api.get::<Article>(&shown),
        api.find::<Evidence>(&proofs),
        api.get::<Revisions>(&revisions),
        api.find::<Related>(&related),
    );
    let article = article?;
    let evidence = evidence?;
    let newest = revisions?.revisions.first().map_or(1, |newest| newest.revision);
    // Evidence is that of the newest revision: it proves nothing about another one.
    let evidence = evidence.filter(|_| article.head.revision == newest);
    let with_images = query.get("images").is_some();
    let entry = Entry { card: Card { head: article.head.clone(), facts: article.facts.clone() }, highlights: None };
    let sources = super::home::sources(&api, std::slice::from_ref(&entry)).await.remove(0);
    let related = related.ok().flatten().map_or(Vec::new(), |related| related.related);
    let groups = by_paragraph(&article);
    let (shown_text, more) = cards::beginning(&article.detail.body, TEXT_BYTES);
    let body = html! {
        div.reading {
            article.text lang=[article.facts.language.as_deref()] {
                h1 dir="auto" { (cards::headline(&entry.card)) }
                @if let Some(deck) = &article.facts.deck { p.deck dir="auto" { (marked(&groups, "deck", 0, deck)) } }
                (cards::about(&entry.card, sources.as_deref()))
                @if article.head.revision != newest {
                    p.notice lang="en" { "Revision " (article.head.revision) " of " (newest) ". "
                        a href={ "/articles/" (article.head.id) } { "The newest one" } }
                }
                (image(&article, with_images, &query))
                @for (number, paragraph) in (0..).zip(shown_text) {
                    p dir="auto" { (marked(&groups, "body", number, paragraph)) }
                }
                @if more > 0 {
                    p.notice lang="en" { a href={ (path) "?format=text" } { (words::count(more as u64, "more paragraph", "more paragraphs")) } }
                }
                @if article.detail.body.is_empty() { p.empty lang="en" { "The document contains no text of an article." } }
            }
            aside.facts aria-label="What is known, and where the document says so" {
                h2 { "What is known, and where it says so" }
                (facts(&article, evidence.as_ref()))
                p { a href={ "/articles/" (article.head.id) "/evidence" } { "The raw document, line by line" } }
                p {
                    @if newest > 1 { a href={ "/articles/" (article.head.id) "/revisions" } { (words::count(newest.into(), "revision", "revisions")) } }
                    @else { "No revision since it was first seen " (words::minute(article.head.first_seen_at)) "." }
                }
                p.exports { "Take it along: "
                    @for (format, name) in FORMATS { a href={ (path) "?format=" (format) } { (name) } " · " }
                    a href={ (path) "/raw" } { "raw document" }
                }
            }
        }
        @if !related.is_empty() {
            section.related {
                h2 { "Related" }
                ul {
                    @for entry in &related {
                        li lang=[entry.article.facts.language.as_deref()] {
                            a href=(cards::path(&entry.article)) dir="auto" { (cards::headline(&entry.article)) }
                            span.because lang="en" { " " (because(&entry.because)) }
                        }
                    }
                }
            }
        }
    };
    let title = cards::headline(&entry.card).to_owned();
    let page = Page::new(title, body).under("Articles", "/").with_json(shown);
    Ok(Page { with_images, ..page }.respond())
}

fn because(reasons: &[Reason]) -> String {
    let named: Vec<String> =
        reasons.iter().take(3).map(|reason| format!("{} {}", words::plain(&reason.kind), reason.name)).collect();
    if named.is_empty() { String::new() } else { format!("shares {}", named.join(", ")) }
}

/// The image of a publisher is loaded only if the reader asks for it, because its server then knows of the reader.
fn image(article: &Article, shown: bool, query: &UrlQuery) -> Markup {
    let Some(url) = article.facts.image.as_deref().filter(|url| url.starts_with("https://")) else { return html! {} };
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    html! {
        @if shown {
            figure { img src=(url) alt="" referrerpolicy="no-referrer" loading="lazy"; figcaption lang="en" { "From " (host) } }
        } @else {
            p.notice lang="en" { a href=(query.with("images", "yes").at(&format!("/articles/{}", article.head.id))) rel="nofollow" {
                "Load the image from " (host)
            } }
        }
    }
}

/// Something that the text of an article names.
struct Named<'a> {
    at: &'a TextSpan,
    kind: &'static str,
    /// What it is read as.
    title: String,
    /// The page about it; without one, the bytes that it was read from.
    path: String,
}

/// What a text names, by its field and paragraph.
type ByParagraph<'a> = HashMap<(&'a str, u32), Vec<Named<'a>>>;

/// Groups what a text names. What overlaps with an earlier one is a part of it, and not shown.
fn by_paragraph(article: &Article) -> ByParagraph<'_> {
    let mut groups: ByParagraph<'_> = HashMap::new();
    for named in named(article) {
        groups.entry((named.at.field.as_str(), named.at.paragraph)).or_default().push(named);
    }
    for group in groups.values_mut() {
        group.sort_by_key(|named| (named.at.start, std::cmp::Reverse(named.at.end)));
        let mut end = 0;
        group.retain(|named| {
            let follows = named.at.start >= end;
            end = if follows { named.at.end } else { end };
            follows
        });
    }
    groups
}

/// A paragraph with what it names underlined.
fn marked(groups: &ByParagraph<'_>, field: &str, paragraph: u32, text: &str) -> Markup {
    let named = groups.get(&(field, paragraph)).map(Vec::as_slice).unwrap_or_default();
    let span = |named: &Named<'_>| (named.at.start as usize, named.at.end as usize);
    let spans: Vec<(usize, usize)> =
        named.iter().map(span).filter(|(start, end)| text.get(*start..*end).is_some()).collect();
    let mut named =
        named.iter().filter(|named| text.get(span(named).0..span(named).1).is_some_and(|text| !text.is_empty()));
    html! {
        @for (text, is_named) in cards::split(text, &spans) {
            @match is_named.then(|| named.next()).flatten() {
                Some(named) => a class=(named.kind) href=(named.path) title=(named.title) { (text) },
                None => (text),
            }
        }
    }
}

fn named(article: &Article) -> Vec<Named<'_>> {
    let id = &article.head.id;
    let proof = |field: String| evidence::link(&id.to_string(), &field);
    let mut named = Vec::new();
    for entity in &article.facts.entities {
        let title = match &entity.role {
            Some(role) => format!("{}, {role}", entity.name),
            None => entity.name.clone(),
        };
        let path = entity_path(entity.kind, &entity.id, entity.country.as_ref().map(|country| country.as_str()));
        named.extend(entity.mentions.iter().map(|at| Named {
            at,
            kind: "name",
            title: title.clone(),
            path: path.clone(),
        }));
    }
    for (number, quantity) in article.detail.quantities.iter().enumerate() {
        let path = proof(format!("quantities[{number}]"));
        named.push(Named { at: &quantity.at, kind: "amount", title: words::quantity(quantity), path });
    }
    for (number, date) in article.detail.mentioned_dates.iter().enumerate() {
        let path = proof(format!("mentioned_dates[{number}]"));
        named.push(Named { at: &date.at, kind: "date", title: date.edtf.clone(), path });
    }
    named
}

/// The page about an entity.
pub fn entity_path(kind: EntityType, id: &str, country: Option<&str>) -> String {
    match kind {
        EntityType::Person => format!("/entities/person/{}", segment(id)),
        EntityType::Organisation => format!("/entities/organisation/{}", segment(id)),
        EntityType::Place => format!("/entities/place/{}", segment(id)),
        EntityType::Country => format!("/entities/country/{}", segment(country.unwrap_or(id))),
    }
}

/// The facts as a list of terms, each with the way to its proof.
fn facts(article: &Article, evidence: Option<&Evidence>) -> Markup {
    let facts = &article.facts;
    let id = article.head.id.to_string();
    let stated: HashSet<&str> =
        evidence.iter().flat_map(|evidence| &evidence.fields).map(|field| field.field.as_str()).collect();
    let proof = |field: &str| {
        html! { @if stated.contains(field) { " " a.proof href=(evidence::link(&id, field)) { "where" span.hidden { " is " (words::field(field)) " stated" } } } }
    };
    let entities = |kind: EntityType| facts.entities.iter().enumerate().filter(move |(_, entity)| entity.kind == kind);
    let names = |name: &str, kind: EntityType| {
        html! {
            @if entities(kind).next().is_some() {
                dt { (name) }
                @for (number, entity) in entities(kind) {
                    dd {
                        a href=(entity_path(kind, &entity.id, entity.country.as_ref().map(|country| country.as_str()))) dir="auto" { (entity.name) }
                        @if let Some(role) = &entity.role { span.role dir="auto" { ", " (role) } }
                        (proof(&format!("entities[{number}]")))
                    }
                }
            }
        }
    };
    html! {
        dl {
            dt { "Published" }
            dd { (words::published(&facts.published, article.head.first_seen_at)) (proof("published"))
                @if let Some(reasoning) = &facts.published.reasoning { details { summary { "why?" } p { (reasoning) } } }
            }
            @if let Some(modified) = facts.modified_at { dt { "Modified" } dd { (words::minute(modified)) (proof("modified_at")) } }
            @if let Some(dateline) = &facts.dateline {
                dt { "Place" }
                dd {
                    @match &dateline.place {
                        Some(place) => { a href=(entity_path(EntityType::Place, &place.id, None)) dir="auto" { (place.name) }
                            @if let Some(country) = place.country.as_ref().and_then(|country| country_label(country.as_str())) { ", " (country) } }
                        None => span dir="auto" { (dateline.text) },
                    }
                    (proof("dateline"))
                }
            }
            @if let Some(publisher) = &facts.publisher {
                dt { "Publisher" }
                dd { a href={ "/entities/publisher/" (segment(&publisher.id)) } dir="auto" { (publisher.name) } (proof("publisher")) }
            }
            @if !facts.authors.is_empty() {
                dt { "By" }
                @for author in &facts.authors {
                    dd { a href={ "/entities/author/" (crate::article::slug(&author.name)) } dir="auto" { (author.name) } (proof("authors")) }
                }
            }
            @if let Some(agency) = &facts.agency { dt { "Agency" } dd { (agency) (proof("agency")) } }
            (names("People", EntityType::Person))
            (names("Organisations", EntityType::Organisation))
            (names("Places", EntityType::Place))
            (names("Countries", EntityType::Country))
            @for (name, kind) in [("Amounts", QuantityKind::Money), ("Shares", QuantityKind::Percent), ("Numbers", QuantityKind::Count)] {
                @if article.detail.quantities.iter().any(|quantity| quantity.kind == kind) {
                    dt { (name) }
                    @for (number, quantity) in article.detail.quantities.iter().enumerate().filter(|(_, quantity)| quantity.kind == kind) {
                        dd { (words::quantity(quantity)) (proof(&format!("quantities[{number}]"))) }
                    }
                }
            }
            @if !article.detail.mentioned_dates.is_empty() {
                dt { "Dates in the text" }
                @for (number, date) in article.detail.mentioned_dates.iter().enumerate() {
                    dd { q dir="auto" { (date.text) } ": " (date.edtf) (proof(&format!("mentioned_dates[{number}]"))) }
                }
            }
            @if !facts.topics.is_empty() {
                dt { "Topics" }
                @for topic in &facts.topics {
                    dd {
                        a href={ "/?topic=" (topic.code) } { (topic.label) }
                        @if !topic.because.is_empty() { span.because { " because of " (topic.because.join(", ")) } }
                    }
                }
            }
            @if let Some(section) = &facts.section { dt { "Section" } dd dir="auto" { (section) (proof("section")) } }
            @if !facts.keywords.is_empty() { dt { "Keywords" } dd dir="auto" { (facts.keywords.join(", ")) (proof("keywords")) } }
            @if let Some(language) = facts.language.as_deref() {
                dt { "Language" } dd { (language_label(language).unwrap_or_else(|| language.to_owned())) (proof("language")) }
            }
            dt { "Length" }
            dd { (words::count(facts.word_count.into(), "word", "words")) ", " (words::duration(facts.reading_seconds.into())) " to read" }
            @if let Some(url) = facts.url.as_deref().filter(|url| url.starts_with("http://") || url.starts_with("https://")) {
                dt { "Original" } dd { a href=(url) rel="noreferrer external" { (url) } }
            }
            dt { "Raw document" }
            dd { (words::bytes(article.head.raw.bytes)) ", " (article.head.raw.media_type) ", retrieved " (words::minute(article.head.raw.retrieved_at)) }
        }
    }
}
