//! Names of countries in the language of a text. Names in English and adjectives are in [`tables`]; those of other
//! languages are in `country_names.tsv`, which `country_names.py` generates.

use super::tables::{self, Country, NameTable, rows};
use crate::{article::CountryCode, enrich::text_fields::TextField};
use rustc_hash::FxHashMap;
use std::{ops::Range, sync::LazyLock};

/// Languages in scripts without capitals, where words are separated by blanks.
const WITH_BLANKS: [&str; 3] = ["ar", "ur", "hi"];
/// Languages whose words are not separated.
const WITHOUT_BLANKS: [&str; 2] = ["ja", "zh"];
/// Maximum words of a name.
const WORDS: usize = 5;
/// One-letter Arabic words that are written together with the next word: and, so, in, to, like.
const ARABIC_PREFIXES: [char; 5] = ['و', 'ف', 'ب', 'ل', 'ك'];
/// What follows a Chinese or Japanese name of a country to form the adjective, the people or the language.
const ADJECTIVE_ENDINGS: [char; 6] = ['人', '语', '語', '文', '籍', '系'];
/// Characters that form another word with `国` before them, as in `其中国际`.
const AFTER_NATION: [char; 18] =
    ['际', '際', '家', '内', '內', '有', '会', '會', '民', '务', '務', '防', '王', '产', '產', '营', '營', '宝'];
/// Words that begin with a name of a country and are not one.
const LONGER_WORDS: &[&str] = &["印度洋", "インド洋", "日本海", "约旦河", "約旦河", "ヨルダン川"];

type Names = FxHashMap<&'static str, Country>;

static BY_LANGUAGE: LazyLock<FxHashMap<&'static str, Names>> = LazyLock::new(|| {
    let usual = tables::usual_names();
    let mut languages: FxHashMap<&'static str, Names> = FxHashMap::default();
    for row in rows(include_str!("country_names.tsv")) {
        let [language, printed, code, how] = row.as_slice() else { continue };
        let names = if *how == "weak" { NameTable::Perhaps } else { NameTable::Always };
        let (Ok(country), Some(name)) = (CountryCode::parse(code), usual.get(code)) else { continue };
        languages.entry(language).or_default().insert(printed, Country { code: country, names, name });
    }
    languages
});

/// Names in Chinese and Japanese by their first character, the longest first.
static BY_CHARACTER: LazyLock<FxHashMap<(&'static str, char), Vec<&'static str>>> = LazyLock::new(|| {
    let mut names: FxHashMap<(&'static str, char), Vec<&'static str>> = FxHashMap::default();
    for language in WITHOUT_BLANKS {
        for (name, country) in BY_LANGUAGE.get(language).into_iter().flatten() {
            if country.names == NameTable::Always {
                names.entry((language, name.chars().next().unwrap_or_default())).or_default().push(name);
            }
        }
    }
    names.values_mut().for_each(|names| names.sort_by_key(|name| std::cmp::Reverse((name.len(), *name))));
    names
});

pub fn is_without_capitals(language: &str) -> bool {
    WITH_BLANKS.contains(&language) || WITHOUT_BLANKS.contains(&language)
}

/// Returns the country with a printed name, in English or in the text's language.
pub fn of(printed: &str, language: Option<&str>) -> Option<&'static Country> {
    tables::country(printed).or_else(|| BY_LANGUAGE.get(language?)?.get(printed))
}

/// Returns the countries named in a text in a script without capitals, with the bytes of each name, and whether the name
/// is the country's own and not an adjective.
pub fn find(field: &TextField<'_>, language: Option<&str>) -> Vec<(&'static Country, Range<usize>, bool)> {
    let Some(language) = language else { return Vec::new() };
    if WITH_BLANKS.contains(&language) {
        between_blanks(field, language)
    } else {
        in_running_text(field.text, language)
    }
}

fn between_blanks(field: &TextField<'_>, language: &str) -> Vec<(&'static Country, Range<usize>, bool)> {
    let Some(names) = BY_LANGUAGE.get(language) else { return Vec::new() };
    let always = |name: &str| names.get(name).filter(|country| country.names == NameTable::Always);
    let lookup = |text: &str| {
        let prefixed = || text.strip_prefix(ARABIC_PREFIXES).filter(|rest| rest.chars().count() >= 3);
        // `للأردن` is the word for to, the article and the name.
        let with_article = || text.strip_prefix("لل").map(|rest| format!("ال{rest}"));
        always(text)
            .or_else(|| prefixed().filter(|_| language == "ar").and_then(always))
            .or_else(|| with_article().filter(|_| language == "ar").and_then(|name| always(&name)))
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < field.words.len() {
        let longest = (1..=WORDS.min(field.words.len() - at)).rev().find_map(|length| {
            let range = field.words[at].start..field.words[at + length - 1].end;
            lookup(&field.text[range.clone()]).map(|country| (country, range, length))
        });
        at += longest.as_ref().map_or(1, |longest| longest.2);
        found.extend(longest.map(|(country, range, _)| (country, range, true)));
    }
    found
}

fn in_running_text(text: &str, language: &str) -> Vec<(&'static Country, Range<usize>, bool)> {
    let mut found = Vec::new();
    let mut skipped_to = 0;
    let mut previous = ' ';
    for (at, letter) in text.char_indices() {
        let before = std::mem::replace(&mut previous, letter);
        if at < skipped_to {
            continue;
        }
        let key = WITHOUT_BLANKS.iter().find(|known| **known == language).map(|known| (*known, letter));
        let Some(names) = key.and_then(|key| BY_CHARACTER.get(&key)) else { continue };
        let rest = &text[at..];
        if let Some(word) = LONGER_WORDS.iter().find(|word| rest.starts_with(**word)) {
            skipped_to = at + word.len();
            continue;
        }
        let Some(name) = names.iter().find(|name| is_name_here(name, before, rest)) else { continue };
        let range = at..at + name.len();
        skipped_to = range.end;
        let is_adjective = text[range.end..].starts_with(ADJECTIVE_ENDINGS);
        found.extend(
            BY_LANGUAGE.get(language).and_then(|all| all.get(name)).map(|country| (country, range, !is_adjective)),
        );
    }
    found
}

/// Whether a text begins with a name that is not a part of a longer word.
fn is_name_here(name: &str, before: char, rest: &str) -> bool {
    let Some(after) = rest.strip_prefix(name) else { return false };
    let is_katakana = |letter: char| matches!(letter, '\u{30a1}'..='\u{30fa}' | 'ー');
    let within_katakana = name.chars().all(is_katakana) && (is_katakana(before) || after.starts_with(is_katakana));
    let of_nation = name.ends_with(['国', '國']) && after.starts_with(AFTER_NATION);
    !within_katakana && !of_nation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::text_fields::Field;

    #[test]
    fn countries_are_found_in_scripts_without_capitals() {
        for (text, language, expected) in [
            ("美国与俄罗斯会谈，美国人在印度尼西亚，其中国际航班经印度洋。", "zh", "US+ RU+ US- ID+"),
            ("米国とウクライナは、マリオの日本語版とインド洋で会談した。", "ja", "US+ UA+ JP-"),
            ("التقى وزير خارجية مصر نظيره في الأردن، ووصل للأردن وفد من فرنسا وألمانيا", "ar", "EG+ JO+ JO+ FR+ DE+"),
            ("भारत और संयुक्त अरब अमीरात ने चीन के माली से बात की", "hi", "IN+ AE+ CN+"),
            ("پاکستان اور سعودی عرب کے مالی وفد شام کو آئے", "ur", "PK+ SA+"),
        ] {
            let field = TextField::new(Field::Body, 0, text);
            let found = find(&field, Some(language));
            let codes = found
                .iter()
                .map(|(country, _, strong)| format!("{}{}", country.code.as_str(), if *strong { '+' } else { '-' }));
            assert_eq!(codes.collect::<Vec<_>>().join(" "), expected, "{text}");
        }
    }

    #[test]
    fn names_in_latin_script_are_of_one_language() {
        let code = |name, language| of(name, Some(language)).map(|country| country.code.as_str().to_owned());
        assert_eq!(code("Duitsland", "nl").as_deref(), Some("DE"));
        assert_eq!(code("Germania", "it").as_deref(), Some("DE"));
        assert_eq!(code("Germania", "de"), None);
        assert_eq!(code("Maurice", "en"), None);
    }

    #[test]
    fn every_row_is_loaded() {
        let all: usize = BY_LANGUAGE.values().map(FxHashMap::len).sum();
        assert_eq!(rows(include_str!("country_names.tsv")).filter(|row| row.len() == 4).count(), all);
    }
}
