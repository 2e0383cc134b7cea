//! The representations of an article: JSON, plain text, Markdown.

use super::{negotiate::Format, problem::Problem, responses::json};
use crate::article::Article;
use axum::response::{IntoResponse, Response};
use http::header;

pub fn represent(article: &Article, format: Format) -> Result<Response, Problem> {
    Ok(match format {
        Format::Json => json(article)?,
        Format::Text => text_response(plain_text(article), format),
        Format::Markdown => text_response(markdown(article), format),
    })
}

fn text_response(text: String, format: Format) -> Response {
    let media_type = format!("{}; charset=utf-8", format.media_type());
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache".to_owned())], text).into_response()
}

/// Returns the paragraphs of the body, the first one with the dateline before it.
fn paragraphs(article: &Article) -> impl Iterator<Item = String> {
    let dateline = article.facts.dateline.as_ref().map(|dateline| format!("{}: ", dateline.text)).unwrap_or_default();
    article
        .detail
        .body
        .iter()
        .enumerate()
        .map(move |(index, paragraph)| if index == 0 { format!("{dateline}{paragraph}") } else { paragraph.clone() })
}

fn byline(article: &Article) -> Option<String> {
    let names: Vec<&str> = article.facts.authors.iter().map(|author| author.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn plain_text(article: &Article) -> String {
    let facts = &article.facts;
    let top = [facts.headline.clone(), facts.deck.clone(), byline(article)];
    top.into_iter().flatten().chain(paragraphs(article)).map(|block| block + "\n").collect::<Vec<_>>().join("\n")
}

fn markdown(article: &Article) -> String {
    let facts = &article.facts;
    let top = [
        facts.headline.as_deref().map(|headline| format!("# {}", escape(headline))),
        facts.deck.as_deref().map(|deck| format!("**{}**", escape(deck))),
        byline(article).map(|byline| format!("*{}*", escape(&byline))),
    ];
    let body = paragraphs(article).map(|paragraph| escape(&paragraph));
    top.into_iter().flatten().chain(body).map(|block| block + "\n").collect::<Vec<_>>().join("\n")
}

/// Escapes characters that CommonMark would read as markup.
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
