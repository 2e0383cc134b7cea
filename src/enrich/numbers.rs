//! Parses printed numbers: separators by language, digits of several scripts, magnitude words.

use std::ops::Range;

/// Languages with a decimal comma (Unicode CLDR, `numbers/symbols/decimal`), among those that are distinguished.
const DECIMAL_COMMA: &[&str] = &[
    "fr", "de", "es", "it", "pt", "nl", "ru", "uk", "pl", "tr", "cs", "sk", "da", "sv", "nb", "fi", "ro", "hu", "bg",
    "el", "hr", "sl", "sr", "lt", "lv", "et", "id", "vi", "ca",
];

/// Magnitude words after a number, their factors, and the languages that they are limited to (empty: any language).
/// Sources: CLDR, `numbers/decimalFormats/long`; South Asian usage for lakh, crore and similar words.
const MAGNITUDES: &[(&str, f64, &[&str])] = &[
    ("trillion", 1e12, &["en"]),
    ("trillions", 1e12, &["en"]),
    ("trn", 1e12, &[]),
    ("tn", 1e12, &["en"]),
    ("billion", 1e9, &["en"]),
    ("billions", 1e9, &["en"]),
    ("billion", 1e12, &["fr", "de", "nl"]),
    ("billionen", 1e12, &[]),
    ("bn", 1e9, &[]),
    ("b", 1e9, &["en"]),
    ("million", 1e6, &[]),
    ("millions", 1e6, &[]),
    ("mn", 1e6, &[]),
    ("mln", 1e6, &[]),
    ("m", 1e6, &["en"]),
    ("thousand", 1e3, &[]),
    ("k", 1e3, &["en"]),
    ("hundred", 1e2, &[]),
    ("lakh", 1e5, &[]),
    ("lakhs", 1e5, &[]),
    ("crore", 1e7, &[]),
    ("crores", 1e7, &[]),
    ("milliards", 1e9, &[]),
    ("milliard", 1e9, &[]),
    ("mds", 1e9, &["fr"]),
    ("mille", 1e3, &["fr"]),
    ("milliarden", 1e9, &[]),
    ("milliarde", 1e9, &[]),
    ("mrd.", 1e9, &[]),
    ("mrd", 1e9, &[]),
    ("millionen", 1e6, &[]),
    ("mio.", 1e6, &[]),
    ("mio", 1e6, &[]),
    ("tausend", 1e3, &[]),
    ("mil millones", 1e9, &[]),
    ("mil milhões", 1e9, &[]),
    ("millones", 1e6, &[]),
    ("millón", 1e6, &[]),
    ("mil", 1e3, &["es", "pt"]),
    ("miliardi", 1e9, &[]),
    ("miliardo", 1e9, &[]),
    ("milioni", 1e6, &[]),
    ("milione", 1e6, &[]),
    ("bilhões", 1e9, &[]),
    ("bilhão", 1e9, &[]),
    ("milhões", 1e6, &[]),
    ("milhão", 1e6, &[]),
    ("miljard", 1e9, &[]),
    ("miljoen", 1e6, &[]),
    ("миллиардов", 1e9, &[]),
    ("миллиарда", 1e9, &[]),
    ("миллиард", 1e9, &[]),
    ("млрд", 1e9, &[]),
    ("миллионов", 1e6, &[]),
    ("миллиона", 1e6, &[]),
    ("миллион", 1e6, &[]),
    ("млн", 1e6, &[]),
    ("тысячи", 1e3, &[]),
    ("тысяч", 1e3, &[]),
    ("тыс.", 1e3, &[]),
    ("مليار", 1e9, &[]),
    ("مليون", 1e6, &[]),
    ("ملايين", 1e6, &[]),
    ("ألف", 1e3, &[]),
    ("آلاف", 1e3, &[]),
    ("ارب", 1e9, &["ur"]),
    ("کروڑ", 1e7, &[]),
    ("لاکھ", 1e5, &[]),
    ("ہزار", 1e3, &[]),
    ("ملین", 1e6, &[]),
    ("بلین", 1e9, &[]),
    ("अरब", 1e9, &[]),
    ("करोड़", 1e7, &[]),
    ("लाख", 1e5, &[]),
    ("हज़ार", 1e3, &[]),
    ("万亿", 1e12, &[]),
    ("亿", 1e8, &[]),
    ("億", 1e8, &[]),
    ("兆", 1e12, &["ja", "zh"]),
    ("万", 1e4, &[]),
    ("萬", 1e4, &[]),
];

/// Number words, as printed in counts of people.
const WORDS: &[(&str, f64)] = &[
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("deux", 2.0),
    ("trois", 3.0),
    ("quatre", 4.0),
    ("cinq", 5.0),
    ("sept", 7.0),
    ("huit", 8.0),
    ("neuf", 9.0),
    ("dix", 10.0),
    ("dos", 2.0),
    ("tres", 3.0),
    ("cuatro", 4.0),
    ("cinco", 5.0),
    ("seis", 6.0),
    ("siete", 7.0),
    ("ocho", 8.0),
    ("nueve", 9.0),
    ("diez", 10.0),
    ("zwei", 2.0),
    ("drei", 3.0),
    ("vier", 4.0),
    ("fünf", 5.0),
    ("sechs", 6.0),
    ("sieben", 7.0),
    ("acht", 8.0),
    ("neun", 9.0),
    ("zehn", 10.0),
];

#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub value: f64,
    /// UTF-8 bytes of the text, including the magnitude word.
    pub range: Range<usize>,
    /// Whether it has a magnitude word.
    pub scaled: bool,
}

/// Returns the numbers that a text has in digits, in order.
pub fn numbers(text: &str, language: Option<&str>) -> Vec<Number> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(|letter| digit(letter).is_some()).map(|offset| at + offset) {
        let length = digits_and_separators(&text[start..]);
        at = start + length;
        // `A4`, `COVID-19`, `F-16`: digits within a word are not a number.
        let within_word = text[..start]
            .ends_with(|letter: char| letter.is_alphabetic() && !is_ideograph(letter) || letter == '_')
            || text[..start].ends_with('-') && text[..start - 1].ends_with(char::is_alphabetic);
        let Some(value) = value(&text[start..at], language).filter(|_| !within_word) else { continue };
        let (factor, end) = magnitude(text, at, language).unwrap_or((1.0, at));
        let mut number = Number { value: value * factor, range: start..end, scaled: end > at };
        at = end;
        // `4万6584`: what follows an ideograph for a magnitude is added.
        let length = digits_and_separators(&text[at..]);
        if number.scaled
            && text[..at].ends_with(is_ideograph)
            && let Some(rest) =
                self::value(&text[at..at + length], language).filter(|rest| length > 0 && *rest < factor)
        {
            number.value += rest;
            at += length;
            number.range.end = at;
        }
        found.push(number);
    }
    found
}

/// Returns the value of a number word.
pub fn word(text: &str) -> Option<f64> {
    let low = text.to_lowercase();
    WORDS.iter().find(|(word, _)| *word == low).map(|(_, value)| *value)
}

/// Whether a text begins with a whole word, ignoring case. A word that ends in an ideograph or a full stop needs
/// no word boundary after it.
pub fn begins_with(text: &str, word: &str) -> bool {
    let mut letters = text.chars();
    let begins = word.chars().all(|character| letters.next().is_some_and(|found| is_same_letter(found, character)));
    let ends =
        word.ends_with(is_ideograph) || word.ends_with('.') || !letters.next().is_some_and(char::is_alphanumeric);
    begins && ends
}

fn is_same_letter(one: char, other: char) -> bool {
    let either_is_ascii = one.is_ascii() || other.is_ascii();
    one.eq_ignore_ascii_case(&other) || !either_is_ascii && one.to_lowercase().eq(other.to_lowercase())
}

pub fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

/// Returns the bytes of a leading space of any kind, or of the hyphen in `a $5-million plan`.
pub fn gap(text: &str) -> usize {
    let first =
        text.chars().next().filter(|character| matches!(character, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '-'));
    first.map_or(0, char::len_utf8)
}

fn magnitude(text: &str, at: usize, language: Option<&str>) -> Option<(f64, usize)> {
    let start = at + gap(&text[at..]);
    let rest = &text[start..];
    let applies = |row: &&(&str, f64, &[&str])| row.2.is_empty() || language.is_some_and(|code| row.2.contains(&code));
    let row = MAGNITUDES.iter().filter(applies).find(|row| begins_with(rest, row.0))?;
    // A single letter must follow the number directly: `£3m`, not `3 m`.
    if row.0.len() == 1 && start > at {
        return None;
    }
    let length: usize = rest.chars().take(row.0.chars().count()).map(char::len_utf8).sum();
    Some((row.1, start + length))
}

fn digits_and_separators(text: &str) -> usize {
    let mut end = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if digit(letter).is_some() {
            end = at + letter.len_utf8();
            continue;
        }
        let separates = matches!(letter, '.' | ',' | '٫' | '٬' | '\u{a0}' | '\u{202f}' | '’');
        let next_is_digit = letters.peek().is_some_and(|(_, next)| digit(*next).is_some());
        // A space or an apostrophe separates thousands only: exactly three digits follow.
        let blank_fits = !matches!(letter, '\u{a0}' | '\u{202f}' | '’') || {
            let after =
                text[at + letter.len_utf8()..].chars().take_while(|character| digit(*character).is_some()).count();
            after == 3
        };
        if !(separates && next_is_digit && blank_fits) {
            break;
        }
    }
    end
}

fn value(text: &str, language: Option<&str>) -> Option<f64> {
    let decimal_comma = language.is_some_and(|language| DECIMAL_COMMA.contains(&language));
    let mut groups: Vec<(char, String)> = vec![(' ', String::new())];
    for letter in text.chars() {
        match digit(letter) {
            Some(value) => groups.last_mut()?.1.push(char::from_digit(value, 10)?),
            None => groups.push((letter, String::new())),
        }
    }
    let (_, last) = groups.last()?;
    let separators: Vec<char> = groups.iter().skip(1).map(|group| group.0).collect();
    let is_decimal = match separators.as_slice() {
        [] => false,
        ['٫'] => true,
        [only @ ('.' | ',')] => {
            let is_decimal_sign = if decimal_comma { *only == ',' } else { *only == '.' };
            is_decimal_sign || last.len() != 3
        }
        // `1,234.5` and `1.234,5`: the last separator differs from the one before.
        [.., before, end] => before != end && matches!(end, '.' | ',' | '٫'),
        _ => false,
    };
    let (whole, fraction) = if is_decimal { groups.split_at(groups.len() - 1) } else { (groups.as_slice(), &[][..]) };
    let mut digits: String = whole.iter().map(|group| group.1.as_str()).collect();
    if let Some((_, fraction)) = fraction.first() {
        digits.push('.');
        digits.push_str(fraction);
    }
    digits.parse().ok()
}

/// Returns the value of an ASCII, Arabic-Indic, Extended Arabic-Indic, Devanagari or full-width digit.
pub fn digit(letter: char) -> Option<u32> {
    let zeros = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{ff10}'];
    zeros.iter().find_map(|zero| u32::from(letter).checked_sub(u32::from(*zero)).filter(|value| *value < 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_parsed_by_the_conventions_of_their_language() {
        for (text, language, expected) in [
            ("$7 billion", "en", vec![7e9]),
            ("1,312 seals and 4.5 lakh", "en", vec![1312.0, 4.5e5]),
            ("Rs 4,50,000", "en", vec![450_000.0]),
            ("1,2 Mrd", "de", vec![1.2e9]),
            ("1.234,5 und 1.200", "de", vec![1234.5, 1200.0]),
            ("12\u{a0}500 habitants, 3,5 milliards", "fr", vec![12_500.0, 3.5e9]),
            ("5 mil millones", "es", vec![5e9]),
            ("£3m and 3 m deep", "en", vec![3e6, 3.0]),
            ("70亿美元", "zh", vec![7e9]),
            ("٢٫٥ مليون", "ar", vec![2.5e6]),
            ("COVID-19, F-16, A4", "en", vec![]),
            ("in 2013, 2018", "en", vec![2013.0, 2018.0]),
        ] {
            let found: Vec<f64> = numbers(text, Some(language)).into_iter().map(|number| number.value).collect();
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(word("Three"), Some(3.0));
    }
}
