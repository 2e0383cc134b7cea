//! The texts of an article in which facts are looked for: headline, deck, paragraphs. Each finding says in which of them it
//! stands, in UTF-8 bytes of that text.

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
pub struct Passage<'a> {
    pub field: Field,
    /// The paragraph of the body; zero elsewhere.
    pub paragraph: usize,
    pub text: &'a str,
    pub words: Vec<Word<'a>>,
    /// The words in lower case.
    pub low: Vec<Cow<'a, str>>,
}

impl<'a> Passage<'a> {
    pub fn new(field: Field, paragraph: usize, text: &'a str) -> Self {
        let words = words(text);
        let low = words.iter().map(|it| lower(it.text)).collect();
        Self { field, paragraph, text, words, low }
    }

    /// A word in lower case; nothing where there is none.
    pub fn low(&self, at: usize) -> &str {
        self.low.get(at).map_or("", AsRef::as_ref)
    }

    /// The words within a part of the text, by their places in `words`.
    pub fn words_of(&self, part: &Range<usize>) -> Range<usize> {
        let from = self.words.partition_point(|it| it.start < part.start);
        from..self.words.partition_point(|it| it.end <= part.end).max(from)
    }

    pub fn at(&self, range: &Range<usize>) -> TextSpan {
        let part = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        TextSpan {
            field: self.field.name().to_owned(),
            paragraph: part(self.paragraph),
            start: part(range.start),
            end: part(range.end),
        }
    }
}

/// In the order in which they are read.
pub fn passages<'a>(headline: Option<&'a str>, deck: Option<&'a str>, body: &'a [String]) -> Vec<Passage<'a>> {
    let head = headline.map(|text| Passage::new(Field::Headline, 0, text));
    let deck = deck.map(|text| Passage::new(Field::Deck, 0, text));
    let body = body.iter().enumerate().map(|(paragraph, text)| Passage::new(Field::Body, paragraph, text));
    head.into_iter().chain(deck).chain(body).collect()
}

/// Most words are in lower case already.
pub fn lower(word: &str) -> Cow<'_, str> {
    let is_low = word.bytes().all(|it| it.is_ascii() && !it.is_ascii_uppercase());
    if is_low { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase()) }
}

/// A word of a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    pub text: &'a str,
    pub start: usize,
    pub end: usize,
}

impl Word<'_> {
    /// Whether it begins with a capital letter; scripts without capitals have none.
    pub fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

/// Runs of letters, digits, and what holds words together: `O’Neill`, `al-Sisi`, `U.S.`, `J.`. A possessive is no part of
/// the word before it.
pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start: Option<usize> = None;
    let mut push = |from: usize, to: usize| {
        let word = text[from..to].trim_end_matches(['\'', '’', '-']);
        let word = ["'s", "’s", "'S", "’S"].iter().find_map(|it| word.strip_suffix(it)).unwrap_or(word);
        // A full stop belongs to initials and abbreviations of single letters alone.
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
                let goes_on = next.is_some_and(char::is_alphanumeric);
                if !goes_on {
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
    fn words_keep_together_what_belongs_together() {
        for (text, expected) in [
            ("Pakistan’s Foreign Minister", vec!["Pakistan", "Foreign", "Minister"]),
            ("Abdel Fattah al-Sisi, 70, said.", vec!["Abdel", "Fattah", "al-Sisi", "70", "said"]),
            ("The U.S. and John F. Kennedy's aide", vec!["The", "U.S.", "and", "John", "F.", "Kennedy", "aide"]),
            ("Jens O’Neill - Ltd.", vec!["Jens", "O’Neill", "Ltd"]),
            ("", vec![]),
        ] {
            let found = words(text);
            assert_eq!(found.iter().map(|it| it.text).collect::<Vec<_>>(), expected, "{text}");
            assert!(found.iter().all(|it| &text[it.start..it.end] == it.text));
        }
    }
}
