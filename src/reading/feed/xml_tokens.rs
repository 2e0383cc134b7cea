//! Splits XML that may be malformed into tags, text and what is neither.

use crate::article::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlTokenKind {
    Start {
        empty: bool,
    },
    End,
    Text,
    /// Verbatim text, in which escapes are not resolved: CDATA.
    Literal,
    /// Comments, declarations, processing instructions.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XmlToken {
    pub kind: XmlTokenKind,
    pub span: Span,
    /// Span of a tag's name, or of the text.
    pub inner: Span,
}

/// Returns the tokens of a text, which follow one another without gaps.
pub fn tokens(text: &str, within: Span) -> impl Iterator<Item = XmlToken> + '_ {
    let mut at = within.start;
    std::iter::from_fn(move || {
        let rest = text.get(at..within.end).filter(|text| !text.is_empty())?;
        let (kind, length, inner) = token(rest);
        let start = at;
        at += length;
        let inner = Span { start: start + inner.start, end: start + inner.end };
        Some(XmlToken { kind, span: Span { start, end: at }, inner })
    })
}

/// Returns the kind of the first token, its length, and its inner span.
fn token(rest: &str) -> (XmlTokenKind, usize, Span) {
    let until = |from: usize, delimiter: &str| {
        let found = rest.get(from..).and_then(|rest| rest.find(delimiter)).map(|at| from + at);
        (found.unwrap_or(rest.len()), found.map_or(rest.len(), |at| at + delimiter.len()))
    };
    let other = |end: usize| (XmlTokenKind::Other, end, Span { start: 0, end: 0 });
    if rest.starts_with("<![CDATA[") {
        let (words, end) = until(9, "]]>");
        return (XmlTokenKind::Literal, end, Span { start: 9.min(words), end: words });
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
    // Text extends to the next markup; a `<` that opens no markup is part of the text.
    let opens = |at: &usize| {
        let rest = &rest[*at..];
        rest.starts_with("<!") || rest.starts_with("<?") || tag(rest).is_some()
    };
    let end = rest.match_indices('<').map(|(at, _)| at).filter(|at| *at > 0).find(opens).unwrap_or(rest.len());
    (XmlTokenKind::Text, end, Span { start: 0, end })
}

fn tag(rest: &str) -> Option<(XmlTokenKind, usize, Span)> {
    let is_end = rest.starts_with("</");
    let start = if is_end { 2 } else { 1 };
    let named = rest.strip_prefix('<')?.trim_start_matches('/');
    if !named.starts_with(|character: char| character.is_alphabetic() || character == '_') || rest.starts_with("<//") {
        return None;
    }
    let length = named.find(|letter| !is_name_char(letter)).unwrap_or(named.len());
    let name = Span { start, end: start + length };
    let end = tag_end(rest, name.end);
    let empty = rest[..end].trim_end_matches('>').ends_with('/');
    Some((if is_end { XmlTokenKind::End } else { XmlTokenKind::Start { empty } }, end, name))
}

pub fn is_name_char(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, ':' | '_' | '-' | '.')
}

/// Returns the end of a tag: after a `>` outside quotation marks; else, as a quotation mark may be missing, after the
/// first `>` before the next `<`, or at that `<`.
fn tag_end(rest: &str, from: usize) -> usize {
    let next = rest[from..].find('<').map_or(rest.len(), |rest| from + rest);
    let mut quote = None;
    for (at, letter) in rest[from..next].char_indices() {
        match (letter, quote) {
            ('>', None) => return from + at + 1,
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            _ => {}
        }
    }
    rest[from..next].find('>').map_or(next, |rest| from + rest + 1)
}
