//! The text fields of an article that are searched for facts: headline, deck, paragraphs. Each finding names its
//! field and its span in UTF-8 bytes of that field.

use crate::article::TextSpan;
use std::{borrow::Cow, ops::Range};
use unicode_normalization::char::is_combining_mark;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Headline,
    Deck,
    Body,
}

impl Field {
    pub fn name(self) -> &'static str {
        match self {
            Self::Headline => "headline",
            Self::Deck => "deck",
            Self::Body => "body",
        }
    }
}

#[derive(Clone, Debug)]
pub struct TextField<'a> {
    pub field: Field,
    /// Index of the body paragraph; zero in other fields.
    pub paragraph: usize,
    pub text: &'a str,
    pub words: Vec<Word<'a>>,
    /// The words in lower case.
    pub low: Vec<Cow<'a, str>>,
}

impl<'a> TextField<'a> {
    pub fn new(field: Field, paragraph: usize, text: &'a str) -> Self {
        let words = words(text);
        let low = words.iter().map(|word| lower(word.text)).collect();
        Self { field, paragraph, text, words, low }
    }

    /// Returns a word in lower case, or an empty string if there is no such word.
    pub fn low(&self, at: usize) -> &str {
        self.low.get(at).map_or("", AsRef::as_ref)
    }

    /// Returns the indices in `words` of the words within a byte range of the text.
    pub fn words_of(&self, part: &Range<usize>) -> Range<usize> {
        let from = self.words.partition_point(|word| word.start < part.start);
        from..self.words.partition_point(|word| word.end <= part.end).max(from)
    }

    pub fn at(&self, range: &Range<usize>) -> TextSpan {
        let part = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        TextSpan {
            field: self.field.name().to_owned(),
            paragraph: part(self.paragraph),
            start: part(range.start),
            end: part(range.end),
        }
    }
}

/// Returns the fields in reading order.
pub fn text_fields<'a>(headline: Option<&'a str>, deck: Option<&'a str>, body: &'a [String]) -> Vec<TextField<'a>> {
    let head = headline.map(|text| TextField::new(Field::Headline, 0, text));
    let deck = deck.map(|text| TextField::new(Field::Deck, 0, text));
    let body = body.iter().enumerate().map(|(paragraph, text)| TextField::new(Field::Body, paragraph, text));
    head.into_iter().chain(deck).chain(body).collect()
}

/// Returns a word in lower case, borrowed if it already is lower-case ASCII, as most words are.
pub fn lower(word: &str) -> Cow<'_, str> {
    let is_low = word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_low { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase()) }
}

/// A word of a field, with its UTF-8 byte offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    pub text: &'a str,
    pub start: usize,
    pub end: usize,
}

impl Word<'_> {
    /// Whether it begins with a capital letter; never true in scripts without capitals.
    pub fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

/// Splits a text into words, runs of letters, digits and joining marks: `O’Neill`, `al-Sisi`, `U.S.`, `J.`. A
/// possessive ending is not part of the word.
pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start: Option<usize> = None;
    let mut push = |from: usize, to: usize| {
        let word = text[from..to].trim_end_matches(['\'', '’', '-']);
        let word = ["'s", "’s", "'S", "’S"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
        // Only initials and abbreviations of single letters keep their full stop.
        let inner = word.trim_end_matches('.');
        let is_short = inner.chars().count() == 1 && inner.starts_with(char::is_alphabetic) || inner.contains('.');
        let word = if is_short { word } else { inner };
        if !word.is_empty() {
            words.push(Word { text: word, start: from, end: from + word.len() });
        }
    };
    for (at, letter) in text.char_indices() {
        let joins = matches!(letter, '\'' | '’' | '-' | '.');
        match start {
            None if letter.is_alphanumeric() => start = Some(at),
            Some(from) if joins => {
                let next = text[at + letter.len_utf8()..].chars().next();
                let continues = next.is_some_and(char::is_alphanumeric);
                if !continues {
                    push(from, if letter == '.' { at + 1 } else { at });
                    start = None;
                }
            }
            Some(from) if !letter.is_alphanumeric() && (letter.is_ascii() || !is_combining_mark(letter)) => {
                push(from, at);
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        push(from, text.len());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_apostrophes_hyphens_and_initials() {
        for (text, expected) in [
            ("Pakistan’s Foreign Minister", vec!["Pakistan", "Foreign", "Minister"]),
            ("Abdel Fattah al-Sisi, 70, said.", vec!["Abdel", "Fattah", "al-Sisi", "70", "said"]),
            ("The U.S. and John F. Kennedy's aide", vec!["The", "U.S.", "and", "John", "F.", "Kennedy", "aide"]),
            ("Jens O’Neill - Ltd.", vec!["Jens", "O’Neill", "Ltd"]),
            ("", vec![]),
        ] {
            let found = words(text);
            assert_eq!(found.iter().map(|word| word.text).collect::<Vec<_>>(), expected, "{text}");
            assert!(found.iter().all(|word| &text[word.start..word.end] == word.text));
        }
    }
}
