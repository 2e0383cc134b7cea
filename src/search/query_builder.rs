//! Translates filters and text queries into index queries. `query::filter` applies filters to the table; a property
//! test compares the two.
//!
//! Facet values and `has:` are terms. Ranges, and dates that a text mentions, are checked in the columns of the
//! articles that match the terms.

use super::{
    analyzer::{self, Token, WordShape},
    schema::FIELDS,
    segment::Segment,
};
use crate::{
    article::{Has, Instant},
    query::{Filter, Leaf, QueryField, Range, TermForm, TextQuery},
};
use std::{collections::HashSet, ops::Bound};
use tantivy::{
    DocId, Term,
    columnar::{Column, StrColumn},
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhrasePrefixQuery, PhraseQuery, Query, RangeQuery,
        TermQuery,
    },
    schema::{Field, IndexRecordOption},
};

/// Relevance boosts of words in the headline and in the deck.
const HEADLINE: f32 = 3.0;
const DECK: f32 = 1.5;

type Clauses = Vec<(Occur, Box<dyn Query>)>;

/// Builds the query for a filter and a text query. `languages`: those of the indexed articles.
pub fn query(filter: &Filter, text: Option<&TextQuery>, languages: &HashSet<String>) -> Box<dyn Query> {
    let mut clauses: Clauses = Vec::new();
    for clause in &filter.clauses {
        let values = clause.facet_values().map(|value| code(&value.to_string()));
        clauses.push((occur(clause.negated), either(values.collect())));
    }
    for (has, wanted) in &filter.has {
        clauses.push((occur(!wanted), code(&format!("has:{}", has.name()))));
    }
    if !filter.published.is_open() {
        clauses.push((Occur::Must, code(&format!("has:{}", Has::Published.name()))));
    }
    // Only the text query counts for relevance.
    let mut clauses: Clauses =
        clauses.into_iter().map(|(occur, clause)| (occur, Box::new(ConstScoreQuery::new(clause, 0.0)) as _)).collect();
    clauses.extend(text.map(|text| (Occur::Must, text_clause(text, languages))));
    if !clauses.iter().any(|clause| clause.0 == Occur::Must) {
        clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0))));
    }
    Box::new(BooleanQuery::new(clauses))
}

fn occur(negated: bool) -> Occur {
    if negated { Occur::MustNot } else { Occur::Must }
}

fn code(code: &str) -> Box<dyn Query> {
    term(FIELDS.codes, code, IndexRecordOption::Basic)
}

fn term(field: Field, text: &str, record: IndexRecordOption) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), record))
}

fn either(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    if queries.len() == 1 { queries.remove(0) } else { Box::new(BooleanQuery::union(queries)) }
}

fn text_clause(text: &TextQuery, languages: &HashSet<String>) -> Box<dyn Query> {
    let inner_clause = |inner: &TextQuery| text_clause(inner, languages);
    match text {
        TextQuery::All(parts) => {
            let mut clauses: Clauses = Vec::with_capacity(parts.len());
            for part in parts {
                clauses.push(match part {
                    TextQuery::Not(inner) => (Occur::MustNot, inner_clause(inner)),
                    other => (Occur::Must, inner_clause(other)),
                });
            }
            if !clauses.iter().any(|clause| clause.0 == Occur::Must) {
                clauses.push((Occur::Must, Box::new(AllQuery)));
            }
            Box::new(BooleanQuery::new(clauses))
        }
        TextQuery::Any(parts) => either(parts.iter().map(inner_clause).collect()),
        TextQuery::Not(inner) => {
            Box::new(BooleanQuery::new(vec![(Occur::Must, Box::new(AllQuery)), (Occur::MustNot, inner_clause(inner))]))
        }
        TextQuery::Leaf(leaf) => {
            either(leaf.fields().iter().map(|field| boosted(*field, within(leaf, *field, languages))).collect())
        }
    }
}

fn boosted(field: QueryField, query: Box<dyn Query>) -> Box<dyn Query> {
    match field {
        QueryField::Headline => Box::new(BoostQuery::new(query, HEADLINE)),
        QueryField::Deck => Box::new(BoostQuery::new(query, DECK)),
        QueryField::Body | QueryField::Author => query,
    }
}

/// A leaf of a text query in the tokens that texts are indexed by.
pub enum Sought {
    /// A word in any of its forms.
    Stem(String),
    /// Tokens as written, each with its offset from the first. `begun`: the last one is a prefix. `moves`: the slop.
    Tokens { tokens: Vec<(usize, String)>, begun: bool, moves: u32 },
}

impl Sought {
    pub fn of(leaf: &Leaf) -> Self {
        let mut tokens: Vec<Token> = analyzer::tokens(&leaf.text);
        // The text may continue after these characters, where the query ends.
        if tokens.len() > 1
            && tokens.last().is_some_and(|token| token.shape == WordShape::Last)
            && ends_in_pair(&tokens)
        {
            tokens.pop();
        }
        let alone = tokens.len() == 1 && tokens[0].shape == WordShape::Word;
        if alone && leaf.form == TermForm::Word {
            return Self::Stem(tokens.remove(0).folded);
        }
        let lone = tokens.last().is_some_and(|token| token.shape == WordShape::Last);
        let begun =
            lone || leaf.form == TermForm::Prefix && tokens.last().is_some_and(|token| token.shape == WordShape::Word);
        let first = tokens.first().map_or(0, |token| token.position);
        let moves = if let TermForm::Phrase(moves) = leaf.form { moves } else { 0 };
        Self::Tokens {
            tokens: tokens.into_iter().map(|token| (token.position - first, token.folded)).collect(),
            begun,
            moves,
        }
    }
}

fn ends_in_pair(tokens: &[Token]) -> bool {
    let [.., before, last] = tokens else { return false };
    before.shape == WordShape::Pair && before.end == last.end
}

fn within(leaf: &Leaf, field: QueryField, languages: &HashSet<String>) -> Box<dyn Query> {
    let (words, stems) = (FIELDS.words(field), FIELDS.stems(field));
    match (Sought::of(leaf), stems) {
        (Sought::Stem(word), Some(stems)) => {
            let terms = analyzer::terms(&word, languages);
            let any = either(terms.iter().map(|stem| term(stems, stem, IndexRecordOption::Basic)).collect());
            // Any form of the word matches; the form as written, and its frequency, add relevance.
            let written = term(words, &word, IndexRecordOption::WithFreqs);
            Box::new(BooleanQuery::new(vec![(Occur::Must, any), (Occur::Should, written)]))
        }
        (Sought::Stem(word), None) => term(words, &word, IndexRecordOption::WithFreqs),
        (Sought::Tokens { tokens, begun, moves }, _) => phrase(words, tokens, begun, moves),
    }
}

fn phrase(field: Field, mut tokens: Vec<(usize, String)>, begun: bool, moves: u32) -> Box<dyn Query> {
    if tokens.len() == 1 {
        let (_, text) = tokens.remove(0);
        return if begun { prefix(field, &text) } else { term(field, &text, IndexRecordOption::WithFreqs) };
    }
    let terms = tokens.into_iter().map(|(at, text)| (at, Term::from_field_text(field, &text)));
    if begun {
        let mut query = PhrasePrefixQuery::new_with_offset(terms.collect());
        // No limit: it would miss articles whose word comes late in the alphabet.
        query.set_max_expansions(u32::MAX);
        return Box::new(query);
    }
    Box::new(PhraseQuery::new_with_offset_and_slop(terms.collect(), moves))
}

fn prefix(field: Field, text: &str) -> Box<dyn Query> {
    let end = format!("{text}{}", char::MAX);
    Box::new(RangeQuery::new(
        Bound::Included(Term::from_field_text(field, text)),
        Bound::Excluded(Term::from_field_text(field, &end)),
    ))
}

/// The conditions of a filter on the columns of one segment.
pub struct Columns<'a> {
    ranges: Vec<(Range, &'a Column<i64>)>,
    /// Whether each date overlaps the filter, by its ordinal; and the column of dates.
    mentions: Option<(Vec<bool>, Option<&'a StrColumn>)>,
}

impl<'a> Columns<'a> {
    pub fn of(filter: &Filter, segment: &'a Segment) -> tantivy::Result<Self> {
        let mut ranges = Vec::new();
        if !filter.published.is_open() {
            ranges.push((filter.published, segment.listed()?));
        }
        if !filter.changed.is_open() {
            ranges.push((filter.changed, segment.changed()?));
        }
        let mentions = if filter.mentions.is_open() { None } else { Some(overlapping(filter, segment)?) };
        Ok(Self { ranges, mentions })
    }

    pub fn hold(&self, doc: DocId) -> bool {
        self.ranges.iter().all(|(range, column)| column.first(doc).is_some_and(|time| contains(*range, time)))
            && self.mentions.as_ref().is_none_or(|(overlap, column)| {
                let mut dates = column.iter().flat_map(|column| column.term_ords(doc));
                dates.any(|date| usize::try_from(date).is_ok_and(|ordinal| overlap.get(ordinal) == Some(&true)))
            })
    }
}

fn overlapping<'a>(filter: &Filter, segment: &'a Segment) -> tantivy::Result<(Vec<bool>, Option<&'a StrColumn>)> {
    let Some(column) = segment.mentions()? else { return Ok((Vec::new(), None)) };
    let mut dates = column.dictionary().stream()?;
    let mut overlap = Vec::with_capacity(column.dictionary().num_terms());
    while dates.advance() {
        overlap.push(str::from_utf8(dates.key()).is_ok_and(|date| filter.mentions_overlap(date)));
    }
    Ok((overlap, Some(column)))
}

fn contains(range: Range, milliseconds: i64) -> bool {
    let at = |instant: Instant| instant.timestamp().as_millisecond();
    range.from.is_none_or(|from| at(from) <= milliseconds) && range.to.is_none_or(|to| milliseconds < at(to))
}
