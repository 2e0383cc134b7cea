//! Plain text: headline, deck, byline and paragraphs, with an empty line between two.

use super::{byline, paragraphs};
use crate::article::Article;

pub fn write(article: &Article) -> String {
    let facts = &article.facts;
    let top = [facts.headline.clone(), facts.deck.clone(), byline(article)];
    top.into_iter().flatten().chain(paragraphs(article)).map(|block| block + "\n").collect::<Vec<_>>().join("\n")
}
