//! Metadata in JSON-LD: schema.org's `NewsArticle` and related types, in the shapes that publishers write: an object,
//! an array, a `@graph`, authors by reference to another node.

use crate::{
    article::Span,
    limits::STATED_VALUES,
    reading::{feed::unescape::resolved, json},
};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// schema.org's article types. Other nodes on a page describe the site, the breadcrumbs, or linked pages.
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
/// Page types: if no node is an article, the page's own dates and authors are used.
const PAGES: &[&str] =
    &["WebPage", "ItemPage", "AboutPage", "FAQPage", "QAPage", "MedicalWebPage", "LearningResource", "HowTo", "Recipe"];
/// Maximum depth to which references are followed.
const REFERENCES: usize = 3;

/// Nodes by their `@id`, which others may refer to.
type Nodes = HashMap<String, Map<String, Value>>;

/// The node that describes the article, with the nodes that it may refer to.
pub struct ArticleNode {
    node: Map<String, Value>,
    nodes: Nodes,
    /// The span of the script's content.
    span: Span,
    script: String,
}

/// Returns the most complete article node of the page's scripts, and the errors of scripts that cannot be parsed.
pub fn find(document: &str, scripts: &[Span]) -> (Option<ArticleNode>, Vec<String>) {
    let mut errors = Vec::new();
    let mut all: Vec<(Map<String, Value>, Span)> = Vec::new();
    for span in scripts {
        let script = document.get(span.start..span.end).unwrap_or_default();
        match parse(script) {
            Ok(value) => collect(value, *span, &mut all),
            Err(error) => errors.push(format!("JSON-LD at byte {}: {error}", span.start)),
        }
    }
    let mut nodes = Nodes::new();
    for (node, _) in &all {
        // A node with only an `@id` is a reference.
        if let Some(Value::String(id)) = node.get("@id").filter(|_| node.len() > 1) {
            nodes.entry(id.clone()).or_insert_with(|| node.clone());
        }
    }
    // The most complete article: teasers of other articles have few members.
    let (articles, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(node, _)| is_one_of(node, ARTICLES));
    let dated = |node: &Map<String, Value>| is_one_of(node, PAGES) && node.contains_key("datePublished");
    let article = articles.into_iter().rev().max_by_key(|(node, _)| weight(node));
    let article = article.or_else(|| rest.into_iter().find(|(node, _)| dated(node)));
    let found = article.map(|(node, span)| {
        let script = document.get(span.start..span.end).unwrap_or_default().to_owned();
        ArticleNode { node, nodes, span, script }
    });
    (found, errors)
}

/// Parses a script leniently: some content management systems leave line breaks in strings, which JSON forbids, wrap
/// the script in a comment, or escape it like text.
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
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, span, all)),
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
    let is =
        |value: &Value| value.as_str().is_some_and(|text| types.contains(&text.rsplit('/').next().unwrap_or(text)));
    match node.get("@type") {
        Some(Value::Array(types)) => types.iter().any(is),
        Some(one) => is(one),
        None => false,
    }
}

fn weight(node: &Map<String, Value>) -> usize {
    ["headline", "datePublished", "author", "publisher", "articleBody"]
        .iter()
        .filter(|member| node.contains_key(**member))
        .count()
}

impl ArticleNode {
    /// Returns a member's distinct texts with their spans: at most one more than an article keeps.
    pub fn texts(&self, member: &str) -> Vec<(String, Span)> {
        let mut texts = Vec::new();
        self.gather(self.node.get(member), &["name", "url", "@id"], 0, &mut texts);
        texts
    }

    /// Whether an author of the article is a schema.org `Person` of this name.
    pub fn is_person(&self, name: &str) -> bool {
        let has_name = |node: &Map<String, Value>| {
            node.get("name").and_then(Value::as_str).is_some_and(|text| text.trim() == name)
        };
        let person =
            |value: &Value| value.as_object().is_some_and(|object| is_one_of(object, &["Person"]) && has_name(object));
        match self.node.get("author") {
            Some(Value::Array(authors)) => authors.iter().any(person),
            Some(author) => {
                person(author) || self.nodes.values().any(|node| is_one_of(node, &["Person"]) && has_name(node))
            }
            None => false,
        }
    }

    /// Returns a member's first URL: of an image or a page, which may be an object.
    pub fn address(&self, member: &str) -> Option<(String, Span)> {
        let mut texts = Vec::new();
        self.gather(self.node.get(member), &["url", "@id", "contentUrl"], 0, &mut texts);
        texts.into_iter().next()
    }

    /// Whether the article states that it is not free to read.
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
                let candidates = unescaped(text);
                if !texts.iter().any(|(text, _)| *text == candidates) {
                    texts.push((candidates, self.place(text)));
                }
            }
            Some(Value::Array(values)) => values.iter().for_each(|value| self.gather(Some(value), names, depth, texts)),
            Some(Value::Object(node)) if depth < REFERENCES => {
                let named =
                    names.iter().find_map(|name| node.get(*name).filter(|value| !value.is_null() && *name != "@id"));
                match named {
                    Some(_) => self.gather(named, names, depth + 1, texts),
                    None => self.gather(self.referred(node, names), names, depth + 1, texts),
                }
            }
            _ => {}
        }
    }

    /// Resolves a node that holds only an `@id`.
    fn referred<'a>(&'a self, node: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
        let id = node.get("@id")?;
        let target = id.as_str().and_then(|id| self.nodes.get(id));
        let named =
            target.and_then(|target| names.iter().find_map(|name| target.get(*name).filter(|_| *name != "@id")));
        named.or(Some(id).filter(|_| names.first() != Some(&"name")))
    }

    /// Returns the span of a value: of the string, or of a part of one, else of the whole script, which was escaped.
    fn place(&self, value: &str) -> Span {
        let inner = || self.script.find(value).map(|at| at..at + value.len());
        let found = json::place(&self.script, value).or_else(inner);
        match found {
            Some(range) => Span { start: self.span.start + range.start, end: self.span.start + range.end },
            None => self.span,
        }
    }
}

/// Strips entities and tags, which publishers paste into JSON strings, where they have no meaning.
fn unescaped(text: &str) -> String {
    if !text.contains(['&', '<']) {
        return text.trim().to_owned();
    }
    let strings = html5gum::Tokenizer::new(text).flatten().filter_map(|token| match token {
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
        node.map(|node| node.texts(member).into_iter().map(|text| text.0).collect()).unwrap_or_default()
    }

    #[test]
    fn members_are_found_in_every_shape_that_publishers_write() {
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
    fn a_broken_script_is_reported_and_does_not_affect_others() {
        let document = r#"{"@type": "Article", {"@type": "Article", "headline": "A"}"#;
        let (node, errors) = find(document, &[Span { start: 0, end: 21 }, Span { start: 21, end: document.len() }]);
        assert_eq!((node.is_some(), errors.len()), (true, 1));
    }
}
