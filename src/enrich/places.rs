//! Places by name: cities, and the countries and states that datelines name after them.
//!
//! The tables are sorted text that is searched where it lies, so that starting costs nothing; where they come from
//! stands in `places/README.md`. Of several cities of one name, the most populous, unless a country is named with it.

use crate::article::{CountryCode, Place, slug};

const CITIES: &str = include_str!("places/cities.tsv");
const REGIONS: &str = include_str!("places/regions.tsv");

/// The city of a name; where a country is named as well, the one that lies there.
pub fn city(name: &str, country: Option<&CountryCode>) -> Option<Place> {
    let key = slug(name);
    let found = rows(CITIES, &key).find(|row| country.is_none_or(|it| row.ends_with(it.as_str())))?;
    let mut columns = found.split('\t').skip(1);
    let (name, country) = (columns.next()?, columns.next()?);
    Some(Place { id: slug(name), name: name.to_owned(), country: CountryCode::parse(country).ok() })
}

/// The country of a name or, in American copy, of a state: `Romania`, `U.S.`, `Calif.`
pub fn country(name: &str) -> Option<CountryCode> {
    let row = rows(REGIONS, &slug(name)).next()?;
    CountryCode::parse(row.split('\t').nth(1)?).ok()
}

/// The rows whose first column is the key, in the table's order.
fn rows<'a>(table: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    let is_key = move |row: &str| row.split('\t').next() == Some(key);
    table[lower_bound(table, key)..].lines().take_while(move |row| is_key(row))
}

/// The offset of the first row whose key is not below the one wanted.
fn lower_bound(table: &str, key: &str) -> usize {
    let bytes = table.as_bytes();
    let row_start = |at: usize| bytes[..at].iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
    let row_end = |at: usize| bytes[at..].iter().position(|it| *it == b'\n').map_or(bytes.len(), |it| at + it + 1);
    let key_at = |at: usize| bytes[at..].split(|it| *it == b'\t').next().unwrap_or_default();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = row_start(low + (high - low) / 2);
        if key_at(middle) < key.as_bytes() {
            low = row_end(middle);
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_folded() {
        for table in [CITIES, REGIONS] {
            let keys: Vec<&str> = table.lines().filter_map(|it| it.split('\t').next()).collect();
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
            let expected = expected.map(|(id, country)| (id.to_owned(), country.to_owned()));
            assert_eq!(found(name, near), expected, "{name}");
        }
        assert_eq!(country("Calif.").as_ref().map(CountryCode::as_str), Some("US"));
    }
}
