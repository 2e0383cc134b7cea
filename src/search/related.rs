//! Other stories that an article has to do with: on the same people, organisations, places and words, around the same
//! time. Each with what it shares.
//!
//! The index names candidates, the rarer what they share the sooner; the articles themselves then tell what that is. One
//! shared name is chance more often than not, so at least two things must be shared, and countries and topics, which
//! everything shares, count for none of them.

use super::{
    SearchError,
    collect::{Hit, Matching},
    schema::{self, FIELDS},
    view::{View, articles},
    words::{Shape, Stems, tokens},
};
use crate::{
    article::{Article, ArticleId, EntityType, Facet, FacetValue, Instant},
    query::{Filter, Members, Sort, StoryClause, TextField},
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

/// How far from an article's time others are looked for, both ways.
const WINDOW: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The articles that are looked at for each that is asked for, and at most.
const LOOKED_AT: usize = 4;
const LOOKED_AT_MAX: usize = 100;
/// The rarest words of headline and deck that are looked for.
const WORDS: usize = 12;
/// Shorter words say little.
const WORD_CHARACTERS: usize = 4;
/// A word that is in more than one of so many articles is said of everything.
const COMMON: u64 = 20;
/// What must be shared at least.
const SHARED: usize = 2;

/// Something that both articles have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Reason {
    /// `person`, `organisation`, `place`, or `word`: of the headline or the deck, in any of its forms.
    pub kind: &'static str,
    /// Of a name, its slug.
    pub value: String,
    /// As this article has it.
    pub name: String,
}

#[derive(Clone, Debug)]
pub struct Related {
    pub article: Article,
    pub because: Vec<Reason>,
}

/// What an article has that another may share, each with the term that it is found by and its weight.
struct Trait {
    reason: Reason,
    term: Term,
    weight: f32,
}

impl super::Search {
    /// The nearest first; of each other story one article.
    pub async fn related(&self, article: &Article, limit: usize) -> Result<Vec<Related>, SearchError> {
        let store = &self.0.store;
        let view = self.view().await?;
        let story = StoryClause { stories: vec![article.head.story.clone()], negated: true };
        let filter = Filter { stories: vec![story], ..Filter::default() };
        let mut members = Members::of(store, &filter.stories).await?.sets().to_vec();
        members.push((HashSet::from([article.head.id.clone()]), true));
        let wanted = (limit * LOOKED_AT).min(LOOKED_AT_MAX);
        let source = article.clone();
        let (traits, hits) = super::blocking(move || {
            let traits = traits(&source, &view)?;
            if traits.is_empty() {
                return Ok((traits, Vec::new()));
            }
            let query = query(&traits, source.listed_at());
            let matching = Matching { filter: &filter, text: None, members: &members, also: Some(&*query) };
            let hits = matching.first(&view, Sort::Relevance, None, wanted)?;
            Ok((traits, hits))
        })
        .await?;
        self.tell(&traits, hits, limit).await
    }

    async fn tell(&self, traits: &[Trait], hits: Vec<Hit>, limit: usize) -> Result<Vec<Related>, SearchError> {
        let store = &self.0.store;
        let found = articles(store, hits.iter().map(|it| it.position.id.clone()).collect()).await?;
        let mut found: HashMap<ArticleId, Article> = found.into_iter().map(|it| (it.head.id.clone(), it)).collect();
        let (mut told, mut stories) = (Vec::new(), HashSet::new());
        for hit in hits {
            let Some(article) = found.remove(&hit.position.id) else { continue };
            let because = shared(traits, &article);
            if because.len() < SHARED || !stories.insert(story_of(store, &article).await?) {
                continue;
            }
            told.push(Related { article, because });
            if told.len() == limit {
                break;
            }
        }
        Ok(told)
    }
}

async fn story_of(store: &Store, article: &Article) -> Result<ArticleId, SearchError> {
    Ok(store.living_story(&article.head.story).await?.0)
}

fn traits(article: &Article, view: &View) -> Result<Vec<Trait>, SearchError> {
    let mut traits = Vec::new();
    for value in FacetValue::of(article) {
        let (kind, weight) = match value.facet {
            Facet::Person => (EntityType::Person, 3.0),
            Facet::Organisation => (EntityType::Organisation, 2.0),
            Facet::Place => (EntityType::Place, 1.5),
            _ => continue,
        };
        let entity = article.facts.entities.iter().find(|it| it.kind == kind && it.id == value.value);
        let dateline = article.facts.dateline.as_ref().and_then(|it| it.place.as_ref());
        let dateline = dateline.filter(|it| kind == EntityType::Place && it.id == value.value);
        let name = entity.map(|it| &it.name).or(dateline.map(|it| &it.name)).unwrap_or(&value.value).clone();
        let term = Term::from_field_text(FIELDS.codes, &value.to_string());
        traits.push(Trait { reason: Reason { kind: value.facet.name(), value: value.value, name }, term, weight });
    }
    traits.extend(words(article, view)?);
    Ok(traits)
}

/// The rarest words of headline and deck that other articles have at all.
fn words(article: &Article, view: &View) -> Result<Vec<Trait>, SearchError> {
    let stems = Stems::of(article.facts.language.as_deref());
    let field = FIELDS.stems(TextField::Body).expect("the body has stems");
    let said = [&article.facts.headline, &article.facts.deck].into_iter().flatten();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for token in said.flat_map(|it| tokens(it)) {
        let long = token.folded.chars().count() >= WORD_CHARACTERS && token.folded.chars().any(char::is_alphabetic);
        if token.shape == Shape::Word && long {
            found.entry(stems.term(&token.folded)).or_insert(token.folded);
        }
    }
    let mut rare = Vec::new();
    let all = view.articles();
    for (stem, word) in found {
        let term = Term::from_field_text(field, &stem);
        let count = view.count(&term)?;
        // In a small archive every word is in a good part of it.
        if count > 0 && count <= (all / COMMON).max(5) {
            rare.push((count, Trait { reason: Reason { kind: "word", value: stem, name: word }, term, weight: 1.0 }));
        }
    }
    rare.sort_by(|a, b| (a.0, &a.1.reason).cmp(&(b.0, &b.1.reason)));
    rare.truncate(WORDS);
    Ok(rare.into_iter().map(|it| it.1).collect())
}

fn query(traits: &[Trait], at: Instant) -> Box<dyn Query> {
    let any = traits.iter().map(|it| {
        let term = Box::new(TermQuery::new(it.term.clone(), IndexRecordOption::Basic));
        (Occur::Should, Box::new(BoostQuery::new(term, it.weight)) as Box<dyn Query>)
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

/// What of it another article has.
fn shared(traits: &[Trait], other: &Article) -> Vec<Reason> {
    let values: HashSet<(&str, String)> =
        FacetValue::of(other).into_iter().map(|it| (it.facet.name(), it.value)).collect();
    let stems = Stems::of(other.facts.language.as_deref());
    let paragraphs = TextField::UNNAMED.into_iter().flat_map(|it| schema::paragraphs(other, it));
    let said: HashSet<String> = paragraphs.flat_map(tokens).map(|it| stems.term(&it.folded)).collect();
    let has = |it: &&Trait| match it.reason.kind {
        "word" => said.contains(&it.reason.value),
        kind => values.contains(&(kind, it.reason.value.clone())),
    };
    let mut reasons: Vec<Reason> = traits.iter().filter(has).map(|it| it.reason.clone()).collect();
    for reason in reasons.iter_mut().filter(|it| it.kind == "word") {
        reason.value.clone_from(&reason.name);
    }
    reasons
}
