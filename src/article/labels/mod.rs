//! The English names of countries and languages, by their codes, for people who read counts.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

static LABELS: LazyLock<FxHashMap<(&'static str, &'static str), &'static str>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let (kind, rest) = line.split_once('\t')?;
        let (code, name) = rest.split_once('\t')?;
        Some(((kind, code), name))
    };
    include_str!("labels.tsv").lines().filter_map(row).collect()
});

/// Returns the name of a country by its ISO 3166-1 alpha-2 code.
pub fn country_label(code: &str) -> Option<&'static str> {
    LABELS.get(&("country", code)).copied()
}

/// Returns the name of a language by its canonical tag: `English (United States)`.
pub fn language_label(tag: &str) -> Option<String> {
    let mut subtags = tag.split('-');
    let language = LABELS.get(&("language", subtags.next()?))?;
    let name = |subtag: &str| LABELS.get(&("script", subtag)).or_else(|| LABELS.get(&("country", subtag))).copied();
    let variety: Vec<&str> = subtags.map(|subtag| name(subtag).unwrap_or(subtag)).collect();
    Some(if variety.is_empty() { (*language).to_owned() } else { format!("{language} ({})", variety.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_english_names() {
        assert_eq!(country_label("US"), Some("United States"));
        assert_eq!(country_label("XX"), None);
        for (tag, label) in [
            ("de", Some("German")),
            ("en-US", Some("English (United States)")),
            ("zh-Hant-TW", Some("Chinese (Traditional, Taiwan)")),
            ("qq", None),
        ] {
            assert_eq!(language_label(tag).as_deref(), label, "{tag}");
        }
    }
}
