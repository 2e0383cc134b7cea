//! An entry as a page: its facts, each where it stands, and its story.
//!
//! The story is the first of its contents that has words: the full content, else the description. A description is the
//! whole story only where no link leads to more (RSS 2.0, "Elements of <item>"); otherwise the article is partial.
//! A publisher that fills in the content of an entry has already chosen its words: everything stays but furniture by
//! name or shape.

use super::{
    escapes::Unescaped,
    places::{About, Entry, Member, link_member},
};
use crate::{
    article::{Label, Precision, Published, Publisher, Span, slug},
    enrich::{agencies, byline, dates},
    reading::{Finding, Page, html, limits::STATED_VALUES, page, shown::shown, text},
};
use url::Url;

/// The members that hold a whole story, and those that may hold a part of it.
const CONTENTS: [&str; 6] = ["content:encoded", "content_html", "content", "content_text", "xhtml:body", "body"];
const DESCRIPTIONS: [&str; 4] = ["description", "summary", "itunes:summary", "media:description"];
const AUTHORS: [&str; 5] = ["author", "dc:creator", "authors", "itunes:author", "dc:author"];
const PUBLISHED: [&str; 7] =
    ["published", "pubDate", "date_published", "issued", "dc:date", "dcterms:issued", "dcterms:created"];
const MODIFIED: [&str; 5] = ["updated", "modified", "date_modified", "dcterms:modified", "atom:updated"];
const KEYWORDS: [&str; 4] = ["category", "dc:subject", "tags", "media:keywords"];
const IMAGES: [&str; 5] = ["image", "banner_image", "media:thumbnail", "media:content", "enclosure"];

pub fn page(document: &str, about: &About, entry: &Entry, values: feedparser_rs::Entry, url: Option<&str>) -> Page {
    let reader = Reader { document, about, entry, base: base(about, url) };
    let mut page = Page {
        url: reader.url(),
        headline: reader.headline(),
        authors: reader.authors(&values),
        publisher: reader.publisher(),
        keywords: reader.keywords(&values),
        image: reader.image(&values),
        language: reader.language(&values),
        ..Page::default()
    };
    page.published =
        reader.dated(&PUBLISHED, values.published_str.as_deref(), values.published.map(|it| it.timestamp_millis()));
    page.modified =
        reader.dated(&MODIFIED, values.updated_str.as_deref(), values.updated.map(|it| it.timestamp_millis()));
    let parts = reader.story(&mut page);
    page.pieces = reader.pieces(&page, parts);
    page
}

fn base(about: &About, url: Option<&str>) -> Option<Url> {
    let given = url.and_then(|it| Url::parse(it).ok());
    let home = about.home.as_deref();
    home.and_then(|home| given.as_ref().map_or_else(|| Url::parse(home), |it| it.join(home)).ok()).or(given)
}

type Parts = Vec<(Span, Label, String)>;

struct Reader<'a> {
    document: &'a str,
    about: &'a About,
    entry: &'a Entry,
    base: Option<Url>,
}

impl Reader<'_> {
    fn finding<T>(&self, value: T, member: &Member, rule: &'static str) -> Finding<T> {
        Finding::new(value, member.place(self.document), rule)
    }

    /// Where the values stand in members of some names; all of these, where one of the values is not written as it is read.
    fn places(&self, names: &[&str], values: &[String]) -> Vec<Span> {
        let members = || self.entry.all(names).take(STATED_VALUES + 1);
        let whole = |value: &String| {
            members().map(|it| it.place(self.document)).find(|it| self.document[it.start..it.end] == *value)
        };
        let part = |value: &String| members().find_map(|it| it.place_of(self.document, value));
        let each = values.iter().map(|it| whole(it).or_else(|| part(it))).collect::<Option<Vec<Span>>>();
        each.unwrap_or_else(|| members().map(|it| it.place(self.document)).collect())
    }

    fn absolute(&self, address: &str) -> Option<String> {
        let url = match &self.base {
            Some(base) => base.join(address),
            None => Url::parse(address),
        };
        url.ok().filter(|it| matches!(it.scheme(), "http" | "https") && it.has_host()).map(|it| it.to_string())
    }

    fn url(&self) -> Option<Finding<String>> {
        let (member, address) = link_member(self.document, self.entry)?;
        Some(self.finding(self.absolute(&address)?, member, "feed-link"))
    }

    fn headline(&self) -> Option<Finding<String>> {
        let member = self.entry.member(&["title", "dc:title"])?;
        let title = visible(&member.said(self.document).text);
        (!title.is_empty()).then(|| self.finding(title, member, "feed-title"))
    }

    fn authors(&self, values: &feedparser_rs::Entry) -> Option<Finding<Vec<String>>> {
        let publisher = self.publisher().map(|it| it.value.id);
        let stated = values.authors.iter().filter_map(|it| it.name.as_deref());
        let stated = stated.chain(values.dc_creator.as_deref());
        let mut names: Vec<String> = Vec::new();
        for name in stated.flat_map(|it| byline::names(&visible(it))) {
            let is_person = Some(slug(&name)) != publisher && agencies::named(&name).is_none();
            if is_person && !names.contains(&name) {
                names.push(name);
            }
        }
        let spans = self.places(&AUTHORS, &names);
        (!names.is_empty() && !spans.is_empty()).then_some(Finding {
            value: names,
            spans,
            rule: "feed-author",
            others: Vec::new(),
        })
    }

    /// The source that an aggregator names, else the feed's title.
    fn publisher(&self) -> Option<Finding<Publisher>> {
        let source = self.entry.member(&["source"]).filter(|it| it.attribute("url").is_some());
        let (member, rule) = source
            .map(|it| (it, "feed-source"))
            .or_else(|| self.about.title.as_ref().map(|it| (it, "feed-publisher")))?;
        let name = visible(&member.said(self.document).text);
        let home = member.attribute("url").or(self.about.home.as_deref()).and_then(|it| self.absolute(it));
        let domain = home.and_then(|it| Url::parse(&it).ok()?.host_str().map(str::to_owned));
        let domain = domain.map(|it| it.strip_prefix("www.").map_or(it.clone(), str::to_owned));
        let id = slug(&name);
        (!id.is_empty()).then(|| self.finding(Publisher { id, name, domain }, member, rule))
    }

    fn keywords(&self, values: &feedparser_rs::Entry) -> Option<Finding<Vec<String>>> {
        let mut words: Vec<String> = Vec::new();
        for tag in &values.tags {
            let word = visible(tag.label.as_deref().unwrap_or(&tag.term));
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        let spans = self.places(&KEYWORDS, &words);
        (!words.is_empty() && !spans.is_empty()).then_some(Finding {
            value: words,
            spans,
            rule: "feed-category",
            others: Vec::new(),
        })
    }

    fn image(&self, values: &feedparser_rs::Entry) -> Option<Finding<String>> {
        let is_image = |it: &&Member| {
            let kind = it.attribute("type").or(it.attribute("medium"));
            kind.is_none_or(|it| it.starts_with("image")) && (it.name != "enclosure" || kind.is_some())
        };
        let stated = self.entry.all(&IMAGES).filter(is_image).find_map(|it| {
            let address = it.attribute("url").map(str::to_owned).or_else(|| it.text(self.document))?;
            Some(self.finding(self.absolute(&address)?, it, "feed-image"))
        });
        stated.or_else(|| {
            // In a group, whose members are not the entry's own.
            let group = self.entry.member(&["media:group"])?;
            let address = values.media_thumbnail.first().map(|it| it.url.to_string())?;
            Some(self.finding(self.absolute(&address)?, group, "feed-image"))
        })
    }

    fn language(&self, values: &feedparser_rs::Entry) -> Option<Finding<String>> {
        let own = self.entry.member(&["language", "dc:language"]).zip(values.language.as_deref().map(str::to_owned));
        let own = own.map(|(member, it)| self.finding(it, member, "feed-language"));
        own.or_else(|| {
            let member = self.about.language.as_ref()?;
            Some(self.finding(member.text(self.document)?, member, "feed-language"))
        })
    }

    /// A date in the entry's own words, else as the library understands them.
    fn dated(
        &self,
        names: &[&str],
        written: Option<&str>,
        read_milliseconds: Option<i64>,
    ) -> Option<Finding<Published>> {
        let member = self.entry.member(names)?;
        let own = member.text(self.document);
        let stated = own
            .as_deref()
            .into_iter()
            .chain(written)
            .find_map(|it| dates::machine(it).or_else(|| dates::stated(it).map(|it| it.published)));
        let read = || {
            let at = jiff::Timestamp::from_millisecond(read_milliseconds?).ok()?;
            dates::of_moment(at, None, Precision::Second)
        };
        Some(self.finding(stated.or_else(read)?, member, "feed-date"))
    }

    /// The story and what was removed from it, at their places in the document.
    fn story(&self, page: &mut Page) -> Parts {
        let mut parts = Parts::new();
        let contents = CONTENTS.iter().map(|it| (it, true)).chain(DESCRIPTIONS.iter().map(|it| (it, false)));
        for (name, is_content) in contents {
            let Some(member) = self.entry.member(&[name]) else { continue };
            let said = member.said(self.document);
            if page.body.is_empty() {
                parts = blocks(page, &said, is_plain(member));
                page.partial = !page.body.is_empty() && !is_content && page.url.is_some();
            } else if !is_content && !page.partial && page.summary.is_none() {
                let summary = visible(&said.text);
                page.summary = (!summary.is_empty()).then(|| self.finding(summary, member, "feed-description"));
            }
        }
        parts
    }

    fn pieces(&self, page: &Page, mut parts: Parts) -> Vec<crate::article::Piece> {
        if let Some(headline) = &page.headline {
            parts.extend(headline.spans.iter().map(|it| (*it, Label::Kept, "headline".to_owned())));
        }
        for (reason, spans) in page.mined() {
            parts.extend(spans.iter().map(|it| (*it, Label::Mined, reason.to_owned())));
        }
        let Span { start, end } = self.entry.span;
        let within = page::tile(Span { start, end }, &parts, "markup");
        let before = page::tile(Span { start: 0, end: start }, &parts, "rest of the feed");
        let after = page::tile(Span { start: end, end: self.document.len() }, &parts, "rest of the feed");
        [before, within, after].concat()
    }
}

/// Whether a content is text and no markup: it says so, or its name does (Atom, RFC 4287, 3.1.1; JSON Feed 1.1).
fn is_plain(member: &Member) -> bool {
    match member.name.as_str() {
        "content_text" => true,
        "content" | "summary" => {
            let kind = member.attribute("type").unwrap_or("text");
            let escaped = member.attribute("mode") == Some("escaped");
            !escaped && matches!(kind, "text" | "text/plain")
        }
        _ => false,
    }
}

fn blocks(page: &mut Page, said: &Unescaped, plain: bool) -> Parts {
    let mut blocks = Vec::new();
    if plain {
        let mut at = 0;
        for line in said.text.split_inclusive('\n') {
            let span = Span { start: at, end: at + line.trim_end().len() };
            at += line.len();
            blocks.push(html::Block { text: shown(line), spans: vec![span], ..html::Block::default() });
        }
    } else {
        match html::blocks(&said.text) {
            Ok(found) => blocks = found,
            Err(reason) => page.left_out.push(reason),
        }
    }
    let mut parts = Parts::new();
    for mut block in blocks {
        block.spans = block.spans.into_iter().filter_map(|it| said.place(it)).collect();
        if block.text.is_empty() || block.spans.is_empty() {
            continue;
        }
        let text = &block.text;
        let is_headline = page.body.is_empty() && page.headline.as_ref().is_some_and(|it| it.value == *text);
        let names = if page.body.is_empty() { byline::line(text) } else { None };
        let furniture = block.region.or_else(|| text::furniture(text).map(|it| it.reason));
        let furniture = furniture.or_else(|| is_signature(text).then_some("feed signature"));
        let (label, reason) = match furniture {
            Some(reason) => (Label::Removed, reason),
            None if is_headline => (Label::Removed, "headline repeated"),
            None => match names {
                Some(names) => {
                    let spans = block.spans.clone();
                    page.authors.get_or_insert(Finding { value: names, spans, rule: "byline", others: Vec::new() });
                    (Label::Mined, "byline")
                }
                None => {
                    html::story(page, &block);
                    (Label::Kept, "story")
                }
            },
        };
        parts.extend(block.spans.iter().map(|it| (*it, label, reason.to_owned())));
    }
    parts
}

/// The line that the commonest publishing software puts under every entry (WordPress, in the words of its SEO plug-ins):
/// `The post … appeared first on …`.
fn is_signature(text: &str) -> bool {
    text.starts_with("The post ") && text.contains(" appeared first on ")
}

/// A text that may hold tags and, once more, escapes, as readers see it.
fn visible(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return shown(text);
    }
    let words = html5gum::Tokenizer::new(text).flatten().filter_map(|it| match it {
        html5gum::Token::String(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        _ => None,
    });
    shown(&words.collect::<String>())
}
