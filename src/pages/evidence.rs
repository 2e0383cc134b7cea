//! `GET /articles/{id}/evidence`: the raw document line by line, each kept, mined or removed, and why. `field` lights
//! the bytes that a fact was read from, so that a proof can be sent as a link.

use super::{cards, layout::Page, query::UrlQuery, words};
use crate::http::in_process::{Api, segment};
use crate::{
    article::{Card, Evidence, FieldEvidence, Label, Piece, Span},
    http::problem::Problem,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use maud::{Markup, html};

/// Bytes of a raw document on one page.
const PART_BYTES: usize = 64 * 1024;
/// Bytes that are shown of a piece of markup: a page's own script is of no interest, and may be most of it.
const PIECE_BYTES: usize = 2_000;

/// The link to the bytes that a fact was read from.
pub fn link(id: &str, field: &str) -> String {
    UrlQuery::default().and("field", field).at(&format!("/articles/{id}/evidence")) + "#lit"
}

pub async fn evidence(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let query = UrlQuery::parse(raw.as_deref());
    let path = format!("/v1/articles/{}", segment(&id));
    let proofs = format!("{path}/evidence");
    let (card, evidence) = futures::join!(api.get::<Card>(&path), api.get::<Evidence>(&proofs));
    let (card, evidence) = (card?, evidence?);
    let home = cards::path(&card);
    let lit = query.get("field").and_then(|field| evidence.fields.iter().find(|known| known.field == field));
    let first = lit.and_then(|field| field.spans.first()).map(|span| span.start);
    let from = query.get("from").and_then(|from| from.parse().ok()).or(first).unwrap_or(0) / PART_BYTES * PART_BYTES;
    let end = evidence.pieces.last().map_or(0, |piece| piece.end);
    let shown = evidence.pieces.iter().filter(|piece| piece.end > from && piece.start < from + PART_BYTES);
    let body = html! {
        h1 dir="auto" { (cards::headline(&card)) }
        p.about { "The raw document: " (words::bytes(end as u64)) ", " (card.head.raw.media_type) ", retrieved "
            (words::minute(card.head.raw.retrieved_at)) ". Together, the lines below are the document, byte for byte." }
        @if let Some(field) = lit { div.proof-of { h2 { (words::field(&field.field)) } (proof(field)) } }
        @else if let Some(name) = query.get("field") { p.notice { "Nothing is recorded about " q { (name) } "." } }
        div.reading {
            (table(shown, lit))
            aside.facts aria-label="Facts" {
                h2 { "Facts" }
                ul {
                    @for field in &evidence.fields {
                        li { a href=(link(&card.head.id.to_string(), &field.field)) aria-current=[lit.filter(|lit| lit.field == field.field).map(|_| "true")] {
                            (words::field(&field.field)) }
                            @if let Some(value) = &field.normalised { span.because dir="auto" { " " (short(value)) } }
                        }
                    }
                }
                @if !evidence.left_out.is_empty() {
                    h3 { "Left out by limits" }
                    ul { @for left_out in &evidence.left_out { li { (left_out) } } }
                }
            }
        }
        nav.parts aria-label="Parts of the document" {
            @if from > 0 { a href={ (home) "/evidence?from=" (from.saturating_sub(PART_BYTES)) } { "← earlier bytes" } " " }
            @if from + PART_BYTES < end { a href={ (home) "/evidence?from=" (from + PART_BYTES) } { "later bytes →" } }
        }
    };
    let title = format!("Evidence: {}", cards::headline(&card));
    Ok(Page::new(title, body).under("Articles", "/").under(cards::headline(&card), home).with_json(proofs).respond())
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// How a fact was read.
fn proof(field: &FieldEvidence) -> Markup {
    html! {
            dl {
                @if let Some(value) = &field.normalised { dt { "Read as" } dd dir="auto" { (value) } }
                dt { "Rule" } dd { (words::plain(&field.rule)) }
                dt { "Bytes" }
                dd {
                    @if field.spans.is_empty() { "no single place: it follows from the whole text" }
                    @for (at, span) in field.spans.iter().enumerate() {
                        @if at > 0 { ", " }
                        (words::grouped(span.start as u64)) " to " (words::grouped(span.end as u64))
                    }
                }
                @if !field.alternatives.is_empty() {
                    dt { "The document also says" }
                    @for other in &field.alternatives { dd dir="auto" { (other) } }
                }
            }
    }
}

/// Every fact, with how it was read.
pub fn proofs(evidence: &Evidence) -> Markup {
    html! {
        div.proofs {
            @for field in &evidence.fields {
                details { summary { (words::field(&field.field)) @if let Some(value) = &field.normalised { ": " span dir="auto" { (short(value)) } } } (proof(field)) }
            }
        }
    }
}

/// The first lines of a document.
pub fn lines(evidence: &Evidence) -> Markup {
    let shown = evidence.pieces.iter().filter(|piece| piece.start < PART_BYTES);
    table(shown, None)
}

fn table<'a>(pieces: impl Iterator<Item = &'a Piece>, lit: Option<&FieldEvidence>) -> Markup {
    let lit = lit.map_or(Vec::new(), in_order);
    let mut anchor = false;
    html! {
        table.raw {
            caption { "Which bytes were " span.kept { "kept" } ", " span.mined { "mined" } " for a fact, or " span.removed { "removed" } }
            thead { tr { th scope="col" { "Label" } th scope="col" { "Reason" } th scope="col" { "From byte" } th scope="col" { "Text" } } }
            tbody { @for piece in pieces { (row(piece, &lit, &mut anchor)) } }
        }
    }
}

/// A piece of the raw document. The first lit one is where the link of a proof leads.
fn row(piece: &Piece, lit: &[Span], anchor: &mut bool) -> Markup {
    let (class, name) = match piece.label {
        Label::Kept => ("kept", "kept"),
        Label::Mined => ("mined", "mined"),
        Label::Removed => ("removed", "removed"),
    };
    let spans = within(piece, lit);
    let whole = piece.text.len();
    // What is lit is never cut off.
    let limit = spans.last().map_or(0, |(_, end)| *end).max(PIECE_BYTES).min(whole);
    let text = &piece.text[..(limit..=whole).find(|at| piece.text.is_char_boundary(*at)).unwrap_or(whole)];
    let mut lit_here = || (!std::mem::replace(anchor, true)).then_some("lit");
    html! {
        tr class=(class) {
            td { (name) }
            td { (piece.reason) }
            td.number { (words::grouped(piece.start as u64)) }
            td { pre dir="auto" {
                @for (text, is_lit) in cards::split(text, &spans) {
                    @if is_lit { mark id=[lit_here()] { (text) } } @else { (text) }
                }
                @if text.len() < whole { span.cut { " … " (words::bytes((whole - text.len()) as u64)) " more" } }
            } }
        }
    }
}

/// The spans of a fact in order, without overlaps.
fn in_order(field: &FieldEvidence) -> Vec<Span> {
    let mut spans = field.spans.clone();
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut end = 0;
    spans.retain(|span| {
        let follows = span.start >= end;
        end = if follows { span.end } else { end };
        follows
    });
    spans
}

/// The parts of a piece that are within spans in order, as offsets in its text.
fn within(piece: &Piece, spans: &[Span]) -> Vec<(usize, usize)> {
    let first = spans.partition_point(|span| span.end <= piece.start);
    let overlapping = spans[first..].iter().take_while(|span| span.start < piece.end);
    let parts = overlapping
        .map(|span| (span.start.max(piece.start) - piece.start, span.end.min(piece.end) - piece.start))
        .collect::<Vec<_>>();
    // Then the whole piece is lit.
    if parts.iter().any(|(start, end)| piece.text.get(*start..*end).is_none()) {
        return vec![(0, piece.text.len())];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: usize, text: &str) -> Piece {
        Piece { start, end: start + text.len(), label: Label::Kept, reason: "body".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_bytes_of_a_fact_are_lit_exactly_and_a_whole_line_where_they_cannot_be() {
        let spans = |spans: &[(usize, usize)]| {
            let spans = spans.iter().map(|(start, end)| Span { start: *start, end: *end }).collect();
            in_order(&FieldEvidence {
                field: "published".to_owned(),
                spans,
                rule: "date-line".to_owned(),
                normalised: None,
                normalisation: None,
                alternatives: Vec::new(),
            })
        };
        assert_eq!(within(&piece(10, "Published: May"), &spans(&[(21, 24), (60, 70)])), [(11, 14)]);
        assert_eq!(within(&piece(10, "Published: May"), &spans(&[(0, 12), (11, 13), (20, 40)])), [(0, 2), (10, 14)]);
        // A span that does not end between two characters.
        assert_eq!(within(&piece(0, "Städte"), &spans(&[(2, 3)])), [(0, 7)]);
        assert_eq!(within(&piece(30, "Published"), &spans(&[(0, 30)])), []);
    }
}
