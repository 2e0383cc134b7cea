//! Slugs: the stable, readable ids of places, publishers and people.

use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Maximum characters read from a name. In any script this leaves room in a table key, which holds 2,048 bytes.
const LETTERS: usize = 100;

/// Converts a name to lower-case letters and digits of any script, with one hyphen for each run of other characters.
/// Apostrophes and accents are dropped, so that `Bogotá` and `Bogota` are one place. Empty if the name has no letter or
/// digit; a very long name is truncated.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    // ASCII has no combining marks to remove.
    let folded = match name.is_ascii() {
        true => Cow::Borrowed(name),
        false => name.nfkd().filter(|letter| !is_combining_mark(*letter)).collect(),
    };
    for letter in folded.chars().flat_map(char::to_lowercase).take(LETTERS) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if letter != '\'' && letter != '’' && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_become_slugs() {
        for (name, expected) in [
            ("Pakistan State Time", "pakistan-state-time"),
            ("Bogotá", "bogota"),
            ("N'Djamena", "ndjamena"),
            ("  -- AT&T --", "at-t"),
            ("北京", "北京"),
            ("…", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
