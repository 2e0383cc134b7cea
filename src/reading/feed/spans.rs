//! Locates a feed's entries and their members in the document.

use super::{
    lenient_xml::{self, XmlElement},
    unescape::{self, Unescaped},
};
use crate::{
    article::Span,
    limits::FEED_ELEMENTS,
    reading::{ReadError, json},
};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, time::Duration};

/// Members that state the language, best first.
pub const LANGUAGES: [&str; 3] = ["language", "dc:language", "xml:lang"];
/// Members of Atom entries whose `type` may say that they are encoded in base64.
const ENCODED: [&str; 3] = ["title", "summary", "content"];
/// Root elements of feeds, around which there may be junk.
const ROOTS: [&str; 6] = ["rss", "feed", "atom:feed", "rdf:RDF", "channel", "rss:channel"];
/// Prefixes that feeds use for the dialects' own elements.
const OWN: [&str; 4] = ["atom:", "rss:", "a10:", "atom10:"];

/// Metadata of the feed as a whole.
#[derive(Debug, Default)]
pub struct About {
    pub title: Option<Member>,
    pub language: Option<Member>,
    /// The names of the feed's authors, who are those of entries that name none (Atom, RFC 4287, 4.2.1).
    pub authors: Vec<Member>,
    /// The address of the site.
    pub home: Option<String>,
    pub polling: Polling,
    pub dialect: Dialect,
}

/// Hints of a feed for its pollers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polling {
    /// How long it stays unchanged: `ttl` of RSS 2.0, `sy:updatePeriod` and `sy:updateFrequency` of RSS 1.0's
    /// syndication module.
    pub stays: Option<Duration>,
    /// The hub that pushes it (WebSub 1.0), and its topic URL there.
    pub hub: Option<String>,
    pub topic: Option<String>,
}

#[derive(Debug, Default)]
pub enum Dialect {
    /// The start tags of the elements around the entries, outermost first, to wrap a single entry.
    Xml { around: Vec<(String, Vec<(String, String)>)> },
    #[default]
    Json,
}

#[derive(Debug)]
pub struct FeedEntry {
    pub span: Span,
    pub id: Option<String>,
    /// In document order.
    pub members: Vec<Member>,
}

/// A member of an entry: an element in XML, a pair in JSON.
#[derive(Clone, Debug)]
pub struct Member {
    /// The element's name without the dialect's own prefix.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub span: Span,
    /// Span of the value: between the tags, or within the quotation marks.
    pub inner: Span,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Xml,
    JsonString,
    /// Any other JSON value.
    Json,
}

impl Member {
    pub fn said(&self, document: &str) -> Unescaped {
        match self.form {
            Form::Xml if self.is_base64() => unescape::base64(document, self.inner),
            Form::Xml => unescape::xml(document, self.inner),
            Form::JsonString => unescape::json(document, self.inner),
            Form::Json => Unescaped::default(),
        }
    }

    /// Whether the value is encoded: by `mode` in Atom 0.3, in Atom 1.0 by a media type that is neither text nor XML
    /// (RFC 4287, 4.1.3.3).
    fn is_base64(&self) -> bool {
        let is_binary = |kind: &str| {
            kind.contains('/') && !kind.starts_with("text/") && !kind.ends_with("+xml") && !kind.ends_with("/xml")
        };
        self.attribute("mode") == Some("base64")
            || ENCODED.contains(&self.name.as_str()) && self.attribute("type").is_some_and(is_binary)
    }

    /// Returns the unescaped value without surrounding white space.
    pub fn text(&self, document: &str) -> Option<String> {
        let text = self.said(document).text;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }

    /// Returns the span of one of several values.
    pub fn place_of(&self, document: &str, value: &str) -> Option<Span> {
        let whole = self.place(document);
        let text = &document[whole.start..whole.end];
        let range = match self.form {
            Form::Json => json::place(text, value)?,
            _ => text.find(value).map(|at| at..at + value.len())?,
        };
        Some(Span { start: whole.start + range.start, end: whole.start + range.end })
    }

    /// Returns the span of the value without surrounding white space, or of the member itself if it has no value.
    pub fn place(&self, document: &str) -> Span {
        let inner = &document[self.inner.start..self.inner.end];
        let start = self.inner.start + (inner.len() - inner.trim_start().len());
        let end = start + inner.trim().len();
        if start < end { Span { start, end } } else { self.span }
    }
}

impl FeedEntry {
    pub fn member(&self, names: &[&str]) -> Option<&Member> {
        names.iter().find_map(|name| self.members.iter().find(|member| member.name == *name))
    }

    pub fn all<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(|member| names.contains(&member.name.as_str()))
    }
}

pub fn find(document: &str) -> Result<(About, Vec<FeedEntry>), ReadError> {
    if document.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with('{') {
        return in_json(document);
    }
    in_xml(document)
}

fn in_xml(document: &str) -> Result<(About, Vec<FeedEntry>), ReadError> {
    let elements = lenient_xml::elements(document, FEED_ELEMENTS).ok_or(ReadError::FeedElements)?;
    let is_entry = |element: &XmlElement| lenient_xml::is_entry(&element.name);
    let mut entries = Vec::new();
    let mut around = Vec::new();
    let mut about = About::default();
    let mut at = 0;
    while let Some(element) = elements.get(at) {
        if !is_entry(element) {
            if matches!(element.name.as_str(), "channel" | "rss:channel" | "feed" | "atom:feed") {
                let inner = elements[at + 1..].iter().take_while(|inner| inner.span.start < element.span.end);
                // Elements within an entry belong to the entry; the channel's own members are its children.
                let inner: Vec<&XmlElement> = inner.collect();
                about = xml_about(document, inner.iter().copied().filter(|inner| inner.parent == Some(at)), element);
                if matches!(element.name.as_str(), "feed" | "atom:feed") {
                    about.authors = inner
                        .iter()
                        .filter(|name| is_author_name(&elements, name, at))
                        .map(|name| member(name))
                        .collect();
                }
            }
            at += 1;
            continue;
        }
        if around.is_empty() {
            around = parents(&elements, element);
        }
        let within = elements[at + 1..].iter().take_while(|inner| inner.span.start < element.span.end).count();
        let children = elements[at + 1..at + 1 + within].iter().filter(|element| element.parent == Some(at));
        let members: Vec<Member> = children.map(member).chain(language(document, element)).collect();
        let mut entry = FeedEntry { span: element.span, id: None, members };
        entry.id = entry
            .member(&["guid", "id"])
            .and_then(|member| member.text(document))
            .or_else(|| element.attribute("rdf:about").map(str::to_owned))
            .or_else(|| link(document, &entry));
        entries.push(entry);
        at += 1 + within;
    }
    about.dialect = Dialect::Xml { around };
    Ok((about, entries))
}

/// Whether an element is the name of an author of the feed at an index.
fn is_author_name(elements: &[XmlElement], name: &XmlElement, feed: usize) -> bool {
    let author = name.parent.and_then(|parent| elements.get(parent));
    matches!(name.name.as_str(), "name" | "atom:name")
        && author.is_some_and(|author| {
            matches!(author.name.as_str(), "author" | "atom:author") && author.parent == Some(feed)
        })
}

/// Returns the `xml:lang` of an element as a member of it.
fn language(document: &str, element: &XmlElement) -> Option<Member> {
    let value = element.attribute("xml:lang").filter(|value| !value.is_empty())?;
    let tag = &document[element.span.start..element.inner.start];
    let attribute = tag.find("xml:lang")?;
    let start = element.span.start + attribute + tag[attribute..].find(value)?;
    let span = Span { start, end: start + value.len() };
    Some(Member { name: "xml:lang".to_owned(), attributes: Vec::new(), span, inner: span, form: Form::Xml })
}

/// Returns the start tags of the enclosing elements from the feed's root on, outermost first.
fn parents(elements: &[XmlElement], element: &XmlElement) -> Vec<(String, Vec<(String, String)>)> {
    let mut parents = Vec::new();
    let mut next = element.parent;
    while let Some(parent) = next.and_then(|parent| elements.get(parent)) {
        parents.push((parent.name.clone(), parent.attributes.clone()));
        next = parent.parent;
    }
    parents.reverse();
    let root = parents.iter().position(|(name, _)| ROOTS.contains(&name.as_str()));
    parents.split_off(root.unwrap_or(parents.len()))
}

fn member(element: &XmlElement) -> Member {
    let name = OWN.iter().find_map(|prefix| element.name.strip_prefix(prefix)).unwrap_or(&element.name);
    Member {
        name: name.to_owned(),
        attributes: element.attributes.clone(),
        span: element.span,
        inner: element.inner,
        form: Form::Xml,
    }
}

fn xml_about<'a>(document: &str, children: impl Iterator<Item = &'a XmlElement>, channel: &XmlElement) -> About {
    let members = children.map(member).chain(language(document, channel)).collect();
    let channel = FeedEntry { span: channel.span, id: None, members };
    About {
        title: channel.member(&["title"]).cloned(),
        language: channel.member(&LANGUAGES).cloned(),
        authors: Vec::new(),
        home: link(document, &channel),
        polling: Polling {
            stays: stays(document, &channel),
            hub: related(&channel, "hub"),
            topic: related(&channel, "self"),
        },
        dialect: Dialect::default(),
    }
}

fn related(channel: &FeedEntry, relation: &str) -> Option<String> {
    let is_related = |link: &&Member| {
        link.attribute("rel").is_some_and(|attribute| attribute.split_whitespace().any(|word| word == relation))
    };
    let link = channel.all(&["link"]).find(is_related)?;
    link.attribute("href").map(|attribute| attribute.trim().to_owned())
}

fn stays(document: &str, channel: &FeedEntry) -> Option<Duration> {
    let text = |name: &str| channel.member(&[name]).and_then(|member| member.text(document));
    if let Some(minutes) = text("ttl").and_then(|text| text.trim().parse::<u64>().ok()) {
        return minutes.checked_mul(60).map(Duration::from_secs);
    }
    let period = match text("sy:updatePeriod")?.trim() {
        "hourly" => 3_600,
        "daily" => 86_400,
        "weekly" => 7 * 86_400,
        "monthly" => 30 * 86_400,
        "yearly" => 365 * 86_400,
        _ => return None,
    };
    let frequency =
        text("sy:updateFrequency").and_then(|text| text.trim().parse::<u64>().ok()).filter(|frequency| *frequency > 0);
    Some(Duration::from_secs(period / frequency.unwrap_or(1)))
}

/// Returns the address of the page: the `href` or the text of the first link without another relation.
pub fn link(document: &str, entry: &FeedEntry) -> Option<String> {
    link_member(document, entry).map(|(_, address)| address)
}

pub fn link_member<'a>(document: &str, entry: &'a FeedEntry) -> Option<(&'a Member, String)> {
    let page = |link: &&Member| link.attribute("rel").is_none_or(|attribute| attribute == "alternate");
    let address = |member: &Member| {
        member.attribute("href").map(|attribute| attribute.trim().to_owned()).or_else(|| member.text(document))
    };
    entry.all(&["link", "url", "external_url"]).filter(page).find_map(|link| Some((link, address(link)?)))
}

fn json_hub(hubs: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Hub {
        #[serde(rename = "type")]
        kind: String,
        url: String,
    }
    let hubs: Vec<Hub> = serde_json::from_str(hubs).ok()?;
    hubs.into_iter().find(|hub| hub.kind.eq_ignore_ascii_case("websub")).map(|hub| hub.url)
}

fn in_json(document: &str) -> Result<(About, Vec<FeedEntry>), ReadError> {
    let malformed = |error: serde_json::Error| ReadError::MalformedFeed { reason: error.to_string() };
    let mark = document.len() - document.trim_start_matches('\u{feff}').len();
    let feed: BTreeMap<String, &RawValue> = serde_json::from_str(&document[mark..]).map_err(malformed)?;
    let span_of = |value: &RawValue| {
        // The value borrows from the document, so it lies within it.
        let start = value.get().as_ptr() as usize - document.as_ptr() as usize;
        Span { start, end: start + value.get().len() }
    };
    let member = |name: &str, value: &RawValue| {
        let span = span_of(value);
        let is_string = value.get().starts_with('"');
        let quote = usize::from(is_string);
        Member {
            name: name.to_owned(),
            attributes: Vec::new(),
            span,
            inner: Span { start: span.start + quote, end: span.end - quote },
            form: if is_string { Form::JsonString } else { Form::Json },
        }
    };
    let about = |name: &str| feed.get(name).map(|value| member(name, value));
    let items: Vec<&RawValue> = match feed.get("items") {
        Some(items) => serde_json::from_str(items.get()).map_err(malformed)?,
        None => Vec::new(),
    };
    if items.len() > FEED_ELEMENTS {
        return Err(ReadError::FeedElements);
    }
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        // An item that is not an object becomes an entry without members, which fails on its own.
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(item.get()).unwrap_or_default();
        let mut members: Vec<Member> = members.iter().map(|(name, value)| member(name, value)).collect();
        members.sort_by_key(|member| member.span.start);
        let mut entry = FeedEntry { span: span_of(item), id: None, members };
        let id = entry.member(&["id"]).and_then(|member| match member.form {
            Form::Json => Some(document[member.span.start..member.span.end].to_owned()),
            _ => member.text(document),
        });
        entry.id = id.or_else(|| link(document, &entry));
        entries.push(entry);
    }
    let home = about("home_page_url").and_then(|member| member.text(document));
    let polling = Polling {
        stays: None,
        hub: feed.get("hubs").and_then(|hubs| json_hub(hubs.get())),
        topic: about("feed_url").and_then(|member| member.text(document)),
    };
    let about = About {
        title: about("title"),
        language: about("language"),
        authors: Vec::new(),
        home,
        polling,
        dialect: Dialect::Json,
    };
    Ok((about, entries))
}
