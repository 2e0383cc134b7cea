//! The page's facts, each from the first source that states it: JSON-LD, then Open Graph and other `<meta>`, then
//! microdata and hinted elements, then visible text. Different values of later sources are kept as alternatives.

use super::{
    candidate::Candidate,
    json_ld::ArticleNode,
    markup_hints::{ClassHint, MarkupHint, Property},
    page_regions::Region,
    scan::{HintedElement, HtmlBlock, Scan},
    visible_metadata,
};
use crate::{
    article::{Instant, Publisher, canonical_language_tag, slug},
    limits::STATED_VALUES,
    reading::{Finding, ParsedPage, visible_text::visible_text},
};
use std::cell::OnceCell;
use url::Url;

/// Maximum bytes between two elements that count as adjacent: two dates of one article, or two of its authors.
const ADJACENT_BYTES: usize = 2_000;

/// Maximum characters of a publisher's name.
const PUBLISHER_CHARS: usize = 60;

pub struct Metadata<'a> {
    pub(super) document: &'a str,
    pub(super) scan: &'a Scan,
    pub(super) json_ld: Option<&'a ArticleNode>,
    /// The base of relative URLs.
    pub(super) base: Option<Url>,
    pub(super) retrieved_at: Instant,
    /// Cached: every title is compared with it.
    publisher: OnceCell<Option<Finding<Publisher>>>,
    pub(super) headline: OnceCell<Option<Finding<String>>>,
    lines: OnceCell<Vec<&'a HtmlBlock>>,
}

impl<'a> Metadata<'a> {
    pub fn new(
        document: &'a str,
        scan: &'a Scan,
        json_ld: Option<&'a ArticleNode>,
        url: Option<&str>,
        retrieved_at: Instant,
    ) -> Self {
        let given = url.and_then(|url| Url::parse(url).ok());
        let base = scan.meta.iter().find(|meta| meta.name == "base:").map(|meta| meta.value.clone());
        let base = base.and_then(|base| match &given {
            Some(given) => given.join(&base).ok(),
            None => Url::parse(&base).ok(),
        });
        let base = base.filter(|base| matches!(base.scheme(), "http" | "https")).or(given);
        let (publisher, headline, lines) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { document, scan, json_ld, base, retrieved_at, publisher, headline, lines }
    }

    /// Returns a page with nothing but the stated metadata.
    pub fn stated(&self) -> ParsedPage {
        ParsedPage {
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
            ..ParsedPage::default()
        }
    }

    pub(super) fn lines(&self) -> &[&'a HtmlBlock] {
        self.lines.get_or_init(|| visible_metadata::lines(&self.scan.blocks))
    }

    /// Returns the texts of a member of the JSON-LD article.
    pub(super) fn node(&self, member: &str) -> Vec<Candidate> {
        let texts = self.json_ld.map(|json_ld| json_ld.texts(member)).unwrap_or_default();
        texts.into_iter().map(|(text, span)| Candidate { text, spans: vec![span], rule: "json-ld" }).collect()
    }

    pub(super) fn meta(&self, names: &[&str], rule: &'static str) -> Vec<Candidate> {
        let found = names.iter().flat_map(|name| self.scan.meta.iter().filter(move |meta| meta.name == *name));
        found.map(|meta| Candidate { text: meta.value.clone(), spans: vec![meta.span], rule }).collect()
    }

    /// Returns the values of the elements with a hint, from an attribute or from the text.
    pub(super) fn hinted(&self, hint: MarkupHint, rule: &'static str) -> Vec<Candidate> {
        self.anywhere(hint).filter(in_body).filter_map(|element| candidate(element, rule)).collect()
    }

    /// Returns the same for the first adjacent elements only: those further down belong to other articles.
    pub(super) fn first_adjacent(&self, hint: MarkupHint, rule: &'static str) -> Vec<Candidate> {
        let found = self.anywhere(hint).filter(in_body);
        let found = adjacent(found.filter_map(|element| Some((element, candidate(element, rule)?))));
        found.map(|(_, candidate)| candidate).collect()
    }

    /// Returns the values of the elements with a property of microdata.
    pub(super) fn property(&self, property: Property) -> Vec<Candidate> {
        self.hinted(MarkupHint::Property(property), "microdata")
    }

    /// Returns the elements with a hint, in every part of the page.
    pub(super) fn anywhere(&self, hint: MarkupHint) -> impl Iterator<Item = &HintedElement> {
        self.scan.hinted.iter().filter(move |element| element.hint == hint)
    }

    fn deck(&self) -> Option<Finding<String>> {
        let mut candidates = self.node("alternativeHeadline");
        candidates.extend(self.property(Property::AlternativeHeadline));
        candidates.extend(self.hinted(MarkupHint::Class(ClassHint::Deck), "deck-class"));
        candidates.retain(|candidate| candidate.text.split_whitespace().count() >= 3);
        first(candidates)
    }

    fn summary(&self) -> Option<Finding<String>> {
        let mut candidates =
            self.meta(&["og:description", "description", "twitter:description", "dc.description"], "open-graph");
        candidates.extend(self.node("description"));
        candidates.extend(self.property(Property::Description));
        first(candidates).map(|finding| Finding { alternatives: Vec::new(), ..finding })
    }

    pub(super) fn publisher(&self) -> Option<Finding<Publisher>> {
        self.publisher.get_or_init(|| self.stated_publisher()).clone()
    }

    fn stated_publisher(&self) -> Option<Finding<Publisher>> {
        let mut candidates = self.node("publisher");
        candidates.extend(self.meta(&["og:site_name", "application-name", "dc.publisher"], "open-graph"));
        candidates.extend(self.property(Property::Publisher));
        candidates.retain(|candidate| {
            let is_address = candidate.text.starts_with("http") || candidate.text.starts_with('@');
            // A longer text is a slogan, or the headline.
            let is_short = candidate.text.chars().count() <= PUBLISHER_CHARS;
            !is_address && is_short && !slug(&candidate.text).is_empty()
        });
        let domain = self.url().and_then(|url| domain(&url.value));
        first(candidates).map(|item| item.map(|name| Publisher { id: slug(&name), name, domain }))
    }

    pub(super) fn url(&self) -> Option<Finding<String>> {
        let mut candidates = self.meta(&["link:canonical"], "canonical-link");
        candidates.extend(self.meta(&["og:url"], "open-graph"));
        for member in ["url", "mainEntityOfPage"] {
            let found = self.json_ld.and_then(|json_ld| json_ld.address(member));
            candidates.extend(found.map(|(text, span)| Candidate { text, spans: vec![span], rule: "json-ld" }));
        }
        first(candidates.into_iter().filter_map(|candidate| self.absolute(candidate)).collect())
    }

    pub(super) fn image(&self) -> Option<Finding<String>> {
        let mut candidates = self.meta(
            &["og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"],
            "open-graph",
        );
        let found = self.json_ld.and_then(|json_ld| json_ld.address("image"));
        candidates.extend(found.map(|(text, span)| Candidate { text, spans: vec![span], rule: "json-ld" }));
        first(candidates.into_iter().filter_map(|candidate| self.absolute(candidate)).collect())
            .map(|finding| Finding { alternatives: Vec::new(), ..finding })
    }

    fn absolute(&self, candidate: Candidate) -> Option<Candidate> {
        let url = match &self.base {
            Some(base) => base.join(&candidate.text).ok(),
            None => Url::parse(&candidate.text).ok(),
        };
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
        Some(Candidate { text: url.to_string(), ..candidate })
    }

    fn section(&self) -> Option<Finding<String>> {
        let mut candidates = self.node("articleSection");
        candidates.extend(self.meta(&["article:section", "parsely-section", "section"], "meta"));
        candidates.extend(self.property(Property::ArticleSection));
        first(candidates)
    }

    fn keywords(&self) -> Option<Finding<Vec<String>>> {
        let groups = [
            self.node("keywords"),
            self.meta(&["article:tag"], "open-graph"),
            self.meta(&["news_keywords"], "meta"),
            self.meta(&["keywords"], "meta"),
            self.property(Property::Keywords),
        ];
        let group = groups.into_iter().find(|group| !group.is_empty())?;
        let rule = group[0].rule;
        let spans = group.iter().flat_map(|candidate| candidate.spans.clone()).collect();
        let mut words: Vec<String> = Vec::new();
        for word in group.iter().flat_map(|candidate| candidate.text.split([',', ';', '،', '、'])).map(visible_text) {
            if words.len() > STATED_VALUES {
                break;
            }
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        Some(Finding { value: words, spans, rule, alternatives: Vec::new() })
    }

    fn language(&self) -> Option<Finding<String>> {
        let mut candidates = self.meta(&["html:"], "html-lang");
        candidates.extend(self.node("inLanguage"));
        candidates.extend(self.meta(&["content-language", "og:locale", "dc.language"], "meta"));
        let tags = candidates
            .into_iter()
            .filter_map(|candidate| Some(Candidate { text: canonical_language_tag(&candidate.text)?, ..candidate }));
        first(tags.collect())
    }

    fn is_paid(&self) -> bool {
        let has_paid_tier = self
            .scan
            .meta
            .iter()
            .any(|meta| meta.name == "article:content_tier" && matches!(meta.value.as_str(), "metered" | "locked"));
        self.json_ld.is_some_and(ArticleNode::is_paid) || has_paid_tier
    }
}

/// Returns the value of a hinted element: its attribute, unless that is only a link's target, else its text.
pub(super) fn candidate(element: &HintedElement, rule: &'static str) -> Option<Candidate> {
    let text = visible_text(&element.text);
    let attribute = element.value.as_ref().filter(|(value, _)| {
        text.is_empty() || !value.contains('/') || value.contains(':') && !value.starts_with("http")
    });
    match attribute {
        Some((value, span)) if !value.starts_with('/') && !value.starts_with("http") => {
            Some(Candidate { text: visible_text(value), spans: vec![*span], rule })
        }
        _ if text.is_empty() => None,
        _ => Some(Candidate { text, spans: element.spans.clone(), rule }),
    }
}

/// Whether an element is in a part of the page that may be the body. Hidden elements count: they are machine-readable.
pub(super) fn in_body(element: &&HintedElement) -> bool {
    element.region.is_none_or(|region| region == Region::Hidden)
}

/// Yields elements as long as each is near the previous one: those further down belong to other articles.
pub(super) fn adjacent<'a, T>(
    elements: impl Iterator<Item = (&'a HintedElement, T)>,
) -> impl Iterator<Item = (&'a HintedElement, T)> {
    let mut end = None;
    elements.take_while(move |(element, _)| {
        let spans = || element.spans.iter().chain(element.value.as_ref().map(|(_, span)| span));
        let (first, last) = (spans().map(|span| span.start).min(), spans().map(|span| span.end).max());
        let near = first.zip(end).is_none_or(|(first, end)| first <= end + ADJACENT_BYTES);
        end = last.or(end);
        near
    })
}

/// Returns the first candidate, with the different values of the others as alternatives.
pub(super) fn first(candidates: Vec<Candidate>) -> Option<Finding<String>> {
    let mut candidates = candidates
        .into_iter()
        .map(|candidate| Candidate { text: visible_text(&candidate.text), ..candidate })
        .filter(|candidate| !candidate.text.is_empty());
    let chosen = candidates.next()?;
    let mut alternatives: Vec<String> = Vec::new();
    for other in candidates {
        if other.text != chosen.text && !alternatives.contains(&other.text) {
            alternatives.push(other.text);
        }
    }
    Some(Finding { value: chosen.text, spans: chosen.spans, rule: chosen.rule, alternatives })
}

pub(super) fn domain(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}
