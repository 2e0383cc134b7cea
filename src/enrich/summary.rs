//! The lead as a summary: the body's first sentences, verbatim; no text is generated.

use super::{
    sentences::sentences,
    text_fields::{Field, TextField},
};
use crate::article::TextSpan;

/// Sentences are added while the summary stays below `CHARS`; the first one may be longer, up to `CHARS_MAX`.
const CHARS: usize = 200;
const CHARS_MAX: usize = 600;

/// Returns the summary and the spans of its sentences, in order.
pub fn lead(text_fields: &[TextField<'_>]) -> Option<(String, Vec<TextSpan>)> {
    let mut summary = String::new();
    let mut spans = Vec::new();
    let mut length = 0;
    for field in text_fields.iter().filter(|text_field| text_field.field == Field::Body) {
        for sentence in sentences(field.text) {
            let text = &field.text[sentence.clone()];
            let chars = text.chars().count();
            let fits = if spans.is_empty() { chars <= CHARS_MAX } else { length + chars < CHARS };
            if !fits {
                return (!spans.is_empty()).then_some((summary, spans));
            }
            if !spans.is_empty() {
                summary.push(' ');
            }
            summary.push_str(text);
            length += chars + 1;
            spans.push(field.at(&sentence));
        }
    }
    (!spans.is_empty()).then_some((summary, spans))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead_of(paragraphs: &[&str]) -> Option<String> {
        let text_fields = paragraphs.iter().enumerate();
        let text_fields: Vec<_> =
            text_fields.map(|(paragraph, text)| TextField::new(Field::Body, paragraph, text)).collect();
        lead(&text_fields).map(|lead| lead.0)
    }

    #[test]
    fn the_lead_consists_of_whole_sentences() {
        let long = "A sentence of the story that goes on for a while. ".repeat(8);
        assert_eq!(
            lead_of(&["The pier closed. It rots.", "Nobody minds."]).as_deref(),
            Some("The pier closed. It rots. Nobody minds.")
        );
        assert_eq!(lead_of(&["The pier closed.", &long]).map(|lead| lead.matches('.').count()), Some(4));
        assert_eq!(lead_of(&[&"word ".repeat(200)]), None, "a sentence that is too long is not cut");
        assert_eq!(lead_of(&[]), None);
    }
}
