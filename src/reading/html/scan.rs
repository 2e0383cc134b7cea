//! One streaming pass over the page: finds the blocks of text with their spans, the elements with markup hints, and the
//! page's size and depth. Always linear in the page's length.
//!
//! It builds no tree: a block only needs its end and its region of the page, and a pass without a tree cannot overflow.

use super::{
    containers::Container,
    extraction_thread::{self, ExtractionError},
    markup_hints::{self, MarkupHint},
    page_regions::{Region, is_apart, region, reveal},
    tag::Tag,
};
use crate::{
    article::{Published, Span},
    enrich::dates,
    limits::{HTML_ATTRIBUTES, HTML_DEPTH},
    reading::visible_text::visible_text,
};
use html5gum::{
    Emitter, ForwardingEmitter, Tokenizer,
    emitters::callback::{CallbackEmitter, CallbackEvent},
};
use std::{collections::HashMap, convert::Infallible};

/// A run of text between two block boundaries.
#[derive(Clone, Debug, Default)]
pub struct HtmlBlock {
    /// As readers see it: entities resolved, white space collapsed.
    pub text: String,
    pub spans: Vec<Span>,
    /// The innermost block element: `p`, `h1`, `li`.
    pub element: String,
    /// The region without body text that it is in.
    pub region: Option<Region>,
    /// Bytes of the text within links.
    pub linked: usize,
    /// Index of the innermost block element in [`Scan::containers`].
    pub container: usize,
}

/// An element with a markup hint that it holds a fact.
#[derive(Clone, Debug)]
pub struct HintedElement {
    pub hint: MarkupHint,
    /// The value of its attribute: `content`, `datetime`, `href`.
    pub value: Option<(String, Span)>,
    pub text: String,
    pub spans: Vec<Span>,
    /// For each span, where its text starts in `text`.
    pub runs: Vec<usize>,
    pub region: Option<Region>,
}

/// A `<meta>` or `<link>`: the name in lower case, the value, and the span of the value.
#[derive(Clone, Debug)]
pub struct Meta {
    pub name: String,
    pub value: String,
    pub span: Span,
}

#[derive(Debug, Default)]
pub struct Scan {
    pub blocks: Vec<HtmlBlock>,
    pub containers: Vec<Container>,
    pub hinted: Vec<HintedElement>,
    pub meta: Vec<Meta>,
    /// Offsets of the runs of text that are hinted as the date of a change, each with its index in `hinted`.
    changes: HashMap<usize, usize>,
    /// The contents of JSON-LD scripts.
    pub json_ld: Vec<Span>,
    /// The contents of scripts, styles and comments.
    pub silent: Vec<(Span, &'static str)>,
    /// Elements that never hold body text, with their tags, including metadata; and long attributes.
    pub apart: Vec<Span>,
    pub depth: usize,
    pub elements: usize,
}

impl Scan {
    /// Whether a date in runs of text is in an element that is hinted as the date of a change.
    pub fn hints_at_change(&self, spans: &[Span], date: &Published) -> bool {
        let mut within = spans.iter().filter_map(|span| self.changes.get(&span.start));
        within.any(|index| dates::stated(&self.hinted[*index].text).is_some_and(|stated| stated.published == *date))
    }
}

/// Maximum bytes of text of a hinted element; more is not a fact but a part of the page.
const HINTED_BYTES: usize = 2_000;
/// Maximum bytes of an attribute that may identify an element; longer ones are stripped.
const ATTRIBUTE_BYTES: usize = 80;
/// Maximum bytes of a table row that is one block. Longer rows are layout, and each of their cells is a block.
const ROW_BYTES: usize = 400;
/// Separates the cells of a row.
const CELLS: &str = " | ";
/// Maximum hinted elements open at once.
const OPEN_HINTS_MAX: usize = 16;

const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
/// Elements within a line of text; all others end a block.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img", "ins", "kbd",
    "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "ruby", "rt",
    "rp", "meta", "link",
];
/// Elements whose end tag may be omitted and that a start tag of the same name ends (HTML Standard, optional tags).
const IMPLIED: &[&str] = &["p", "li", "dt", "dd", "tr", "td", "th", "option"];
/// Returns the scan, or the reason why the page cannot be scanned, for the evidence.
pub fn scan(document: &str) -> Result<Scan, String> {
    let attributes = document.bytes().filter(|byte| *byte == b'=').count();
    if attributes > HTML_ATTRIBUTES {
        let limit = HTML_ATTRIBUTES;
        return Err(format!(
            "html_attributes: {attributes} is over the limit of {limit}; the source was read as plain lines"
        ));
    }
    let page = document.to_owned();
    extraction_thread::run(move || pass(&page), None).map_err(|failed| match failed {
        ExtractionError::NoThread(error) => format!("cannot start a thread to scan the page: {error}"),
        ExtractionError::TooLong | ExtractionError::Panicked => {
            "the page could not be scanned; the source was read as plain lines".to_owned()
        }
    })
}

/// Suppresses parse errors, which are not used and cost a fifth of the pass.
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
        scan: Scan { containers: vec![Container::default()], ..Scan::default() },
        tag: Tag::default(),
        open: Vec::new(),
        over_depth: 0,
        block: HtmlBlock::default(),
        open_hints: Vec::new(),
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
    let blocks = pass.scan.blocks.iter_mut().map(|block| (&mut block.region, block.text.len()));
    reveal(&mut blocks.collect::<Vec<_>>());
    pass.scan
}

struct Element {
    name: String,
    region: Option<Region>,
    /// The numbers of open hinted elements and of blocks before it.
    open_hints: usize,
    blocks: usize,
    /// The offset of its tag.
    start: usize,
    /// Index of the block element that it is or is in.
    container: usize,
}

struct Pass<'a> {
    document: &'a str,
    scan: Scan,
    /// The start tag that is being read, or was read last.
    tag: Tag,
    /// The open elements, up to the depth limit.
    open: Vec<Element>,
    /// The number of open elements over the depth limit.
    over_depth: usize,
    block: HtmlBlock,
    /// Indexes in `scan.hinted` of the open hinted elements.
    open_hints: Vec<usize>,
    /// The number of open links.
    links: usize,
}

impl Pass<'_> {
    /// Returns a valid span: clamps the tokenizer's byte offsets to the document and to character boundaries.
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

    fn region(&self) -> Option<Region> {
        self.open.last().and_then(|element| element.region)
    }

    fn container(&self) -> usize {
        self.open.last().map_or(0, |element| element.container)
    }

    /// Adds a block element, and returns its index; an inline element is in the container around it.
    fn open_container(&mut self, name: &str, tag: &Tag) -> usize {
        let parent = self.container();
        if INLINE.contains(&name) {
            return parent;
        }
        let container = self.scan.containers[parent].child(parent, name, tag);
        self.scan.containers.push(container);
        self.scan.containers.len() - 1
    }

    fn start(&mut self, tag: &Tag, end: usize) {
        let name = tag.name.as_str();
        self.scan.elements += 1;
        self.long_attributes(tag);
        let is_void = VOID.contains(&name);
        if !INLINE.contains(&name) {
            self.end_block();
            if IMPLIED.contains(&name) && self.open.last().is_some_and(|element| element.name == name) {
                self.pop(tag.start);
            }
        } else if name == "br" {
            self.block.text.push('\n');
            self.open_hints.iter().for_each(|index| self.scan.hinted[*index].text.push('\n'));
            if self.block.text.ends_with("\n\n") {
                self.end_block();
            }
        }
        self.head_matter(name, tag);
        if matches!(name, "meta" | "link") {
            self.scan.apart.push(Span { start: tag.start, end });
        }
        if is_void {
            self.add_hints(name, tag, end);
            return;
        }
        let open_hints = self.open_hints.len();
        if self.open.len() + self.over_depth < HTML_DEPTH {
            let region = self.region().or_else(|| region(name, tag));
            self.links += usize::from(name == "a");
            let (blocks, start) = (self.scan.blocks.len(), tag.start);
            let container = self.open_container(name, tag);
            self.open.push(Element { name: name.to_owned(), region, open_hints, blocks, start, container });
            self.add_hints(name, tag, end);
        } else {
            self.over_depth += 1;
        }
        self.scan.depth = self.scan.depth.max(self.open.len() + self.over_depth);
    }

    /// Records long attributes for removal: image sources, styles and script data say nothing about the body.
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
        if self.over_depth > 0 {
            self.over_depth -= 1;
            return;
        }
        if let Some(at) = self.open.iter().rposition(|element| element.name == name) {
            // Its open descendants end before it.
            while self.open.len() > at + 1 {
                self.pop(tag.start);
            }
            self.pop(tag.end);
        }
    }

    /// Closes the innermost element at an offset.
    fn pop(&mut self, end: usize) {
        let Some(element) = self.open.pop() else { return };
        if is_apart(&element.name) {
            let span = self.span(element.start, end);
            self.scan.apart.push(span);
        }
        self.open_hints.truncate(element.open_hints);
        self.links -= usize::from(element.name == "a");
        if element.name == "tr" {
            self.join_cells(element.blocks);
        }
    }

    /// Joins the short cells of a row into one block.
    fn join_cells(&mut self, from: usize) {
        let filled = |cell: &&HtmlBlock| !cell.text.is_empty();
        let cells = || self.scan.blocks[from..].iter().filter(filled);
        let is_cell = |block: &HtmlBlock| matches!(block.element.as_str(), "td" | "th");
        let bytes: usize = cells().map(|cell| cell.text.len()).sum();
        if cells().count() < 2 || bytes > ROW_BYTES || !cells().all(is_cell) {
            return;
        }
        let cells = self.scan.blocks.split_off(from);
        let mut row = HtmlBlock {
            element: "tr".to_owned(),
            region: cells[0].region,
            container: cells[0].container,
            ..HtmlBlock::default()
        };
        for cell in cells.into_iter().filter(|cell| filled(&cell)) {
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
        let within = |name: &str| self.open.last().is_some_and(|element| element.name == name);
        if within("script") || within("style") {
            let reason = if within("style") { "style" } else { "script" };
            self.scan.silent.push((span, reason));
            return;
        }
        for index in &self.open_hints {
            let hinted = &mut self.scan.hinted[*index];
            if hinted.text.len() < HINTED_BYTES {
                if !words.trim().is_empty() {
                    hinted.runs.push(hinted.text.len());
                    hinted.spans.push(span);
                    if hinted.hint == MarkupHint::MODIFIED {
                        self.scan.changes.insert(span.start, *index);
                    }
                }
                hinted.text.push_str(words);
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
        let element = self.open.iter().rev().find(|element| !INLINE.contains(&element.name.as_str()));
        let element = element.map(|element| element.name.clone()).unwrap_or_default();
        let (region, container) = (self.region(), self.container());
        self.scan.blocks.push(HtmlBlock { text: visible_text(&block.text), element, region, container, ..block });
    }

    /// Records metadata elements, which usually are in the head: `<meta>`, `<link>`, `<base>`, `<html lang>`, JSON-LD.
    fn head_matter(&mut self, name: &str, tag: &Tag) {
        let (named, valued) = match name {
            "meta" => {
                (["property", "name", "http-equiv", "itemprop"].iter().find_map(|key| tag.attribute(key)), "content")
            }
            "link" => (tag.attribute("rel").filter(|_| tag.attribute("href").is_some()), "href"),
            "html" => (None, "lang"),
            "base" => (None, "href"),
            _ => return,
        };
        let Some((value, span)) = tag.attribute(valued) else { return };
        let prefix = if matches!(name, "meta") { String::new() } else { format!("{name}:") };
        let named = named.map(|(name, _)| name.to_lowercase()).unwrap_or_default();
        self.scan.meta.push(Meta { name: format!("{prefix}{named}"), value: value.to_owned(), span });
    }

    fn add_hints(&mut self, name: &str, tag: &Tag, end: usize) {
        if name == "script"
            && tag.attribute("type").is_some_and(|(kind, _)| kind.eq_ignore_ascii_case("application/ld+json"))
        {
            let rest = &self.document[end..];
            let length = find_ignoring_case(rest, "</script").unwrap_or(rest.len());
            self.scan.json_ld.push(Span { start: end, end: end + length });
            return;
        }
        let is_credit = |index: &usize| self.scan.hinted[*index].hint.is_credit();
        let in_credit = name == "a" && self.open_hints.iter().any(is_credit);
        let in_headline = name == "small" && self.open.iter().rev().skip(1).take(1).any(|parent| parent.name == "h1");
        let hints = markup_hints::of(name, tag, in_credit, in_headline);
        if hints.is_empty() {
            return;
        }
        // Microformats (hAtom) state a date in the title of an abbreviation.
        let valued = if name == "abbr" { &["title"][..] } else { &["content", "datetime", "href"] };
        let value = valued.iter().find_map(|name| tag.attribute(name));
        let value = value.map(|(value, span)| (value.to_owned(), span));
        let region = self.region();
        for hint in hints {
            let at = self.scan.hinted.len();
            self.scan.hinted.push(HintedElement {
                hint,
                value: value.clone(),
                text: String::new(),
                spans: Vec::new(),
                runs: Vec::new(),
                region,
            });
            if !VOID.contains(&name) && self.open_hints.len() < OPEN_HINTS_MAX {
                self.open_hints.push(at);
            }
        }
    }
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_the_spans_of_their_text() {
        let document = "<nav>Home</nav><h1>A &amp; B</h1><p>One <b>two</b><br>three<p>Four<script>x()</script>";
        let scan = scan(document).expect("within the limits");
        let texts: Vec<_> =
            scan.blocks.iter().map(|block| (block.element.as_str(), block.text.as_str(), block.region)).collect();
        let expected = [
            ("nav", "Home", Some(Region::Navigation)),
            ("h1", "A & B", None),
            ("p", "One two three", None),
            ("p", "Four", None),
        ];
        assert_eq!(texts, expected);
        let raw =
            |block: &HtmlBlock| block.spans.iter().map(|span| &document[span.start..span.end]).collect::<String>();
        assert_eq!(raw(&scan.blocks[1]), "A &amp; B");
        assert_eq!(raw(&scan.blocks[2]), "One twothree");
        assert_eq!(scan.silent.len(), 1);
    }

    #[test]
    fn attribute_values_have_their_spans() {
        let document = r#"<html lang="en"><meta property="og:title" content="A &quot;B&quot;"><time datetime='2025-04-07'>today</time>"#;
        let scan = scan(document).expect("within the limits");
        let found = |name: &str| {
            scan.meta
                .iter()
                .find(|meta| meta.name == name)
                .map(|meta| (meta.value.as_str(), &document[meta.span.start..meta.span.end]))
        };
        assert_eq!(found("og:title"), Some(("A \"B\"", "A &quot;B&quot;")));
        assert_eq!(found("html:"), Some(("en", "en")));
        let (value, span) = scan.hinted[0].value.clone().expect("a value");
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
