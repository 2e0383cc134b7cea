//! One streaming pass over the page: its texts in blocks with their places in the document, the marks that publishers put
//! on facts, and how large and deep it is. Linear in the page's length, whatever the page.
//!
//! This is not a tree. Blocks need only know where one ends and in which part of the page it stands, and a pass that
//! builds nothing cannot be made to overflow.

use super::{
    marks::{self, OF_CHANGE},
    regions::{is_apart, region},
    tag::Tag,
    worker::{self, Failed},
};
use crate::{
    article::Span,
    enrich::dates,
    reading::{
        limits::{HTML_ATTRIBUTES, HTML_DEPTH},
        shown::shown,
    },
};
use html5gum::{
    Emitter, ForwardingEmitter, Tokenizer,
    emitters::callback::{CallbackEmitter, CallbackEvent},
};
use std::{collections::HashMap, convert::Infallible};

/// A run of text between two ends of a block.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// As readers see it: entities resolved, white space is one blank.
    pub text: String,
    pub spans: Vec<Span>,
    /// The innermost block element: `p`, `h1`, `li`.
    pub element: String,
    /// Why it stands outside of any story, if it does.
    pub region: Option<&'static str>,
    /// How many bytes of the text lead somewhere else.
    pub linked: usize,
}

/// An element that is marked as holding a fact.
#[derive(Clone, Debug)]
pub struct Marked {
    /// As [`marks`] names it: `itemprop:headline`, `class:byline`, `h1`.
    pub mark: String,
    /// What it says in an attribute: `content`, `datetime`, `href`.
    pub value: Option<(String, Span)>,
    pub text: String,
    pub spans: Vec<Span>,
    pub region: Option<&'static str>,
}

/// A `<meta>` or `<link>`: the name in lower case, the value, and its place.
#[derive(Clone, Debug)]
pub struct Meta {
    pub name: String,
    pub value: String,
    pub span: Span,
}

#[derive(Debug, Default)]
pub struct Scan {
    pub blocks: Vec<Block>,
    pub marked: Vec<Marked>,
    pub meta: Vec<Meta>,
    /// Where the runs of text begin that are marked as the date of a change, each with its place in `marked`.
    changes: HashMap<usize, usize>,
    /// The contents of JSON-LD scripts.
    pub json_ld: Vec<Span>,
    /// The contents of scripts, styles and comments.
    pub silent: Vec<(Span, &'static str)>,
    /// Elements that hold no part of any story, with their tags, metadata among them, and attributes that are long.
    pub apart: Vec<Span>,
    pub depth: usize,
    pub elements: usize,
}

impl Scan {
    /// Whether the date that a block states stands in an element that is marked as the date of a change.
    pub fn marks_change(&self, block: &Block, stated: &dates::Stated) -> bool {
        let mut within = block.spans.iter().filter_map(|it| self.changes.get(&it.start));
        within.any(|it| dates::stated(&self.marked[*it].text).is_some_and(|it| it.published == stated.published))
    }
}

/// What is marked may hold this much text; more is no fact but a part of the page.
const MARKED_BYTES: usize = 2_000;
/// A longer attribute is none that tells what an element is.
const ATTRIBUTE_BYTES: usize = 80;
/// A row of a table is one block up to this length. Longer ones are a layout, and their cells are blocks.
const ROW_BYTES: usize = 400;
/// Between the cells of a row.
const CELLS: &str = " | ";
/// And so many marks are followed at once.
const MARKS_OPEN: usize = 16;

const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
/// Elements within a line of text; all others end a block.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img", "ins", "kbd",
    "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "ruby", "rt",
    "rp", "meta", "link",
];
/// Elements whose end tag may be left out, which one of the same name ends (HTML Standard, optional tags).
const IMPLIED: &[&str] = &["p", "li", "dt", "dd", "tr", "td", "th", "option"];
/// The scan, or why the page cannot be scanned, for the evidence.
pub fn scan(document: &str) -> Result<Scan, String> {
    let attributes = document.bytes().filter(|it| *it == b'=').count();
    if attributes > HTML_ATTRIBUTES {
        let limit = HTML_ATTRIBUTES;
        return Err(format!(
            "html_attributes: {attributes} is over the limit of {limit}: the source's lines were read"
        ));
    }
    let page = document.to_owned();
    let scanned = worker::begin(move || pass(&page)).and_then(|it| it.wait(None));
    scanned.map_err(|failed| match failed {
        Failed::NoThread(error) => format!("no thread to scan: {error}"),
        Failed::TooLong | Failed::Panicked => "the page could not be scanned: the source's lines were read".to_owned(),
    })
}

/// Events without the errors of the page, which nobody asks for and which cost a fifth of the pass.
struct Forgiving<E>(E);

impl<E: Emitter> ForwardingEmitter for Forgiving<E> {
    type Token = E::Token;

    fn inner(&mut self) -> &mut impl Emitter<Token = Self::Token> {
        &mut self.0
    }

    #[inline]
    fn should_emit_errors(&mut self) -> bool {
        false
    }
}

fn pass(document: &str) -> Scan {
    let mut pass = Pass {
        document,
        scan: Scan::default(),
        tag: Tag::default(),
        open: Vec::new(),
        beyond: 0,
        block: Block::default(),
        marks: Vec::new(),
        links: 0,
    };
    let mut emitter =
        CallbackEmitter::new(|event: CallbackEvent<'_>, span: html5gum::Span<usize>| -> Option<Infallible> {
            pass.event(&event, span);
            None
        });
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(document, Forgiving(emitter)).finish();
    pass.end_block();
    pass.scan
}

struct Element {
    name: String,
    region: Option<&'static str>,
    /// How many marks were open before it, and how many blocks there were.
    marks: usize,
    blocks: usize,
    /// Where its tag begins.
    start: usize,
}

struct Pass<'a> {
    document: &'a str,
    scan: Scan,
    /// The start tag that is being read, or was read last.
    tag: Tag,
    /// The elements that are open, as far as the depth that a page may have.
    open: Vec<Element>,
    /// How many more are open below those.
    beyond: usize,
    block: Block,
    /// Places in `scan.marked` of those that are open.
    marks: Vec<usize>,
    /// How many links are open.
    links: usize,
}

impl Pass<'_> {
    /// The tokenizer counts in bytes; a place that is none of the document's is brought into it.
    fn span(&self, start: usize, end: usize) -> Span {
        let end = self.document.floor_char_boundary(end.min(self.document.len()));
        Span { start: self.document.floor_char_boundary(start.min(end)), end }
    }

    fn event(&mut self, event: &CallbackEvent<'_>, span: html5gum::Span<usize>) {
        let span = self.span(span.start, span.end);
        match event {
            CallbackEvent::OpenStartTag { name } => self.tag.open(name, span.start),
            CallbackEvent::AttributeName { name } => self.tag.push_name(name, span),
            CallbackEvent::AttributeValue { value } => self.tag.push_value(value, span),
            CallbackEvent::CloseStartTag { .. } => {
                let tag = std::mem::take(&mut self.tag);
                self.start(&tag, span.end);
                self.tag = tag;
            }
            CallbackEvent::EndTag { name } => self.end(&String::from_utf8_lossy(name), span),
            CallbackEvent::String { value } => self.text(&String::from_utf8_lossy(value), span),
            CallbackEvent::Comment { .. } => self.scan.silent.push((span, "comment")),
            CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
    }

    fn region(&self) -> Option<&'static str> {
        self.open.last().and_then(|it| it.region)
    }

    fn start(&mut self, tag: &Tag, end: usize) {
        let name = tag.name.as_str();
        self.scan.elements += 1;
        self.long_attributes(tag);
        let is_void = VOID.contains(&name);
        if !INLINE.contains(&name) {
            self.end_block();
            if IMPLIED.contains(&name) && self.open.last().is_some_and(|it| it.name == name) {
                self.pop(tag.start);
            }
        } else if name == "br" {
            self.block.text.push('\n');
            self.marks.iter().for_each(|it| self.scan.marked[*it].text.push('\n'));
            if self.block.text.ends_with("\n\n") {
                self.end_block();
            }
        }
        self.head_matter(name, tag);
        if matches!(name, "meta" | "link") {
            self.scan.apart.push(Span { start: tag.start, end });
        }
        if is_void {
            self.mark(name, tag, end);
            return;
        }
        let marks = self.marks.len();
        if self.open.len() + self.beyond < HTML_DEPTH {
            let region = self.region().or_else(|| region(name, tag));
            self.links += usize::from(name == "a");
            let (blocks, start) = (self.scan.blocks.len(), tag.start);
            self.open.push(Element { name: name.to_owned(), region, marks, blocks, start });
            self.mark(name, tag, end);
        } else {
            self.beyond += 1;
        }
        self.scan.depth = self.scan.depth.max(self.open.len() + self.beyond);
    }

    /// Sources of pictures, styles and data for scripts are long, and tell nothing of the story.
    fn long_attributes(&mut self, tag: &Tag) {
        for (name, span) in tag.attributes() {
            if span.end - span.start > ATTRIBUTE_BYTES && !matches!(name, "class" | "id" | "href" | "content") {
                let quoted = self.document[span.end..].starts_with(['"', '\'']);
                self.scan.apart.push(Span { start: span.start, end: span.end + usize::from(quoted) });
            }
        }
    }

    fn end(&mut self, name: &str, tag: Span) {
        if !INLINE.contains(&name) {
            self.end_block();
        }
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        if let Some(at) = self.open.iter().rposition(|it| it.name == name) {
            // What it leaves open ends before it.
            while self.open.len() > at + 1 {
                self.pop(tag.start);
            }
            self.pop(tag.end);
        }
    }

    /// The innermost element ends at a place.
    fn pop(&mut self, end: usize) {
        let Some(element) = self.open.pop() else { return };
        if is_apart(&element.name) {
            let span = self.span(element.start, end);
            self.scan.apart.push(span);
        }
        self.marks.truncate(element.marks);
        self.links -= usize::from(element.name == "a");
        if element.name == "tr" {
            self.join_cells(element.blocks);
        }
    }

    /// A row of short cells is read as one line.
    fn join_cells(&mut self, from: usize) {
        let filled = |it: &&Block| !it.text.is_empty();
        let cells = || self.scan.blocks[from..].iter().filter(filled);
        let is_cell = |it: &Block| matches!(it.element.as_str(), "td" | "th");
        let bytes: usize = cells().map(|it| it.text.len()).sum();
        if cells().count() < 2 || bytes > ROW_BYTES || !cells().all(is_cell) {
            return;
        }
        let cells = self.scan.blocks.split_off(from);
        let mut row = Block { element: "tr".to_owned(), region: cells[0].region, ..Block::default() };
        for cell in cells.into_iter().filter(|it| filled(&it)) {
            if !row.text.is_empty() {
                row.text.push_str(CELLS);
            }
            row.text.push_str(&cell.text);
            row.spans.extend(cell.spans);
            row.linked += cell.linked;
        }
        self.scan.blocks.push(row);
    }

    fn text(&mut self, words: &str, span: Span) {
        let within = |name: &str| self.open.last().is_some_and(|it| it.name == name);
        if within("script") || within("style") {
            let reason = if within("style") { "style" } else { "script" };
            self.scan.silent.push((span, reason));
            return;
        }
        for mark in &self.marks {
            let marked = &mut self.scan.marked[*mark];
            if marked.text.len() < MARKED_BYTES {
                marked.text.push_str(words);
                if !words.trim().is_empty() {
                    marked.spans.push(span);
                    if marked.mark == OF_CHANGE {
                        self.scan.changes.insert(span.start, *mark);
                    }
                }
            }
        }
        if within("title") || span.start == span.end {
            return;
        }
        self.block.text.push_str(words);
        self.block.spans.push(span);
        if self.links > 0 {
            self.block.linked += words.trim().len();
        }
    }

    fn end_block(&mut self) {
        let block = std::mem::take(&mut self.block);
        if block.spans.is_empty() {
            return;
        }
        let element = self.open.iter().rev().find(|it| !INLINE.contains(&it.name.as_str()));
        let element = element.map(|it| it.name.clone()).unwrap_or_default();
        self.scan.blocks.push(Block { text: shown(&block.text), element, region: self.region(), ..block });
    }

    /// What stands in the head, or may: `<meta>`, `<link>`, `<base>`, `<html lang>`, JSON-LD.
    fn head_matter(&mut self, name: &str, tag: &Tag) {
        let (named, valued) = match name {
            "meta" => {
                (["property", "name", "http-equiv", "itemprop"].iter().find_map(|it| tag.attribute(it)), "content")
            }
            "link" => (tag.attribute("rel").filter(|_| tag.attribute("href").is_some()), "href"),
            "html" => (None, "lang"),
            "base" => (None, "href"),
            _ => return,
        };
        let Some((value, span)) = tag.attribute(valued) else { return };
        let prefix = if matches!(name, "meta") { String::new() } else { format!("{name}:") };
        let named = named.map(|(it, _)| it.to_lowercase()).unwrap_or_default();
        self.scan.meta.push(Meta { name: format!("{prefix}{named}"), value: value.to_owned(), span });
    }

    fn mark(&mut self, name: &str, tag: &Tag, end: usize) {
        if name == "script"
            && tag.attribute("type").is_some_and(|(it, _)| it.eq_ignore_ascii_case("application/ld+json"))
        {
            let rest = &self.document[end..];
            let length = find_ignoring_case(rest, "</script").unwrap_or(rest.len());
            self.scan.json_ld.push(Span { start: end, end: end + length });
            return;
        }
        let credits = |it: &usize| marks::is_credit(&self.scan.marked[*it].mark);
        let marks = marks::of(name, tag, name == "a" && self.marks.iter().any(credits));
        if marks.is_empty() {
            return;
        }
        let value = ["content", "datetime", "href"].iter().find_map(|it| tag.attribute(it));
        let value = value.map(|(value, span)| (value.to_owned(), span));
        let region = self.region();
        for mark in marks {
            let at = self.scan.marked.len();
            self.scan.marked.push(Marked {
                mark,
                value: value.clone(),
                text: String::new(),
                spans: Vec::new(),
                region,
            });
            if !VOID.contains(&name) && self.marks.len() < MARKS_OPEN {
                self.marks.push(at);
            }
        }
    }
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|it| it.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_where_they_stand() {
        let document = "<nav>Home</nav><h1>A &amp; B</h1><p>One <b>two</b><br>three<p>Four<script>x()</script>";
        let scan = scan(document).expect("within the limits");
        let texts: Vec<_> = scan.blocks.iter().map(|it| (it.element.as_str(), it.text.as_str(), it.region)).collect();
        let expected = [
            ("nav", "Home", Some("navigation")),
            ("h1", "A & B", None),
            ("p", "One two three", None),
            ("p", "Four", None),
        ];
        assert_eq!(texts, expected);
        let raw = |it: &Block| it.spans.iter().map(|it| &document[it.start..it.end]).collect::<String>();
        assert_eq!(raw(&scan.blocks[1]), "A &amp; B");
        assert_eq!(raw(&scan.blocks[2]), "One twothree");
        assert_eq!(scan.silent.len(), 1);
    }

    #[test]
    fn values_of_attributes_are_where_they_stand() {
        let document = r#"<html lang="en"><meta property="og:title" content="A &quot;B&quot;"><time datetime='2025-04-07'>today</time>"#;
        let scan = scan(document).expect("within the limits");
        let found = |name: &str| {
            scan.meta
                .iter()
                .find(|it| it.name == name)
                .map(|it| (it.value.as_str(), &document[it.span.start..it.span.end]))
        };
        assert_eq!(found("og:title"), Some(("A \"B\"", "A &quot;B&quot;")));
        assert_eq!(found("html:"), Some(("en", "en")));
        let (value, span) = scan.marked[0].value.clone().expect("a value");
        assert_eq!((value.as_str(), &document[span.start..span.end]), ("2025-04-07", "2025-04-07"));
    }

    #[test]
    fn depth_and_elements_are_counted() {
        let deep = pass(&"<div>".repeat(100_000));
        assert_eq!((deep.depth, deep.elements), (100_000, 100_000));
        let flat = pass(&"<br>".repeat(1000));
        assert_eq!(flat.depth, 0);
        let listed = pass(&"<li>x".repeat(1000));
        assert_eq!(listed.depth, 1);
    }
}
