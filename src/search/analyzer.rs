//! Tokens for indexing and querying: the only place that decides which words are equal.
//!
//! - Case and accents are ignored. Marks that are letters in their own right are kept: those of Indic scripts and Thai,
//!   and the Cyrillic й.
//! - Words are those of UAX #29, and also split at apostrophes: `l'eau`, `Dar's`. `U.S.` becomes `us`.
//! - Scripts without spaces between words, and Korean, which attaches particles to words, are indexed as bigrams
//!   (pairs of neighbouring characters). The last character of a run is also a token, so that every character
//!   begins exactly one token.
//! - A single word is matched by its stem in the language of each article; phrases and prefixes as written.

use frostem::{Algorithm, Stemmer};
use std::collections::HashSet;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// Maximum characters of a word. Longer words are cut, in texts and queries alike.
const WORD_CHARACTERS: usize = 64;

/// A word of a text, or a bigram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub folded: String,
    /// Byte offsets in the text.
    pub start: usize,
    pub end: usize,
    /// Counted in tokens.
    pub position: usize,
    pub shape: WordShape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordShape {
    Word,
    Pair,
    /// The last character of a run of bigrams.
    Last,
}

pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut position = 0;
    let mut rest = 0;
    while rest < text.len() {
        let paired = text[rest..].chars().next().is_some_and(is_paired);
        let length = text[rest..].find(|character| is_paired(character) != paired).unwrap_or(text.len() - rest);
        let run = &text[rest..rest + length];
        if paired {
            pairs(run, rest, &mut position, &mut tokens)
        } else {
            words(run, rest, &mut position, &mut tokens)
        }
        rest += length;
    }
    tokens
}

fn words(run: &str, offset: usize, position: &mut usize, tokens: &mut Vec<Token>) {
    for (at, word) in run.unicode_word_indices() {
        let mut start = at;
        for segment in word.split(is_apostrophe) {
            let folded = folded(segment);
            if !folded.is_empty() {
                let (start, end) = (offset + start, offset + start + segment.len());
                tokens.push(Token { folded, start, end, position: *position, shape: WordShape::Word });
                *position += 1;
            }
            start += segment.len();
            start += run[start..].chars().next().map_or(0, char::len_utf8);
        }
    }
}

fn pairs(run: &str, offset: usize, position: &mut usize, tokens: &mut Vec<Token>) {
    let characters: Vec<(usize, char)> = run.char_indices().collect();
    for (at, (start, character)) in characters.iter().enumerate() {
        let next = characters.get(at + 1);
        let end = next.map_or(run.len(), |(next, character)| next + character.len_utf8());
        let pair = [Some(*character), next.map(|next| next.1)].into_iter().flatten();
        tokens.push(Token {
            folded: pair.nfkc().collect(),
            start: offset + start,
            end: offset + end,
            position: *position,
            shape: if next.is_some() { WordShape::Pair } else { WordShape::Last },
        });
        *position += 1;
    }
}

fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '\u{2bc}')
}

/// Whether a character is of Han, the Japanese syllabaries, Hangul, Thai, Lao, Burmese or Khmer.
fn is_paired(character: char) -> bool {
    matches!(u32::from(character),
        0x0e01..=0x0e3a | 0x0e40..=0x0e4e | 0x0e81..=0x0ece | 0x1000..=0x104f | 0x1780..=0x17d3
        | 0x1100..=0x11ff | 0x3005..=0x3007 | 0x3041..=0x309f | 0x30a1..=0x30fa | 0x30fc..=0x30ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff66..=0xff9f
        | 0x20000..=0x323af)
}

/// Folds a word's case and accents.
fn folded(word: &str) -> String {
    if word.len() <= WORD_CHARACTERS && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return word.to_ascii_lowercase();
    }
    let lower = word.nfkc().flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(word.len());
    for letter in lower {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            'ё' => folded.push('е'),
            // Arabic letters that are used interchangeably, and signs that are optional.
            'أ' | 'إ' | 'آ' | 'ٱ' => folded.push('ا'),
            'ى' | 'ی' => folded.push('ي'),
            'ک' => folded.push('ك'),
            '\u{0640}' | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{0300}'..='\u{036f}' | '\u{0591}'..='\u{05c7}' => {}
            'a'..='z' | '0'..='9' => folded.push(letter),
            '\u{00c0}'..='\u{03ff}' | '\u{1e00}'..='\u{1fff}' => {
                folded.extend(std::iter::once(letter).nfd().filter(|character| !is_combining_mark(*character)));
            }
            _ => folded.push(letter),
        }
    }
    let initials = folded.split('.').all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic));
    if initials && folded.contains('.') {
        folded.retain(|character| character != '.');
    }
    folded.chars().take(WORD_CHARACTERS).collect()
}

/// The languages with a stemmer, by their codes. Norwegian has several codes and one stemmer.
const STEMMERS: [(&str, Algorithm); 18] = [
    ("ar", Algorithm::Arabic),
    ("da", Algorithm::Danish),
    ("de", Algorithm::German),
    ("el", Algorithm::Greek),
    ("en", Algorithm::English),
    ("es", Algorithm::Spanish),
    ("fi", Algorithm::Finnish),
    ("fr", Algorithm::French),
    ("hu", Algorithm::Hungarian),
    ("it", Algorithm::Italian),
    ("nb", Algorithm::Norwegian),
    ("nl", Algorithm::Dutch),
    ("pt", Algorithm::Portuguese),
    ("ro", Algorithm::Romanian),
    ("ru", Algorithm::Russian),
    ("sv", Algorithm::Swedish),
    ("ta", Algorithm::Tamil),
    ("tr", Algorithm::Turkish),
];
/// Separates a stem from its language. Words never contain it.
const LANGUAGE_SEPARATOR: char = '\0';

/// How the words of one language are indexed: by stem and language, because a stem in one language can be a different
/// word in another: English `paris` has the stem `pari`, which is another word in Italian.
#[derive(Clone, Copy)]
pub struct Stems {
    code: &'static str,
    stemmer: Option<Stemmer>,
}

impl Stems {
    /// Returns the stems of an article's language (BCP 47). Languages without a stemmer are indexed by the words
    /// themselves.
    pub fn of(language: Option<&str>) -> Self {
        let primary = language.and_then(|language| language.split('-').next()).unwrap_or_default();
        let primary = if matches!(primary, "no" | "nn") { "nb" } else { primary };
        match STEMMERS.iter().find(|(code, _)| *code == primary) {
            Some((code, algorithm)) => Self { code, stemmer: Some(Stemmer::new(*algorithm)) },
            None => Self { code: "", stemmer: None },
        }
    }

    pub fn term(self, folded: &str) -> String {
        let stem = self.stemmer.map_or(folded.into(), |stemmer| stemmer.stem(folded));
        format!("{stem}{LANGUAGE_SEPARATOR}{}", self.code)
    }
}

/// Returns the terms under which texts in these languages index a word.
pub fn terms(folded: &str, languages: &HashSet<String>) -> HashSet<String> {
    languages
        .iter()
        .map(|language| Stems::of(Some(language)))
        .chain([Stems::of(None)])
        .map(|stems| stems.term(folded))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded_tokens(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.folded).collect()
    }

    #[test]
    fn case_and_accents_are_ignored() {
        assert_eq!(folded_tokens("RÉUNION à Łódź — STRASSE, Straße"), ["reunion", "a", "lodz", "strasse", "strasse"]);
        assert_eq!(folded_tokens("ΝΌΜΟΣ ёлка Й"), ["νομοσ", "елка", "й"]);
        assert_eq!(folded_tokens("كِتَابٌ أحمد"), ["كتاب", "احمد"]);
    }

    #[test]
    fn apostrophes_split_words_and_initials_are_joined() {
        let expected = ["dar", "s", "l", "eau", "us", "3.5", "co", "operation"];
        assert_eq!(folded_tokens("Dar's l’eau U.S. 3.5 co-operation"), expected);
    }

    #[test]
    fn scripts_without_spaces_are_indexed_as_bigrams() {
        assert_eq!(folded_tokens("銀行員 is 銀"), ["銀行", "行員", "員", "is", "銀"]);
        let thai = tokens("ข่าววัน");
        assert_eq!(thai.len(), "ข่าววัน".chars().count());
        assert_eq!(folded_tokens("한국은행"), ["한국", "국은", "은행", "행"]);
    }

    #[test]
    fn spans_are_byte_offsets_in_the_text() {
        let text = "Chef d’État: 銀行 Łódź";
        for token in tokens(text) {
            assert_eq!(tokens(&text[token.start..token.end])[0].folded, token.folded, "{token:?}");
        }
    }

    #[test]
    fn a_stem_matches_only_in_its_language() {
        assert_eq!(Stems::of(Some("en-GB")).term("elections"), Stems::of(Some("en")).term("election"));
        assert_ne!(Stems::of(Some("en")).term("paris"), Stems::of(Some("it")).term("pari"));
        assert_eq!(Stems::of(Some("ur")).term("paris"), Stems::of(None).term("paris"));
        let terms = terms("running", &["en", "de"].map(str::to_owned).into());
        assert!(terms.contains(&Stems::of(Some("en")).term("run")) && terms.len() == 3);
    }
}
