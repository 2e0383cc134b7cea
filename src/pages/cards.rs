//! How an article is shown in a list.

use super::words;
use crate::article::Card;
use maud::{Markup, html};
use serde::Deserialize;

/// An entry of `GET /v1/articles`.
#[derive(Deserialize)]
pub struct Entry {
    #[serde(flatten)]
    pub card: Card,
    #[serde(default)]
    pub highlights: Option<Vec<Passage>>,
}

#[derive(Deserialize)]
pub struct Passage {
    pub field: String,
    pub start: usize,
    pub text: String,
    pub matches: Vec<Range>,
}

#[derive(Clone, Copy, Deserialize)]
pub struct Range {
    pub start: usize,
    pub end: usize,
}

/// Shows an article: its headline, where, when and by whom it was published, and what matched or its summary.
/// `sources`: how many articles tell its story, if there are several.
pub fn card(entry: &Entry, sources: Option<&str>) -> Markup {
    let card = &entry.card;
    let passages: Vec<&Passage> =
        entry.highlights.iter().flatten().filter(|passage| passage.field != "headline").take(2).collect();
    html! {
        article.card lang=[card.facts.language.as_deref()] {
            h3 dir="auto" { a href=(path(card)) { (headline(card)) } }
            (about(card, sources))
            @if passages.is_empty() {
                @if let Some(summary) = &card.facts.summary { p.summary dir="auto" { (summary) } }
            } @else {
                @for passage in passages { p.summary dir="auto" { (matched(passage)) } }
            }
        }
    }
}

/// The line below a headline, in the language of the page.
pub fn about(card: &Card, sources: Option<&str>) -> Markup {
    let facts = &card.facts;
    html! {
        p.about lang="en" {
            @if let Some(publisher) = &facts.publisher { span dir="auto" { (publisher.name) } }
            @if let Some(dateline) = &facts.dateline {
                span dir="auto" { (dateline.place.as_ref().map_or(&dateline.text, |place| &place.name)) }
            }
            span { (words::published(&facts.published, card.head.first_seen_at)) }
            @if let Some(sources) = sources {
                a href={ "/stories/" (card.head.story) } { (sources) }
            }
            @if facts.partial { span { "only a part of the article" } }
        }
    }
}

pub fn path(card: &Card) -> String {
    format!("/articles/{}", card.head.id)
}

pub fn headline(card: &Card) -> &str {
    card.facts.headline.as_deref().unwrap_or("An article without a headline")
}

/// The paragraphs of a text that a page shows, and how many more there are.
pub fn beginning(body: &[String], bytes: usize) -> (&[String], usize) {
    let mut so_far = 0;
    let shown = body.iter().take_while(|paragraph| {
        let fits = so_far < bytes;
        so_far += paragraph.len();
        fits
    });
    let shown = shown.count();
    (&body[..shown], body.len() - shown)
}

/// A passage with its matches.
fn matched(passage: &Passage) -> Markup {
    let within = |at: usize| at.checked_sub(passage.start).filter(|at| passage.text.is_char_boundary(*at));
    let spans: Vec<(usize, usize)> =
        passage.matches.iter().filter_map(|range| Some((within(range.start)?, within(range.end)?))).collect();
    html! {
        @for (text, is_match) in split(&passage.text, &spans) {
            @if is_match { mark { (text) } } @else { (text) }
        }
    }
}

/// Splits a text into what is inside and outside of spans in order.
pub fn split<'a>(text: &'a str, spans: &[(usize, usize)]) -> Vec<(&'a str, bool)> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    for (start, end) in spans {
        let (Some(before), Some(inside)) = (text.get(at..*start), text.get(*start..*end)) else { continue };
        pieces.extend([(before, false), (inside, true)]);
        at = *end;
    }
    pieces.push((&text[at..], false));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}
