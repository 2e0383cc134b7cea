//! The lead as a summary: the story's first sentences, word for word, and not one of ours.

use super::{
    passage::{Field, Passage},
    sentences::sentences,
};
use crate::article::TextSpan;

/// Sentences are added as long as the summary stays within this; the first one may be longer, up to the limit.
const CHARS: usize = 200;
const CHARS_MAX: usize = 600;

/// The sentences, in order, and where they stand.
pub fn lead(passages: &[Passage<'_>]) -> Option<(String, Vec<TextSpan>)> {
    let mut summary = String::new();
    let mut spans = Vec::new();
    let mut length = 0;
    for passage in passages.iter().filter(|it| it.field == Field::Body) {
        for sentence in sentences(passage.text) {
            let text = &passage.text[sentence.clone()];
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
            spans.push(passage.at(&sentence));
        }
    }
    (!spans.is_empty()).then_some((summary, spans))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead_of(paragraphs: &[&str]) -> Option<String> {
        let passages = paragraphs.iter().enumerate();
        let passages: Vec<_> = passages.map(|(paragraph, text)| Passage::new(Field::Body, paragraph, text)).collect();
        lead(&passages).map(|it| it.0)
    }

    #[test]
    fn the_lead_is_whole_sentences() {
        let long = "A sentence of the story that goes on for a while. ".repeat(8);
        assert_eq!(
            lead_of(&["The pier closed. It rots.", "Nobody minds."]).as_deref(),
            Some("The pier closed. It rots. Nobody minds.")
        );
        assert_eq!(lead_of(&["The pier closed.", &long]).map(|it| it.matches('.').count()), Some(4));
        assert_eq!(lead_of(&[&"word ".repeat(200)]), None, "a sentence that is too long is not cut");
        assert_eq!(lead_of(&[]), None);
    }
}
