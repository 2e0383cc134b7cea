//! Parses XML as feeds write it, often malformed: locates each element, and rewrites an entry as well-formed XML.
//!
//! The feed parser returns values without spans and stops at the first mismatch, so this pass precedes it. It never
//! fails and never backtracks: an end tag ends the nearest element of its name and everything within it, or nothing; an
//! element that holds only text ends where its next sibling begins; what cannot be a tag is text; elements open at the
//! end of the document end there.

use super::{
    unescape,
    xml_tokens::{XmlTokenKind, is_name_char, tokens},
};
use crate::article::Span;

/// Elements of an entry, any of which may follow one whose end tag is missing, and whether they hold only text in every
/// dialect, so that the next member ends them. The names of RSS 0.9x to 2.0, RSS 1.0 with its modules, and Atom.
const MEMBERS: &[(&str, bool)] = &[
    ("title", true),
    ("link", true),
    ("guid", true),
    ("id", true),
    ("pubDate", true),
    ("published", true),
    ("updated", true),
    ("issued", true),
    ("modified", true),
    ("dc:date", true),
    ("dc:creator", true),
    ("dc:subject", true),
    ("category", true),
    ("comments", true),
    ("enclosure", true),
    ("author", false),
    ("description", false),
    ("summary", false),
    ("content", false),
    ("content:encoded", false),
    ("source", false),
];

fn is_member(name: &str) -> bool {
    MEMBERS.iter().any(|member| member.0 == name)
}

fn is_text(name: &str) -> bool {
    MEMBERS.contains(&(name, true))
}

/// An element; [`elements`] returns them in the order of their start tags.
#[derive(Clone, Debug)]
pub struct XmlElement {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub span: Span,
    /// Span between its tags.
    pub inner: Span,
    pub parent: Option<usize>,
}

impl XmlElement {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the elements of a document, or `None` if there are more than `most`.
pub fn elements(text: &str, most: usize) -> Option<Vec<XmlElement>> {
    let mut tree = Tree::default();
    for token in tokens(text, Span { start: 0, end: text.len() }) {
        let name = &text[token.inner.start..token.inner.end];
        match token.kind {
            XmlTokenKind::Start { empty } => {
                tree.make_room(name, token.span.start);
                if tree.elements.len() == most {
                    return None;
                }
                let attributes = attributes(&text[token.inner.end..token.span.end]);
                tree.start(name, attributes, token.span, empty);
            }
            XmlTokenKind::End => tree.end(name, token.span),
            XmlTokenKind::Text | XmlTokenKind::Literal | XmlTokenKind::Other => {}
        }
    }
    tree.close(0, text.len());
    Some(tree.elements)
}

/// Returns how many open elements stay open when an element begins that ends an element of text, if it does.
fn ended_text<'a>(open: impl DoubleEndedIterator<Item = &'a str> + ExactSizeIterator, begins: &str) -> Option<usize> {
    if !is_member(begins) && !is_entry(begins) {
        return None;
    }
    let outermost = open.len().checked_sub(1)?;
    open.rev().take(NESTED).position(is_text).map(|within| outermost - within)
}

/// Maximum open elements that a tag is compared with: the time for a document of start tags and unrelated end tags must
/// not be their product.
const NESTED: usize = 100;

#[derive(Default)]
struct Tree {
    elements: Vec<XmlElement>,
    /// Indices of the open elements, outermost first.
    open: Vec<usize>,
    /// How many of the open elements enclose the open entry.
    around_entry: Option<usize>,
}

impl Tree {
    fn start(&mut self, name: &str, attributes: Vec<(String, String)>, span: Span, empty: bool) {
        let inner = Span { start: span.end, end: span.end };
        let parent = self.open.last().copied();
        self.elements.push(XmlElement { name: name.to_owned(), attributes, span, inner, parent });
        if !empty {
            if is_entry(name) {
                self.around_entry.get_or_insert(self.open.len());
            }
            self.open.push(self.elements.len() - 1);
        }
    }

    /// Ends the elements that cannot contain the one that begins: the previous entry, a previous element of text.
    fn make_room(&mut self, name: &str, at: usize) {
        if let Some(around) = self.around_entry.filter(|_| is_entry(name)) {
            self.close(around, at);
        }
        let name_of = |element: &usize| self.elements[*element].name.as_str();
        if let Some(left) = ended_text(self.open.iter().map(name_of), name) {
            self.close(left, at);
        }
    }

    fn end(&mut self, name: &str, tag: Span) {
        let Some(within) = self.open.iter().rev().take(NESTED).position(|element| self.elements[*element].name == name)
        else {
            return;
        };
        let ended = self.open[self.open.len() - 1 - within];
        self.close(self.open.len() - 1 - within, tag.start);
        self.elements[ended].span.end = tag.end;
    }

    /// Ends the open elements except the outermost `left`.
    fn close(&mut self, left: usize, at: usize) {
        for ended in self.open.drain(left..) {
            self.elements[ended].inner.end = at;
            self.elements[ended].span.end = at;
        }
        self.around_entry = self.around_entry.filter(|around| *around < left);
    }
}

/// Whether a name is that of an entry: `item` in every RSS, `entry` in Atom.
pub fn is_entry(name: &str) -> bool {
    matches!(name, "item" | "rss:item" | "entry" | "atom:entry")
}

/// Parses the attributes in a tag's text after its name, with or without quotation marks. The first of a name counts.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut rest = tag.trim_end_matches('>').trim_end_matches('/');
    while let Some((before, after)) = rest.split_once('=') {
        let name = before.split_whitespace().next_back().unwrap_or_default();
        let after = after.trim_start();
        let quote = after.chars().next().filter(|character| matches!(character, '"' | '\''));
        let (value, next) = match quote {
            Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        let is_duplicate = attributes.iter().any(|(attribute, _)| attribute == name);
        if !name.is_empty() && name.chars().all(is_name_char) && !is_duplicate && attributes.len() < ATTRIBUTES {
            attributes.push((name.to_owned(), unescape::resolved(value).into_owned()));
        }
        rest = next;
    }
    attributes
}

/// Maximum attributes read from one tag.
const ATTRIBUTES: usize = 50;

/// Writes a part of the document as well-formed XML: with the tags that the pass above implies, and only XML's own
/// escapes in the text.
pub fn well_formed(text: &str, part: Span, xml: &mut String) {
    let mut open: Vec<&str> = Vec::new();
    for token in tokens(text, part) {
        let inner = &text[token.inner.start..token.inner.end];
        match token.kind {
            XmlTokenKind::Start { empty } => {
                if let Some(left) = ended_text(open.iter().copied(), inner) {
                    open.drain(left..).rev().for_each(|name| end_tag(name, xml));
                }
                start_tag(inner, &attributes(&text[token.inner.end..token.span.end]), xml);
                if empty { end_tag(inner, xml) } else { open.push(inner) }
            }
            XmlTokenKind::End => {
                if let Some(within) = open.iter().rev().take(NESTED).position(|name| *name == inner) {
                    open.drain(open.len() - 1 - within..).rev().for_each(|name| end_tag(name, xml));
                }
            }
            XmlTokenKind::Text => escape(&unescape::resolved(inner), xml),
            XmlTokenKind::Literal => escape(inner, xml),
            XmlTokenKind::Other => {}
        }
    }
    open.into_iter().rev().for_each(|name| end_tag(name, xml));
}

pub fn start_tag(name: &str, attributes: &[(String, String)], xml: &mut String) {
    xml.push('<');
    xml.push_str(name);
    for (name, value) in attributes {
        xml.push(' ');
        xml.push_str(name);
        xml.push_str("=\"");
        escape(value, xml);
        xml.push('"');
    }
    xml.push('>');
}

pub fn end_tag(name: &str, xml: &mut String) {
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// Escapes a text; omits the characters that XML 1.0 (2.2) excludes even when escaped.
fn escape(text: &str, xml: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\t' | '\n' | '\r' => xml.push(letter),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => xml.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<(String, String)> {
        let elements = elements(text, 100).expect("few elements");
        elements
            .into_iter()
            .map(|element| (element.name, text[element.inner.start..element.inner.end].to_owned()))
            .collect()
    }

    #[test]
    fn elements_are_located_even_if_tags_are_missing() {
        let pair = |name: &str, inner: &str| (name.to_owned(), inner.to_owned());
        for (text, expected) in [
            ("<item><title>A</title></item>", vec![pair("item", "<title>A</title>"), pair("title", "A")]),
            // A text element without an end tag, an entry without an end tag, an end tag without a start tag.
            (
                "<item><title>A<link>b</link><item></p><title>C</title></item>",
                vec![
                    pair("item", "<title>A<link>b</link>"),
                    pair("title", "A"),
                    pair("link", "b"),
                    pair("item", "</p><title>C</title>"),
                    pair("title", "C"),
                ],
            ),
            ("<item><b>x</item>y", vec![pair("item", "<b>x"), pair("b", "x")]),
            ("<title>a < b & c</title>", vec![pair("title", "a < b & c")]),
            ("<d><![CDATA[<item>]]></d>", vec![pair("d", "<![CDATA[<item>]]>")]),
            ("<!-- <item> --><a href=x/>z", vec![pair("a", "")]),
            ("<entry><title>A", vec![pair("entry", "<title>A"), pair("title", "A")]),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    #[test]
    fn attributes_are_read_with_and_without_quotation_marks() {
        let read = |tag: &str| attributes(tag).into_iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>();
        assert_eq!(read(r#" a="1 &amp; 2" b='>' c=3 a=4/>"#), ["a=1 & 2", "b=>", "c=3"]);
        assert_eq!(read(r#" href="x"#), ["href=x"]);
    }

    #[test]
    fn rewritten_entries_are_well_formed() {
        for (text, expected) in [
            ("<item><title>A &nbsp; & B<link>c</item>", "<item><title>A \u{a0} &amp; B</title><link>c</link></item>"),
            ("<d><![CDATA[<p>&amp;]]>x</d>", "<d>&lt;p&gt;&amp;amp;x</d>"),
            ("</b><a x=1 y='<'>\u{8}", "<a x=\"1\" y=\"\">&lt;'&gt;</a>"),
        ] {
            let mut xml = String::new();
            well_formed(text, Span { start: 0, end: text.len() }, &mut xml);
            assert_eq!(xml, expected, "{text}");
        }
    }
}
