//! The page's facts, each by the first place that states it: JSON-LD, then Open Graph and other `<meta>`, then microdata
//! and marked elements, then what is visible. What the later places say otherwise is kept beside the fact.

use super::{
    json_ld::ArticleNode,
    scan::{Block, Marked, Scan},
    visible,
};
use crate::{
    article::{Instant, Publisher, Span, slug},
    enrich::dates,
    reading::{Finding, Page, shown::shown},
};
use std::cell::OnceCell;
use url::Url;

/// What RFC 5646 (4.4.1) advises to make room for.
const LANGUAGE_TAG_BYTES: usize = 35;

/// A headline has so many words, and a site's name so many letters.
const TITLE_WORDS: usize = 3;
const SITE_LETTERS: usize = 3;

/// How alike metadata must be to a visible headline to vouch for it, among others and where it is the only one.
const ALIKE: f64 = 0.5;
const ALIKE_ALONE: f64 = 0.2;

/// So much markup stands between two dates of one story, or two names of who wrote it.
const BESIDE_BYTES: usize = 2_000;

/// Search engines are given this much of a headline; one that goes on elsewhere was cut off.
const CUT_OFF_BYTES: usize = 100;

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
    headline: OnceCell<Option<Finding<String>>>,
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

    pub(super) fn headline(&self) -> Option<Finding<String>> {
        self.headline.get_or_init(|| self.stated_headline()).clone()
    }

    fn stated_headline(&self) -> Option<Finding<String>> {
        let mut stated = self.node("headline");
        stated.extend(self.meta(&["og:title", "twitter:title", "dc.title"], "open-graph"));
        stated.extend(self.marked(&["itemprop:headline"], "microdata"));
        let title = self.anywhere("title").find_map(|it| said(it, "title"));
        let mut visible = self.marked(&["h1"], "h1");
        visible.iter_mut().for_each(|it| it.text = self.without_site(&unescaped_once(&it.text), false));
        let alike = if visible.iter().all(|it| it.text == visible[0].text) { ALIKE_ALONE } else { ALIKE };
        let vouched = |h1: &&Said| {
            let likes = |it: &Said| {
                let (it, h1) = (it.text.to_lowercase(), h1.text.to_lowercase());
                let begins = it.starts_with(&h1) && h1.split_whitespace().count() >= TITLE_WORDS;
                super::align::likeness(&it, &h1) >= alike || h1.starts_with(it.trim_end_matches(['…', '.'])) || begins
            };
            !self.names_site(&h1.text) && stated.iter().chain(&title).any(likes)
        };
        // The visible headline is what readers saw; metadata vouches that it is one and not the site's name.
        let agreed = visible.iter().find(vouched).cloned();
        let only = (stated.is_empty() && title.is_none() || visible.len() == 1 && stated.is_empty())
            .then(|| visible.first().filter(|it| !self.names_site(&it.text)).cloned());
        let tidy = |it: Said| Said { text: self.without_site(&unescaped_once(&it.text), true), ..it };
        let stated: Vec<Said> = stated.into_iter().chain(title).map(tidy).collect();
        let agreed = agreed.map(|it| without_date(it, &stated));
        let cut_off = |it: &Said| it.text.len() >= CUT_OFF_BYTES && stated.iter().any(|other| goes_on(other, it));
        let whole: Vec<Said> = stated.iter().filter(|it| !cut_off(it)).cloned().collect();
        first(agreed.into_iter().chain(only.flatten()).chain(whole).chain(visible).chain(stated.clone()).collect())
    }

    /// Whether a text is the site's name: what the page calls its publisher, or letters of the domain.
    fn names_site(&self, text: &str) -> bool {
        let text: String = text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let publisher = self.publisher().map(|it| it.value);
        let name =
            publisher.map(|it| it.name.chars().filter(|it| it.is_alphanumeric()).collect::<String>().to_lowercase());
        let domain =
            self.url().and_then(|it| domain(&it.value)).or(self.base.as_ref().and_then(|it| domain(it.as_str())));
        let domain = domain.map(|it| it.replace(['.', '-'], ""));
        text.chars().count() >= SITE_LETTERS
            && (name.as_ref() == Some(&text) || domain.is_some_and(|it| it.contains(&text)))
    }

    /// A title without the site's name behind or before it; if `guess`, also without a few words that may be one.
    fn without_site(&self, title: &str, guess: bool) -> String {
        for separator in [" | ", " - ", " – ", " — ", " :: ", " » ", " • ", " · "] {
            let Some((rest, last)) = title.rsplit_once(separator) else { continue };
            let short = last.split_whitespace().count() <= 4 && rest.split_whitespace().count() >= TITLE_WORDS;
            if self.names_site(last) || guess && short && separator != " - " {
                return self.without_site(rest, guess);
            }
            if let Some((first, rest)) = title.split_once(separator)
                && self.names_site(first)
            {
                return rest.to_owned();
            }
        }
        title.to_owned()
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

/// A title that was escaped twice: `AT&amp;amp;T`.
fn unescaped_once(text: &str) -> String {
    crate::reading::feed::escapes::resolved(text).into_owned()
}

/// Whether one title begins with all of another.
fn goes_on(title: &Said, begins: &Said) -> bool {
    title.text.len() > begins.text.len() && title.text.starts_with(begins.text.trim_end_matches(['…', '.']))
}

/// A visible headline without the date or the count that stands in its element, where a title ends before it.
fn without_date(visible: Said, titles: &[Said]) -> Said {
    for title in titles {
        let Some(rest) = visible.text.strip_prefix(title.text.as_str()).filter(|it| !it.is_empty()) else { continue };
        if dates::stated(rest).is_some_and(|it| rest[..it.range.start].trim().is_empty()) {
            return Said { text: title.text.clone(), ..visible };
        }
    }
    visible
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
fn first(said: Vec<Said>) -> Option<Finding<String>> {
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

fn domain(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}
