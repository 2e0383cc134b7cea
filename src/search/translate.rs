//! What a filter and a text mean to the index. What a filter means to the table is in `query::filter`; a property test
//! holds the two against each other.
//!
//! Facet values and `has:` are terms. Ranges, and the dates that a text speaks of, are read from columns of what is left.

use super::{
    part::Part,
    schema::FIELDS,
    words::{self, Shape, Token},
};
use crate::{
    article::{Has, Instant},
    query::{Filter, Form, Leaf, Range, Text, TextField},
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

/// How much more a word counts in the headline, and in the deck.
const HEADLINE: f32 = 3.0;
const DECK: f32 = 1.5;

type Clauses = Vec<(Occur, Box<dyn Query>)>;

/// `languages`: those that any article is in.
pub fn query(filter: &Filter, text: Option<&Text>, languages: &HashSet<String>) -> Box<dyn Query> {
    let mut clauses: Clauses = Vec::new();
    for clause in &filter.clauses {
        let values = clause.facet_values().map(|it| code(&it.to_string()));
        clauses.push((occur(clause.negated), either(values.collect())));
    }
    for (has, wanted) in &filter.has {
        clauses.push((occur(!wanted), code(&format!("has:{}", has.name()))));
    }
    if !filter.published.is_open() {
        clauses.push((Occur::Must, code(&format!("has:{}", Has::Published.name()))));
    }
    // Only the text counts for relevance.
    let mut clauses: Clauses =
        clauses.into_iter().map(|(occur, it)| (occur, Box::new(ConstScoreQuery::new(it, 0.0)) as _)).collect();
    clauses.extend(text.map(|it| (Occur::Must, said(it, languages))));
    if !clauses.iter().any(|it| it.0 == Occur::Must) {
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

fn said(text: &Text, languages: &HashSet<String>) -> Box<dyn Query> {
    let said = |it: &Text| said(it, languages);
    match text {
        Text::All(parts) => {
            let mut clauses: Clauses = Vec::with_capacity(parts.len());
            for part in parts {
                clauses.push(match part {
                    Text::Not(inner) => (Occur::MustNot, said(inner)),
                    other => (Occur::Must, said(other)),
                });
            }
            if !clauses.iter().any(|it| it.0 == Occur::Must) {
                clauses.push((Occur::Must, Box::new(AllQuery)));
            }
            Box::new(BooleanQuery::new(clauses))
        }
        Text::Any(parts) => either(parts.iter().map(said).collect()),
        Text::Not(inner) => {
            Box::new(BooleanQuery::new(vec![(Occur::Must, Box::new(AllQuery)), (Occur::MustNot, said(inner))]))
        }
        Text::Leaf(leaf) => either(leaf.fields().iter().map(|it| boosted(*it, within(leaf, *it, languages))).collect()),
    }
}

fn boosted(field: TextField, query: Box<dyn Query>) -> Box<dyn Query> {
    match field {
        TextField::Headline => Box::new(BoostQuery::new(query, HEADLINE)),
        TextField::Deck => Box::new(BoostQuery::new(query, DECK)),
        TextField::Body | TextField::Author => query,
    }
}

/// What a leaf comes to in the words that texts are indexed by.
pub enum Sought {
    /// A word in any of its forms.
    Stem(String),
    /// Tokens as written at these distances, the last one perhaps only begun.
    Tokens { tokens: Vec<(usize, String)>, begun: bool, moves: u32 },
}

impl Sought {
    pub fn of(leaf: &Leaf) -> Self {
        let mut tokens: Vec<Token> = words::tokens(&leaf.text);
        // The text that has these characters may go on where the query ends.
        if tokens.len() > 1 && tokens.last().is_some_and(|it| it.shape == Shape::Last) && ends_in_pair(&tokens) {
            tokens.pop();
        }
        let alone = tokens.len() == 1 && tokens[0].shape == Shape::Word;
        if alone && leaf.form == Form::Word {
            return Self::Stem(tokens.remove(0).folded);
        }
        let lone = tokens.last().is_some_and(|it| it.shape == Shape::Last);
        let begun = lone || leaf.form == Form::Prefix && tokens.last().is_some_and(|it| it.shape == Shape::Word);
        let first = tokens.first().map_or(0, |it| it.position);
        let moves = if let Form::Phrase(moves) = leaf.form { moves } else { 0 };
        Self::Tokens { tokens: tokens.into_iter().map(|it| (it.position - first, it.folded)).collect(), begun, moves }
    }
}

fn ends_in_pair(tokens: &[Token]) -> bool {
    let [.., before, last] = tokens else { return false };
    before.shape == Shape::Pair && before.end == last.end
}

fn within(leaf: &Leaf, field: TextField, languages: &HashSet<String>) -> Box<dyn Query> {
    let (words, stems) = (FIELDS.words(field), FIELDS.stems(field));
    match (Sought::of(leaf), stems) {
        (Sought::Stem(word), Some(stems)) => {
            let terms = words::terms(&word, languages);
            let any = either(terms.iter().map(|it| term(stems, it, IndexRecordOption::Basic)).collect());
            // In any of its forms it belongs; as it is written, and the more often it is, it is more relevant.
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
        // All of them: an article that is left out because its word comes late in the alphabet is lost.
        query.set_max_expansions(u32::MAX);
        return Box::new(query);
    }
    Box::new(PhraseQuery::new_with_offset_and_slop(terms.collect(), moves))
}

fn prefix(field: Field, text: &str) -> Box<dyn Query> {
    let behind = format!("{text}{}", char::MAX);
    Box::new(RangeQuery::new(
        Bound::Included(Term::from_field_text(field, text)),
        Bound::Excluded(Term::from_field_text(field, &behind)),
    ))
}

/// What a filter asks of the columns of one part.
pub struct Columns<'a> {
    ranges: Vec<(Range, &'a Column<i64>)>,
    /// Whether each of the dates overlaps, by its number, and the articles' dates.
    mentions: Option<(Vec<bool>, Option<&'a StrColumn>)>,
}

impl<'a> Columns<'a> {
    pub fn of(filter: &Filter, part: &'a Part) -> tantivy::Result<Self> {
        let mut ranges = Vec::new();
        if !filter.published.is_open() {
            ranges.push((filter.published, part.listed()?));
        }
        if !filter.changed.is_open() {
            ranges.push((filter.changed, part.changed()?));
        }
        let mentions = if filter.mentions.is_open() { None } else { Some(overlapping(filter, part)?) };
        Ok(Self { ranges, mentions })
    }

    pub fn hold(&self, doc: DocId) -> bool {
        self.ranges.iter().all(|(range, column)| column.first(doc).is_some_and(|it| holds(*range, it)))
            && self.mentions.as_ref().is_none_or(|(overlap, column)| {
                let mut dates = column.iter().flat_map(|it| it.term_ords(doc));
                dates.any(|it| usize::try_from(it).is_ok_and(|it| overlap.get(it) == Some(&true)))
            })
    }
}

fn overlapping<'a>(filter: &Filter, part: &'a Part) -> tantivy::Result<(Vec<bool>, Option<&'a StrColumn>)> {
    let Some(column) = part.mentions()? else { return Ok((Vec::new(), None)) };
    let mut dates = column.dictionary().stream()?;
    let mut overlap = Vec::with_capacity(column.dictionary().num_terms());
    while dates.advance() {
        overlap.push(str::from_utf8(dates.key()).is_ok_and(|it| filter.mentions_overlap(it)));
    }
    Ok((overlap, Some(column)))
}

fn holds(range: Range, milliseconds: i64) -> bool {
    let at = |it: Instant| it.timestamp().as_millisecond();
    range.from.is_none_or(|from| at(from) <= milliseconds) && range.to.is_none_or(|to| milliseconds < at(to))
}
