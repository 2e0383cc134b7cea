//! An article as a client asks for it: JSON, plain text, Markdown.

use super::{json, negotiate::Format, problem::Problem};
use crate::article::Article;
use axum::response::{IntoResponse, Response};
use http::header;

pub fn represent(article: &Article, format: Format) -> Result<Response, Problem> {
    Ok(match format {
        Format::Json => json(article)?,
        Format::Text => written(plain_text(article), format),
        Format::Markdown => written(markdown(article), format),
    })
}

fn written(text: String, format: Format) -> Response {
    let media_type = format!("{}; charset=utf-8", format.media_type());
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache".to_owned())], text).into_response()
}

/// Headline, deck, byline, then the paragraphs, with the dateline where it stood.
fn paragraphs(article: &Article) -> impl Iterator<Item = String> {
    let dateline = article.facts.dateline.as_ref().map(|it| format!("{}: ", it.text)).unwrap_or_default();
    article
        .detail
        .body
        .iter()
        .enumerate()
        .map(move |(at, it)| if at == 0 { format!("{dateline}{it}") } else { it.clone() })
}

fn byline(article: &Article) -> Option<String> {
    let names: Vec<&str> = article.facts.authors.iter().map(|it| it.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn plain_text(article: &Article) -> String {
    let facts = &article.facts;
    let top = [facts.headline.clone(), facts.deck.clone(), byline(article)];
    top.into_iter().flatten().chain(paragraphs(article)).map(|it| it + "\n").collect::<Vec<_>>().join("\n")
}

fn markdown(article: &Article) -> String {
    let facts = &article.facts;
    let top = [
        facts.headline.as_deref().map(|it| format!("# {}", escape(it))),
        facts.deck.as_deref().map(|it| format!("**{}**", escape(it))),
        byline(article).map(|it| format!("*{}*", escape(&it))),
    ];
    let body = paragraphs(article).map(|it| escape(&it));
    top.into_iter().flatten().chain(body).map(|it| it + "\n").collect::<Vec<_>>().join("\n")
}

/// CommonMark's escapes for what would turn somebody's words into markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        let is_marker = matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&');
        let opens_block = at == 0 && matches!(letter, '#' | '>' | '-' | '+' | '=' | '~' | '|');
        if is_marker || opens_block {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    // `1. ` and `1) ` at the start of a line open a list.
    let digits = escaped.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && escaped[digits..].starts_with(['.', ')']) {
        escaped.insert(digits, '\\');
    }
    escaped
}
