//! Sentence segmentation. Unicode's boundaries (UAX 29) ignore abbreviations, so splits after one are undone.

use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Abbreviations that do not end a sentence, in lower case without the full stop: titles, months, units and the like in
/// English, French, German and Spanish, as the style books of agencies print them.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "sen", "rep", "gov", "gen", "col", "lt", "sgt", "capt", "maj", "cmdr", "adm",
    "rev", "hon", "st", "jr", "sr", "no", "vs", "inc", "ltd", "corp", "co", "bros", "jan", "feb", "mar", "apr", "jun",
    "jul", "aug", "sept", "sep", "oct", "nov", "dec", "ave", "blvd", "dept", "est", "approx", "art", "fig", "vol",
    "pp", "ca", "bzw", "nr", "str", "tel", "mio", "mrd", "mme", "mlle", "mm", "sra", "sr", "srta", "ud", "núm", "rs",
    "u.s", "u.k", "u.n", "e.g", "i.e", "a.m", "p.m", "d.c", "z.b", "d.h",
];

pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences: Vec<Range<usize>> = Vec::new();
    for (start, part) in text.split_sentence_bound_indices() {
        let end = start + part.len();
        match sentences.last_mut() {
            Some(last) if continues(&text[last.clone()], part) => last.end = end,
            _ => sentences.push(start..end),
        }
    }
    for sentence in &mut sentences {
        sentence.end = sentence.start + text[sentence.clone()].trim_end().len();
    }
    sentences.retain(|sentence| sentence.start < sentence.end);
    sentences
}

/// Whether a text ends with sentence-final punctuation, ignoring closing quotes and brackets after it.
pub fn ends_as_sentence(text: &str) -> bool {
    text.trim_end().trim_end_matches(['"', '”', '“', '’', ')', '»']).ends_with(['.', '!', '?', '…', '۔', '。'])
}

fn continues(before: &str, next: &str) -> bool {
    let before = before.trim_end();
    let Some(word) = before.strip_suffix('.').and_then(|rest| rest.split_whitespace().next_back()) else {
        return false;
    };
    let word = word.trim_start_matches(['(', '"', '“', '«', '[']).to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let small = next.trim_start().chars().next().is_some_and(char::is_lowercase);
    initial || small || ABBREVIATIONS.contains(&word.as_str()) && next.trim_start().starts_with(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_do_not_end_a_sentence() {
        for (text, expected) in [
            (
                "Mr. Sá left. He came back at 9 p.m. on Monday.",
                vec!["Mr. Sá left.", "He came back at 9 p.m. on Monday."],
            ),
            ("The U.S. Army said so. J. R. Ewing did not.", vec!["The U.S. Army said so.", "J. R. Ewing did not."]),
            ("市政府宣布了。新线路明年开通。", vec!["市政府宣布了。", "新线路明年开通。"]),
            ("حکومت نے فیصلہ کیا ہے۔ اسکول بند ہیں۔", vec!["حکومت نے فیصلہ کیا ہے۔", "اسکول بند ہیں۔"]),
            ("", vec![]),
        ] {
            let found: Vec<&str> = sentences(text).into_iter().map(|sentence| &text[sentence]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
