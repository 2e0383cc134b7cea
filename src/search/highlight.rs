//! Highlights: the passages of an article that match a text query.
//!
//! Matches are found in the article, not in the index, with the same tokens. So this module is also the simplest
//! definition of what the index must find, and a test compares the two.

use super::{
    analyzer::{Stems, Token, WordShape},
    query_builder::Sought,
    schema::{paragraphs, positioned},
};
use crate::{
    article::Article,
    query::{Leaf, QueryField, TextQuery},
};
use serde::Serialize;
use std::ops::Range;
use strum::VariantArray;
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

/// Maximum passages for one article.
const PASSAGES: usize = 3;
/// Maximum bytes of a passage; only part of a longer paragraph is shown.
const PASSAGE: usize = 280;
/// Maximum bytes before the first match in a part of a paragraph.
const BEFORE: usize = 80;

/// A passage of the article: `start` and `end` are UTF-8 byte offsets in that paragraph of that field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Highlight {
    /// `headline`, `deck`, `body`, `author`.
    pub field: &'static str,
    pub paragraph: u32,
    pub start: u32,
    pub end: u32,
    pub text: String,
    /// Byte offsets in the paragraph, like `start` and `end`.
    pub matches: Vec<MatchSpan>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct MatchSpan {
    pub start: u32,
    pub end: u32,
}

/// Returns the passages that match the most terms of the query, in the order of the article.
pub fn highlights(text: &TextQuery, article: &Article) -> Vec<Highlight> {
    let leaves = text.wanted();
    let mut passages: Vec<(usize, Highlight)> = Vec::new();
    for field in QueryField::VARIANTS.iter().copied() {
        let read = FieldTokens::of(article, field);
        let found: Vec<Vec<Range<usize>>> = leaves.iter().map(|leaf| read.occurrences(leaf)).collect();
        for (number, paragraph) in paragraphs(article, field).enumerate() {
            let here = |span: &&Range<usize>| read.tokens[span.start].0 == number;
            let matched = found.iter().filter(|ranges| ranges.iter().any(|range| here(&range))).count();
            let spans = found.iter().flatten().filter(here);
            let mut spans: Vec<Range<usize>> =
                spans.map(|span| read.tokens[span.start].1.start..read.tokens[span.end - 1].1.end).collect();
            spans.sort_by_key(|span| (span.start, span.end));
            if !spans.is_empty() {
                passages.push((matched, passage(field, number, paragraph, &joined(spans))));
            }
        }
    }
    let mut best: Vec<usize> = (0..passages.len()).collect();
    best.sort_by_key(|index| (std::cmp::Reverse(passages[*index].0), *index));
    best.truncate(PASSAGES);
    best.sort_unstable();
    best.into_iter().map(|index| passages[index].1.clone()).collect()
}

/// Whether an article matches a text query.
pub fn says(text: &TextQuery, article: &Article) -> bool {
    match text {
        TextQuery::All(segments) => segments.iter().all(|segment| says(segment, article)),
        TextQuery::Any(segments) => segments.iter().any(|segment| says(segment, article)),
        TextQuery::Not(inner) => !says(inner, article),
        TextQuery::Leaf(leaf) => {
            leaf.fields().iter().any(|field| !FieldTokens::of(article, *field).occurrences(leaf).is_empty())
        }
    }
}

/// The tokens of one field, each with its paragraph.
struct FieldTokens {
    field: QueryField,
    stems: Stems,
    tokens: Vec<(usize, Token)>,
}

impl FieldTokens {
    fn of(article: &Article, field: QueryField) -> Self {
        let mut tokens_of = positioned();
        let paragraphs = paragraphs(article, field).enumerate();
        let tokens = paragraphs
            .flat_map(|(number, paragraph)| tokens_of(paragraph).into_iter().map(move |token| (number, token)));
        Self { field, stems: Stems::of(article.facts.language.as_deref()), tokens: tokens.collect() }
    }

    /// Returns the ranges of tokens that match a leaf.
    fn occurrences(&self, leaf: &Leaf) -> Vec<Range<usize>> {
        if !leaf.fields().contains(&self.field) {
            return Vec::new();
        }
        match Sought::of(leaf) {
            Sought::Stem(word) if self.field == QueryField::Author => self.single(|folded| folded == word),
            Sought::Stem(word) => {
                let wanted = self.stems.term(&word);
                self.single(|folded| self.stems.term(folded) == wanted)
            }
            Sought::Tokens { tokens, begun, moves } => self.phrases(&tokens, begun, moves),
        }
    }

    fn single(&self, matches: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
        let is_match = |token: &Token| token.shape == WordShape::Word && matches(&token.folded);
        (0..self.tokens.len()).filter(|index| is_match(&self.tokens[*index].1)).map(|index| index..index + 1).collect()
    }

    fn phrases(&self, tokens: &[(usize, String)], begun: bool, moves: u32) -> Vec<Range<usize>> {
        let Some(((_, first), rest)) = tokens.split_first() else { return Vec::new() };
        let is_match = |at: usize, wanted: &str, last: bool| {
            let folded = &self.tokens[at].1.folded;
            if begun && last { folded.starts_with(wanted) } else { folded == wanted }
        };
        let mut found = Vec::new();
        for begin in (0..self.tokens.len()).filter(|index| is_match(*index, first, rest.is_empty())) {
            let position = self.tokens[begin].1.position;
            let mut ends = vec![begin];
            for (number, (offset, wanted)) in rest.iter().enumerate() {
                let near = |index: &usize| self.tokens[*index].1.position.abs_diff(position + offset) <= moves as usize;
                let around = begin.saturating_sub(moves as usize)..self.tokens.len();
                let within =
                    around.take_while(|index| self.tokens[*index].1.position <= position + offset + moves as usize);
                ends.extend(within.filter(near).find(|index| is_match(*index, wanted, number + 1 == rest.len())));
            }
            if ends.len() == tokens.len() {
                let (low, high) = (ends.iter().min().copied(), ends.iter().max().copied());
                found.extend(low.zip(high).map(|(low, high)| low..high + 1));
            }
        }
        found
    }
}

/// Merges overlapping spans.
fn joined(spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// Returns the part of a paragraph around the first match, cut between words.
fn passage(field: QueryField, number: usize, paragraph: &str, spans: &[Range<usize>]) -> Highlight {
    let first = spans.first().map_or(0, |span| span.start);
    let edges: Vec<usize> =
        paragraph.split_word_bound_indices().map(|index| index.0).chain([paragraph.len()]).collect();
    let begin = if paragraph.len() <= PASSAGE { 0 } else { first.saturating_sub(BEFORE) };
    let begin = edges.iter().copied().find(|edge| *edge >= begin && *edge <= first).unwrap_or(first);
    let end = edges.iter().copied().take_while(|edge| *edge <= begin + PASSAGE).last().unwrap_or(paragraph.len());
    let end = end.max(spans.first().map_or(0, |span| span.end));
    let shown = &paragraph[begin..end];
    let begin = begin + shown.len() - shown.trim_start().len();
    let text = shown.trim().to_owned();
    let byte = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let within = spans.iter().filter(|span| span.start >= begin && span.end <= begin + text.len());
    Highlight {
        field: field.name(),
        paragraph: byte(number),
        start: byte(begin),
        end: byte(begin + text.len()),
        matches: within.map(|span| MatchSpan { start: byte(span.start), end: byte(span.end) }).collect(),
        text,
    }
}
