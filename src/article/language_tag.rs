//! Language tags (BCP 47), as documents, sources and queries state them.

use oxilangtag::LanguageTag;

/// Maximum bytes of a language tag: the buffer size that RFC 5646 (4.4.1) advises.
const TAG_BYTES: usize = 35;

/// Languages whose code was replaced (IANA language subtag registry, `Preferred-Value`).
const REPLACED: [(&str, &str); 4] = [("iw", "he"), ("in", "id"), ("ji", "yi"), ("mo", "ro")];

/// Returns a tag in its canonical form, as `pt-BR` for `pt_br`; nothing unless it is well-formed and its language is one
/// of ISO 639: two or three letters.
pub fn canonical_language_tag(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "-");
    let tag = LanguageTag::parse_and_normalize(&text).ok().filter(|_| text.len() <= TAG_BYTES)?;
    let primary = tag.primary_language();
    let replaced = REPLACED.iter().find(|(old, _)| *old == primary).map(|(_, new)| *new);
    let tag = format!("{}{}", replaced.unwrap_or(primary), &tag.as_str()[primary.len()..]);
    matches!(primary.len(), 2 | 3).then_some(tag)
}

/// Returns a tag and the tags that it is a variety of, as basic filtering (RFC 4647, 3.3.1) matches them: `zh`,
/// `zh-Hant`, `zh-Hant-TW`.
pub fn language_ranges(tag: &str) -> impl Iterator<Item = &str> {
    tag.match_indices('-').map(|(end, _)| &tag[..end]).chain([tag])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_canonical_languages_with_well_formed_subtags() {
        for (text, tag) in [
            ("en", "en"),
            ("pt-br", "pt-BR"),
            ("EN_gb", "en-GB"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("de-CH-1996", "de-CH-1996"),
            ("iw-IL", "he-IL"),
            ("ast", "ast"),
        ] {
            assert_eq!(canonical_language_tag(text).as_deref(), Some(tag), "{text}");
        }
        for text in ["", "e", "english", "en--GB", "en-", "x-none", "123", "en-GB-toolongforasubtag"] {
            assert_eq!(canonical_language_tag(text), None, "{text}");
        }
    }

    #[test]
    fn a_variety_is_in_the_range_of_its_language() {
        assert_eq!(language_ranges("zh-Hant-TW").collect::<Vec<_>>(), ["zh", "zh-Hant", "zh-Hant-TW"]);
        assert_eq!(language_ranges("en").collect::<Vec<_>>(), ["en"]);
    }
}
