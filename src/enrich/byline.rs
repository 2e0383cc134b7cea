//! Bylines: the names of an article's authors.

use super::{agencies, dates};
use std::collections::HashSet;

/// Words that open a byline, by language. A blank or a colon follows.
const OPENINGS: &[&str] = &[
    "Written by",
    "Posted by",
    "Reported by",
    "Words by",
    "Story by",
    "Text by",
    "By",
    "Ein Artikel von",
    "Text von",
    "Von",
    "Par",
    "Por",
    "Di",
    "Door",
    "Af",
    "Skrevet av",
    "Av",
    "Oleh",
    "Автор",
];
/// Labels of authors and of texts, after which a colon stands. The name may be on the line after an author's label.
const AUTHOR_LABELS: &[&str] = &[
    "Author",
    "Authors",
    "Autor",
    "Autorin",
    "Autora",
    "Autores",
    "Autore",
    "Auteur",
    "Penulis",
    "Tác giả",
    "Szerző",
    "记者",
    "記者",
    "作者",
    "تحرير",
    "كتب",
    "كتبت",
    "بقلم",
    "تحریر",
    "رپورٹ",
];
const TEXT_LABELS: &[&str] = &["Text", "Texte", "Testo", "Texto", "Tekst", "Текст", "文", "撰文"];
/// Words and signs that join two names.
const JOINTS: &[&str] = &[
    " and ", " AND ", " with ", " & ", " + ", "/", " und ", " mit ", " et ", " avec ", " y ", " e ", " en ", " og ",
    " och ", " i ", " oraz ", " és ", " și ", " ve ", " dan ", " и ", " та ", " و ",
];
/// Lower-case particles of names.
const PARTICLES: &[&str] = &[
    "van", "von", "de", "da", "di", "del", "della", "der", "den", "dos", "du", "la", "le", "el", "al", "bin", "ibn",
    "bint", "ter", "ten", "zu", "y", "e",
];
/// Words of job titles, desks and publishers that do not occur in names.
const ROLES: &[&str] = &[
    "correspondent",
    "reporter",
    "editor",
    "writer",
    "staff",
    "desk",
    "team",
    "newsroom",
    "contributor",
    "columnist",
    "photographer",
    "producer",
    "analyst",
    "bureau",
    "chief",
    "redaktion",
    "rédaction",
    "redacción",
    "redazione",
    "correspondant",
    "corresponsal",
    "service",
    "agency",
    "news",
    "agencies",
    "wire",
    "admin",
    "administrator",
    "webmaster",
    "author",
    "guest",
    "expert",
    "executive",
    "director",
    "manager",
    "founder",
    "co-founder",
    "ceo",
    "specialist",
    "strategist",
    "coordinator",
    "consultant",
    "redactie",
    "redakcja",
    "redakce",
    "redaktionen",
    "редакция",
    "редакція",
    "nachrichten",
    "noticias",
    "notícias",
    "actualités",
    "zeitung",
    "newspaper",
    "magazine",
    "media",
    "radio",
    "tv",
    "online",
    "blog",
    "agenturen",
    "agences",
    "agencias",
    "anonymous",
];
/// Words of organisations' names.
const ORGANISATIONS: &[&str] = &["institute", "center", "centre", "university", "foundation", "inc", "ltd", "gmbh"];
/// What names a desk or a publisher in scripts without blanks.
const DESKS: &[&str] = &["新聞", "新闻", "編集", "编辑", "編輯", "通信社", "取材班"];
/// Titles of reporters after a name.
const TITLES_BEHIND: &[&str] = &[" 기자", " 특파원", "記者", "记者"];
/// Words and signs that end the names in a byline.
const ENDS: &[&str] =
    &[" on ", " in ", " for ", " at ", " - ", " Published", " Updated", " Last ", " Posted", " Follow", " Share", "\n"];
/// Maximum words of a name.
const WORDS: usize = 6;

/// Returns the names if the whole line is a byline with an opening such as `By`.
pub fn line(line: &str) -> Option<Vec<String>> {
    let opened = after_opening(line)?;
    // Words such as `le` or `on`, which join a name to what follows it, have at most three letters.
    let all_known = parts(opened).iter().all(|part| is_name(part) || has_role(part) || part.chars().count() <= 3);
    let names = split(opened);
    (all_known && !names.is_empty()).then_some(names)
}

/// Returns the names after a byline opening at the start of a line; what follows them, a date or a role, is cut off.
pub fn opening(line: &str) -> Option<Vec<String>> {
    let opened = after_opening(line)?;
    let date_start = dates::stated(opened).map_or(opened.len(), |date| date.range.start);
    let sign_start = opened.find(|character: char| {
        character.is_numeric() || matches!(character, '|' | '·' | '•' | '●' | '—' | '–' | '(' | '/' | '／' | ':')
    });
    let opened = &opened[..date_start.min(sign_start.unwrap_or(opened.len()))];
    let names_end = ENDS.iter().filter_map(|ending| opened.find(ending)).min();
    let names = split(&opened[..names_end.unwrap_or(opened.len())]);
    let full = |name: &String| name.contains(' ') || !name.is_ascii();
    names.first().is_some_and(full).then_some(names)
}

/// Returns what follows a byline opening or label at the start of a text.
fn after_opening(text: &str) -> Option<&str> {
    let text = text.trim();
    let labelled = AUTHOR_LABELS.iter().chain(TEXT_LABELS).find_map(|label| {
        let after = text.strip_prefix(label)?.trim_start();
        after.strip_prefix([':', '：']).or_else(|| after.strip_prefix('/').filter(|_| !label.is_ascii()))
    });
    let opened = || {
        OPENINGS.iter().find_map(|opening| {
            let after = strip_prefix_ignoring_case(text, opening)?;
            let name = after.strip_prefix([' ', ':', '\n', '\u{a0}'])?.trim_start_matches([' ', ':']);
            // `Di Maio` and `von Storch` are surnames.
            let may_be_surname = PARTICLES.contains(&opening.to_lowercase().as_str()) && after.starts_with(' ');
            let is_full = || name.contains(' ') && name.starts_with(char::is_uppercase);
            let is_agency = || agencies::named(name).is_some();
            (!may_be_surname || is_full() || is_agency()).then_some(name)
        })
    };
    labelled.or_else(opened).map(str::trim)
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Whether a line is only a byline opening, with the name on the next line.
pub fn is_opening(line: &str) -> bool {
    let line = line.trim().trim_end_matches([':', '：']).trim_end();
    OPENINGS.iter().chain(AUTHOR_LABELS).any(|opening| opening.eq_ignore_ascii_case(line))
}

/// Returns the names if a line consists of names without an opening. Only its context can show that it is a byline.
pub fn bare(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    let parts = parts(line);
    let capital = |name: &str| name.chars().next().is_some_and(char::is_uppercase);
    let all_names = parts.iter().all(|part| is_name(part) && part.split_whitespace().count() >= 2 && capital(part));
    (all_names && !parts.is_empty()).then(|| parts.iter().map(|part| (*part).to_owned()).collect())
}

/// Returns the names in a metadata value, in which the byline opening is optional.
pub fn names(value: &str) -> Vec<String> {
    split(after_opening(value).unwrap_or(value))
}

/// Splits a text into distinct names, without roles, desks and addresses.
fn split(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    let parts = parts(text);
    // `Center for Drug Evaluation and Research` is not a name, and neither is its last word.
    let whole = parts.iter().all(|part| is_name(part) || has_role(part));
    for part in parts {
        if is_name(part) && (whole || part.contains(' ') || !part.is_ascii()) && seen.insert(part) {
            names.push(part.to_owned());
        }
    }
    names
}

fn parts(text: &str) -> Vec<&str> {
    let mut parts = vec![text];
    for joint in JOINTS {
        parts = parts.into_iter().flat_map(|part| part.split(joint)).collect();
    }
    let separators = [',', ';', '|', '·', '•', '●', '，', '、', '،', '\n'];
    parts
        .into_iter()
        .flat_map(|part| part.split(separators))
        .map(|part| once(without_additions(part)))
        .filter(|part| !part.is_empty())
        .collect()
}

/// Removes what follows a name: initials in brackets, a reporter's title, a dash.
fn without_additions(part: &str) -> &str {
    let name = part.split_once(" (").map_or(part, |(name, _)| name).trim();
    let name = TITLES_BEHIND.iter().find_map(|title| name.strip_suffix(title)).unwrap_or(name);
    name.trim_end_matches(['.', '-', '–', '—', ' '])
}

/// Returns a text that is written twice in a row once: `Ana Sá Ana Sá`.
fn once(text: &str) -> &str {
    let middle = text.len() / 2;
    match text.split_at_checked(middle) {
        Some((first, second)) if second.strip_prefix(' ') == Some(first) => first,
        _ => text,
    }
}

fn is_name(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let count = words.clone().count();
    let is_allowed = |character: char| {
        character.is_alphabetic()
            || character.is_whitespace()
            || matches!(character, '.' | '\'' | '’' | '-' | '·' | '‘' | '®' | '™')
            || is_mark(character)
    };
    let starts_low = |word: &str| word.chars().next().is_some_and(char::is_lowercase);
    let cased = |word: &str| !starts_low(word) || PARTICLES.contains(&word);
    (1..=WORDS).contains(&count)
        && !words.clone().all(starts_low)
        && text.chars().all(is_allowed)
        && text.chars().filter(|character| character.is_alphabetic()).count() >= 2
        && !has_role(text)
        && words.all(cased)
        && !is_address(text)
        && !has_word(text, ORGANISATIONS)
}

/// Whether a text has a dot before a small letter: `news.example`.
fn is_address(text: &str) -> bool {
    text.split('.').skip(1).any(|after| after.starts_with(char::is_lowercase))
}

fn has_role(text: &str) -> bool {
    has_word(text, ROLES) || DESKS.iter().any(|desk| text.contains(desk))
}

/// Whether a text has one of some words, also as a part of a compound: `XYZ-Redaktion`.
fn has_word(text: &str, words: &[&str]) -> bool {
    let is_one = |word: &str| words.contains(&word.to_lowercase().as_str());
    text.split_whitespace().any(|word| is_one(word) || word.split('-').any(is_one))
}

/// Whether a letter is a combining mark, with which some scripts spell vowels.
fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_yield_names_without_roles() {
        for (text, expected) in [
            ("By Ioana Petrescu", Some(vec!["Ioana Petrescu"])),
            ("By HALYNA MOROZ", Some(vec!["HALYNA MOROZ"])),
            ("By Céline Rochat and Pieter van Aalst", Some(vec!["Céline Rochat", "Pieter van Aalst"])),
            ("By Marcela Fuenzalida, science correspondent", Some(vec!["Marcela Fuenzalida"])),
            ("Von Anna Maria Huber und Jens O'Neill", Some(vec!["Anna Maria Huber", "Jens O'Neill"])),
            ("记者:周语桐", Some(vec!["周语桐"])),
            ("By the end of the week", None),
            ("By Friday, 400 vessels were waiting", None),
            ("Von: Ida BRANDT, Agnes OLSEN", Some(vec!["Ida BRANDT", "Agnes OLSEN"])),
            ("Tekst: Ida Brandt og Agnes Olsen", Some(vec!["Ida Brandt", "Agnes Olsen"])),
            ("par Ida Brandt", Some(vec!["Ida Brandt"])),
            ("文/周语桐", Some(vec!["周语桐"])),
            ("Bypass opens", None),
            ("Text messages rise", None),
            ("", None),
        ] {
            let found = line(text);
            assert_eq!(
                found.as_deref().map(|names| names.iter().map(String::as_str).collect::<Vec<_>>()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn text_after_the_names_is_cut_off() {
        for (text, expected) in [
            ("By Ana Sá March 12, 2025 4 min read", vec!["Ana Sá"]),
            ("By Ana Sá and Jens Huber | Staff Writer", vec!["Ana Sá", "Jens Huber"]),
            ("Written by Ana Sá Updated on Monday", vec!["Ana Sá"]),
            ("By 12 March", vec![]),
            ("By Ana", vec![]),
        ] {
            assert_eq!(opening(text).unwrap_or_default(), expected, "{text}");
        }
        assert!(["Written by", "By", "by", "AUTHOR:"].iter().all(|line| is_opening(line)));
        assert!(["By Ana", "Text", ""].iter().all(|line| !is_opening(line)));
    }

    #[test]
    fn a_bare_line_of_names_has_nothing_else() {
        assert_eq!(bare("Wanjiru Mwakio and Hassan Omar").map(|names| names.len()), Some(2));
        for text in ["Mombasa", "Likoni ferry drops paper tickets", "2 min read", "Share Tweet, Email now"] {
            assert_eq!(bare(text), None, "{text}");
        }
    }

    #[test]
    fn metadata_names_need_no_opening() {
        assert_eq!(names("By Ana Sá, Staff Writer"), ["Ana Sá"]);
        assert_eq!(names("Ana Sá -"), ["Ana Sá"]);
        assert_eq!(names("Ben Ott Ben Ott"), ["Ben Ott"]);
        assert_eq!(names("von Ida Brandt"), ["Ida Brandt"]);
        assert_eq!(names("von Brandt"), ["von Brandt"]);
        assert_eq!(names("Ida Brandt (ibr)"), ["Ida Brandt"]);
        assert_eq!(names("Ida Brandt/Ben Ott"), ["Ida Brandt", "Ben Ott"]);
        assert_eq!(names("Ida Brandt og Agnes Lund-Olsen"), ["Ida Brandt", "Agnes Lund-Olsen"]);
        assert_eq!(names("김서윤 기자"), ["김서윤"]);
        for desk in ["Nachrichten", "XYZ-Redaktion", "山海新聞デジタル", "news.example"] {
            assert_eq!(names(desk), Vec::<String>::new(), "{desk}");
        }
        assert_eq!(names("Institute for Tides and Research"), Vec::<String>::new());
        assert_eq!(names("Ida and Ben"), ["Ida", "Ben"]);
        assert_eq!(names("https://news.example/author"), Vec::<String>::new());
        assert_eq!(names("ana@news.example"), Vec::<String>::new());
    }
}
