//! The word diff of two revisions.
//!
//! Paragraphs are compared first, then the words of paragraphs that replace each other: in a word diff of a whole
//! article, a moved paragraph would match fragments of many others. Texts beyond the limits are shown as replaced
//! whole, because the work grows with the product of their length and their difference.

use crate::{
    article::Article,
    limits::{DIFF_PARAGRAPHS, DIFF_WORDS},
};
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    Equal,
    Delete,
    Insert,
}

/// Consecutive words with one operation. Equal and deleted runs make up the earlier text, equal and inserted ones the
/// later text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Run {
    pub op: Op,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Diff {
    pub headline: Vec<Run>,
    pub deck: Vec<Run>,
    /// The runs of each paragraph of either revision, in order.
    pub body: Vec<Vec<Run>>,
}

pub fn diff(before: &Article, after: &Article) -> Diff {
    let text = |option: &Option<String>| option.clone().unwrap_or_default();
    Diff {
        headline: words(&text(&before.facts.headline), &text(&after.facts.headline)),
        deck: words(&text(&before.facts.deck), &text(&after.facts.deck)),
        body: paragraphs(&before.detail.body, &after.detail.body),
    }
}

fn paragraphs(before: &[String], after: &[String]) -> Vec<Vec<Run>> {
    let whole = |op, texts: &[String]| texts.iter().map(|text| run(op, text)).collect::<Vec<_>>();
    if before.len().max(after.len()) > DIFF_PARAGRAPHS {
        return [whole(Op::Delete, before), whole(Op::Insert, after)].concat();
    }
    let mut body = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, before, after) {
        let (old, new) = (&before[op.old_range()], &after[op.new_range()]);
        if let DiffOp::Equal { .. } = op {
            body.extend(whole(Op::Equal, old));
            continue;
        }
        // Replaced paragraphs are compared in pairs, word by word; the rest of the longer side has no counterpart.
        let pairs = old.len().min(new.len());
        body.extend(old.iter().zip(new).map(|(old, new)| words(old, new)));
        body.extend(whole(Op::Delete, &old[pairs..]));
        body.extend(whole(Op::Insert, &new[pairs..]));
    }
    body
}

fn run(op: Op, text: &str) -> Vec<Run> {
    if text.is_empty() { Vec::new() } else { vec![Run { op, text: text.to_owned() }] }
}

/// Compares words, whitespace and punctuation, split at Unicode's word boundaries (UAX 29).
fn words(before: &str, after: &str) -> Vec<Run> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_word_bounds().collect(), after.split_word_bounds().collect());
    if old.len().max(new.len()) > DIFF_WORDS {
        return [run(Op::Delete, before), run(Op::Insert, after)].concat();
    }
    let mut runs = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (old, new) = (old[op.old_range()].concat(), new[op.new_range()].concat());
        match op {
            DiffOp::Equal { .. } => runs.extend(run(Op::Equal, &old)),
            _ => runs.extend([run(Op::Delete, &old), run(Op::Insert, &new)].concat()),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rendered(runs: &[Run]) -> String {
        let render = |run: &Run| match run.op {
            Op::Equal => run.text.clone(),
            Op::Delete => format!("[-{}-]", run.text),
            Op::Insert => format!("{{+{}+}}", run.text),
        };
        runs.iter().map(render).collect()
    }

    #[test]
    fn changed_words_and_moved_paragraphs_are_found() {
        assert_eq!(
            rendered(&words("The pier closed on Monday.", "The old pier closed on Friday.")),
            "The {+old +}pier closed on [-Monday-]{+Friday+}."
        );
        let text = |paragraphs: &[&str]| paragraphs.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let body = paragraphs(&text(&["One.", "Two.", "Three."]), &text(&["One.", "Three.", "Four."]));
        assert_eq!(
            body.iter().map(|runs| rendered(runs)).collect::<Vec<_>>(),
            ["One.", "[-Two.-]", "Three.", "{+Four.+}"]
        );
    }

    #[test]
    fn texts_beyond_a_limit_are_replaced_whole() {
        let (long, other) = ("a ".repeat(DIFF_WORDS), "b ".repeat(DIFF_WORDS));
        assert_eq!(words(&long, &other).iter().map(|run| run.op).collect::<Vec<_>>(), [Op::Delete, Op::Insert]);
        let many = vec!["a".to_owned(); DIFF_PARAGRAPHS + 1];
        assert_eq!(paragraphs(&many, &[]).len(), DIFF_PARAGRAPHS + 1);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_rebuilt_from_their_diff(before in "[ab .]{0,30}", after in "[ab .]{0,30}") {
            let runs = words(&before, &after);
            let without = |op: Op| runs.iter().filter(|run| run.op != op).map(|run| run.text.as_str()).collect::<String>();
            prop_assert_eq!(without(Op::Insert), before);
            prop_assert_eq!(without(Op::Delete), after);
        }
    }
}
