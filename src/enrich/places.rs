//! Looks up places by name: cities, and the countries and states that datelines name after them.
//!
//! The tables are sorted text that is searched in place, so that start-up is cheap; their sources are in
//! `places/README.md`. Of several cities with one name, the most populous is returned, unless a country is given.

use crate::article::{CountryCode, Place, slug};
use rustc_hash::FxHashMap;
use std::{ops::Range, sync::LazyLock};

static CITIES: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("places/cities.tsv")));
static REGIONS: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("places/regions.tsv")));

/// Returns the city with a name; if a country is given, the one in that country.
pub fn city(name: &str, country: Option<&CountryCode>) -> Option<Place> {
    let key = slug(name);
    let found = CITIES.of(&key).find(|row| country.is_none_or(|country| row.ends_with(country.as_str())))?;
    let mut columns = found.split('\t').skip(1);
    let (name, country) = (columns.next()?, columns.next()?);
    Some(Place { id: slug(name), name: name.to_owned(), country: CountryCode::parse(country).ok() })
}

/// Whether a city's name may begin with a word. Most words begin none, so no longer name is looked up there.
pub fn begins_city(word: &str) -> bool {
    let key = slug(word);
    !key.is_empty() && CITIES.from(&key).starts_with(&key)
}

/// Returns the country with a name or, as in American copy, of a state: `Romania`, `U.S.`, `Calif.`
pub fn country(name: &str) -> Option<CountryCode> {
    let row = REGIONS.of(&slug(name)).next()?;
    CountryCode::parse(row.split('\t').nth(1)?).ok()
}

/// A sorted table, the byte offsets of its rows, and the range of the rows that begin with the same two bytes.
struct Table {
    rows: &'static str,
    starts: Vec<usize>,
    alike: FxHashMap<[u8; 2], Range<usize>>,
}

impl Table {
    fn new(rows: &'static str) -> Self {
        let ends = rows.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(ends).filter(|start| *start < rows.len()).collect();
        let mut alike: FxHashMap<[u8; 2], Range<usize>> = FxHashMap::default();
        for (at, start) in starts.iter().enumerate() {
            if let Some(first) = rows.as_bytes()[*start..].first_chunk() {
                alike.entry(*first).or_insert(at..at).end = at + 1;
            }
        }
        Self { rows, starts, alike }
    }

    /// Returns the table from the first row whose key is not less than `key`, or nothing if no key begins like it. A tab
    /// sorts before every letter of a key, so rows sort in the order of their keys.
    fn from(&self, key: &str) -> &'static str {
        let range = match key.as_bytes().first_chunk::<2>() {
            Some(first) => self.alike.get(first).cloned().unwrap_or_default(),
            None => 0..self.starts.len(),
        };
        let starts = &self.starts[range];
        let at = starts.partition_point(|start| &self.rows.as_bytes()[*start..] < key.as_bytes());
        starts.get(at).map_or("", |start| &self.rows[*start..])
    }

    /// Returns the rows whose first column is `key`, in table order.
    fn of(&self, key: &str) -> impl Iterator<Item = &'static str> {
        let is_key = move |row: &&str| row.split('\t').next() == Some(key);
        self.from(key).lines().take_while(is_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_folded() {
        for table in [&*CITIES, &*REGIONS] {
            let keys: Vec<&str> = table.rows.lines().filter_map(|line| line.split('\t').next()).collect();
            assert!(keys.is_sorted_by(|a, b| a.as_bytes() <= b.as_bytes()));
            let unfolded: Vec<_> = keys.iter().filter(|key| slug(key) != **key).collect();
            assert!(unfolded.is_empty(), "{unfolded:?}");
        }
    }

    #[test]
    fn cities_are_found_by_name_and_country() {
        let found = |name: &str, near: Option<&str>| {
            let country = near.and_then(country);
            city(name, country.as_ref())
                .map(|city| (city.id, city.country.map_or(String::new(), |country| country.as_str().to_owned())))
        };
        for (name, near, expected) in [
            ("ISLAMABAD", None, Some(("islamabad", "PK"))),
            ("Paris", None, Some(("paris", "FR"))),
            ("PARIS", Some("Texas"), Some(("paris", "US"))),
            ("São Paulo", None, Some(("sao-paulo", "BR"))),
            ("لاہور", None, Some(("lahore", "PK"))),
            ("札幌", None, Some(("sapporo", "JP"))),
            ("GENEVA", Some("Romania"), None),
            ("Breaking", None, None),
            ("", None, None),
        ] {
            assert!(expected.is_none() || begins_city(name.split(' ').next().unwrap_or_default()), "{name}");
            let expected = expected.map(|(id, country)| (id.to_owned(), country.to_owned()));
            assert_eq!(found(name, near), expected, "{name}");
        }
        assert_eq!(country("Calif.").as_ref().map(CountryCode::as_str), Some("US"));
    }
}
