//! The tables of names and words, searched as they lie in the binary after they were first asked for.

use crate::article::CountryCode;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|it| !it.starts_with('#') && !it.is_empty()).map(|it| it.split('\t').collect())
}

/// How a word stands for a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    Always,
    /// It is also somebody's name, or another place's.
    Perhaps,
    /// `Pakistani`.
    Adjective,
}

pub struct Country {
    pub code: CountryCode,
    pub names: Names,
    /// The usual name.
    pub name: &'static str,
}

static COUNTRIES: LazyLock<FxHashMap<&'static str, Country>> = LazyLock::new(|| {
    let read = |row: Vec<&'static str>| {
        let [printed, code, how, name] = row.as_slice() else { return None };
        let names = match *how {
            "name" => Names::Always,
            "weak" => Names::Perhaps,
            _ => Names::Adjective,
        };
        Some((*printed, Country { code: CountryCode::parse(code).ok()?, names, name }))
    };
    rows(include_str!("countries.tsv")).filter_map(read).collect()
});

/// By the name as it is printed.
pub fn country(printed: &str) -> Option<&'static Country> {
    COUNTRIES.get(printed)
}

static ORGANISATIONS: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
    rows(include_str!("organisations.tsv")).filter_map(|row| Some((*row.first()?, *row.get(1)?))).collect()
});

/// The name that a known organisation goes by, by the name as it is printed.
pub fn organisation(printed: &str) -> Option<&'static str> {
    ORGANISATIONS.get(printed).copied()
}

/// Whether a title is an office that the person holds, or only how the person is addressed.
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
    LazyLock::new(|| TITLES.keys().filter_map(|it| it.split(' ').next()).collect());

/// Whether a title begins with a word: most do not, and are not put together to be looked up.
pub fn begins_title(low: &str) -> bool {
    TITLES_BEGIN.contains(low)
}

/// By the words in lower case.
pub fn title(low: &str) -> Option<Title> {
    TITLES.get(low).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_table_is_read() {
        for (table, columns, read) in [
            (include_str!("countries.tsv"), 4, COUNTRIES.len()),
            (include_str!("organisations.tsv"), 2, ORGANISATIONS.len()),
        ] {
            let all: Vec<_> = rows(table).collect();
            assert!(all.iter().all(|it| it.len() == columns));
            assert_eq!(all.len(), read, "no name stands twice");
        }
        assert!(rows(include_str!("titles.tsv")).all(|it| it.len() == 2 && matches!(it[1], "role" | "address")));
    }
}
