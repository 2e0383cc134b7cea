//! Finds the publisher where only the foot of a page names it: in the tagline, in which a site describes itself, or in
//! the copyright line.

use crate::article::{Publisher, slug};
use std::ops::Range;

/// Terms by which sites describe themselves, in English. A line that calls its subject one of these is a tagline.
const KINDS: &[&str] = &[
    "website",
    "web site",
    "news site",
    "newspaper",
    "news portal",
    "portal",
    "news platform",
    "media platform",
    "news outlet",
    "news channel",
    "news agency",
    "news service",
    "magazine",
    "media company",
    "media organisation",
    "media organization",
    "publication",
    "journal",
    "news source",
    "broadcaster",
    "digital news",
    "newsroom",
];
/// Words between the name and the term, in English; [`tagline`] has the patterns of other languages.
const IS: &[&str] = &[" is a ", " is an ", " is the ", " is one of "];
/// Maximum words and characters of a publisher's name.
const NAME_WORDS: usize = 7;
const NAME_CHARS: usize = 60;

/// Returns the range of the name in a line in which a site describes itself.
pub fn tagline(line: &str) -> Option<Range<usize>> {
    if let Some(at) = IS.iter().filter_map(|is| line.find(is)).min() {
        let low = line.to_lowercase();
        let describes_site = low.get(at..).is_some_and(|text| KINDS.iter().any(|kind| text.contains(kind)));
        return (describes_site && is_title(&line[..at])).then_some(0..at);
    }
    if line.is_ascii() {
        return None;
    }
    // Urdu: `… ایک … ویب سائٹ ہے`; Chinese: `…是一家…网站`; Japanese: `…は…ニュースサイトです`.
    for (is, kinds) in [
        (" ایک ", &["ویب سائٹ", "اخبار", "نیوز"][..]),
        ("是一家", &["网站", "媒体", "报纸"][..]),
        ("是", &["新闻网站"][..]),
        ("は", &["ニュースサイトです", "新聞です"][..]),
    ] {
        if let Some(at) = line.find(is)
            && kinds.iter().any(|kind| line[at..].contains(kind))
            && line[..at].chars().count() <= NAME_CHARS / 2
        {
            return Some(0..at);
        }
    }
    None
}

/// Returns the range of the name in a copyright line: `Copyright 2025 Lower Danube Observer. All rights reserved.`
pub fn copyright(line: &str) -> Option<Range<usize>> {
    let low = line.to_lowercase();
    if !(low.starts_with("copyright") || line.starts_with('©') || low.starts_with("(c) ")) {
        return None;
    }
    let start = line.find(|letter: char| letter.is_ascii_digit()).map(|at| {
        let years =
            line[at..].find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '-' | '–' | ' ' | ',')));
        years.map_or(line.len(), |length| at + length)
    })?;
    let rest = &line[start..];
    let end = rest.find(['.', '|', ',', '·']).map_or(line.len(), |length| start + length);
    let name = line[start..end].trim();
    let start = start + (line[start..end].len() - line[start..end].trim_start().len());
    let name_end = start + name.len();
    let low = name.to_lowercase();
    (is_title(name) && !low.starts_with("all rights") && !low.starts_with("by ")).then_some(start..name_end)
}

pub fn publisher(name: &str) -> Publisher {
    Publisher { id: slug(name), name: name.to_owned(), domain: None }
}

/// Whether all words but short ones are capitalised: a name, not the beginning of a sentence.
fn is_title(name: &str) -> bool {
    let words: Vec<&str> = name.split_whitespace().collect();
    let small = |word: &str| word.chars().count() <= 3;
    let capital = |word: &str| {
        word.chars().next().is_some_and(|character| character.is_uppercase() || character.is_ascii_digit())
    };
    (1..=NAME_WORDS).contains(&words.len())
        && capital(words[0])
        && words.iter().all(|word| capital(word) || small(word))
        && !matches!(words[0], "This" | "That" | "It" | "He" | "She" | "There" | "What" | "Our" | "Here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagline_names_the_publisher() {
        for (line, name) in [
            ("Coastline Gazette is an independent news website that reports on Sindh.", Some("Coastline Gazette")),
            (
                "The Coast Ledger is a regional news website that has served readers since 1998.",
                Some("The Coast Ledger"),
            ),
            ("锦江新报是一家报道西南地区新闻的网站。", Some("锦江新报")),
            ("The minister is a former editor of a newspaper.", None),
            ("This is a website.", None),
            ("Nairobi is a city of four million.", None),
        ] {
            assert_eq!(tagline(line).map(|name| &line[name]), name, "{line}");
        }
    }

    #[test]
    fn a_copyright_line_names_its_owner() {
        for (line, name) in [
            ("Copyright 2025 Lower Danube Observer. All rights reserved.", Some("Lower Danube Observer")),
            ("© 2019-2024 The Coast Ledger", Some("The Coast Ledger")),
            ("© All rights reserved", None),
            ("Copyright law was changed in 2024.", None),
        ] {
            assert_eq!(copyright(line).map(|name| &line[name]), name, "{line}");
        }
    }
}
