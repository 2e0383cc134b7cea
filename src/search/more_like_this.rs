//! Related stories: other stories about the same people, organisations, places and words, around the same time, each
//! with what it shares.
//!
//! The index supplies candidates and ranks those that share rarer terms higher; the shared terms are then read from the
//! articles themselves. One shared name is chance more often than not, so at least two traits must be shared. Countries
//! and topics are too common to count.

use super::{
    SearchError,
    analyzer::{Stems, WordShape, tokens},
    collect::{Hit, Matching},
    schema::{self, FIELDS},
    snapshot::{IndexSnapshot, articles},
};
use crate::{
    article::{Article, ArticleId, Entity, EntityType, Facet, FacetValue, Instant},
    query::{Filter, Members, QueryField, Sort, StoryClause},
    store::Store,
};
use jiff::SignedDuration;
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Bound,
};
use tantivy::{
    Term,
    query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, RangeQuery, TermQuery},
    schema::IndexRecordOption,
};
use utoipa::ToSchema;

/// Maximum time between an article and related ones, before and after.
const WINDOW: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Candidates that are loaded for each requested article, and their maximum number.
const LOOKED_AT: usize = 4;
const LOOKED_AT_MAX: usize = 100;
/// The number of rarest words of headline and deck to search for.
const WORDS: usize = 12;
/// Minimum characters of a word; shorter words say little.
const WORD_CHARACTERS: usize = 4;
/// A word in more than one of this many articles is too common.
const COMMON: u64 = 20;
/// Minimum number of shared traits.
const SHARED: usize = 2;

/// The kind of a trait that two articles share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TraitKind {
    Organisation,
    Person,
    Place,
    Word,
}

/// A trait that both articles share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Reason {
    /// `person`, `organisation`, `place`, or `word` (a word of the headline or the deck, in any of its forms).
    #[schema(value_type = String)]
    pub kind: TraitKind,
    /// The slug of a name, or the word.
    pub value: String,
    /// The name or word as it is in this article.
    pub name: String,
}

#[derive(Clone, Debug)]
pub struct Related {
    pub article: Article,
    pub because: Vec<Reason>,
}

/// A trait of an article that another may share, with its search term and weight.
struct Trait {
    reason: Reason,
    term: Term,
    weight: f32,
}

impl super::Search {
    /// Returns related articles, the closest first, one for each other story.
    pub async fn related(&self, article: &Article, limit: usize) -> Result<Vec<Related>, SearchError> {
        let store = &self.0.store;
        let snapshot = self.snapshot().await?;
        let story = StoryClause { stories: vec![article.head.story.clone()], negated: true };
        let filter = Filter { stories: vec![story], ..Filter::default() };
        let mut members = Members::of(store, &filter.stories).await?.sets().to_vec();
        members.push((HashSet::from([article.head.id.clone()]), true));
        let wanted = (limit * LOOKED_AT).min(LOOKED_AT_MAX);
        let source = article.clone();
        let (traits, hits) = super::blocking(move || {
            let traits = traits(&source, &snapshot)?;
            if traits.is_empty() {
                return Ok((traits, Vec::new()));
            }
            let query = query(&traits, source.listed_at());
            let matching = Matching { filter: &filter, text: None, members: &members, also: Some(&*query) };
            let hits = matching.first(&snapshot, Sort::Relevance, None, wanted)?;
            Ok((traits, hits))
        })
        .await?;
        self.explain(&traits, hits, limit).await
    }

    async fn explain(&self, traits: &[Trait], hits: Vec<Hit>, limit: usize) -> Result<Vec<Related>, SearchError> {
        let store = &self.0.store;
        let found = articles(store, hits.iter().map(|hit| hit.position.id.clone()).collect()).await?;
        let mut found: HashMap<ArticleId, Article> =
            found.into_iter().map(|article| (article.head.id.clone(), article)).collect();
        let (mut related, mut stories) = (Vec::new(), HashSet::new());
        for hit in hits {
            let Some(article) = found.remove(&hit.position.id) else { continue };
            let because = shared(traits, &article);
            if because.len() < SHARED || !stories.insert(story_of(store, &article).await?) {
                continue;
            }
            related.push(Related { article, because });
            if related.len() == limit {
                break;
            }
        }
        Ok(related)
    }
}

async fn story_of(store: &Store, article: &Article) -> Result<ArticleId, SearchError> {
    Ok(store.resolve_story(&article.head.story).await?.0)
}

fn traits(article: &Article, snapshot: &IndexSnapshot) -> Result<Vec<Trait>, SearchError> {
    let mut traits = Vec::new();
    for value in FacetValue::of(article) {
        let (kind, entity_type, weight) = match value.facet {
            Facet::Person => (TraitKind::Person, EntityType::Person, 3.0),
            Facet::Organisation => (TraitKind::Organisation, EntityType::Organisation, 2.0),
            Facet::Place => (TraitKind::Place, EntityType::Place, 1.5),
            _ => continue,
        };
        let is_value = |entity: &&Entity| entity.kind == entity_type && entity.id == value.value;
        let entity = article.facts.entities.iter().find(is_value);
        let dateline = article.facts.dateline.as_ref().and_then(|dateline| dateline.place.as_ref());
        let dateline = dateline.filter(|dateline| kind == TraitKind::Place && dateline.id == value.value);
        let name = entity
            .map(|entity| &entity.name)
            .or(dateline.map(|dateline| &dateline.name))
            .unwrap_or(&value.value)
            .clone();
        let term = Term::from_field_text(FIELDS.codes, &value.to_string());
        traits.push(Trait { reason: Reason { kind, value: value.value, name }, term, weight });
    }
    traits.extend(words(article, snapshot)?);
    Ok(traits)
}

/// Returns the rarest words of headline and deck that are in the index.
fn words(article: &Article, snapshot: &IndexSnapshot) -> Result<Vec<Trait>, SearchError> {
    let stems = Stems::of(article.facts.language.as_deref());
    let field = FIELDS.stems(QueryField::Body).expect("the body has stems");
    let texts = [&article.facts.headline, &article.facts.deck].into_iter().flatten();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for token in texts.flat_map(|text| tokens(text)) {
        let long = token.folded.chars().count() >= WORD_CHARACTERS && token.folded.chars().any(char::is_alphabetic);
        if token.shape == WordShape::Word && long {
            found.entry(stems.term(&token.folded)).or_insert(token.folded);
        }
    }
    let mut rare = Vec::new();
    let all = snapshot.articles();
    for (stem, word) in found {
        let term = Term::from_field_text(field, &stem);
        let count = snapshot.count(&term)?;
        // In a small archive every word is in a large share of the articles.
        if count > 0 && count <= (all / COMMON).max(5) {
            rare.push((
                count,
                Trait { reason: Reason { kind: TraitKind::Word, value: stem, name: word }, term, weight: 1.0 },
            ));
        }
    }
    rare.sort_by(|a, b| (a.0, &a.1.reason).cmp(&(b.0, &b.1.reason)));
    rare.truncate(WORDS);
    Ok(rare.into_iter().map(|rare| rare.1).collect())
}

fn query(traits: &[Trait], at: Instant) -> Box<dyn Query> {
    let any = traits.iter().map(|wanted| {
        let term = Box::new(TermQuery::new(wanted.term.clone(), IndexRecordOption::Basic));
        (Occur::Should, Box::new(BoostQuery::new(term, wanted.weight)) as Box<dyn Query>)
    });
    let end = |offset: SignedDuration| {
        let at = at.timestamp().saturating_add(offset).unwrap_or(at.timestamp());
        Bound::Included(Term::from_field_i64(FIELDS.listed, at.as_millisecond()))
    };
    let window = ConstScoreQuery::new(Box::new(RangeQuery::new(end(-WINDOW), end(WINDOW))), 0.0);
    Box::new(BooleanQuery::new(vec![
        (Occur::Must, Box::new(BooleanQuery::new(any.collect()))),
        (Occur::Must, Box::new(window)),
    ]))
}

/// Returns the traits that another article shares.
fn shared(traits: &[Trait], other: &Article) -> Vec<Reason> {
    let values: HashSet<FacetValue> = FacetValue::of(other).into_iter().collect();
    let stems = Stems::of(other.facts.language.as_deref());
    let paragraphs = QueryField::UNNAMED.into_iter().flat_map(|field| schema::paragraphs(other, field));
    let words: HashSet<String> = paragraphs.flat_map(tokens).map(|token| stems.term(&token.folded)).collect();
    let is_shared = |wanted: &&Trait| {
        let value = wanted.reason.value.clone();
        match wanted.reason.kind {
            TraitKind::Organisation => values.contains(&FacetValue { facet: Facet::Organisation, value }),
            TraitKind::Person => values.contains(&FacetValue { facet: Facet::Person, value }),
            TraitKind::Place => values.contains(&FacetValue { facet: Facet::Place, value }),
            TraitKind::Word => words.contains(&value),
        }
    };
    let mut reasons: Vec<Reason> = traits.iter().filter(is_shared).map(|wanted| wanted.reason.clone()).collect();
    for reason in reasons.iter_mut().filter(|reason| reason.kind == TraitKind::Word) {
        reason.value.clone_from(&reason.name);
    }
    reasons
}
