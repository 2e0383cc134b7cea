//! The length of a text, in words and in reading time.

use unicode_segmentation::UnicodeSegmentation;

/// Silent reading of English non-fiction: M. Brysbaert, "How many words do we read per minute?", 2019.
const WORDS_A_MINUTE: u32 = 238;
/// Chinese characters, each a word here: S. Trauzettel-Klosinski and K. Dietz, "Standardized assessment of reading
/// performance", 2012.
const CHARACTERS_A_MINUTE: u32 = 255;

/// Counts words by Unicode's rules (UAX 29), where an ideograph is one word.
pub fn words(paragraphs: &[String]) -> u32 {
    let words: usize = paragraphs.iter().map(|paragraph| paragraph.unicode_words().count()).sum();
    u32::try_from(words).unwrap_or(u32::MAX)
}

pub fn reading_seconds(words: u32, script: Option<&str>) -> u32 {
    let a_minute =
        if matches!(script, Some("Hans" | "Hant" | "Hani" | "Jpan")) { CHARACTERS_A_MINUTE } else { WORDS_A_MINUTE };
    u32::try_from(u64::from(words) * 60 / u64::from(a_minute)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_and_timed() {
        let words_of = |text: &str| words(&[text.to_owned()]);
        assert_eq!(words_of("The ferry's 7.5-metre ramp broke."), 6);
        assert_eq!(words_of("渡轮停运"), 4);
        assert_eq!(reading_seconds(238, Some("Latn")), 60);
        assert_eq!(reading_seconds(255, Some("Hani")), 60);
    }
}
