//! `get_article`: the facts of an article, and its text a page at a time.

use super::{ToolError, schema};
use crate::{
    article::Article,
    http::in_process::{Api, segment},
};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "get_article";
/// Bytes of text on one page.
const PAGE_BYTES: usize = 4_000;
/// People, organisations, places and countries that are listed.
const NAMES: usize = 20;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    id: String,
    /// From next: continues the text
    from: Option<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ArticlePage {
    id: String,
    revision: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deck: Option<String>,
    authors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dateline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    /// If no date is stated: why it was published in an interval
    #[serde(skip_serializing_if = "Option::is_none")]
    published_reasoning: Option<String>,
    story: String,
    topics: Vec<String>,
    /// type:id
    names: Vec<String>,
    /// Names that are not listed
    more_names: usize,
    /// UTF-8 byte offsets in the paragraph
    text: Vec<TextPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct TextPart {
    paragraph: usize,
    start: usize,
    text: String,
}

pub fn tool() -> Tool {
    schema::tool::<Arguments, ArticlePage>(NAME, "Read an article: its facts, and its text by pages.")
}

pub async fn call(api: &Api, arguments: Arguments) -> Result<ArticlePage, ToolError> {
    let (paragraph, start) = match &arguments.from {
        None => (0, 0),
        Some(from) => parse(from)
            .ok_or_else(|| ToolError::Arguments(format!("from: expected a value of next, found {from:?}")))?,
    };
    let article: Article = api.get(&format!("/v1/articles/{}", segment(&arguments.id))).await?;
    let (text, next) = page(&article.detail.body, paragraph, start);
    let (head, facts) = (article.head, article.facts);
    let mut page = ArticlePage { id: head.id.to_string(), revision: head.revision, text, next, ..Default::default() };
    page.story = head.story.to_string();
    if arguments.from.is_some() {
        // The facts came with the first page.
        return Ok(page);
    }
    let names: Vec<String> = facts
        .entities
        .iter()
        .filter(|entity| entity.strong)
        .map(|entity| format!("{}:{}", entity.kind.name(), entity.id))
        .collect();
    Ok(ArticlePage {
        url: facts.url,
        headline: facts.headline,
        deck: facts.deck,
        authors: facts.authors.into_iter().map(|author| author.name).collect(),
        publisher: facts.publisher.map(|publisher| publisher.name),
        agency: facts.agency,
        dateline: facts.dateline.map(|dateline| dateline.text),
        published: facts.published.stated(),
        published_reasoning: facts.published.reasoning.filter(|_| facts.published.at.is_none()),
        topics: facts.topics.into_iter().map(|topic| topic.label).collect(),
        more_names: names.len().saturating_sub(NAMES),
        names: names.into_iter().take(NAMES).collect(),
        ..page
    })
}

/// Returns the text from a place in a body, and where the next page begins.
fn page(body: &[String], paragraph: usize, start: usize) -> (Vec<TextPart>, Option<String>) {
    let (mut parts, mut bytes) = (Vec::new(), 0);
    for (number, text) in body.iter().enumerate().skip(paragraph) {
        let start = if number == paragraph { text.ceil_char_boundary(start.min(text.len())) } else { 0 };
        let end = text.floor_char_boundary(start + (PAGE_BYTES - bytes).min(text.len() - start));
        // A character may be longer than the rest of the page.
        if end > start || text.is_empty() {
            parts.push(TextPart { paragraph: number, start, text: text[start..end].to_owned() });
        }
        bytes += end - start;
        if end < text.len() {
            return (parts, Some(format!("{number}:{end}")));
        }
    }
    (parts, None)
}

fn parse(from: &str) -> Option<(usize, usize)> {
    let (paragraph, start) = from.split_once(':')?;
    Some((paragraph.parse().ok()?, start.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_together_are_the_text() {
        let body =
            ["a short one".to_owned(), "é😀".repeat(3_000), String::new(), "x".repeat(9_000), "the end".to_owned()];
        let (mut read, mut from) = (vec![String::new(); body.len()], Some("0:0".to_owned()));
        let mut pages = 0;
        while let Some(at) = from {
            let (paragraph, start) = parse(&at).expect("a place");
            let (parts, next) = page(&body, paragraph, start);
            assert!(parts.iter().map(|part| part.text.len()).sum::<usize>() <= PAGE_BYTES);
            for part in parts {
                assert_eq!(read[part.paragraph].len(), part.start);
                read[part.paragraph].push_str(&part.text);
            }
            from = next;
            pages += 1;
        }
        assert_eq!((read.as_slice(), pages), (body.as_slice(), 7));
        assert!(page(&body, 99, 5).0.is_empty());
    }
}
