//! Bylines: who wrote it.

use super::dates;
use std::collections::HashSet;

/// Words that open a byline, by language, each with what stands before a name.
const OPENINGS: &[&str] = &[
    "By ",
    "BY ",
    "by ",
    "Written by ",
    "WRITTEN BY ",
    "Posted by ",
    "Reported by ",
    "Words by ",
    "Story by ",
    "Text by ",
    "Author: ",
    "Authors: ",
    "Von ",
    "Par ",
    "PAR ",
    "Por ",
    "Di ",
    "Door ",
    "Af ",
    "Av ",
    "Автор: ",
    "Автор ",
    "Текст: ",
];
/// The same where a name follows without a blank.
const LABELS: &[&str] =
    &["记者：", "记者:", "作者：", "作者:", "文/", "文：", "記者：", "تحرير:", "كتب:", "تحریر:", "رپورٹ:"];
/// What joins two names.
const JOINTS: &[&str] =
    &[" and ", " AND ", " with ", " & ", " und ", " mit ", " et ", " avec ", " y ", " e ", " i ", " и ", " و "];
/// Words that start a name's small parts.
const PARTICLES: &[&str] = &[
    "van", "von", "de", "da", "di", "del", "della", "der", "den", "dos", "du", "la", "le", "el", "al", "bin", "ibn",
    "bint", "ter", "ten", "zu", "y", "e",
];
/// Words that are in job titles and desks, and not in names.
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
];
/// Words that are in no name and stand behind one.
const ENDS: &[&str] =
    &[" on ", " in ", " for ", " at ", " - ", " Published", " Updated", " Last ", " Posted", " Follow", " Share", "\n"];
/// The most words of a name.
const WORDS: usize = 6;

/// The names, where the whole line is a byline that says so.
pub fn line(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    let opened = OPENINGS.iter().chain(LABELS).find_map(|it| line.strip_prefix(it))?;
    // What joins a name to what stands behind it, `le` or `on`, is as short as this.
    let all_known = parts(opened).iter().all(|it| is_name(it) || has_role(it) || it.chars().count() <= 3);
    let names = split(opened);
    (all_known && !names.is_empty()).then_some(names)
}

/// The names that a line opens with after it said that they wrote: what follows them, a date or a role, is cut off.
pub fn opening(line: &str) -> Option<Vec<String>> {
    let opened = OPENINGS.iter().chain(LABELS).find_map(|it| line.trim().strip_prefix(it))?;
    let dated = dates::stated(opened).map_or(opened.len(), |it| it.range.start);
    let marked =
        opened.find(|it: char| it.is_numeric() || matches!(it, '|' | '·' | '•' | '●' | '—' | '–' | '(' | '/' | ':'));
    let opened = &opened[..dated.min(marked.unwrap_or(opened.len()))];
    let worded = ENDS.iter().filter_map(|it| opened.find(it)).min();
    let names = split(&opened[..worded.unwrap_or(opened.len())]);
    let full = |it: &String| it.contains(' ') || !it.is_ascii();
    names.first().is_some_and(full).then_some(names)
}

/// Whether a line is only the words before a name, which stands in the next one.
pub fn is_opening(line: &str) -> bool {
    let line = line.trim().trim_end_matches(':');
    !line.is_empty() && OPENINGS.iter().chain(LABELS).any(|it| it.trim_end().trim_end_matches([':', '：']) == line)
}

/// The names, where the whole line is names and nothing says so. What stands around it must.
pub fn bare(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    let parts = parts(line);
    let capital = |it: &str| it.chars().next().is_some_and(char::is_uppercase);
    let all_names = parts.iter().all(|it| is_name(it) && it.split_whitespace().count() >= 2 && capital(it));
    (all_names && !parts.is_empty()).then(|| parts.iter().map(|it| (*it).to_owned()).collect())
}

/// The names in a metadata value, which need not say that it is a byline.
pub fn names(value: &str) -> Vec<String> {
    let value = value.trim();
    let opened = OPENINGS.iter().chain(LABELS).find_map(|it| value.strip_prefix(it)).unwrap_or(value);
    split(opened)
}

/// Names, without what is no name: roles, desks, addresses.
fn split(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    let parts = parts(text);
    // `Center for Drug Evaluation and Research` is no name, and its last word is none.
    let whole = parts.iter().all(|it| is_name(it) || has_role(it));
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
        parts = parts.into_iter().flat_map(|it| it.split(joint)).collect();
    }
    let marks = [',', ';', '|', '·', '•', '●', '，', '、', '،', '\n'];
    parts
        .into_iter()
        .flat_map(|it| it.split(marks))
        .map(|it| it.trim().trim_end_matches('.'))
        .filter(|it| !it.is_empty())
        .collect()
}

fn is_name(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let count = words.clone().count();
    let legal = |it: char| {
        it.is_alphabetic()
            || it.is_whitespace()
            || matches!(it, '.' | '\'' | '’' | '-' | '·' | '‘' | '®' | '™')
            || is_mark(it)
    };
    let cased = |it: &str| !it.chars().next().is_some_and(char::is_lowercase) || PARTICLES.contains(&it);
    let starts_low = |it: &str| it.chars().next().is_some_and(char::is_lowercase);
    (1..=WORDS).contains(&count)
        && !words.clone().all(starts_low)
        && text.chars().all(legal)
        && text.chars().filter(|it| it.is_alphabetic()).count() >= 2
        && !has_role(text)
        && words.all(cased)
}

fn has_role(text: &str) -> bool {
    text.split_whitespace().any(|it| ROLES.contains(&it.to_lowercase().as_str()))
}

/// Combining marks of scripts that spell vowels with them.
fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_are_names_without_roles() {
        for (text, expected) in [
            ("By Ioana Petrescu", Some(vec!["Ioana Petrescu"])),
            ("By HALYNA MOROZ", Some(vec!["HALYNA MOROZ"])),
            ("By Céline Rochat and Pieter van Aalst", Some(vec!["Céline Rochat", "Pieter van Aalst"])),
            ("By Marcela Fuenzalida, science correspondent", Some(vec!["Marcela Fuenzalida"])),
            ("Von Anna Maria Huber und Jens O'Neill", Some(vec!["Anna Maria Huber", "Jens O'Neill"])),
            ("记者:周语桐", Some(vec!["周语桐"])),
            ("By the end of the week", None),
            ("By Friday, 400 vessels were waiting", None),
            ("Bypass opens", None),
            ("", None),
        ] {
            let found = line(text);
            assert_eq!(
                found.as_deref().map(|it| it.iter().map(String::as_str).collect::<Vec<_>>()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_follows_the_names_is_no_part_of_them() {
        for (text, expected) in [
            ("By Ana Sá March 12, 2025 4 min read", vec!["Ana Sá"]),
            ("By Ana Sá and Jens Huber | Staff Writer", vec!["Ana Sá", "Jens Huber"]),
            ("Written by Ana Sá Updated on Monday", vec!["Ana Sá"]),
            ("By 12 March", vec![]),
            ("By Ana", vec![]),
        ] {
            assert_eq!(opening(text).unwrap_or_default(), expected, "{text}");
        }
        assert!(is_opening("Written by") && is_opening("By") && !is_opening("By Ana"));
    }

    #[test]
    fn bare_names_are_names_alone() {
        assert_eq!(bare("Wanjiru Mwakio and Hassan Omar").map(|it| it.len()), Some(2));
        for text in ["Mombasa", "Likoni ferry drops paper tickets", "2 min read", "Share Tweet, Email now"] {
            assert_eq!(bare(text), None, "{text}");
        }
    }

    #[test]
    fn metadata_names_need_no_opening() {
        assert_eq!(names("By Ana Sá, Staff Writer"), ["Ana Sá"]);
        assert_eq!(names("Institute for Tides and Research"), Vec::<String>::new());
        assert_eq!(names("Ida and Ben"), ["Ida", "Ben"]);
        assert_eq!(names("https://news.example/author"), Vec::<String>::new());
        assert_eq!(names("ana@news.example"), Vec::<String>::new());
    }
}
