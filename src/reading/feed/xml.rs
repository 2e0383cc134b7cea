//! XML as feeds write it, which is often none: where each element stands, and the same entry again in XML that is well
//! formed.
//!
//! The parser of feeds gives values without places and gives up at the first mismatch, so this pass goes before it. It
//! never fails and never goes back: an end tag ends the nearest element of its name and all within it, or nothing; an
//! element that holds text alone ends where its next sibling begins; what cannot be a tag is text; what is open at the
//! end ends there.

use super::escapes;
use crate::article::Span;

/// Elements of an entry, any of which may follow one whose end tag is missing, and whether they hold text alone in every
/// dialect, so that the next one ends them. The names of RSS 0.9x to 2.0, RSS 1.0 with its modules, and Atom.
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
    MEMBERS.iter().any(|it| it.0 == name)
}

fn is_text(name: &str) -> bool {
    MEMBERS.contains(&(name, true))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Start {
        empty: bool,
    },
    End,
    Text,
    /// Text that means what it says, escapes and all.
    Literal,
    /// Comments, declarations, instructions.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub span: Span,
    /// The name of a tag, the words of a literal.
    pub inner: Span,
}

/// An element by the end of the pass, in the order of their start tags.
#[derive(Clone, Debug)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub span: Span,
    /// Between its tags.
    pub inner: Span,
    pub parent: Option<usize>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// Follows one another without gap.
pub fn tokens(text: &str, within: Span) -> impl Iterator<Item = Token> + '_ {
    let mut at = within.start;
    std::iter::from_fn(move || {
        let rest = text.get(at..within.end).filter(|it| !it.is_empty())?;
        let (kind, length, inner) = token(rest);
        let start = at;
        at += length;
        let inner = Span { start: start + inner.start, end: start + inner.end };
        Some(Token { kind, span: Span { start, end: at }, inner })
    })
}

/// The first token, its length, and its inner part.
fn token(rest: &str) -> (Kind, usize, Span) {
    let until = |from: usize, mark: &str| {
        let found = rest.get(from..).and_then(|it| it.find(mark)).map(|it| from + it);
        (found.unwrap_or(rest.len()), found.map_or(rest.len(), |it| it + mark.len()))
    };
    let other = |end: usize| (Kind::Other, end, Span { start: 0, end: 0 });
    if rest.starts_with("<![CDATA[") {
        let (words, end) = until(9, "]]>");
        return (Kind::Literal, end, Span { start: 9.min(words), end: words });
    }
    if rest.starts_with("<!--") {
        return other(until(4, "-->").1);
    }
    if rest.starts_with("<?") {
        return other(until(2, ">").1);
    }
    if rest.starts_with("<!") {
        let (end, after) = until(2, ">");
        return other(if rest[..end].contains('[') { until(2, "]>").1 } else { after });
    }
    if let Some(tag) = tag(rest) {
        return tag;
    }
    // Text goes as far as the next thing that is none; a sign that opens nothing is a part of it.
    let opens = |at: &usize| {
        let rest = &rest[*at..];
        rest.starts_with("<!") || rest.starts_with("<?") || tag(rest).is_some()
    };
    let end = rest.match_indices('<').map(|it| it.0).filter(|it| *it > 0).find(opens).unwrap_or(rest.len());
    (Kind::Text, end, Span { start: 0, end })
}

fn tag(rest: &str) -> Option<(Kind, usize, Span)> {
    let is_end = rest.starts_with("</");
    let start = if is_end { 2 } else { 1 };
    let named = rest.strip_prefix('<')?.trim_start_matches('/');
    if !named.starts_with(|it: char| it.is_alphabetic() || it == '_') || rest.starts_with("<//") {
        return None;
    }
    let length = named.find(|it| !is_name_char(it)).unwrap_or(named.len());
    let name = Span { start, end: start + length };
    let end = tag_end(rest, name.end);
    let empty = rest[..end].trim_end_matches('>').ends_with('/');
    Some((if is_end { Kind::End } else { Kind::Start { empty } }, end, name))
}

fn is_name_char(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, ':' | '_' | '-' | '.')
}

/// Where a tag ends: at `>` outside of quotation marks; or, as quotation marks may be missing, before the next `<`.
fn tag_end(rest: &str, from: usize) -> usize {
    let next = rest[from..].find('<').map_or(rest.len(), |it| from + it);
    let mut quote = None;
    for (at, letter) in rest[from..next].char_indices() {
        match (letter, quote) {
            ('>', None) => return from + at + 1,
            ('"' | '\'', None) => quote = Some(letter),
            (it, Some(open)) if it == open => quote = None,
            _ => {}
        }
    }
    rest[from..next].find('>').map_or(next, |it| from + it + 1)
}

/// The elements of a document, or `None` when there are more than `most`.
pub fn elements(text: &str, most: usize) -> Option<Vec<Element>> {
    let mut tree = Tree::default();
    for token in tokens(text, Span { start: 0, end: text.len() }) {
        let name = &text[token.inner.start..token.inner.end];
        match token.kind {
            Kind::Start { empty } => {
                tree.make_room(name, token.span.start);
                if tree.elements.len() == most {
                    return None;
                }
                let attributes = attributes(&text[token.inner.end..token.span.end]);
                tree.start(name, attributes, token.span, empty);
            }
            Kind::End => tree.end(name, token.span),
            Kind::Text | Kind::Literal | Kind::Other => {}
        }
    }
    tree.close(0, text.len());
    Some(tree.elements)
}

/// How many of the open elements stay when an element begins, where it ends a text.
fn ended_text<'a>(open: impl DoubleEndedIterator<Item = &'a str> + ExactSizeIterator, begins: &str) -> Option<usize> {
    if !is_member(begins) && !is_entry(begins) {
        return None;
    }
    let outermost = open.len().checked_sub(1)?;
    open.rev().take(NESTED).position(is_text).map(|within| outermost - within)
}

/// How many open elements an end tag is held against: a document of start tags and other end tags must not take their
/// product.
const NESTED: usize = 100;

#[derive(Default)]
struct Tree {
    elements: Vec<Element>,
    /// From the outermost in.
    open: Vec<usize>,
    /// How many of the open elements stand outside of the open entry.
    around_entry: Option<usize>,
}

impl Tree {
    fn start(&mut self, name: &str, attributes: Vec<(String, String)>, span: Span, empty: bool) {
        let inner = Span { start: span.end, end: span.end };
        let parent = self.open.last().copied();
        self.elements.push(Element { name: name.to_owned(), attributes, span, inner, parent });
        if !empty {
            if is_entry(name) {
                self.around_entry.get_or_insert(self.open.len());
            }
            self.open.push(self.elements.len() - 1);
        }
    }

    /// Ends what cannot hold the element that begins: the entry before, a text before.
    fn make_room(&mut self, name: &str, at: usize) {
        if let Some(around) = self.around_entry.filter(|_| is_entry(name)) {
            self.close(around, at);
        }
        let name_of = |it: &usize| self.elements[*it].name.as_str();
        if let Some(left) = ended_text(self.open.iter().map(name_of), name) {
            self.close(left, at);
        }
    }

    fn end(&mut self, name: &str, tag: Span) {
        let Some(within) = self.open.iter().rev().take(NESTED).position(|it| self.elements[*it].name == name) else {
            return;
        };
        let ended = self.open[self.open.len() - 1 - within];
        self.close(self.open.len() - 1 - within, tag.start);
        self.elements[ended].span.end = tag.end;
    }

    /// Ends the open elements but for the outermost `left`.
    fn close(&mut self, left: usize, at: usize) {
        for ended in self.open.drain(left..) {
            self.elements[ended].inner.end = at;
            self.elements[ended].span.end = at;
        }
        self.around_entry = self.around_entry.filter(|it| *it < left);
    }
}

/// `item` in every RSS, `entry` in Atom.
pub fn is_entry(name: &str) -> bool {
    matches!(name, "item" | "rss:item" | "entry" | "atom:entry")
}

/// The attributes of a tag, from behind its name on, with or without quotation marks. Of two of one name, the first.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut rest = tag.trim_end_matches('>').trim_end_matches('/');
    while let Some((before, after)) = rest.split_once('=') {
        let name = before.split_whitespace().next_back().unwrap_or_default();
        let after = after.trim_start();
        let quote = after.chars().next().filter(|it| matches!(it, '"' | '\''));
        let (value, next) = match quote {
            Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        let known = attributes.iter().any(|(it, _)| it == name);
        if !name.is_empty() && name.chars().all(is_name_char) && !known && attributes.len() < ATTRIBUTES {
            attributes.push((name.to_owned(), escapes::resolved(value).into_owned()));
        }
        rest = next;
    }
    attributes
}

/// Attributes of one tag that are read.
const ATTRIBUTES: usize = 50;

/// A part of the document in XML that is well formed: the tags that the pass above would give it, the text with none but
/// XML's own escapes.
pub fn well_formed(text: &str, part: Span, xml: &mut String) {
    let mut open: Vec<&str> = Vec::new();
    for token in tokens(text, part) {
        let inner = &text[token.inner.start..token.inner.end];
        match token.kind {
            Kind::Start { empty } => {
                if let Some(left) = ended_text(open.iter().copied(), inner) {
                    open.drain(left..).rev().for_each(|it| end_tag(it, xml));
                }
                start_tag(inner, &attributes(&text[token.inner.end..token.span.end]), xml);
                if empty { end_tag(inner, xml) } else { open.push(inner) }
            }
            Kind::End => {
                if let Some(within) = open.iter().rev().take(NESTED).position(|it| *it == inner) {
                    open.drain(open.len() - 1 - within..).rev().for_each(|it| end_tag(it, xml));
                }
            }
            Kind::Text => escape(&escapes::resolved(inner), xml),
            Kind::Literal => escape(inner, xml),
            Kind::Other => {}
        }
    }
    open.into_iter().rev().for_each(|it| end_tag(it, xml));
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

/// Characters that XML 1.0 (2.2) does not have, escaped or not, are left out.
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
        elements.into_iter().map(|it| (it.name, text[it.inner.start..it.inner.end].to_owned())).collect()
    }

    #[test]
    fn elements_are_where_they_stand_whatever_their_ends() {
        let pair = |name: &str, inner: &str| (name.to_owned(), inner.to_owned());
        for (text, expected) in [
            ("<item><title>A</title></item>", vec![pair("item", "<title>A</title>"), pair("title", "A")]),
            // A text without its end, an entry without its end, an end without its start.
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
    fn what_is_written_again_is_well_formed() {
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
