//! Reads an entry as a page: its metadata, with spans, and its body.
//!
//! The body is the first member with words: the full content, else the description. A description is the whole body
//! only if no link leads to more (RSS 2.0, "Elements of `<item>`"); otherwise the article is partial. A publisher that
//! fills in an entry's content has already selected its text: everything is kept except boilerplate by name or shape.

use super::{
    spans::{About, FeedEntry, LANGUAGES, Member, link_member},
    unescape::Unescaped,
};
use crate::{
    article::{Label, Precision, Published, Publisher, Span, slug},
    enrich::{agencies, byline, dates},
    limits::STATED_VALUES,
    reading::{
        Finding, ParsedPage, html, page,
        publication_date::{FEED_MODIFIED, FEED_PUBLISHED},
        text,
        visible_text::visible_text,
    },
};
use url::Url;

/// Members that hold a whole body, and those that may hold a part of it.
const CONTENTS: [&str; 7] =
    ["content:encoded", "content_html", "content", "content_text", "xhtml:body", "body", "fullitem"];
const DESCRIPTIONS: [&str; 5] = ["description", "summary", "itunes:summary", "media:description", "dc:description"];
const TITLES: [&str; 4] = ["title", "dc:title", "media:title", "itunes:title"];
const AUTHORS: [&str; 5] = ["author", "dc:creator", "authors", "itunes:author", "dc:author"];
const KEYWORDS: [&str; 4] = ["category", "dc:subject", "tags", "media:keywords"];
const IMAGES: [&str; 5] = ["image", "banner_image", "media:thumbnail", "media:content", "enclosure"];

pub fn page(
    document: &str,
    about: &About,
    entry: &FeedEntry,
    values: feedparser_rs::Entry,
    url: Option<&str>,
) -> ParsedPage {
    let reader = Reader { document, about, entry, base: base(about, url) };
    let mut page = ParsedPage {
        url: reader.url(),
        headline: reader.headline(),
        authors: reader.authors(&values),
        publisher: reader.publisher(),
        keywords: reader.keywords(&values),
        image: reader.image(&values),
        language: reader.language(),
        ..ParsedPage::default()
    };
    page.published = reader.dated(
        &FEED_PUBLISHED,
        values.published_str.as_deref(),
        values.published.map(|published| published.timestamp_millis()),
    );
    page.modified = reader.dated(
        &FEED_MODIFIED,
        values.updated_str.as_deref(),
        values.updated.map(|updated| updated.timestamp_millis()),
    );
    let parts = reader.body(&mut page);
    page.pieces = reader.pieces(&page, parts);
    page
}

fn base(about: &About, url: Option<&str>) -> Option<Url> {
    let given = url.and_then(|url| Url::parse(url).ok());
    let home = about.home.as_deref();
    home.and_then(|home| given.as_ref().map_or_else(|| Url::parse(home), |given| given.join(home)).ok()).or(given)
}

type Parts = Vec<(Span, Label, String)>;

struct Reader<'a> {
    document: &'a str,
    about: &'a About,
    entry: &'a FeedEntry,
    base: Option<Url>,
}

impl Reader<'_> {
    fn finding<T>(&self, value: T, member: &Member, rule: &'static str) -> Finding<T> {
        Finding::new(value, member.place(self.document), rule)
    }

    /// Returns the span of each value in the named members, or the spans of all these members if one of the values
    /// is not verbatim in the document.
    fn places(&self, names: &[&str], values: &[String]) -> Vec<Span> {
        let members = || self.entry.all(names).take(STATED_VALUES + 1);
        let whole = |value: &String| {
            members()
                .map(|member| member.place(self.document))
                .find(|span| self.document[span.start..span.end] == *value)
        };
        let part = |value: &String| members().find_map(|member| member.place_of(self.document, value));
        let each = values.iter().map(|value| whole(value).or_else(|| part(value))).collect::<Option<Vec<Span>>>();
        each.unwrap_or_else(|| members().map(|member| member.place(self.document)).collect())
    }

    fn absolute(&self, address: &str) -> Option<String> {
        let url = match &self.base {
            Some(base) => base.join(address),
            None => Url::parse(address),
        };
        url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()).map(|url| url.to_string())
    }

    fn url(&self) -> Option<Finding<String>> {
        let (member, address) = link_member(self.document, self.entry)?;
        Some(self.finding(self.absolute(&address)?, member, "feed-link"))
    }

    fn headline(&self) -> Option<Finding<String>> {
        TITLES.iter().find_map(|name| {
            let member = self.entry.member(&[name])?;
            let title = visible(&member.said(self.document).text);
            (!title.is_empty()).then(|| self.finding(title, member, "feed-title"))
        })
    }

    /// Returns the entry's own authors, else those of the feed.
    fn authors(&self, values: &feedparser_rs::Entry) -> Option<Finding<Vec<String>>> {
        let stated = values.authors.iter().filter_map(|author| author.name.as_deref());
        let stated = stated.chain(values.dc_creator.as_deref()).map(str::to_owned);
        let said = |member: &Member| member.text(self.document);
        let own = self.people(stated.chain(self.entry.all(&AUTHORS).filter_map(said)));
        if !own.is_empty() {
            return self.found_authors(&own, self.places(&AUTHORS, &own));
        }
        let inherited = self.about.authors.iter().take(STATED_VALUES + 1);
        let names = self.people(inherited.clone().filter_map(said));
        self.found_authors(&names, inherited.map(|member| member.place(self.document)).collect())
    }

    /// Returns the names of people among stated authors, without the publisher and agencies.
    fn people(&self, stated: impl Iterator<Item = String>) -> Vec<String> {
        let publisher = self.publisher().map(|publisher| publisher.value.id);
        let mut names: Vec<String> = Vec::new();
        for name in stated.flat_map(|author| byline::names(person(&visible(&author)))) {
            let is_person = Some(slug(&name)) != publisher && agencies::named(&name).is_none();
            if is_person && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn found_authors(&self, names: &[String], spans: Vec<Span>) -> Option<Finding<Vec<String>>> {
        (!names.is_empty() && !spans.is_empty()).then_some(Finding {
            value: names.to_vec(),
            spans,
            rule: "feed-author",
            alternatives: Vec::new(),
        })
    }

    /// Returns the source that an aggregator names, else the feed's title.
    fn publisher(&self) -> Option<Finding<Publisher>> {
        let source = self.entry.member(&["source"]).filter(|member| member.attribute("url").is_some());
        let (member, rule) = source
            .map(|source| (source, "feed-source"))
            .or_else(|| self.about.title.as_ref().map(|title| (title, "feed-publisher")))?;
        let name = visible(&member.said(self.document).text);
        let home =
            member.attribute("url").or(self.about.home.as_deref()).and_then(|attribute| self.absolute(attribute));
        let domain = home.and_then(|home| Url::parse(&home).ok()?.host_str().map(str::to_owned));
        let domain = domain.map(|domain| domain.strip_prefix("www.").map_or(domain.clone(), str::to_owned));
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
            alternatives: Vec::new(),
        })
    }

    fn image(&self, values: &feedparser_rs::Entry) -> Option<Finding<String>> {
        let is_image = |member: &&Member| {
            let kind = member.attribute("type").or(member.attribute("medium"));
            kind.is_none_or(|kind| kind.starts_with("image")) && (member.name != "enclosure" || kind.is_some())
        };
        let stated = self.entry.all(&IMAGES).filter(is_image).find_map(|member| {
            let address = member.attribute("url").map(str::to_owned).or_else(|| member.text(self.document))?;
            Some(self.finding(self.absolute(&address)?, member, "feed-image"))
        });
        stated.or_else(|| {
            // An image in a group, whose members are not the entry's own.
            let group = self.entry.member(&["media:group"])?;
            let address = values.media_thumbnail.first().map(|thumbnail| thumbnail.url.to_string())?;
            Some(self.finding(self.absolute(&address)?, group, "feed-image"))
        })
    }

    fn language(&self) -> Option<Finding<String>> {
        let member = self.entry.member(&LANGUAGES).or(self.about.language.as_ref())?;
        Some(self.finding(member.text(self.document)?, member, "feed-language"))
    }

    /// Returns a date parsed from the entry's own text, else as the library parsed it.
    fn dated(
        &self,
        names: &[&str],
        written: Option<&str>,
        read_milliseconds: Option<i64>,
    ) -> Option<Finding<Published>> {
        let member = self.entry.member(names)?;
        let own = member.text(self.document);
        let stated = own.as_deref().into_iter().chain(written).find_map(|candidate| {
            dates::machine(candidate).or_else(|| dates::stated(candidate).map(|stated| stated.published))
        });
        let read = || {
            let at = jiff::Timestamp::from_millisecond(read_milliseconds?).ok()?;
            dates::of_moment(at, None, Precision::Second)
        };
        Some(self.finding(stated.or_else(read)?, member, "feed-date"))
    }

    /// Reads the body and returns the labelled spans of what was kept and removed.
    fn body(&self, page: &mut ParsedPage) -> Parts {
        let mut parts = Parts::new();
        let contents = CONTENTS
            .iter()
            .map(|content| (content, true))
            .chain(DESCRIPTIONS.iter().map(|description| (description, false)));
        for (name, is_content) in contents {
            let Some(member) = self.entry.member(&[name]) else { continue };
            let content = member.said(self.document);
            if page.body.is_empty() {
                parts = blocks(page, &content, is_plain(member), Boilerplate::Removed);
                // An entry without a title that is a single link, `Click here`, has no other text.
                if page.body.is_empty() && page.headline.is_none() {
                    parts = blocks(page, &content, is_plain(member), Boilerplate::Kept);
                }
                page.partial = !page.body.is_empty() && !is_content && page.url.is_some();
            } else if !is_content && !page.partial && page.summary.is_none() {
                let summary = visible(&content.text);
                page.summary = (!summary.is_empty()).then(|| self.finding(summary, member, "feed-description"));
            }
        }
        parts
    }

    fn pieces(&self, page: &ParsedPage, mut parts: Parts) -> Vec<crate::article::Piece> {
        if let Some(headline) = &page.headline {
            parts.extend(headline.spans.iter().map(|span| (*span, Label::Kept, "headline".to_owned())));
        }
        for (reason, spans) in page.mined() {
            parts.extend(spans.iter().map(|span| (*span, Label::Mined, reason.to_owned())));
        }
        let Span { start, end } = self.entry.span;
        let within = page::tile(Span { start, end }, &parts, "markup");
        let before = page::tile(Span { start: 0, end: start }, &parts, "rest of the feed");
        let after = page::tile(Span { start: end, end: self.document.len() }, &parts, "rest of the feed");
        [before, within, after].concat()
    }
}

/// Returns the name of a person who is stated with an address: `mail (Name)` (RSS 2.0), `Name <mail>`, `Name (mail)`.
fn person(text: &str) -> &str {
    let parts = || text.split(['(', ')', '<', '>']).map(str::trim).filter(|part| !part.is_empty());
    match text.contains('@') {
        true => parts().find(|part| !part.contains('@')).unwrap_or_default(),
        false => text,
    }
}

/// Whether a content is plain text, by its `type` or its name (Atom, RFC 4287, 3.1.1; JSON Feed 1.1).
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

/// Whether blocks that are boilerplate by their words are part of the body.
#[derive(Clone, Copy, PartialEq)]
enum Boilerplate {
    Removed,
    Kept,
}

fn blocks(page: &mut ParsedPage, content: &Unescaped, plain: bool, by_words: Boilerplate) -> Parts {
    let mut blocks = Vec::new();
    if plain {
        let mut at = 0;
        for line in content.text.split_inclusive('\n') {
            let span = Span { start: at, end: at + line.trim_end().len() };
            at += line.len();
            blocks.push(html::HtmlBlock { text: visible_text(line), spans: vec![span], ..html::HtmlBlock::default() });
        }
    } else {
        match html::blocks(&content.text) {
            Ok(found) => blocks = found,
            Err(reason) => page.left_out.push(reason),
        }
    }
    let mut parts = Parts::new();
    for mut block in blocks {
        block.spans = block.spans.into_iter().filter_map(|span| content.place(span)).collect();
        if block.text.is_empty() || block.spans.is_empty() {
            continue;
        }
        let text = &block.text;
        let is_headline =
            page.body.is_empty() && page.headline.as_ref().is_some_and(|headline| headline.value == *text);
        let names = if page.body.is_empty() { byline::line(text) } else { None };
        let worded = || {
            let known = text::boilerplate(text).map(|boilerplate| boilerplate.reason);
            known.or_else(|| is_signature(text).then_some("feed signature"))
        };
        let region = block.region.map(html::Region::reason);
        let boilerplate = region.or_else(|| if by_words == Boilerplate::Removed { worded() } else { None });
        let (label, reason) = match boilerplate {
            Some(reason) => (Label::Removed, reason),
            None if is_headline => (Label::Removed, "headline repeated"),
            None => match names {
                Some(names) => {
                    let spans = block.spans.clone();
                    page.authors.get_or_insert(Finding {
                        value: names,
                        spans,
                        rule: "byline",
                        alternatives: Vec::new(),
                    });
                    (Label::Mined, "byline")
                }
                None => {
                    html::body(page, &block);
                    (Label::Kept, "body")
                }
            },
        };
        parts.extend(block.spans.iter().map(|span| (*span, label, reason.to_owned())));
    }
    parts
}

/// Whether a line is the signature that SEO plug-ins of WordPress, the commonest publishing software, add to every
/// entry: `The post … appeared first on …`.
fn is_signature(text: &str) -> bool {
    text.starts_with("The post ") && text.contains(" appeared first on ")
}

/// Returns the visible text of a text that may contain tags and another level of escapes.
fn visible(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return visible_text(text);
    }
    let mut words = String::new();
    let mut invisible = false;
    for token in html5gum::Tokenizer::new(text).flatten() {
        match token {
            html5gum::Token::String(text) if !invisible => words.push_str(&String::from_utf8_lossy(&text)),
            html5gum::Token::StartTag(tag) => invisible |= matches!(tag.name.as_slice(), b"script" | b"style"),
            html5gum::Token::EndTag(tag) if matches!(tag.name.as_slice(), b"script" | b"style") => invisible = false,
            _ => {}
        }
    }
    visible_text(&words)
}
