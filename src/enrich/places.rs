//! Places by name: cities, and the countries and states that datelines name after them.
//!
//! The tables are sorted text that is searched where it lies, so that starting costs little; where they come from stands
//! in `places/README.md`. Of several cities of one name, the most populous, unless a country is named with it.

use crate::article::{CountryCode, Place, slug};
use std::sync::LazyLock;

static CITIES: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("places/cities.tsv")));
static REGIONS: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("places/regions.tsv")));

/// The city of a name; where a country is named as well, the one that lies there.
pub fn city(name: &str, country: Option<&CountryCode>) -> Option<Place> {
    let key = slug(name);
    let found = CITIES.of(&key).find(|row| country.is_none_or(|it| row.ends_with(it.as_str())))?;
    let mut columns = found.split('\t').skip(1);
    let (name, country) = (columns.next()?, columns.next()?);
    Some(Place { id: slug(name), name: name.to_owned(), country: CountryCode::parse(country).ok() })
}

/// Whether a city's name begins with a word: most words begin none, and need not be put together with those behind them.
pub fn begins_city(word: &str) -> bool {
    let key = slug(word);
    !key.is_empty() && CITIES.from(&key).starts_with(&key)
}

/// The country of a name or, in American copy, of a state: `Romania`, `U.S.`, `Calif.`
pub fn country(name: &str) -> Option<CountryCode> {
    let row = REGIONS.of(&slug(name)).next()?;
    CountryCode::parse(row.split('\t').nth(1)?).ok()
}

/// A table, and where its rows begin.
struct Table {
    rows: &'static str,
    starts: Vec<usize>,
}

impl Table {
    fn new(rows: &'static str) -> Self {
        let ends = rows.bytes().enumerate().filter(|it| it.1 == b'\n').map(|it| it.0 + 1);
        Self { rows, starts: std::iter::once(0).chain(ends).filter(|it| *it < rows.len()).collect() }
    }

    /// The rows from the first on whose key is not below the one wanted. A tab sorts before every letter of a key, so rows
    /// sort as their keys do.
    fn from(&self, key: &str) -> &'static str {
        let at = self.starts.partition_point(|start| &self.rows.as_bytes()[*start..] < key.as_bytes());
        self.starts.get(at).map_or("", |start| &self.rows[*start..])
    }

    /// The rows whose first column is the key, in the table's order.
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
            let keys: Vec<&str> = table.rows.lines().filter_map(|it| it.split('\t').next()).collect();
            assert!(keys.is_sorted_by(|a, b| a.as_bytes() <= b.as_bytes()));
            let unfolded: Vec<_> = keys.iter().filter(|it| slug(it) != **it).collect();
            assert!(unfolded.is_empty(), "{unfolded:?}");
        }
    }

    #[test]
    fn cities_are_found_by_their_names() {
        let found = |name: &str, near: Option<&str>| {
            let country = near.and_then(country);
            city(name, country.as_ref())
                .map(|it| (it.id, it.country.map_or(String::new(), |it| it.as_str().to_owned())))
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
