//! Maps spans of an article's text back to the bytes of the raw document.
//!
//! Between the two, character references were resolved, white space was collapsed, invisible characters were removed,
//! and a dateline may have been cut from the beginning. Both texts are compared backwards from their ends, because the
//! cut was at the beginning. If they differ, because of markup between the words, the span is the whole paragraph.

use super::{DocumentFormat, feed::unescape, visible_text::is_invisible};
use crate::article::Span;
use std::ops::Range;

/// A text of the article with the document span of each of its characters.
pub struct OffsetMap {
    spans: Vec<Span>,
    /// Sorted by the offset of the character in the text; only characters that were found.
    letter_spans: Vec<(usize, Span)>,
    exact: bool,
}

impl OffsetMap {
    /// Builds the map. `spans`: where the text was read, in text order.
    pub fn new(document: &str, spans: &[Span], text: &str, form: DocumentFormat) -> Self {
        let raw: Vec<(char, Span)> = spans.iter().flat_map(|span| letters(document, *span, form)).collect();
        let mut raw = raw.into_iter().rev().peekable();
        let mut letter_spans = Vec::with_capacity(text.len());
        let mut exact = true;
        'letters: for (at, letter) in text.char_indices().rev() {
            loop {
                match raw.peek() {
                    Some((found, span)) if *found == letter || letter == ' ' && found.is_whitespace() => {
                        letter_spans.push((at, *span));
                        raw.next();
                        continue 'letters;
                    }
                    Some((found, _)) if found.is_whitespace() || is_invisible(*found) => {
                        raw.next();
                    }
                    // A line break from markup, which has no byte in the document text.
                    Some(_) if letter == ' ' => continue 'letters,
                    _ => {
                        exact = false;
                        break 'letters;
                    }
                }
            }
        }
        letter_spans.reverse();
        Self { spans: spans.to_vec(), letter_spans, exact }
    }

    /// Returns the document spans of a range of the text, one per run, or of the whole paragraph.
    pub fn place(&self, range: &Range<usize>) -> Vec<Span> {
        if !self.exact {
            return self.spans.clone();
        }
        let first = self.letter_spans.partition_point(|(at, _)| *at < range.start);
        let last = self.letter_spans.partition_point(|(at, _)| *at < range.end);
        match self.letter_spans.get(first..last) {
            Some([only]) => vec![only.1],
            Some([first, .., last]) => self.within(Span { start: first.1.start, end: last.1.end }),
            _ => self.spans.clone(),
        }
    }
}

impl OffsetMap {
    /// Returns the parts of the runs within a range: between two runs there is markup.
    fn within(&self, range: Span) -> Vec<Span> {
        let part = |run: &Span| Span { start: run.start.max(range.start), end: run.end.min(range.end) };
        self.spans.iter().map(part).filter(|span| span.start < span.end).collect()
    }
}

/// Returns the decoded characters of a span, each with its own span.
fn letters(document: &str, span: Span, form: DocumentFormat) -> Vec<(char, Span)> {
    let plain = |text: &str, start: usize| -> Vec<(char, Span)> {
        let place = |(at, letter): (usize, char)| {
            let at = start + at;
            (letter, Span { start: at, end: at + letter.len_utf8() })
        };
        text.char_indices().map(place).collect()
    };
    if matches!(form, DocumentFormat::Text | DocumentFormat::Markdown) {
        return plain(document.get(span.start..span.end).unwrap_or_default(), span.start);
    }
    let once = unescape::xml(document, span);
    let within = |unescaped: &unescape::Unescaped, at: usize, letter: char| {
        unescaped.place(Span { start: at, end: at + letter.len_utf8() })
    };
    if form == DocumentFormat::Html {
        let place = |(at, letter)| Some((letter, within(&once, at, letter)?));
        return once.text.char_indices().filter_map(place).collect();
    }
    // In a feed, HTML is escaped once more.
    let twice = unescape::xml(&once.text, Span { start: 0, end: once.text.len() });
    let place = |(at, letter)| Some((letter, once.place(within(&twice, at, letter)?)?));
    twice.text.char_indices().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::visible_text::visible_text;
    use proptest::prelude::*;

    fn raw<'a>(document: &'a str, text: &str, words: &str, form: DocumentFormat) -> &'a str {
        let whole = Span { start: 0, end: document.len() };
        let offset_map = OffsetMap::new(document, &[whole], text, form);
        let start = text.find(words).expect("the text contains the words");
        let [span] = offset_map.place(&(start..start + words.len()))[..] else { panic!("expected one span") };
        &document[span.start..span.end]
    }

    #[test]
    fn words_map_to_their_bytes() {
        for (document, text, words, form, expected) in [
            (
                "PARIS: The  fine of\n$7 billion stands.",
                "The fine of $7 billion stands.",
                "of $7 billion",
                DocumentFormat::Text,
                "of\n$7 billion",
            ),
            ("R&amp;D costs &euro;5.", "R&D costs €5.", "R&D", DocumentFormat::Html, "R&amp;D"),
            ("R&amp;D costs &euro;5.", "R&D costs €5.", "€5", DocumentFormat::Html, "&euro;5"),
            ("R&amp;amp;D &lt; 5", "R&D < 5", "R&D", DocumentFormat::Feed, "R&amp;amp;D"),
            ("AT&amp;T", "AT&amp;T", "&amp;T", DocumentFormat::Text, "&amp;T"),
        ] {
            assert_eq!(raw(document, text, words, form), expected, "{document}");
        }
    }

    #[test]
    fn text_with_inner_markup_maps_to_the_whole_paragraph() {
        let document = "a **bold [word](https://a.example)** here";
        assert_eq!(raw(document, "a bold word here", "word", DocumentFormat::Markdown), document);
    }

    proptest! {
        #[test]
        fn mapped_bytes_give_the_same_words(document in "(\\PC|  |\n|\u{200b}|é| a){1,30}", from in 0..30_usize, length in 1..10_usize) {
            let text = visible_text(&document);
            let bounds: Vec<usize> = text.char_indices().map(|character| character.0).chain([text.len()]).collect();
            let (start, end) = (bounds.get(from), bounds.get(from + length));
            if let (Some(start), Some(end)) = (start, end) {
                let whole = Span { start: 0, end: document.len() };
                let offset_map = OffsetMap::new(&document, &[whole], &text, DocumentFormat::Text);
                prop_assert!(offset_map.exact);
                for span in offset_map.place(&(*start..*end)) {
                    prop_assert_eq!(visible_text(&document[span.start..span.end]), visible_text(&text[*start..*end]));
                }
            }
        }
    }
}
