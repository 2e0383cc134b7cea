//! The words that differ between two revisions.
//!
//! Paragraphs are compared first, then the words of those that stand for one another: word by word over a whole article,
//! a paragraph that was moved would match bits of many others. Texts beyond the limits are shown as replaced whole,
//! because the work grows with the product of their length and their difference.

use crate::article::Article;
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

/// Beyond so many paragraphs, or words of a paragraph, nothing is compared.
const PARAGRAPHS: usize = 2_000;
const WORDS: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    Equal,
    Delete,
    Insert,
}

/// Words with one fate. The texts that are equal or deleted are the earlier text, those equal or inserted the later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Run {
    pub op: Op,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Diff {
    pub headline: Vec<Run>,
    pub deck: Vec<Run>,
    /// One for each paragraph of either revision, in order.
    pub body: Vec<Vec<Run>>,
}

pub fn diff(before: &Article, after: &Article) -> Diff {
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    Diff {
        headline: words(&text(&before.facts.headline), &text(&after.facts.headline)),
        deck: words(&text(&before.facts.deck), &text(&after.facts.deck)),
        body: paragraphs(&before.detail.body, &after.detail.body),
    }
}

fn paragraphs(before: &[String], after: &[String]) -> Vec<Vec<Run>> {
    let whole = |op, texts: &[String]| texts.iter().map(|it| run(op, it)).collect::<Vec<_>>();
    if before.len().max(after.len()) > PARAGRAPHS {
        return [whole(Op::Delete, before), whole(Op::Insert, after)].concat();
    }
    let mut found = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, before, after) {
        let (old, new) = (&before[op.old_range()], &after[op.new_range()]);
        if let DiffOp::Equal { .. } = op {
            found.extend(whole(Op::Equal, old));
            continue;
        }
        // What was replaced is told word by word, paragraph by paragraph, as far as both have one.
        let pairs = old.len().min(new.len());
        found.extend(old.iter().zip(new).map(|(old, new)| words(old, new)));
        found.extend(whole(Op::Delete, &old[pairs..]));
        found.extend(whole(Op::Insert, &new[pairs..]));
    }
    found
}

fn run(op: Op, text: &str) -> Vec<Run> {
    if text.is_empty() { Vec::new() } else { vec![Run { op, text: text.to_owned() }] }
}

/// Words, blanks and marks by Unicode's word boundaries (UAX 29).
fn words(before: &str, after: &str) -> Vec<Run> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_word_bounds().collect(), after.split_word_bounds().collect());
    if old.len().max(new.len()) > WORDS {
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

    fn shown(runs: &[Run]) -> String {
        let mark = |it: &Run| match it.op {
            Op::Equal => it.text.clone(),
            Op::Delete => format!("[-{}-]", it.text),
            Op::Insert => format!("{{+{}+}}", it.text),
        };
        runs.iter().map(mark).collect()
    }

    #[test]
    fn words_differ_and_paragraphs_move() {
        assert_eq!(
            shown(&words("The pier closed on Monday.", "The old pier closed on Friday.")),
            "The {+old +}pier closed on [-Monday-]{+Friday+}."
        );
        let text = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let body = paragraphs(&text(&["One.", "Two.", "Three."]), &text(&["One.", "Three.", "Four."]));
        assert_eq!(body.iter().map(|it| shown(it)).collect::<Vec<_>>(), ["One.", "[-Two.-]", "Three.", "{+Four.+}"]);
    }

    #[test]
    fn beyond_a_limit_texts_are_replaced_whole() {
        let (long, other) = ("a ".repeat(WORDS), "b ".repeat(WORDS));
        assert_eq!(words(&long, &other).iter().map(|it| it.op).collect::<Vec<_>>(), [Op::Delete, Op::Insert]);
        let many = vec!["a".to_owned(); PARAGRAPHS + 1];
        assert_eq!(paragraphs(&many, &[]).len(), PARAGRAPHS + 1);
    }

    proptest! {
        #[test]
        fn both_texts_are_in_their_difference(before in "[ab .]{0,30}", after in "[ab .]{0,30}") {
            let runs = words(&before, &after);
            let without = |op: Op| runs.iter().filter(|it| it.op != op).map(|it| it.text.as_str()).collect::<String>();
            prop_assert_eq!(without(Op::Insert), before);
            prop_assert_eq!(without(Op::Delete), after);
        }
    }
}
