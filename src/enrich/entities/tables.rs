//! Tables of names and words, embedded in the binary and indexed on first use.

use crate::article::CountryCode;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

pub fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| line.split('\t').collect())
}

/// How a word refers to a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameTable {
    Always,
    /// It is also a person's name, or another place's.
    Perhaps,
    /// `Pakistani`.
    Adjective,
}

pub struct Country {
    pub code: CountryCode,
    pub names: NameTable,
    /// The usual name.
    pub name: &'static str,
}

static COUNTRIES: LazyLock<FxHashMap<&'static str, Country>> = LazyLock::new(|| {
    let read = |row: Vec<&'static str>| {
        let [printed, code, how, name] = row.as_slice() else { return None };
        let names = match *how {
            "name" => NameTable::Always,
            "weak" => NameTable::Perhaps,
            _ => NameTable::Adjective,
        };
        Some((*printed, Country { code: CountryCode::parse(code).ok()?, names, name }))
    };
    rows(include_str!("countries.tsv")).filter_map(read).collect()
});

/// Returns each country's usual name in English by its code.
pub fn usual_names() -> FxHashMap<&'static str, &'static str> {
    let row = |row: Vec<&'static str>| Some((*row.get(1)?, *row.get(3)?));
    rows(include_str!("countries.tsv")).filter_map(row).collect()
}

/// Returns the country with a printed name, in English mostly.
pub fn country(printed: &str) -> Option<&'static Country> {
    COUNTRIES.get(printed)
}

static ORGANISATIONS: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
    rows(include_str!("organisations.tsv")).filter_map(|row| Some((*row.first()?, *row.get(1)?))).collect()
});

static ORGANISATIONS_BEGIN: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '\'' | '’' | '-');
    ORGANISATIONS.keys().filter_map(|name| name.split(|letter| !is_part(letter)).next()).collect()
});

/// Whether a known organisation's name begins with a word. Most words begin none, so no phrase is looked up for them.
pub fn begins_organisation(word: &str) -> bool {
    ORGANISATIONS_BEGIN.contains(word)
}

/// Returns the canonical name of a known organisation, by its printed name.
pub fn organisation(printed: &str) -> Option<&'static str> {
    ORGANISATIONS.get(printed).copied()
}

/// Whether a title is an office that the person holds, or only a form of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Title {
    Role,
    Address,
}

static TITLES: LazyLock<FxHashMap<&'static str, Title>> = LazyLock::new(|| {
    let read = |row: Vec<&'static str>| {
        let title = if row.get(1) == Some(&"role") { Title::Role } else { Title::Address };
        Some((*row.first()?, title))
    };
    rows(include_str!("titles.tsv")).filter_map(read).collect()
});

static TITLES_BEGIN: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| TITLES.keys().filter_map(|key| key.split(' ').next()).collect());

/// Whether a title begins with a word. Most words begin none, so no phrase is looked up for them.
pub fn begins_title(low: &str) -> bool {
    TITLES_BEGIN.contains(low)
}

/// Returns the kind of a title, by its words in lower case.
pub fn title(low: &str) -> Option<Title> {
    TITLES.get(low).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_table_is_loaded() {
        for (table, columns, read) in [
            (include_str!("countries.tsv"), 4, COUNTRIES.len()),
            (include_str!("organisations.tsv"), 2, ORGANISATIONS.len()),
        ] {
            let all: Vec<_> = rows(table).collect();
            assert!(all.iter().all(|row| row.len() == columns));
            assert_eq!(all.len(), read, "every name is listed once");
        }
        assert!(rows(include_str!("titles.tsv")).all(|row| row.len() == 2 && matches!(row[1], "role" | "address")));
    }
}
