//! From a place in an article's text back to the bytes of the raw document.
//!
//! Between the two, character references were resolved, white space became one blank, what is invisible fell away, and a
//! dateline may have been cut from the beginning. Both texts are walked side by side from their ends, because what was cut
//! stood at the beginning. Where they do not agree, through markup between the words, the whole paragraph is the place.

use super::{Form, feed::escapes, shown::is_invisible};
use crate::article::Span;
use std::ops::Range;

/// A text of the article with the place of each of its characters in the document.
pub struct Located {
    spans: Vec<Span>,
    /// By the offset of the character in the text, if it was found.
    places: Vec<(usize, Span)>,
    exact: bool,
}

impl Located {
    /// `spans`: where the text was read, in its order.
    pub fn new(document: &str, spans: &[Span], text: &str, form: Form) -> Self {
        let raw: Vec<(char, Span)> = spans.iter().flat_map(|it| letters(document, *it, form)).collect();
        let mut raw = raw.into_iter().rev().peekable();
        let mut places = Vec::with_capacity(text.len());
        let mut exact = true;
        'letters: for (at, letter) in text.char_indices().rev() {
            loop {
                match raw.peek() {
                    Some((found, span)) if *found == letter || letter == ' ' && found.is_whitespace() => {
                        places.push((at, *span));
                        raw.next();
                        continue 'letters;
                    }
                    Some((found, _)) if found.is_whitespace() || is_invisible(*found) => {
                        raw.next();
                    }
                    // A line break that is markup, and no byte of the text.
                    Some(_) if letter == ' ' => continue 'letters,
                    _ => {
                        exact = false;
                        break 'letters;
                    }
                }
            }
        }
        places.reverse();
        Self { spans: spans.to_vec(), places, exact }
    }

    /// Where a part of the text stands: from its first character to its last, run by run, or the whole paragraph.
    pub fn place(&self, range: &Range<usize>) -> Vec<Span> {
        if !self.exact {
            return self.spans.clone();
        }
        let first = self.places.partition_point(|(at, _)| *at < range.start);
        let last = self.places.partition_point(|(at, _)| *at < range.end);
        match self.places.get(first..last) {
            Some([only]) => vec![only.1],
            Some([first, .., last]) => self.within(Span { start: first.1.start, end: last.1.end }),
            _ => self.spans.clone(),
        }
    }
}

impl Located {
    /// The parts of the runs within a stretch: what stands between two runs is markup.
    fn within(&self, stretch: Span) -> Vec<Span> {
        let part = |run: &Span| Span { start: run.start.max(stretch.start), end: run.end.min(stretch.end) };
        self.spans.iter().map(part).filter(|it| it.start < it.end).collect()
    }
}

/// What the bytes of a span say, character by character.
fn letters(document: &str, span: Span, form: Form) -> Vec<(char, Span)> {
    let plain = |text: &str, start: usize| -> Vec<(char, Span)> {
        let place = |(at, letter): (usize, char)| {
            let at = start + at;
            (letter, Span { start: at, end: at + letter.len_utf8() })
        };
        text.char_indices().map(place).collect()
    };
    if matches!(form, Form::Text | Form::Markdown) {
        return plain(document.get(span.start..span.end).unwrap_or_default(), span.start);
    }
    let once = escapes::xml(document, span);
    let within =
        |it: &escapes::Unescaped, at: usize, letter: char| it.place(Span { start: at, end: at + letter.len_utf8() });
    if form == Form::Html {
        let place = |(at, letter)| Some((letter, within(&once, at, letter)?));
        return once.text.char_indices().filter_map(place).collect();
    }
    // In a feed, HTML is escaped once more.
    let twice = escapes::xml(&once.text, Span { start: 0, end: once.text.len() });
    let place = |(at, letter)| Some((letter, once.place(within(&twice, at, letter)?)?));
    twice.text.char_indices().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::shown::shown;
    use proptest::prelude::*;

    fn raw<'a>(document: &'a str, text: &str, words: &str, form: Form) -> &'a str {
        let whole = Span { start: 0, end: document.len() };
        let located = Located::new(document, &[whole], text, form);
        let start = text.find(words).expect("the words are there");
        let [span] = located.place(&(start..start + words.len()))[..] else { panic!("one place") };
        &document[span.start..span.end]
    }

    #[test]
    fn words_are_where_they_stand() {
        for (document, text, words, form, expected) in [
            (
                "PARIS: The  fine of\n$7 billion stands.",
                "The fine of $7 billion stands.",
                "of $7 billion",
                Form::Text,
                "of\n$7 billion",
            ),
            ("R&amp;D costs &euro;5.", "R&D costs €5.", "R&D", Form::Html, "R&amp;D"),
            ("R&amp;D costs &euro;5.", "R&D costs €5.", "€5", Form::Html, "&euro;5"),
            ("R&amp;amp;D &lt; 5", "R&D < 5", "R&D", Form::Feed, "R&amp;amp;D"),
            ("AT&amp;T", "AT&amp;T", "&amp;T", Form::Text, "&amp;T"),
        ] {
            assert_eq!(raw(document, text, words, form), expected, "{document}");
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_the_whole_paragraph() {
        let document = "a **bold [word](https://a.example)** here";
        assert_eq!(raw(document, "a bold word here", "word", Form::Markdown), document);
    }

    proptest! {
        #[test]
        fn what_stands_at_a_place_says_the_words(document in "(\\PC|  |\n|\u{200b}|é| a){1,30}", from in 0..30_usize, length in 1..10_usize) {
            let text = shown(&document);
            let bounds: Vec<usize> = text.char_indices().map(|it| it.0).chain([text.len()]).collect();
            let (start, end) = (bounds.get(from), bounds.get(from + length));
            if let (Some(start), Some(end)) = (start, end) {
                let whole = Span { start: 0, end: document.len() };
                let located = Located::new(&document, &[whole], &text, Form::Text);
                prop_assert!(located.exact);
                for span in located.place(&(*start..*end)) {
                    prop_assert_eq!(shown(&document[span.start..span.end]), shown(&text[*start..*end]));
                }
            }
        }
    }
}
