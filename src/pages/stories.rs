//! `GET /stories` and `/stories/{id}`: who published the same report, when, and what their texts share.

use super::{
    cards,
    layout::{Page, name_of},
    query::UrlQuery,
    words,
};
use crate::http::in_process::{Api, segment};
use crate::{
    article::{Article, Card, TextSpan},
    http::problem::Problem,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use futures::future::try_join_all;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

#[derive(Deserialize)]
struct Stories {
    stories: Vec<StoryEntry>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct StoryEntry {
    id: String,
    members: u64,
    canonical: Card,
}

#[derive(Deserialize)]
struct Story {
    id: String,
    canonical: Canonical,
    members: Vec<Card>,
    similarity: Vec<Pair>,
    shared: Vec<Shared>,
    not_compared: u64,
}

#[derive(Deserialize)]
struct Canonical {
    id: String,
    because: String,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    jaccard: f64,
    containment: f64,
}

#[derive(Deserialize)]
struct Shared {
    member: String,
    passages: Vec<Passage>,
}

#[derive(Deserialize)]
struct Passage {
    member: TextSpan,
}

/// Members whose text is shown: each is read whole.
const TEXTS: usize = 5;
/// Bytes that are shown of each.
const TEXT_BYTES: usize = 24 * 1024;

pub async fn stories(State(api): State<Api>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let path = UrlQuery::parse(raw.as_deref()).at("/v1/stories");
    let list: Stories = api.get(&path).await?;
    let body = html! {
        h1 { "Stories" }
        p.about { "Articles that are copies of one another or contain one another, each group once." }
        @if list.stories.is_empty() {
            div.empty { h2 { "No story has two articles yet" } p { "A story begins when a second site publishes a text that the archive has already." } }
        }
        @for story in &list.stories {
            article.card lang=[story.canonical.facts.language.as_deref()] {
                h2 dir="auto" { a href={ "/stories/" (story.id) } { (cards::headline(&story.canonical)) } }
                (cards::about(&story.canonical, Some(&words::count(story.members, "source", "sources"))))
                @if let Some(summary) = &story.canonical.facts.summary { p.summary dir="auto" { (summary) } }
            }
        }
        @if let Some((_, rest)) = list.next.as_deref().and_then(|next| next.split_once('?')) {
            p.next { a rel="next" href={ "/stories?" (rest) } { "Next stories →" } }
        }
    };
    Ok(Page::new(name_of("/stories"), body).with_json(path).respond())
}

pub async fn story(State(api): State<Api>, Path(id): Path<String>) -> Result<Response, Problem> {
    let path = format!("/v1/stories/{}", segment(&id));
    let story: Story = api.get(&path).await?;
    let canonical = story.members.iter().find(|member| member.head.id.to_string() == story.canonical.id);
    let headline = canonical.map_or("Story", cards::headline);
    let mut in_order: Vec<&Card> = story.members.iter().collect();
    in_order.sort_by_key(|member| time(member));
    let texts = story.members.iter().take(TEXTS);
    let texts: Vec<Article> =
        try_join_all(texts.map(async |member| api.get(&format!("/v1{}", cards::path(member))).await)).await?;
    let (copies, others): (Vec<&Card>, Vec<&Card>) = in_order.iter().partition(|member| is_copy(&story, member));
    let body = html! {
        h1 dir="auto" { (headline) }
        p.about { (words::count(story.members.len() as u64, "source", "sources")) ". Shown for all: the one that "
            @if story.canonical.because == "earliest_published" { "was published first." } @else { "the archive has had longest; none states when it was published." }
        }
        (axis(&in_order))
        (table("Copies of one text, the first one first", &copies, &story))
        @if !others.is_empty() { (table("Other reports, which share passages with it", &others, &story)) }
        @if story.not_compared > 0 { p.notice { (words::count(story.not_compared, "more member", "more members")) " not compared." } }
        section aria-label="What the texts share" {
            h2 { "What the texts share" }
            p.about { "Coloured: word for word the same as in the one shown for all. Above each text, the facts that only one of the two states." }
            div.texts {
                @for text in &texts { (text_of(text, &story, texts.first())) }
            }
        }
    };
    let title = format!("Story: {headline}");
    Ok(Page::new(title, body).under("Stories", "/stories").with_json(format!("/v1/stories/{}", story.id)).respond())
}

/// Members with how much of their text is the same as in the canonical article.
fn table(caption: &str, members: &[&Card], story: &Story) -> Markup {
    html! {
        table {
            caption { (caption) }
            thead { tr { th scope="col" { "Article" } th scope="col" { "Publisher" } th scope="col" { "Published" } th scope="col" { "Agency" } th scope="col" { "Same words" } } }
            tbody {
                @for member in members {
                    tr {
                        td lang=[member.facts.language.as_deref()] dir="auto" { a href=(cards::path(member)) { (cards::headline(member)) } }
                        td dir="auto" { (publisher(member)) }
                        td { (words::published(&member.facts.published, member.head.first_seen_at)) }
                        td { (member.facts.agency.as_deref().unwrap_or_default()) }
                        td.number {
                            @if let Some(pair) = pair(story, member) { (percent(pair.jaccard)) }
                            @else if member.head.id.to_string() == story.canonical.id { "shown for all" }
                            @else { "not compared" }
                        }
                    }
                }
            }
        }
    }
}

fn time(card: &Card) -> jiff::Timestamp {
    card.facts.published.at.unwrap_or(card.head.first_seen_at).timestamp()
}

fn publisher(card: &Card) -> &str {
    card.facts.publisher.as_ref().map_or("not stated", |publisher| &publisher.name)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// How a member compares with the canonical article.
fn pair<'a>(story: &'a Story, member: &Card) -> Option<&'a Pair> {
    let id = member.head.id.to_string();
    let is_of =
        |pair: &&Pair| (pair.a == story.canonical.id && pair.b == id) || (pair.b == story.canonical.id && pair.a == id);
    story.similarity.iter().find(is_of)
}

/// From this share of common passages on, a text is a copy; below, it contains parts of another.
const COPY: f64 = 0.8;

/// Whether a member's text is that of the canonical article. One that was not compared is listed with the copies, and
/// says so.
fn is_copy(story: &Story, member: &Card) -> bool {
    pair(story, member).is_none_or(|pair| pair.containment >= COPY)
}

/// The members in time, from the first to the last. One that does not state when it was published has no place there.
fn axis(members: &[&Card]) -> Markup {
    let members: Vec<&&Card> = members.iter().filter(|member| member.facts.published.at.is_some()).collect();
    let times: Vec<i64> = members.iter().map(|member| time(member).as_second()).collect();
    let (first, last) = (times.first().copied().unwrap_or(0), times.last().copied().unwrap_or(0));
    let long = (last - first).max(1);
    html! {
        @if last > first {
            figure.chart {
                svg viewBox="0 0 1000 40" role="img" aria-label={ "Published over " (words::duration(long.unsigned_abs())) } {
                    line x1="10" y1="20" x2="990" y2="20" {}
                    @for (member, at) in members.iter().zip(&times) {
                        circle cx=(10 + (at - first) * 980 / long) cy="20" r="7" { title { (publisher(member)) } }
                    }
                }
                figcaption { span { "first" } span { (words::duration(long.unsigned_abs())) " between the first and the last" } span { "last" } }
            }
        }
    }
}

/// What a text states that another does not: its names and amounts.
fn only_in(article: &Article, other: &Article) -> String {
    let names = |article: &Article| -> BTreeSet<String> {
        let amounts = article.detail.quantities.iter().map(words::quantity);
        article.facts.entities.iter().map(|entity| entity.name.clone()).chain(amounts).collect()
    };
    let known = names(other);
    names(article).into_iter().filter(|name| !known.contains(name)).collect::<Vec<_>>().join(", ")
}

/// A text with what it shares with the canonical article.
fn text_of(article: &Article, story: &Story, canonical: Option<&Article>) -> Markup {
    let other = canonical.filter(|canonical| canonical.head.id != article.head.id);
    let differences = other.map(|other| (only_in(article, other), only_in(other, article)));

    let id = article.head.id.to_string();
    let passages = story.shared.iter().filter(|shared| shared.member == id).flat_map(|shared| &shared.passages);
    let shared = by_paragraph(passages);
    let card = Card { head: article.head.clone(), facts: article.facts.clone() };
    html! {
        article.text lang=[article.facts.language.as_deref()] {
            h3 dir="auto" { a href=(cards::path(&card)) { (cards::headline(&card)) } }
            p.about lang="en" { (publisher(&card)) }
            @if let Some((here, there)) = differences {
                @if !here.is_empty() { p.about lang="en" { "Only here: " (here) } }
                @if !there.is_empty() { p.about lang="en" { "Not here: " (there) } }
            }
            @for (number, paragraph) in (0..).zip(cards::beginning(&article.detail.body, TEXT_BYTES).0) {
                @let spans = shared.get(&number).map(Vec::as_slice).unwrap_or_default();
                p dir="auto" {
                    @for (text, is_shared) in cards::split(paragraph, spans) {
                        @if is_shared { mark { (text) } } @else { (text) }
                    }
                }
            }
        }
    }
}

/// The shared passages of each paragraph of the body, in order.
fn by_paragraph<'a>(passages: impl Iterator<Item = &'a Passage>) -> HashMap<u32, Vec<(usize, usize)>> {
    let mut groups: HashMap<u32, Vec<(usize, usize)>> = HashMap::new();
    for span in passages.map(|passage| &passage.member).filter(|span| span.field == "body") {
        groups.entry(span.paragraph).or_default().push((span.start as usize, span.end as usize));
    }
    groups.values_mut().for_each(|spans| spans.sort_unstable());
    groups
}
