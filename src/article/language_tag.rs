//! Language tags (BCP 47), as documents and sources state them.

use oxilangtag::LanguageTag;

/// Maximum bytes of a language tag: the buffer size that RFC 5646 (4.4.1) advises.
const TAG_BYTES: usize = 35;

/// Whether a text is a well-formed tag whose language is one of ISO 639: two or three letters.
pub fn is_language_tag(text: &str) -> bool {
    text.len() <= TAG_BYTES && LanguageTag::parse(text).is_ok_and(|tag| matches!(tag.primary_language().len(), 2 | 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_languages_with_well_formed_subtags() {
        for tag in ["en", "pt-BR", "zh-Hant-TW", "de-CH-1996", "ast"] {
            assert!(is_language_tag(tag), "{tag}");
        }
        for text in ["", "e", "english", "en_GB", "en--GB", "en-", "x-none", "123", "en-GB-toolongforasubtag"] {
            assert!(!is_language_tag(text), "{text}");
        }
    }
}
