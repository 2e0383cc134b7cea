//! Where an article says what was looked for, in its own text.
//!
//! Decided on the article and not on the index, by the same words: so it is also the plainest statement of what the index
//! must find, and a test holds the two against each other.

use super::{
    schema::{paragraphs, positioned},
    translate::Sought,
    words::{Shape, Stems, Token},
};
use crate::{
    article::Article,
    query::{Leaf, Text, TextField},
};
use serde::Serialize;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

/// The passages that are shown of one article.
const PASSAGES: usize = 3;
/// In bytes: a longer paragraph is shown in part, with so much before the first match.
const PASSAGE: usize = 280;
const BEFORE: usize = 80;

/// A passage of the article: `start` and `end` are UTF-8 bytes of that paragraph of that field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Highlight {
    /// `headline`, `deck`, `body`, `author`.
    pub field: &'static str,
    pub paragraph: u32,
    pub start: u32,
    pub end: u32,
    pub text: String,
    /// Within the paragraph, as `start` and `end` are.
    pub matches: Vec<MatchSpan>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct MatchSpan {
    pub start: u32,
    pub end: u32,
}

/// The passages that say most of what was looked for, in the order of the article.
pub fn highlights(text: &Text, article: &Article) -> Vec<Highlight> {
    let leaves = text.wanted();
    let mut passages: Vec<(usize, Highlight)> = Vec::new();
    for field in TextField::ALL {
        let read = Read::of(article, field);
        let found: Vec<Vec<Range<usize>>> = leaves.iter().map(|it| read.occurrences(it)).collect();
        for (number, paragraph) in paragraphs(article, field).enumerate() {
            let here = |it: &&Range<usize>| read.tokens[it.start].0 == number;
            let said = found.iter().filter(|it| it.iter().any(|it| here(&it))).count();
            let spans = found.iter().flatten().filter(here);
            let mut spans: Vec<Range<usize>> =
                spans.map(|it| read.tokens[it.start].1.start..read.tokens[it.end - 1].1.end).collect();
            spans.sort_by_key(|it| (it.start, it.end));
            if !spans.is_empty() {
                passages.push((said, passage(field, number, paragraph, &joined(spans))));
            }
        }
    }
    let mut best: Vec<usize> = (0..passages.len()).collect();
    best.sort_by_key(|it| (std::cmp::Reverse(passages[*it].0), *it));
    best.truncate(PASSAGES);
    best.sort_unstable();
    best.into_iter().map(|it| passages[it].1.clone()).collect()
}

/// Whether an article says it.
pub fn says(text: &Text, article: &Article) -> bool {
    match text {
        Text::All(parts) => parts.iter().all(|it| says(it, article)),
        Text::Any(parts) => parts.iter().any(|it| says(it, article)),
        Text::Not(inner) => !says(inner, article),
        Text::Leaf(leaf) => leaf.fields().iter().any(|it| !Read::of(article, *it).occurrences(leaf).is_empty()),
    }
}

/// The tokens of one field, each with its paragraph.
struct Read {
    field: TextField,
    stems: Stems,
    tokens: Vec<(usize, Token)>,
}

impl Read {
    fn of(article: &Article, field: TextField) -> Self {
        let mut tokens_of = positioned();
        let paragraphs = paragraphs(article, field).enumerate();
        let tokens = paragraphs.flat_map(|(number, it)| tokens_of(it).into_iter().map(move |it| (number, it)));
        Self { field, stems: Stems::of(article.facts.language.as_deref()), tokens: tokens.collect() }
    }

    /// The ranges of tokens that a leaf is said by.
    fn occurrences(&self, leaf: &Leaf) -> Vec<Range<usize>> {
        if !leaf.fields().contains(&self.field) {
            return Vec::new();
        }
        match Sought::of(leaf) {
            Sought::Stem(word) if self.field == TextField::Author => self.single(|it| it == word),
            Sought::Stem(word) => {
                let wanted = self.stems.term(&word);
                self.single(|it| self.stems.term(it) == wanted)
            }
            Sought::Tokens { tokens, begun, moves } => self.phrases(&tokens, begun, moves),
        }
    }

    fn single(&self, holds: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
        let is = |it: &Token| it.shape == Shape::Word && holds(&it.folded);
        (0..self.tokens.len()).filter(|it| is(&self.tokens[*it].1)).map(|it| it..it + 1).collect()
    }

    fn phrases(&self, tokens: &[(usize, String)], begun: bool, moves: u32) -> Vec<Range<usize>> {
        let Some(((_, first), rest)) = tokens.split_first() else { return Vec::new() };
        let is = |at: usize, wanted: &str, last: bool| {
            let folded = &self.tokens[at].1.folded;
            if begun && last { folded.starts_with(wanted) } else { folded == wanted }
        };
        let mut found = Vec::new();
        for begin in (0..self.tokens.len()).filter(|it| is(*it, first, rest.is_empty())) {
            let position = self.tokens[begin].1.position;
            let mut ends = vec![begin];
            for (number, (offset, wanted)) in rest.iter().enumerate() {
                let near = |it: &usize| self.tokens[*it].1.position.abs_diff(position + offset) <= moves as usize;
                let around = begin.saturating_sub(moves as usize)..self.tokens.len();
                let behind = around.take_while(|it| self.tokens[*it].1.position <= position + offset + moves as usize);
                ends.extend(behind.filter(near).find(|it| is(*it, wanted, number + 1 == rest.len())));
            }
            if ends.len() == tokens.len() {
                let (low, high) = (ends.iter().min().copied(), ends.iter().max().copied());
                found.extend(low.zip(high).map(|(low, high)| low..high + 1));
            }
        }
        found
    }
}

/// Overlapping spans as one.
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

/// The stretch of a paragraph around the first match, cut between words.
fn passage(field: TextField, number: usize, paragraph: &str, spans: &[Range<usize>]) -> Highlight {
    let first = spans.first().map_or(0, |it| it.start);
    let edges: Vec<usize> = paragraph.split_word_bound_indices().map(|it| it.0).chain([paragraph.len()]).collect();
    let begin = if paragraph.len() <= PASSAGE { 0 } else { first.saturating_sub(BEFORE) };
    let begin = edges.iter().copied().find(|it| *it >= begin && *it <= first).unwrap_or(first);
    let end = edges.iter().copied().take_while(|it| *it <= begin + PASSAGE).last().unwrap_or(paragraph.len());
    let end = end.max(spans.first().map_or(0, |it| it.end));
    let shown = &paragraph[begin..end];
    let begin = begin + shown.len() - shown.trim_start().len();
    let text = shown.trim().to_owned();
    let byte = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    let within = spans.iter().filter(|it| it.start >= begin && it.end <= begin + text.len());
    Highlight {
        field: field.name(),
        paragraph: byte(number),
        start: byte(begin),
        end: byte(begin + text.len()),
        matches: within.map(|it| MatchSpan { start: byte(it.start), end: byte(it.end) }).collect(),
        text,
    }
}
