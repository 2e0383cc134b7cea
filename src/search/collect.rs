//! What matches: the first of it in an order, or counts of all of it.

use super::{
    SearchError,
    schema::{self, FIELDS},
    translate::{self, Columns},
    view::{Layer, View},
};
use crate::{
    article::{ArticleId, Facet, Instant},
    query::{Filter, Sort, Text},
    store::Position,
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
    sync::LazyLock,
};
use tantivy::{
    DocId, Index, IndexReader, ReloadPolicy, Searcher, TantivyError,
    query::{BooleanQuery, EnableScoring, Query, Weight},
};

/// What is looked for. Members of stories are told by the archive, not by the index.
pub struct Matching<'a> {
    pub filter: &'a Filter,
    pub text: Option<&'a Text>,
    /// Sets of articles that an article must be in, or must not be in.
    pub members: &'a [(HashSet<ArticleId>, bool)],
    /// What must match besides, and counts for relevance as a text does.
    pub also: Option<&'a dyn Query>,
}

/// A relevance that is compared exactly: a whole number, of which each point is a thousandth.
pub type Score = u32;

/// An article that matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub position: Position,
    pub score: Score,
}

/// The library asks for a searcher to take the schema from.
static NOTHING: LazyLock<Searcher> = LazyLock::new(|| {
    let index = Index::create_in_ram(FIELDS.schema.clone());
    let reader: tantivy::Result<IndexReader> = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
    reader.expect("an empty index in memory opens").searcher()
});

/// Finer differences are those of the order in which a machine adds.
fn score(relevance: f32) -> Score {
    (relevance * 1_000.0).round().max(0.0) as Score
}

impl Matching<'_> {
    fn weight(&self, view: &View, scoring: bool) -> Result<Box<dyn Weight>, SearchError> {
        let mut query = translate::query(self.filter, self.text, &view.languages);
        if let Some(also) = self.also {
            query = Box::new(BooleanQuery::intersection(vec![query, also.box_clone()]));
        }
        let scoring = if scoring {
            EnableScoring::enabled_from_statistics_provider(view, &NOTHING)
        } else {
            EnableScoring::disabled_from_schema(&FIELDS.schema)
        };
        Ok(query.weight(scoring)?)
    }

    /// Hands over every article of one part that matches, and is not masked.
    fn each(
        &self,
        weight: &dyn Weight,
        layer: &Layer,
        scoring: bool,
        take: &mut dyn FnMut(DocId, Score),
    ) -> Result<(), SearchError> {
        let columns = Columns::of(self.filter, &layer.part)?;
        let mut members = Vec::with_capacity(self.members.len());
        for (ids, negated) in self.members {
            members.push((layer.part.find(ids)?.into_iter().collect::<HashSet<DocId>>(), *negated));
        }
        let belongs = |doc: DocId| {
            !layer.mask.hides(doc)
                && members.iter().all(|(members, negated)| members.contains(&doc) != *negated)
                && columns.hold(doc)
        };
        if scoring {
            weight.for_each(&layer.part.segment, &mut |doc, relevance| {
                if belongs(doc) {
                    take(doc, score(relevance));
                }
            })?;
        } else {
            weight.for_each_no_score(&layer.part.segment, &mut |docs| {
                docs.iter().filter(|it| belongs(**it)).for_each(|it| take(*it, 0));
            })?;
        }
        Ok(())
    }

    /// The first in the order behind a place, at most so many.
    pub fn first(&self, view: &View, sort: Sort, after: Option<&Hit>, limit: usize) -> Result<Vec<Hit>, SearchError> {
        let scoring = sort == Sort::Relevance;
        let weight = self.weight(view, scoring)?;
        let after_key = after.map(|it| Key {
            score: it.score,
            at: it.position.at.timestamp().as_millisecond(),
            head: schema::head(&it.position.id),
        });
        let mut kept = Kept { sort, limit, candidates: Vec::new(), bound: None };
        for (number, layer) in view.layers.iter().enumerate() {
            let part = &layer.part;
            let times = if sort == Sort::ChangedNewest { part.changed()? } else { part.listed()? };
            let heads = part.heads()?;
            self.each(&*weight, layer, scoring, &mut |doc, score| {
                let (at, head) = (times.first(doc).unwrap_or_default(), heads.first(doc).unwrap_or_default());
                let key = Key { score, at, head };
                // What is level with the place may lie behind it: the rest of the id decides, at the end.
                if after_key.as_ref().is_none_or(|it| sort.compare(it, &key).is_le()) {
                    kept.offer(Candidate { key, layer: number, doc }, after_key.as_ref() == Some(&key));
                }
            })?;
        }
        let mut hits = kept.hits(view)?;
        hits.sort_by(|a, b| sort.order(a, b));
        hits.retain(|it| after.is_none_or(|after| sort.order(after, it).is_lt()));
        hits.truncate(limit);
        Ok(hits)
    }

    /// How many match, and of each facet which of its values how often.
    pub fn facets(&self, view: &View, facets: &[Facet]) -> Result<(u64, Vec<HashMap<String, u64>>), SearchError> {
        let weight = self.weight(view, false)?;
        let mut total = 0;
        let mut counts: Vec<HashMap<String, u64>> = vec![HashMap::new(); facets.len()];
        for layer in &view.layers {
            let columns = facets.iter().map(|it| layer.part.facet(*it)).collect::<tantivy::Result<Vec<_>>>()?;
            let mut by_number: Vec<Vec<u64>> =
                columns.iter().map(|it| vec![0; it.map_or(0, |it| it.num_terms())]).collect();
            self.each(&*weight, layer, false, &mut |doc, _| {
                total += 1;
                for (column, counts) in columns.iter().zip(&mut by_number) {
                    for number in column.iter().flat_map(|it| it.term_ords(doc)) {
                        counts[number as usize] += 1;
                    }
                }
            })?;
            for ((column, by_number), counts) in columns.iter().zip(by_number).zip(&mut counts) {
                let Some(column) = column else { continue };
                let counted = by_number.into_iter().enumerate().filter(|it| it.1 > 0);
                let (numbers, found): (Vec<u64>, Vec<u64>) = counted.map(|(number, it)| (number as u64, it)).unzip();
                let mut found = found.into_iter();
                column.dictionary().sorted_ords_to_term_cb(&numbers, |value| {
                    let value = String::from_utf8_lossy(value).into_owned();
                    *counts.entry(value).or_default() += found.next().unwrap_or_default();
                })?;
            }
        }
        Ok((total, counts))
    }

    /// The times that matching articles are listed at, each with whether they were published then, and how many are.
    pub fn times(&self, view: &View) -> Result<BTreeMap<(i64, bool), u64>, SearchError> {
        let weight = self.weight(view, false)?;
        let mut times = Vec::new();
        for layer in &view.layers {
            let (listed, published) = (layer.part.listed()?, layer.part.published()?);
            self.each(&*weight, layer, false, &mut |doc, _| {
                times.push((listed.first(doc).unwrap_or_default(), published.first(doc) == Some(1)));
            })?;
        }
        let mut counted = BTreeMap::new();
        for time in times {
            *counted.entry(time).or_default() += 1;
        }
        Ok(counted)
    }
}

/// What an order is made of, as far as the columns tell it: of two articles that are equal in all of it, the ids decide.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    score: Score,
    at: i64,
    head: u64,
}

impl Sort {
    /// Which of two comes first, as far as their keys tell.
    fn compare(self, a: &Key, b: &Key) -> Ordering {
        let newest = || (b.at, b.head).cmp(&(a.at, a.head));
        match self {
            Self::PublishedNewest | Self::ChangedNewest => newest(),
            Self::PublishedOldest => newest().reverse(),
            Self::Relevance => b.score.cmp(&a.score).then_with(newest),
        }
    }

    /// Which of two comes first.
    fn order(self, a: &Hit, b: &Hit) -> Ordering {
        let by_score = if self == Self::Relevance { b.score.cmp(&a.score) } else { Ordering::Equal };
        by_score.then_with(|| self.direction().order(&a.position, &b.position))
    }
}

#[derive(Clone, Copy)]
struct Candidate {
    key: Key,
    layer: usize,
    doc: DocId,
}

/// The first so far, and whatever is level with the last of them.
struct Kept {
    sort: Sort,
    limit: usize,
    candidates: Vec<Candidate>,
    /// What none needs to be kept behind.
    bound: Option<Key>,
}

impl Kept {
    /// `beside`: it may turn out not to belong, and must push none of the others out.
    fn offer(&mut self, candidate: Candidate, beside: bool) {
        if self.bound.is_some_and(|it| self.sort.compare(&candidate.key, &it).is_gt()) {
            return;
        }
        self.limit += usize::from(beside);
        self.candidates.push(candidate);
        if self.candidates.len() > 2 * self.limit.max(100) {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let sort = self.sort;
        self.candidates.sort_by(|a, b| sort.compare(&a.key, &b.key));
        self.bound = self.candidates.get(self.limit.saturating_sub(1)).map(|it| it.key).or(self.bound);
        if let Some(bound) = self.bound {
            self.candidates.retain(|it| sort.compare(&it.key, &bound).is_le());
        }
    }

    /// With their ids, in no order.
    fn hits(mut self, view: &View) -> Result<Vec<Hit>, SearchError> {
        self.trim();
        self.candidates.sort_by_key(|it| (it.layer, it.doc));
        let mut hits = Vec::with_capacity(self.candidates.len());
        for of_layer in self.candidates.chunk_by(|a, b| a.layer == b.layer) {
            let part = &view.layers[of_layer[0].layer].part;
            let store = part.store()?;
            for Candidate { key, doc, .. } in of_layer {
                let at = jiff::Timestamp::from_millisecond(key.at).ok().and_then(Instant::from_timestamp);
                let at = at.ok_or_else(|| TantivyError::SystemError(format!("{} is no time", key.at)))?;
                let position = Position { at, id: FIELDS.id_of(&part.segment, &store, *doc)? };
                hits.push(Hit { position, score: key.score });
            }
        }
        Ok(hits)
    }
}
