//! Words, as texts are indexed by them and queries look for them: the one place that decides what counts as the same.
//!
//! - Case and accents do not count. Marks that are letters of their own do: those of Indic scripts, of Thai, the Cyrillic й.
//! - Words are those of UAX #29, and what an apostrophe joins are two: `l'eau`, `Dar's`. `U.S.` is `us`.
//! - Scripts that set no spaces between words, and Korean, which joins its particles to them, are indexed by pairs of
//!   neighbouring characters. The last of a run stands alone, so that every character begins exactly one pair.
//! - A word alone is looked for by its stem in the language of each article; a phrase and a prefix as they are written.

use frostem::{Algorithm, Stemmer};
use std::collections::HashSet;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// Longer words are cut, in texts and queries alike, to so many characters.
const WORD_CHARACTERS: usize = 64;

/// A word of a text, or a pair of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub folded: String,
    /// In bytes of the text.
    pub start: usize,
    pub end: usize,
    /// Counted in words, and in characters within a run of pairs.
    pub position: usize,
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Word,
    Pair,
    /// The last character of a run of pairs.
    Last,
}

pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut position = 0;
    let mut rest = 0;
    while rest < text.len() {
        let paired = text[rest..].chars().next().is_some_and(is_paired);
        let length = text[rest..].find(|it| is_paired(it) != paired).unwrap_or(text.len() - rest);
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
        for part in word.split(is_apostrophe) {
            let folded = folded(part);
            if !folded.is_empty() {
                let (start, end) = (offset + start, offset + start + part.len());
                tokens.push(Token { folded, start, end, position: *position, shape: Shape::Word });
                *position += 1;
            }
            start += part.len();
            start += run[start..].chars().next().map_or(0, char::len_utf8);
        }
    }
}

fn pairs(run: &str, offset: usize, position: &mut usize, tokens: &mut Vec<Token>) {
    let characters: Vec<(usize, char)> = run.char_indices().collect();
    for (at, (start, character)) in characters.iter().enumerate() {
        let next = characters.get(at + 1);
        let end = next.map_or(run.len(), |(next, character)| next + character.len_utf8());
        let pair = [Some(*character), next.map(|it| it.1)].into_iter().flatten();
        tokens.push(Token {
            folded: pair.nfkc().collect(),
            start: offset + start,
            end: offset + end,
            position: *position,
            shape: if next.is_some() { Shape::Pair } else { Shape::Last },
        });
        *position += 1;
    }
}

fn is_apostrophe(it: char) -> bool {
    matches!(it, '\'' | '\u{2019}' | '\u{2bc}')
}

/// Han, the Japanese syllabaries, Hangul, Thai, Lao, Burmese, Khmer.
fn is_paired(it: char) -> bool {
    matches!(u32::from(it),
        0x0e01..=0x0e3a | 0x0e40..=0x0e4e | 0x0e81..=0x0ece | 0x1000..=0x104f | 0x1780..=0x17d3
        | 0x1100..=0x11ff | 0x3005..=0x3007 | 0x3041..=0x309f | 0x30a1..=0x30fa | 0x30fc..=0x30ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff66..=0xff9f
        | 0x20000..=0x323af)
}

/// A word without case and accents.
fn folded(word: &str) -> String {
    if word.len() <= WORD_CHARACTERS && word.bytes().all(|it| it.is_ascii_alphanumeric()) {
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
            // Letters of Arabic that are written for each other, and the signs that may be left out.
            'أ' | 'إ' | 'آ' | 'ٱ' => folded.push('ا'),
            'ى' | 'ی' => folded.push('ي'),
            'ک' => folded.push('ك'),
            '\u{0640}' | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{0300}'..='\u{036f}' | '\u{0591}'..='\u{05c7}' => {}
            'a'..='z' | '0'..='9' => folded.push(letter),
            '\u{00c0}'..='\u{03ff}' | '\u{1e00}'..='\u{1fff}' => {
                folded.extend(std::iter::once(letter).nfd().filter(|it| !is_combining_mark(*it)));
            }
            _ => folded.push(letter),
        }
    }
    let initials = folded.split('.').all(|it| it.chars().count() == 1 && it.chars().all(char::is_alphabetic));
    if initials && folded.contains('.') {
        folded.retain(|it| it != '.');
    }
    folded.chars().take(WORD_CHARACTERS).collect()
}

/// The languages that have a stemmer, by their codes. Norwegian has several codes and one stemmer.
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
/// Stands between a stem and its language. Words have no such character.
const OF: char = '\0';

/// How the words of one language are indexed: by the stem and the language, because one language's stem is another's
/// word; `paris` in English is `pari`, which in Italian is something else.
#[derive(Clone, Copy)]
pub struct Stems {
    code: &'static str,
    stemmer: Option<Stemmer>,
}

impl Stems {
    /// Of an article's language, BCP 47. What has no stemmer is indexed by its words.
    pub fn of(language: Option<&str>) -> Self {
        let primary = language.and_then(|it| it.split('-').next()).unwrap_or_default();
        let primary = if matches!(primary, "no" | "nn") { "nb" } else { primary };
        match STEMMERS.iter().find(|it| it.0 == primary) {
            Some((code, algorithm)) => Self { code, stemmer: Some(Stemmer::new(*algorithm)) },
            None => Self { code: "", stemmer: None },
        }
    }

    pub fn term(self, folded: &str) -> String {
        let stem = self.stemmer.map_or(folded.into(), |it| it.stem(folded));
        format!("{stem}{OF}{}", self.code)
    }
}

/// The terms that a word is indexed by, in texts of the languages that are so written.
pub fn terms(folded: &str, languages: &HashSet<String>) -> HashSet<String> {
    languages.iter().map(|it| Stems::of(Some(it))).chain([Stems::of(None)]).map(|it| it.term(folded)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|it| it.folded).collect()
    }

    #[test]
    fn case_and_accents_do_not_count() {
        assert_eq!(said("RÉUNION à Łódź — STRASSE, Straße"), ["reunion", "a", "lodz", "strasse", "strasse"]);
        assert_eq!(said("ΝΌΜΟΣ ёлка Й"), ["νομοσ", "елка", "й"]);
        assert_eq!(said("كِتَابٌ أحمد"), ["كتاب", "احمد"]);
    }

    #[test]
    fn apostrophes_part_and_initials_join() {
        assert_eq!(said("Dar's l’eau U.S. 3.5 co-operation"), ["dar", "s", "l", "eau", "us", "3.5", "co", "operation"]);
    }

    #[test]
    fn scripts_without_spaces_go_in_pairs() {
        assert_eq!(said("銀行員 is 銀"), ["銀行", "行員", "員", "is", "銀"]);
        let thai = tokens("ข่าววัน");
        assert_eq!(thai.len(), "ข่าววัน".chars().count());
        assert_eq!(said("한국은행"), ["한국", "국은", "은행", "행"]);
    }

    #[test]
    fn spans_are_those_of_the_text() {
        let text = "Chef d’État: 銀行 Łódź";
        for token in tokens(text) {
            assert_eq!(tokens(&text[token.start..token.end])[0].folded, token.folded, "{token:?}");
        }
    }

    #[test]
    fn one_languages_stem_is_not_anothers_word() {
        assert_eq!(Stems::of(Some("en-GB")).term("elections"), Stems::of(Some("en")).term("election"));
        assert_ne!(Stems::of(Some("en")).term("paris"), Stems::of(Some("it")).term("pari"));
        assert_eq!(Stems::of(Some("ur")).term("paris"), Stems::of(None).term("paris"));
        let some = terms("running", &["en", "de"].map(str::to_owned).into());
        assert!(some.contains(&Stems::of(Some("en")).term("run")) && some.len() == 3);
    }
}
