//! Where a feed's entries and their members stand.

use super::{
    escapes::{self, Unescaped},
    xml::{self, Element},
};
use crate::{
    article::Span,
    reading::{ReadError, json, limits::FEED_ELEMENTS},
};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, time::Duration};

/// Prefixes under which the dialects' own elements are met.
const OWN: [&str; 4] = ["atom:", "rss:", "a10:", "atom10:"];

/// What is said of the feed as a whole.
#[derive(Debug, Default)]
pub struct About {
    pub title: Option<Member>,
    pub language: Option<Member>,
    /// The address of the site.
    pub home: Option<String>,
    pub polling: Polling,
    pub dialect: Dialect,
}

/// What a feed says to those who poll it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polling {
    /// How long it stays as it is: `ttl` of RSS 2.0, `sy:updatePeriod` and `sy:updateFrequency` of RSS 1.0's syndication
    /// module.
    pub stays: Option<Duration>,
    /// The hub that pushes it (WebSub 1.0), and under which address.
    pub hub: Option<String>,
    pub topic: Option<String>,
}

#[derive(Debug, Default)]
pub enum Dialect {
    /// The tags that stand around every entry, to be written around one.
    Xml { around: Vec<(String, Vec<(String, String)>)> },
    #[default]
    Json,
}

#[derive(Debug)]
pub struct Entry {
    pub span: Span,
    pub id: Option<String>,
    /// In the order of the document.
    pub members: Vec<Member>,
}

/// A member of an entry: an element in XML, a pair in JSON.
#[derive(Clone, Debug)]
pub struct Member {
    /// The element's name without the dialect's own prefix.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub span: Span,
    /// The value: between the tags, or within the quotation marks.
    pub inner: Span,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Xml,
    JsonString,
    /// Anything else in JSON.
    Json,
}

impl Member {
    pub fn said(&self, document: &str) -> Unescaped {
        match self.form {
            Form::Xml => escapes::xml(document, self.inner),
            Form::JsonString => escapes::json(document, self.inner),
            Form::Json => Unescaped::default(),
        }
    }

    /// What it says, without the white space around it.
    pub fn text(&self, document: &str) -> Option<String> {
        let text = self.said(document).text;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// Where one of several values stands.
    pub fn place_of(&self, document: &str, value: &str) -> Option<Span> {
        let whole = self.place(document);
        let text = &document[whole.start..whole.end];
        let found = match self.form {
            Form::Json => json::place(text, value)?,
            _ => text.find(value).map(|at| at..at + value.len())?,
        };
        Some(Span { start: whole.start + found.start, end: whole.start + found.end })
    }

    /// Where the value stands, without the white space around it; of one without a value, where it stands itself.
    pub fn place(&self, document: &str) -> Span {
        let inner = &document[self.inner.start..self.inner.end];
        let start = self.inner.start + (inner.len() - inner.trim_start().len());
        let end = start + inner.trim().len();
        if start < end { Span { start, end } } else { self.span }
    }
}

impl Entry {
    pub fn member(&self, names: &[&str]) -> Option<&Member> {
        names.iter().find_map(|name| self.members.iter().find(|it| it.name == *name))
    }

    pub fn all<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(|it| names.contains(&it.name.as_str()))
    }
}

pub fn find(document: &str) -> Result<(About, Vec<Entry>), ReadError> {
    if document.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with('{') {
        return in_json(document);
    }
    in_xml(document)
}

fn in_xml(document: &str) -> Result<(About, Vec<Entry>), ReadError> {
    let elements = xml::elements(document, FEED_ELEMENTS).ok_or(ReadError::FeedElements)?;
    let is_entry = |it: &Element| xml::is_entry(&it.name);
    let mut entries = Vec::new();
    let mut around = Vec::new();
    let mut about = About::default();
    let mut at = 0;
    while let Some(element) = elements.get(at) {
        if !is_entry(element) {
            if matches!(element.name.as_str(), "channel" | "rss:channel" | "feed" | "atom:feed") {
                let inner = elements[at + 1..].iter().take_while(|it| it.span.start < element.span.end);
                // What stands within an entry is the entry's; a channel's own members are its children.
                about = xml_about(document, inner.filter(|it| it.parent == Some(at)), element);
            }
            at += 1;
            continue;
        }
        if around.is_empty() {
            around = parents(&elements, element);
        }
        let within = elements[at + 1..].iter().take_while(|it| it.span.start < element.span.end).count();
        let children = elements[at + 1..at + 1 + within].iter().filter(|it| it.parent == Some(at));
        let members: Vec<Member> = children.map(member).collect();
        let mut entry = Entry { span: element.span, id: None, members };
        entry.id = entry
            .member(&["guid", "id"])
            .and_then(|it| it.text(document))
            .or_else(|| element.attribute("rdf:about").map(str::to_owned))
            .or_else(|| link(document, &entry));
        entries.push(entry);
        at += 1 + within;
    }
    about.dialect = Dialect::Xml { around };
    Ok((about, entries))
}

/// From the outermost in.
fn parents(elements: &[Element], element: &Element) -> Vec<(String, Vec<(String, String)>)> {
    let mut parents = Vec::new();
    let mut next = element.parent;
    while let Some(parent) = next.and_then(|it| elements.get(it)) {
        parents.push((parent.name.clone(), parent.attributes.clone()));
        next = parent.parent;
    }
    parents.reverse();
    parents
}

fn member(element: &Element) -> Member {
    let name = OWN.iter().find_map(|it| element.name.strip_prefix(it)).unwrap_or(&element.name);
    Member {
        name: name.to_owned(),
        attributes: element.attributes.clone(),
        span: element.span,
        inner: element.inner,
        form: Form::Xml,
    }
}

fn xml_about<'a>(document: &str, children: impl Iterator<Item = &'a Element>, channel: &Element) -> About {
    let channel = Entry { span: channel.span, id: None, members: children.map(member).collect() };
    About {
        title: channel.member(&["title"]).cloned(),
        language: channel.member(&["language", "dc:language"]).cloned(),
        home: link(document, &channel),
        polling: Polling {
            stays: stays(document, &channel),
            hub: related(&channel, "hub"),
            topic: related(&channel, "self"),
        },
        dialect: Dialect::default(),
    }
}

fn related(channel: &Entry, relation: &str) -> Option<String> {
    let is_related =
        |it: &&Member| it.attribute("rel").is_some_and(|it| it.split_whitespace().any(|it| it == relation));
    let found = channel.all(&["link"]).find(is_related)?;
    found.attribute("href").map(|it| it.trim().to_owned())
}

fn stays(document: &str, channel: &Entry) -> Option<Duration> {
    let text = |name: &str| channel.member(&[name]).and_then(|it| it.text(document));
    if let Some(minutes) = text("ttl").and_then(|it| it.trim().parse::<u64>().ok()) {
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
    let often = text("sy:updateFrequency").and_then(|it| it.trim().parse::<u64>().ok()).filter(|it| *it > 0);
    Some(Duration::from_secs(period / often.unwrap_or(1)))
}

/// The address of the page: a link's text, or the `href` of the one that has no other relation.
pub fn link(document: &str, entry: &Entry) -> Option<String> {
    link_member(document, entry).map(|(_, it)| it)
}

pub fn link_member<'a>(document: &str, entry: &'a Entry) -> Option<(&'a Member, String)> {
    let page = |it: &&Member| it.attribute("rel").is_none_or(|it| it == "alternate");
    let address = |it: &Member| it.attribute("href").map(|it| it.trim().to_owned()).or_else(|| it.text(document));
    entry.all(&["link", "url", "external_url"]).filter(page).find_map(|it| Some((it, address(it)?)))
}

fn json_hub(hubs: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Hub {
        #[serde(rename = "type")]
        kind: String,
        url: String,
    }
    let hubs: Vec<Hub> = serde_json::from_str(hubs).ok()?;
    hubs.into_iter().find(|it| it.kind.eq_ignore_ascii_case("websub")).map(|it| it.url)
}

fn in_json(document: &str) -> Result<(About, Vec<Entry>), ReadError> {
    let malformed = |error: serde_json::Error| ReadError::MalformedFeed { reason: error.to_string() };
    let mark = document.len() - document.trim_start_matches('\u{feff}').len();
    let feed: BTreeMap<String, &RawValue> = serde_json::from_str(&document[mark..]).map_err(malformed)?;
    let place = |it: &RawValue| {
        // The value is borrowed from the document, so it lies within it.
        let start = it.get().as_ptr() as usize - document.as_ptr() as usize;
        Span { start, end: start + it.get().len() }
    };
    let member = |name: &str, value: &RawValue| {
        let span = place(value);
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
    let about = |name: &str| feed.get(name).map(|it| member(name, it));
    let items: Vec<&RawValue> = match feed.get("items") {
        Some(items) => serde_json::from_str(items.get()).map_err(malformed)?,
        None => Vec::new(),
    };
    if items.len() > FEED_ELEMENTS {
        return Err(ReadError::FeedElements);
    }
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        // An item that is no object is an entry without members, which fails by itself.
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(item.get()).unwrap_or_default();
        let mut members: Vec<Member> = members.iter().map(|(name, value)| member(name, value)).collect();
        members.sort_by_key(|it| it.span.start);
        let mut entry = Entry { span: place(item), id: None, members };
        let id = entry.member(&["id"]).and_then(|it| match it.form {
            Form::Json => Some(document[it.span.start..it.span.end].to_owned()),
            _ => it.text(document),
        });
        entry.id = id.or_else(|| link(document, &entry));
        entries.push(entry);
    }
    let home = about("home_page_url").and_then(|it| it.text(document));
    let polling = Polling {
        stays: None,
        hub: feed.get("hubs").and_then(|it| json_hub(it.get())),
        topic: about("feed_url").and_then(|it| it.text(document)),
    };
    Ok((About { title: about("title"), language: about("language"), home, polling, dialect: Dialect::Json }, entries))
}
