//! What escaped text says, and where each part of what it says stands: HTML within XML, strings within JSON.

use super::xml::{Kind, tokens};
use crate::article::Span;
use std::borrow::Cow;

/// The longest name of an entity, with its marks (HTML Standard, named character references).
const LONGEST: usize = 33;

/// A text made of parts of the document. A part of the same length on both sides stands there as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unescaped {
    pub text: String,
    parts: Vec<(Span, Span)>,
}

impl Unescaped {
    fn push(&mut self, text: &str, raw: Span) {
        let start = self.text.len();
        self.text.push_str(text);
        let said = Span { start, end: self.text.len() };
        match self.parts.last_mut() {
            Some((said_before, raw_before))
                if raw_before.end == raw.start && is_verbatim(said_before, raw_before) && is_verbatim(&said, &raw) =>
            {
                said_before.end = said.end;
                raw_before.end = raw.end;
            }
            _ if start < self.text.len() => self.parts.push((said, raw)),
            _ => {}
        }
    }

    /// Where a span of the text stands in the document, from its first character to its last.
    pub fn place(&self, span: Span) -> Option<Span> {
        let first = self.parts.partition_point(|(said, _)| said.end <= span.start);
        let last = self.parts.partition_point(|(said, _)| said.start < span.end).checked_sub(1)?;
        let ((said, raw), (last_said, last_raw)) = (self.parts.get(first)?, self.parts.get(last)?);
        let start = if is_verbatim(said, raw) { raw.start + (span.start - said.start) } else { raw.start };
        let end = if is_verbatim(last_said, last_raw) {
            last_raw.start + (span.end.min(last_said.end) - last_said.start)
        } else {
            last_raw.end
        };
        (start < end).then_some(Span { start, end })
    }
}

/// An escape is never as short as what it stands for.
fn is_verbatim(said: &Span, raw: &Span) -> bool {
    said.end - said.start == raw.end - raw.start
}

/// What the inside of an XML element says: its text and its literals; tags that are not escaped stay as they are.
pub fn xml(document: &str, within: Span) -> Unescaped {
    let mut unescaped = Unescaped::default();
    for token in tokens(document, within) {
        match token.kind {
            Kind::Text => pieces(document, token.inner, |said, raw| unescaped.push(said, raw)),
            Kind::Literal => unescaped.push(&document[token.inner.start..token.inner.end], token.inner),
            Kind::Start { .. } | Kind::End => {
                unescaped.push(&document[token.span.start..token.span.end], token.span);
            }
            Kind::Other => {}
        }
    }
    unescaped
}

/// A text with its character references resolved.
pub fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut said = String::with_capacity(text.len());
    pieces(text, Span { start: 0, end: text.len() }, |it, _| said.push_str(it));
    Cow::Owned(said)
}

/// Text between references as it stands, and each reference as what it stands for.
fn pieces(document: &str, within: Span, mut piece: impl FnMut(&str, Span)) {
    let mut at = within.start;
    while at < within.end {
        let rest = &document[at..within.end];
        let plain = rest.find('&').unwrap_or(rest.len());
        if plain > 0 {
            piece(&rest[..plain], Span { start: at, end: at + plain });
            at += plain;
            continue;
        }
        match reference(rest) {
            Some((said, length)) => {
                piece(&said, Span { start: at, end: at + length });
                at += length;
            }
            None => {
                piece("&", Span { start: at, end: at + 1 });
                at += 1;
            }
        }
    }
}

/// The reference that a text begins with, and its length. HTML's names too, which feeds use without declaring them.
fn reference(rest: &str) -> Option<(String, usize)> {
    let end = rest.bytes().take(LONGEST).position(|it| it == b';')? + 1;
    let name = rest.get(1..end - 1).filter(|it| it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'#'))?;
    if name.is_empty() {
        return None;
    }
    let tokens = html5gum::Tokenizer::new(&rest[..end]).flatten();
    let strings = tokens.filter_map(|it| match it {
        html5gum::Token::String(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        _ => None,
    });
    let said: String = strings.collect();
    (said != rest[..end] && !said.is_empty()).then_some((said, end))
}

/// What a JSON string says; the span is that of the string without its quotation marks.
pub fn json(document: &str, within: Span) -> Unescaped {
    let mut unescaped = Unescaped::default();
    let mut at = within.start;
    while at < within.end {
        let rest = &document[at..within.end];
        let plain = rest.find('\\').unwrap_or(rest.len());
        if plain > 0 {
            unescaped.push(&rest[..plain], Span { start: at, end: at + plain });
            at += plain;
            continue;
        }
        let units = |text: &str| text.get(2..6).filter(|_| text.starts_with("\\u")).map(|_| 6);
        let letter = |text: &str| 1 + text[1..].chars().next().map_or(0, char::len_utf8);
        let one = units(rest).unwrap_or_else(|| letter(rest));
        let is_high =
            one == 6 && matches!(rest.as_bytes()[2..4], [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B']);
        let length = if is_high { one + units(&rest[one..]).unwrap_or(0) } else { one };
        let said: String = serde_json::from_str(&format!("\"{}\"", &rest[..length])).unwrap_or_default();
        unescaped.push(&said, Span { start: at, end: at + length });
        at += length;
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &str) -> Span {
        Span { start: 0, end: text.len() }
    }

    /// What stands where a word of the text is said to stand.
    fn raw<'a>(document: &'a str, unescaped: &Unescaped, word: &str) -> &'a str {
        let start = unescaped.text.find(word).expect("the word is said");
        let span = unescaped.place(Span { start, end: start + word.len() }).expect("it stands somewhere");
        &document[span.start..span.end]
    }

    #[test]
    fn markup_within_xml_is_where_it_stands() {
        let document = "&lt;p&gt;Caf&amp;eacute; &amp;amp; bar &#8217;s&lt;/p&gt;<![CDATA[<b>&amp;</b>]]> A&B &nbsp;";
        let unescaped = xml(document, whole(document));
        assert_eq!(unescaped.text, "<p>Caf&eacute; &amp; bar ’s</p><b>&amp;</b> A&B \u{a0}");
        assert_eq!(raw(document, &unescaped, "<p>"), "&lt;p&gt;");
        assert_eq!(raw(document, &unescaped, "bar ’s"), "bar &#8217;s");
        assert_eq!(raw(document, &unescaped, "<b>&amp;"), "<b>&amp;");
        assert_eq!(raw(document, &unescaped, "A&B"), "A&B");
    }

    #[test]
    fn strings_within_json_are_where_they_stand() {
        let document = r#"a\nb\u00e9c \ud83d\ude00 \"x\""#;
        let unescaped = json(document, whole(document));
        assert_eq!(unescaped.text, "a\nbéc 😀 \"x\"");
        assert_eq!(raw(document, &unescaped, "béc"), r"b\u00e9c");
        assert_eq!(raw(document, &unescaped, "😀"), r"\ud83d\ude00");
    }

    proptest! {
        #[test]
        fn every_escaped_text_has_its_places(document in "(\\PC|&amp;|&lt;|&#65;|&x|&|<!\\[CDATA\\[|\\]\\]>|<p>|<!--|-->|\\\\u00e9|\\\\n|\\\\ud83d){0,30}") {
            for unescaped in [xml(&document, whole(&document)), json(&document, whole(&document))] {
                for (at, letter) in unescaped.text.char_indices() {
                    let span = unescaped.place(Span { start: at, end: at + letter.len_utf8() }).expect("a place");
                    prop_assert!(document.get(span.start..span.end).is_some_and(|it| !it.is_empty()));
                }
            }
        }
    }
}
