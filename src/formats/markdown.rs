//! Markdown (CommonMark): the headline as a heading, the deck in bold, the byline in italics, the paragraphs.

use super::{byline, paragraphs};
use crate::article::Article;

pub fn write(article: &Article) -> String {
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
