//! The page's facts, each by the first place that states it: JSON-LD, then Open Graph and other `<meta>`, then microdata
//! and marked elements, then what is visible. What the later places say otherwise is kept beside the fact.

use super::{
    json_ld::ArticleNode,
    scan::{Block, Marked, Scan},
    visible,
};
use crate::{
    article::{Instant, Publisher, Span, slug},
    reading::{Finding, Page, limits::STATED_VALUES, shown::shown},
};
use std::cell::OnceCell;
use url::Url;

/// What RFC 5646 (4.4.1) advises to make room for.
const LANGUAGE_TAG_BYTES: usize = 35;

/// So much markup stands between two dates of one story, or two names of who wrote it.
const BESIDE_BYTES: usize = 2_000;

/// A statement: the text, where it stands, by which rule it was read.
#[derive(Clone, Debug)]
pub struct Said {
    pub text: String,
    pub spans: Vec<Span>,
    pub rule: &'static str,
}

pub struct Facts<'a> {
    pub(super) scan: &'a Scan,
    pub(super) json_ld: Option<&'a ArticleNode>,
    /// What relative addresses are relative to.
    pub(super) base: Option<Url>,
    pub(super) retrieved_at: Instant,
    /// Asked by every title, so looked for once.
    publisher: OnceCell<Option<Finding<Publisher>>>,
    pub(super) headline: OnceCell<Option<Finding<String>>>,
    lines: OnceCell<Vec<&'a Block>>,
}

impl<'a> Facts<'a> {
    pub fn new(scan: &'a Scan, json_ld: Option<&'a ArticleNode>, url: Option<&str>, retrieved_at: Instant) -> Self {
        let given = url.and_then(|it| Url::parse(it).ok());
        let base = scan.meta.iter().find(|it| it.name == "base:").map(|it| it.value.clone());
        let base = base.and_then(|it| match &given {
            Some(given) => given.join(&it).ok(),
            None => Url::parse(&it).ok(),
        });
        let base = base.filter(|it| matches!(it.scheme(), "http" | "https")).or(given);
        let (publisher, headline, lines) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { scan, json_ld, base, retrieved_at, publisher, headline, lines }
    }

    /// A page of nothing but what is stated.
    pub fn stated(&self) -> Page {
        Page {
            authors: self.authors(),
            publisher: self.publisher(),
            published: self.published(),
            modified: self.modified(),
            keywords: self.keywords(),
            headline: self.headline(),
            url: self.url(),
            image: self.image(),
            section: self.section(),
            language: self.language(),
            partial: self.is_paid(),
            deck: self.deck(),
            summary: self.summary(),
            ..Page::default()
        }
    }

    pub(super) fn lines(&self) -> &[&'a Block] {
        self.lines.get_or_init(|| visible::lines(&self.scan.blocks))
    }

    /// A member of the JSON-LD article.
    pub(super) fn node(&self, member: &str) -> Vec<Said> {
        let texts = self.json_ld.map(|it| it.texts(member)).unwrap_or_default();
        texts.into_iter().map(|(text, span)| Said { text, spans: vec![span], rule: "json-ld" }).collect()
    }

    pub(super) fn meta(&self, names: &[&str], rule: &'static str) -> Vec<Said> {
        let found = names.iter().flat_map(|name| self.scan.meta.iter().filter(move |it| it.name == *name));
        found.map(|it| Said { text: it.value.clone(), spans: vec![it.span], rule }).collect()
    }

    /// What an element with one of the marks says, in its attribute or in its text.
    pub(super) fn marked(&self, marks: &[&str], rule: &'static str) -> Vec<Said> {
        let found = marks.iter().flat_map(|mark| self.anywhere(mark)).filter(in_story);
        found.filter_map(|it| said(it, rule)).collect()
    }

    /// The same of the first elements that stand beside each other: those further below are of other stories.
    pub(super) fn together(&self, marks: &[&str], rule: &'static str) -> Vec<Said> {
        let found = marks.iter().flat_map(|mark| {
            let found = self.anywhere(mark).filter(in_story);
            one_beside_the_other(found.filter_map(|it| Some((it, said(it, rule)?))))
        });
        found.map(|it| it.1).collect()
    }

    /// The elements with a mark, in every part of the page.
    pub(super) fn anywhere<'b>(&'b self, mark: &'b str) -> impl Iterator<Item = &'b Marked> {
        self.scan.marked.iter().filter(move |it| it.mark == mark)
    }

    fn deck(&self) -> Option<Finding<String>> {
        let mut said = self.node("alternativeHeadline");
        said.extend(self.marked(&["itemprop:alternativeHeadline"], "microdata"));
        said.extend(self.marked(&["class:deck"], "deck-class"));
        said.retain(|it| it.text.split_whitespace().count() >= 3);
        first(said)
    }

    fn summary(&self) -> Option<Finding<String>> {
        let mut said =
            self.meta(&["og:description", "description", "twitter:description", "dc.description"], "open-graph");
        said.extend(self.node("description"));
        said.extend(self.marked(&["itemprop:description"], "microdata"));
        first(said).map(|it| Finding { others: Vec::new(), ..it })
    }

    pub(super) fn publisher(&self) -> Option<Finding<Publisher>> {
        self.publisher.get_or_init(|| self.stated_publisher()).clone()
    }

    fn stated_publisher(&self) -> Option<Finding<Publisher>> {
        let mut said = self.node("publisher");
        said.extend(self.meta(&["og:site_name", "application-name", "dc.publisher"], "open-graph"));
        said.extend(self.marked(&["itemprop:publisher"], "microdata"));
        said.retain(|it| !it.text.starts_with("http") && !it.text.starts_with('@') && !slug(&it.text).is_empty());
        let domain = self.url().and_then(|it| domain(&it.value));
        first(said).map(|it| it.map(|name| Publisher { id: slug(&name), name, domain }))
    }

    pub(super) fn url(&self) -> Option<Finding<String>> {
        let mut said = self.meta(&["link:canonical"], "canonical-link");
        said.extend(self.meta(&["og:url"], "open-graph"));
        for member in ["url", "mainEntityOfPage"] {
            let found = self.json_ld.and_then(|it| it.address(member));
            said.extend(found.map(|(text, span)| Said { text, spans: vec![span], rule: "json-ld" }));
        }
        first(said.into_iter().filter_map(|it| self.absolute(it)).collect())
    }

    fn image(&self) -> Option<Finding<String>> {
        let mut said = self.meta(
            &["og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"],
            "open-graph",
        );
        let found = self.json_ld.and_then(|it| it.address("image"));
        said.extend(found.map(|(text, span)| Said { text, spans: vec![span], rule: "json-ld" }));
        first(said.into_iter().filter_map(|it| self.absolute(it)).collect())
            .map(|it| Finding { others: Vec::new(), ..it })
    }

    fn absolute(&self, said: Said) -> Option<Said> {
        let url = match &self.base {
            Some(base) => base.join(&said.text).ok(),
            None => Url::parse(&said.text).ok(),
        };
        let url = url.filter(|it| matches!(it.scheme(), "http" | "https") && it.has_host())?;
        Some(Said { text: url.to_string(), ..said })
    }

    fn section(&self) -> Option<Finding<String>> {
        let mut said = self.node("articleSection");
        said.extend(self.meta(&["article:section", "parsely-section", "section"], "meta"));
        said.extend(self.marked(&["itemprop:articleSection"], "microdata"));
        first(said)
    }

    fn keywords(&self) -> Option<Finding<Vec<String>>> {
        let groups = [
            self.node("keywords"),
            self.meta(&["article:tag"], "open-graph"),
            self.meta(&["news_keywords"], "meta"),
            self.meta(&["keywords"], "meta"),
            self.marked(&["itemprop:keywords"], "microdata"),
        ];
        let group = groups.into_iter().find(|it| !it.is_empty())?;
        let rule = group[0].rule;
        let spans = group.iter().flat_map(|it| it.spans.clone()).collect();
        let mut words: Vec<String> = Vec::new();
        for word in group.iter().flat_map(|it| it.text.split([',', ';', '،', '、'])).map(shown) {
            if words.len() > STATED_VALUES {
                break;
            }
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        Some(Finding { value: words, spans, rule, others: Vec::new() })
    }

    fn language(&self) -> Option<Finding<String>> {
        let mut said = self.meta(&["html:"], "html-lang");
        said.extend(self.node("inLanguage"));
        said.extend(self.meta(&["content-language", "og:locale", "dc.language"], "meta"));
        // RFC 5646: a language of two or three letters, then subtags of up to eight.
        let legal = |it: &Said| {
            let mut subtags = it.text.split(['-', '_']);
            let language = subtags.next().unwrap_or_default();
            matches!(language.len(), 2 | 3)
                && language.bytes().all(|it| it.is_ascii_alphabetic())
                && subtags.all(|it| (1..=8).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric()))
                && it.text.len() <= LANGUAGE_TAG_BYTES
        };
        let tags = said.into_iter().filter(legal).map(|it| Said { text: it.text.replace('_', "-"), ..it });
        first(tags.collect())
    }

    fn is_paid(&self) -> bool {
        let tier = self
            .scan
            .meta
            .iter()
            .any(|it| it.name == "article:content_tier" && matches!(it.value.as_str(), "metered" | "locked"));
        self.json_ld.is_some_and(ArticleNode::is_paid) || tier
    }
}

/// What a marked element says: its attribute, unless that is only where a link leads.
pub(super) fn said(marked: &Marked, rule: &'static str) -> Option<Said> {
    let text = shown(&marked.text);
    let attribute = marked
        .value
        .as_ref()
        .filter(|(it, _)| text.is_empty() || !it.contains('/') || it.contains(':') && !it.starts_with("http"));
    match attribute {
        Some((value, span)) if !value.starts_with('/') && !value.starts_with("http") => {
            Some(Said { text: shown(value), spans: vec![*span], rule })
        }
        _ if text.is_empty() => None,
        _ => Some(Said { text, spans: marked.spans.clone(), rule }),
    }
}

/// Whether an element stands in a part of the page that may be the story's; what is hidden is for machines to read.
pub(super) fn in_story(marked: &&Marked) -> bool {
    marked.region.is_none_or(|it| it == "hidden")
}

/// The first of some elements, as long as each stands near the one before: those further below are of other stories.
pub(super) fn one_beside_the_other<'a, T>(
    marked: impl Iterator<Item = (&'a Marked, T)>,
) -> impl Iterator<Item = (&'a Marked, T)> {
    let mut end = None;
    marked.take_while(move |(it, _)| {
        let spans = || it.spans.iter().chain(it.value.as_ref().map(|(_, span)| span));
        let (first, last) = (spans().map(|it| it.start).min(), spans().map(|it| it.end).max());
        let near = first.zip(end).is_none_or(|(first, end)| first <= end + BESIDE_BYTES);
        end = last.or(end);
        near
    })
}

/// The first statement, with what the others say otherwise.
pub(super) fn first(said: Vec<Said>) -> Option<Finding<String>> {
    let mut said = said.into_iter().map(|it| Said { text: shown(&it.text), ..it }).filter(|it| !it.text.is_empty());
    let chosen = said.next()?;
    let mut others: Vec<String> = Vec::new();
    for other in said {
        if other.text != chosen.text && !others.contains(&other.text) {
            others.push(other.text);
        }
    }
    Some(Finding { value: chosen.text, spans: chosen.spans, rule: chosen.rule, others })
}

pub(super) fn domain(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}
