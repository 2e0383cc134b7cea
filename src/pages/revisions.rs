//! `GET /articles/{id}/revisions`: every revision of an article, and the differences of any two, word by word.

use super::{cards, layout::Page, query::UrlQuery, words};
use crate::http::in_process::{Api, segment};
use crate::{
    article::{Card, Instant},
    http::problem::Problem,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

/// The response of `GET /v1/articles/{id}/revisions`.
#[derive(Deserialize)]
pub struct Revisions {
    pub revisions: Vec<Revision>,
    next: Option<String>,
}

#[derive(Deserialize)]
pub struct Revision {
    pub revision: u32,
    at: Instant,
    kind: String,
    changed: Vec<String>,
    reason: Option<String>,
}

/// The response of `GET /v1/articles/{id}/changes/{a}..{b}`.
#[derive(Deserialize)]
struct Differences {
    changed: Vec<String>,
    headline: Vec<Run>,
    deck: Vec<Run>,
    body: Vec<Vec<Run>>,
}

#[derive(Deserialize)]
struct Run {
    op: String,
    text: String,
}

pub async fn revisions(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let query = UrlQuery::parse(raw.as_deref());
    let path = format!("/v1/articles/{}", segment(&id));
    let listed = query.only(&["before"]).at(&format!("{path}/revisions"));
    let (card, list) = futures::join!(api.get::<Card>(&path), api.get::<Revisions>(&listed));
    let (card, list) = (card?, list?);
    let home = cards::path(&card);
    let newest = list.revisions.first().map_or(1, |newest| newest.revision);
    let number = |name: &str| query.get(name).and_then(|number| number.parse::<u32>().ok());
    let to = number("to").unwrap_or(newest);
    let from = number("from").unwrap_or(to.saturating_sub(1));
    let compared = format!("{path}/changes/{from}..{to}");
    let differences = if from > 0 && from != to { Some(api.get::<Differences>(&compared).await) } else { None };
    let body = html! {
        h1 dir="auto" { (cards::headline(&card)) }
        form.compare action={ (home) "/revisions" } method="get" {
            p {
                label for="revision-from" { "Compare revision" } " "
                (choice("from", &list.revisions, from.max(1)))
                " " label for="revision-to" { "with" } " "
                (choice("to", &list.revisions, to))
                " " button type="submit" { "Compare" }
            }
        }
        @match differences {
            Some(Ok(differences)) => (shown(&differences, from, to, card.facts.language.as_deref())),
            Some(Err(problem)) => p.notice { (problem.detail) },
            None if newest == 1 => p.notice { "There is one revision, so nothing to compare it with." },
            None => p.notice { "Choose two different revisions to compare." },
        }
        table {
            caption { "Revisions, the newest first" }
            thead { tr { th scope="col" { "Revision" } th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Changed" } th scope="col" { "Read it" } } }
            tbody {
                @for revision in &list.revisions {
                    tr {
                        td.number { (revision.revision) }
                        td { time datetime=(revision.at.to_string()) { (words::minute(revision.at)) } }
                        td { (words::plain(&revision.kind)) @if let Some(reason) = &revision.reason { ": " (reason) } }
                        td { (revision.changed.join(", ")) }
                        td { a href={ (home) "?as_of=" (revision.at.to_string()) } { "as of then" } }
                    }
                }
            }
        }
        @if let Some((_, rest)) = list.next.as_deref().and_then(|next| next.split_once('?')) {
            p.next { a rel="next" href={ (home) "/revisions?" (rest) } { "Earlier revisions →" } }
        }
    };
    let title = format!("Revisions: {}", cards::headline(&card));
    let page = Page::new(title, body).under("Articles", "/").under(cards::headline(&card), home);
    Ok(page.with_json(listed).respond())
}

fn choice(name: &str, revisions: &[Revision], chosen: u32) -> Markup {
    html! {
        select id={ "revision-" (name) } name=(name) {
            @for revision in revisions.iter().rev() {
                option value=(revision.revision) selected[revision.revision == chosen] {
                    (revision.revision) " (" (words::day(revision.at)) ")"
                }
            }
        }
    }
}

fn shown(differences: &Differences, from: u32, to: u32, language: Option<&str>) -> Markup {
    html! {
        section.difference aria-label={ "Differences of revisions " (from) " and " (to) } {
            h2 { "From revision " (from) " to " (to) }
            @if differences.changed.is_empty() { p { "Nothing that a reader sees differs." } }
            @else { p.about { "Changed: " (differences.changed.join(", ")) ". " del { "Struck" } " is gone, " ins { "underlined" } " is new." } }
            div.text lang=[language] {
                h3 dir="auto" { (runs(&differences.headline)) }
                @if !differences.deck.is_empty() { p.deck dir="auto" { (runs(&differences.deck)) } }
                @for paragraph in &differences.body { p dir="auto" { (runs(paragraph)) } }
            }
        }
    }
}

fn runs(runs: &[Run]) -> Markup {
    html! {
        @for run in runs {
            @match run.op.as_str() {
                "delete" => del { (run.text) },
                "insert" => ins { (run.text) },
                _ => (run.text),
            }
        }
    }
}
