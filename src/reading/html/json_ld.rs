//! Facts in JSON-LD: schema.org's `NewsArticle` and its kin, in the shapes that publishers write: an object, an array, a
//! `@graph`, authors by reference to another node.

use crate::{
    article::Span,
    reading::{feed::escapes::resolved, json, limits::STATED_VALUES},
};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// schema.org's types of articles. Others on a page describe the site, the path to it, or what is linked.
const ARTICLES: &[&str] = &[
    "NewsArticle",
    "ReportageNewsArticle",
    "AnalysisNewsArticle",
    "BackgroundNewsArticle",
    "OpinionNewsArticle",
    "ReviewNewsArticle",
    "AskPublicNewsArticle",
    "Article",
    "BlogPosting",
    "LiveBlogPosting",
    "Report",
    "SatiricalArticle",
    "TechArticle",
    "ScholarlyArticle",
    "AdvertiserContentArticle",
    "SocialMediaPosting",
];
/// Types of pages: where no node is an article, the page's own dates and authors are the article's.
const PAGES: &[&str] =
    &["WebPage", "ItemPage", "AboutPage", "FAQPage", "QAPage", "MedicalWebPage", "LearningResource", "HowTo", "Recipe"];
/// How deep references are followed.
const REFERENCES: usize = 3;

/// Those that others may refer to, by their `@id`.
type Nodes = HashMap<String, Map<String, Value>>;

/// The node that describes the article, with the others that it may refer to.
pub struct ArticleNode {
    node: Map<String, Value>,
    nodes: Nodes,
    /// The script's content.
    span: Span,
    script: String,
}

/// The first article among the page's scripts, and why any of them could not be read.
pub fn find(document: &str, scripts: &[Span]) -> (Option<ArticleNode>, Vec<String>) {
    let mut faults = Vec::new();
    let mut all: Vec<(Map<String, Value>, Span)> = Vec::new();
    for span in scripts {
        let script = document.get(span.start..span.end).unwrap_or_default();
        match parse(script) {
            Ok(value) => collect(value, *span, &mut all),
            Err(error) => faults.push(format!("JSON-LD at byte {}: {error}", span.start)),
        }
    }
    let mut nodes = Nodes::new();
    for (node, _) in &all {
        // One of an `@id` alone refers to another.
        if let Some(Value::String(id)) = node.get("@id").filter(|_| node.len() > 1) {
            nodes.entry(id.clone()).or_insert_with(|| node.clone());
        }
    }
    // The article that says most: teasers of others are bare.
    let (articles, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(node, _)| is_one_of(node, ARTICLES));
    let dated = |node: &Map<String, Value>| is_one_of(node, PAGES) && node.contains_key("datePublished");
    let article = articles.into_iter().rev().max_by_key(|(node, _)| weight(node));
    let article = article.or_else(|| rest.into_iter().find(|(node, _)| dated(node)));
    let found = article.map(|(node, span)| {
        let script = document.get(span.start..span.end).unwrap_or_default().to_owned();
        ArticleNode { node, nodes, span, script }
    });
    (found, faults)
}

/// Some content management systems leave line breaks in strings, which JSON forbids, wrap the script in a comment, or escape
/// it as if it were text.
fn parse(script: &str) -> Result<Value, serde_json::Error> {
    let script = script.trim().trim_start_matches("<!--").trim_end_matches("-->").trim();
    let script = script.trim_start_matches("//<![CDATA[").trim_end_matches("//]]>").trim_end_matches(';');
    serde_json::from_str(script).or_else(|error| {
        let spaced = json::spaced(script);
        serde_json::from_str(&spaced).or_else(|_| serde_json::from_str(&resolved(&spaced))).map_err(|_| error)
    })
}

fn collect(value: Value, span: Span, all: &mut Vec<(Map<String, Value>, Span)>) {
    match value {
        Value::Array(values) => values.into_iter().for_each(|it| collect(it, span, all)),
        Value::Object(mut node) => {
            for inner in ["@graph", "mainEntity"] {
                if let Some(values) = node.get_mut(inner).map(Value::take) {
                    collect(values, span, all);
                }
            }
            all.push((node, span));
        }
        _ => {}
    }
}

fn is_one_of(node: &Map<String, Value>, types: &[&str]) -> bool {
    let is = |it: &Value| it.as_str().is_some_and(|it| types.contains(&it.rsplit('/').next().unwrap_or(it)));
    match node.get("@type") {
        Some(Value::Array(types)) => types.iter().any(is),
        Some(one) => is(one),
        None => false,
    }
}

fn weight(node: &Map<String, Value>) -> usize {
    ["headline", "datePublished", "author", "publisher", "articleBody"]
        .iter()
        .filter(|it| node.contains_key(**it))
        .count()
}

impl ArticleNode {
    /// A member's texts, each once and one more than are kept of any, with their place in the document.
    pub fn texts(&self, member: &str) -> Vec<(String, Span)> {
        let mut texts = Vec::new();
        self.gather(self.node.get(member), &["name", "url", "@id"], 0, &mut texts);
        texts
    }

    /// Whether the article was written by somebody of this name: schema.org's `Person`.
    pub fn is_person(&self, name: &str) -> bool {
        let named =
            |node: &Map<String, Value>| node.get("name").and_then(Value::as_str).is_some_and(|it| it.trim() == name);
        let person = |it: &Value| it.as_object().is_some_and(|it| is_one_of(it, &["Person"]) && named(it));
        match self.node.get("author") {
            Some(Value::Array(authors)) => authors.iter().any(person),
            Some(author) => person(author) || self.nodes.values().any(|it| is_one_of(it, &["Person"]) && named(it)),
            None => false,
        }
    }

    /// A member's addresses: of an image or a page, which may be an object.
    pub fn address(&self, member: &str) -> Option<(String, Span)> {
        let mut texts = Vec::new();
        self.gather(self.node.get(member), &["url", "@id", "contentUrl"], 0, &mut texts);
        texts.into_iter().next()
    }

    /// Whether the article says that it is not free to read.
    pub fn is_paid(&self) -> bool {
        match self.node.get("isAccessibleForFree") {
            Some(Value::Bool(free)) => !free,
            Some(Value::String(free)) => free.eq_ignore_ascii_case("false"),
            _ => false,
        }
    }

    fn gather(&self, value: Option<&Value>, names: &[&str], depth: usize, texts: &mut Vec<(String, Span)>) {
        if texts.len() > STATED_VALUES {
            return;
        }
        match value {
            Some(Value::String(text)) if !text.trim().is_empty() => {
                let said = unescaped(text);
                if !texts.iter().any(|(it, _)| *it == said) {
                    texts.push((said, self.place(text)));
                }
            }
            Some(Value::Array(values)) => values.iter().for_each(|it| self.gather(Some(it), names, depth, texts)),
            Some(Value::Object(node)) if depth < REFERENCES => {
                let named = names.iter().find_map(|it| node.get(*it).filter(|value| !value.is_null() && *it != "@id"));
                match named {
                    Some(_) => self.gather(named, names, depth + 1, texts),
                    None => self.gather(self.referred(node, names), names, depth + 1, texts),
                }
            }
            _ => {}
        }
    }

    /// What a node that holds only an `@id` stands for.
    fn referred<'a>(&'a self, node: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
        let id = node.get("@id")?;
        let target = id.as_str().and_then(|id| self.nodes.get(id));
        let named = target.and_then(|it| names.iter().find_map(|name| it.get(*name).filter(|_| *name != "@id")));
        named.or(Some(id).filter(|_| names.first() != Some(&"name")))
    }

    /// Where a value stands in the script: as a string, as a part of one, else in the script that was escaped as a whole.
    fn place(&self, value: &str) -> Span {
        let inner = || self.script.find(value).map(|at| at..at + value.len());
        let found = json::place(&self.script, value).or_else(inner);
        match found {
            Some(it) => Span { start: self.span.start + it.start, end: self.span.start + it.end },
            None => self.span,
        }
    }
}

/// Publishers paste texts with entities and tags into JSON, where they mean nothing.
fn unescaped(text: &str) -> String {
    if !text.contains(['&', '<']) {
        return text.trim().to_owned();
    }
    let strings = html5gum::Tokenizer::new(text).flatten().filter_map(|it| match it {
        html5gum::Token::String(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        _ => None,
    });
    strings.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str, member: &str) -> Vec<String> {
        let (node, _) = find(script, &[Span { start: 0, end: script.len() }]);
        node.map(|it| it.texts(member).into_iter().map(|it| it.0).collect()).unwrap_or_default()
    }

    #[test]
    fn facts_are_found_in_the_shapes_that_are_written() {
        for (script, member, expected) in [
            (r#"{"@type": "NewsArticle", "headline": "A"}"#, "headline", vec!["A"]),
            (
                r#"[{"@type": "WebPage", "headline": "B"}, {"@type": ["Article", "X"], "headline": "A"}]"#,
                "headline",
                vec!["A"],
            ),
            (
                r#"{"@graph": [{"@id": "p", "name": "Ana"}, {"@type": "Article", "author": {"@id": "p"}}]}"#,
                "author",
                vec!["Ana"],
            ),
            (r#"{"@type": "Article", "author": [{"name": "Ana"}, {"name": "Ben"}]}"#, "author", vec!["Ana", "Ben"]),
            (r#"{"@type": "Article", "author": {"name": ["Ana", "Ben"]}}"#, "author", vec!["Ana", "Ben"]),
            ("{\"@type\": \"Article\", \"headline\": \"A\nB\"}", "headline", vec!["A B"]),
            ("{&quot;@type&quot;: &quot;Article&quot;, &quot;headline&quot;: &quot;A&quot;}", "headline", vec!["A"]),
            (r#"{"@type": "WebPage", "datePublished": "2025-04-07"}"#, "datePublished", vec!["2025-04-07"]),
            (r#"{"@type": "WebSite", "headline": "A"}"#, "headline", vec![]),
        ] {
            assert_eq!(texts(script, member), expected, "{script}");
        }
    }

    #[test]
    fn a_broken_script_is_named_and_spoils_no_other() {
        let document = r#"{"@type": "Article", {"@type": "Article", "headline": "A"}"#;
        let (node, faults) = find(document, &[Span { start: 0, end: 21 }, Span { start: 21, end: document.len() }]);
        assert_eq!((node.is_some(), faults.len()), (true, 1));
    }
}
