//! Prose is recognised by its form: complete sentences of some length.

use super::{
    boilerplate::ends_as_sentence,
    publisher::{copyright, tagline},
};
use crate::enrich::dateline;

/// Minimum weight of prose: of a line that ends like a sentence, of any line, of a quotation or a line with a dateline.
/// An ideograph counts as two and a half letters, about the length of a translation.
const SENTENCE: usize = 50;
const LINE: usize = 150;
const QUOTE: usize = 25;

pub fn is_prose(text: &str) -> bool {
    let length = weight(text);
    let quoted = text.starts_with(['"', '“', '«', '„', '「', '‘']);
    let long = length >= LINE || ends_as_sentence(text) && (length >= SENTENCE || quoted && length >= QUOTE);
    (long || length >= QUOTE && dateline::find(text).is_some())
        && !is_credit(text)
        && tagline(text).is_none()
        && copyright(text).is_none()
}

pub fn weight(text: &str) -> usize {
    let ideographs =
        text.chars().filter(|character| matches!(character, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')).count();
    text.chars().count() + ideographs * 3 / 2
}

/// Whether a line credits a contributor: `… contributed to this report.`
pub fn is_credit(text: &str) -> bool {
    const CREDITS: [&str; 2] = ["contributed to this report.", "contributed reporting."];
    let ends = |credit: &&str| {
        let start = text.len().checked_sub(credit.len());
        start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(credit))
    };
    CREDITS.iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_recognised_by_length_and_sentence_end() {
        for (text, expected) in [
            ("The barge left its course on the evening of 3 March when the water was low.", true),
            ("\"We have baked bread through all of this.\"", true),
            ("成都地铁周一起在2号线和7号线试行静音车厢。每列车的第一节为静音车厢。", true),
            ("Bridge at Braila closes for inspection", false),
            ("Subscribe now.", false),
            ("Coastline Gazette is an independent news website that reports on the cities of Sindh.", false),
            ("Danylo Kravets in Lviv contributed to this report.", false),
        ] {
            assert_eq!(is_prose(text), expected, "{text}");
        }
    }
}
