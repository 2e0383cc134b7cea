//! Unescapes text and maps each part of it to its span in the document: HTML within XML, strings within JSON.

use super::xml_tokens::{XmlTokenKind, tokens};
use crate::article::Span;
use ::base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use std::borrow::Cow;

/// Maximum bytes of a character reference, including `&` and `;` (HTML Standard, named character references).
const LONGEST: usize = 33;

/// An unescaped text, mapped to the document in parts. A part of the same length on both sides is verbatim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unescaped {
    pub text: String,
    parts: Vec<(Span, Span)>,
}

impl Unescaped {
    fn push(&mut self, text: &str, raw: Span) {
        let start = self.text.len();
        self.text.push_str(text);
        let decoded = Span { start, end: self.text.len() };
        match self.parts.last_mut() {
            Some((decoded_before, raw_before))
                if raw_before.end == raw.start
                    && is_verbatim(decoded_before, raw_before)
                    && is_verbatim(&decoded, &raw) =>
            {
                decoded_before.end = decoded.end;
                raw_before.end = raw.end;
            }
            _ if start < self.text.len() => self.parts.push((decoded, raw)),
            _ => {}
        }
    }

    /// Maps a span of the text to the document, from its first character to its last.
    pub fn place(&self, span: Span) -> Option<Span> {
        let first = self.parts.partition_point(|(decoded, _)| decoded.end <= span.start);
        let last = self.parts.partition_point(|(decoded, _)| decoded.start < span.end).checked_sub(1)?;
        let ((decoded, raw), (last_decoded, last_raw)) = (self.parts.get(first)?, self.parts.get(last)?);
        let start = if is_verbatim(decoded, raw) { raw.start + (span.start - decoded.start) } else { raw.start };
        let end = if is_verbatim(last_decoded, last_raw) {
            last_raw.start + (span.end.min(last_decoded.end) - last_decoded.start)
        } else {
            last_raw.end
        };
        (start < end).then_some(Span { start, end })
    }
}

/// Whether a part is verbatim: an escape is always longer than the text that it encodes.
fn is_verbatim(decoded: &Span, raw: &Span) -> bool {
    decoded.end - decoded.start == raw.end - raw.start
}

/// Unescapes the content of an XML element: its text and its literals. Unescaped tags are kept verbatim.
pub fn xml(document: &str, within: Span) -> Unescaped {
    let mut unescaped = Unescaped::default();
    for token in tokens(document, within) {
        match token.kind {
            XmlTokenKind::Text => pieces(document, token.inner, |decoded, raw| unescaped.push(decoded, raw)),
            XmlTokenKind::Literal => unescaped.push(&document[token.inner.start..token.inner.end], token.inner),
            XmlTokenKind::Start { .. } | XmlTokenKind::End => {
                unescaped.push(&document[token.span.start..token.span.end], token.span);
            }
            XmlTokenKind::Other => {}
        }
    }
    unescaped
}

/// Decodes the content of an element from base64, or returns it unchanged if it is not base64. Every part of the
/// text has the span of the whole content.
pub fn base64(document: &str, within: Span) -> Unescaped {
    let encoded: String = document[within.start..within.end].split_whitespace().collect();
    let decoded = BASE64.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = decoded else { return xml(document, within) };
    let mut unescaped = Unescaped::default();
    unescaped.push(&text, within);
    unescaped
}

/// Resolves the character references of a text.
pub fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut resolved = String::with_capacity(text.len());
    pieces(text, Span { start: 0, end: text.len() }, |piece, _| resolved.push_str(piece));
    Cow::Owned(resolved)
}

/// Passes on the text between references verbatim, and each reference resolved, with their spans.
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
            Some((decoded, length)) => {
                piece(&decoded, Span { start: at, end: at + length });
                at += length;
            }
            None => {
                piece("&", Span { start: at, end: at + 1 });
                at += 1;
            }
        }
    }
}

/// Resolves the reference at the start of a text; returns the characters and the reference's length. HTML's names are
/// resolved too, because feeds use them without declaring them.
fn reference(rest: &str) -> Option<(String, usize)> {
    let end = rest.bytes().take(LONGEST).position(|byte| byte == b';')? + 1;
    let name =
        rest.get(1..end - 1).filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#'))?;
    if name.is_empty() {
        return None;
    }
    let tokens = html5gum::Tokenizer::new(&rest[..end]).flatten();
    let strings = tokens.filter_map(|token| match token {
        html5gum::Token::String(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        _ => None,
    });
    let resolved: String = strings.collect();
    (resolved != rest[..end] && !resolved.is_empty()).then_some((resolved, end))
}

/// Unescapes a JSON string; `within` is its span without the quotation marks.
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
        let escape = units(rest).unwrap_or_else(|| letter(rest));
        let is_high =
            escape == 6 && matches!(rest.as_bytes()[2..4], [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B']);
        let length = if is_high { escape + units(&rest[escape..]).unwrap_or(0) } else { escape };
        let decoded: String = serde_json::from_str(&format!("\"{}\"", &rest[..length])).unwrap_or_default();
        unescaped.push(&decoded, Span { start: at, end: at + length });
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

    /// Returns the part of the document to which a word of the text is mapped.
    fn raw<'a>(document: &'a str, unescaped: &Unescaped, word: &str) -> &'a str {
        let start = unescaped.text.find(word).expect("the text contains the word");
        let span = unescaped.place(Span { start, end: start + word.len() }).expect("the word has a span");
        &document[span.start..span.end]
    }

    #[test]
    fn markup_within_xml_is_mapped_to_its_spans() {
        let document = "&lt;p&gt;Caf&amp;eacute; &amp;amp; bar &#8217;s&lt;/p&gt;<![CDATA[<b>&amp;</b>]]> A&B &nbsp;";
        let unescaped = xml(document, whole(document));
        assert_eq!(unescaped.text, "<p>Caf&eacute; &amp; bar ’s</p><b>&amp;</b> A&B \u{a0}");
        assert_eq!(raw(document, &unescaped, "<p>"), "&lt;p&gt;");
        assert_eq!(raw(document, &unescaped, "bar ’s"), "bar &#8217;s");
        assert_eq!(raw(document, &unescaped, "<b>&amp;"), "<b>&amp;");
        assert_eq!(raw(document, &unescaped, "A&B"), "A&B");
    }

    #[test]
    fn strings_within_json_are_mapped_to_their_spans() {
        let document = r#"a\nb\u00e9c \ud83d\ude00 \"x\""#;
        let unescaped = json(document, whole(document));
        assert_eq!(unescaped.text, "a\nbéc 😀 \"x\"");
        assert_eq!(raw(document, &unescaped, "béc"), r"b\u00e9c");
        assert_eq!(raw(document, &unescaped, "😀"), r"\ud83d\ude00");
    }

    proptest! {
        #[test]
        fn every_unescaped_character_has_a_span(document in "(\\PC|&amp;|&lt;|&#65;|&x|&|<!\\[CDATA\\[|\\]\\]>|<p>|<!--|-->|\\\\u00e9|\\\\n|\\\\ud83d){0,30}") {
            for unescaped in [xml(&document, whole(&document)), json(&document, whole(&document))] {
                for (at, letter) in unescaped.text.char_indices() {
                    let span = unescaped.place(Span { start: at, end: at + letter.len_utf8() }).expect("a span");
                    prop_assert!(document.get(span.start..span.end).is_some_and(|document| !document.is_empty()));
                }
            }
        }
    }
}
