//! Collectors of matching articles: the first in an order, or counts of all.

use super::{
    SearchError,
    facet_counts::{FacetCounts, TopValues},
    query_builder::{self, Columns},
    schema::{self, FIELDS},
    segment::Segment,
    snapshot::{IndexSnapshot, Layer},
};
use crate::{
    article::{ArticleId, Facet, Instant},
    query::{Filter, Sort, TextQuery},
    store::ListPosition,
};
use rayon::prelude::*;
use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};
use tantivy::{
    DocId, Index, IndexReader, ReloadPolicy, Searcher, TantivyError,
    query::{BooleanQuery, EnableScoring, Query, Weight},
};

/// A query over a snapshot. Members of stories come from the archive, not from the index.
pub struct Matching<'a> {
    pub filter: &'a Filter,
    pub text: Option<&'a TextQuery>,
    /// Sets that an article must be in or, if `true`, must not be in.
    pub members: &'a [(HashSet<ArticleId>, bool)],
    /// A query that must also match, and counts for relevance as a text query does.
    pub also: Option<&'a dyn Query>,
}

/// A relevance score in thousandths: an integer, so that scores compare exactly.
pub type Score = u32;

/// A matching article.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub position: ListPosition,
    pub score: Score,
}

/// An empty index, because the library takes the schema from a searcher.
static EMPTY_SEARCHER: LazyLock<Searcher> = LazyLock::new(|| {
    let index = Index::create_in_ram(FIELDS.schema.clone());
    let reader: tantivy::Result<IndexReader> = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
    reader.expect("an empty index in memory opens").searcher()
});

/// Rounds a relevance to a score: finer differences depend on the order of floating-point additions.
fn score(relevance: f32) -> Score {
    (relevance * 1_000.0).round().max(0.0) as Score
}

impl Matching<'_> {
    fn weight(&self, snapshot: &IndexSnapshot, scoring: bool) -> Result<Box<dyn Weight>, SearchError> {
        let mut query = query_builder::query(self.filter, self.text, &snapshot.languages);
        if let Some(also) = self.also {
            query = Box::new(BooleanQuery::intersection(vec![query, also.box_clone()]));
        }
        let scoring = if scoring {
            EnableScoring::enabled_from_statistics_provider(snapshot, &EMPTY_SEARCHER)
        } else {
            EnableScoring::disabled_from_schema(&FIELDS.schema)
        };
        Ok(query.weight(scoring)?)
    }

    /// Calls `visit` for every matching article of one segment that is not deleted.
    fn each(
        &self,
        weight: &dyn Weight,
        layer: &Layer,
        scoring: bool,
        visit: &mut dyn FnMut(DocId, Score),
    ) -> Result<(), SearchError> {
        let columns = Columns::of(self.filter, &layer.segment)?;
        let mut members = Vec::with_capacity(self.members.len());
        for (ids, negated) in self.members {
            members.push((layer.segment.find(ids)?.into_iter().collect::<HashSet<DocId>>(), *negated));
        }
        let belongs = |doc: DocId| {
            !layer.bitmap.hides(doc)
                && members.iter().all(|(members, negated)| members.contains(&doc) != *negated)
                && columns.hold(doc)
        };
        if scoring {
            weight.for_each(&layer.segment.reader, &mut |doc, relevance| {
                if belongs(doc) {
                    visit(doc, score(relevance));
                }
            })?;
        } else {
            weight.for_each_no_score(&layer.segment.reader, &mut |docs| {
                docs.iter().filter(|doc| belongs(**doc)).for_each(|doc| visit(*doc, 0));
            })?;
        }
        Ok(())
    }

    /// Returns at most `limit` of the first hits in sort order after a hit.
    pub fn first(
        &self,
        snapshot: &IndexSnapshot,
        sort: Sort,
        after: Option<&Hit>,
        limit: usize,
    ) -> Result<Vec<Hit>, SearchError> {
        let scoring = sort == Sort::Relevance;
        let weight = self.weight(snapshot, scoring)?;
        let after_key = after.map(|hit| SortKey {
            score: hit.score,
            at: hit.position.at.timestamp().as_millisecond(),
            head: schema::head(&hit.position.id),
        });
        let mut kept = TopHits { sort, limit, candidates: Vec::new(), bound: None };
        for (number, layer) in snapshot.layers.iter().enumerate() {
            let segment = &layer.segment;
            let times = if sort == Sort::ChangedNewest { segment.changed()? } else { segment.listed()? };
            let heads = segment.heads()?;
            self.each(&*weight, layer, scoring, &mut |doc, score| {
                let (at, head) = (times.first(doc).unwrap_or_default(), heads.first(doc).unwrap_or_default());
                let key = SortKey { score, at, head };
                // An article that ties with `after` may follow it: the rest of the id decides, at the end.
                if after_key.as_ref().is_none_or(|after_key| sort.compare(after_key, &key).is_le()) {
                    kept.offer(Candidate { key, layer: number, doc }, after_key.as_ref() == Some(&key));
                }
            })?;
        }
        let mut hits = kept.hits(snapshot)?;
        hits.sort_by(|a, b| sort.order(a, b));
        hits.retain(|hit| after.is_none_or(|after| sort.order(after, hit).is_lt()));
        hits.truncate(limit);
        Ok(hits)
    }

    /// Counts the matching articles, and the values of each facet in them: at most as many values as it is to name.
    pub fn facets(
        &self,
        snapshot: &IndexSnapshot,
        facets: &[(Facet, usize)],
    ) -> Result<(u64, Vec<TopValues>), SearchError> {
        let weight = self.weight(snapshot, false)?;
        let mut matching: Vec<Vec<DocId>> = Vec::with_capacity(snapshot.layers.len());
        for layer in &snapshot.layers {
            let mut docs = Vec::new();
            self.each(&*weight, layer, false, &mut |doc, _| docs.push(doc))?;
            matching.push(docs);
        }
        let total: usize = matching.iter().map(Vec::len).sum();
        let count = |(facet, most): &(Facet, usize)| top_values(snapshot, &matching, *facet, *most);
        let counted: Result<Vec<TopValues>, SearchError> = if total < PARALLEL_ARTICLES {
            facets.iter().map(count).collect()
        } else {
            facets.par_iter().map(count).collect()
        };
        Ok((total as u64, counted?))
    }

    /// Counts the matching articles by the time at which they are listed, in milliseconds, and by whether they were
    /// published then.
    pub fn times(&self, snapshot: &IndexSnapshot) -> Result<BTreeMap<(i64, bool), u64>, SearchError> {
        let weight = self.weight(snapshot, false)?;
        let mut times = Vec::new();
        for layer in &snapshot.layers {
            let (listed, published) = (layer.segment.listed()?, layer.segment.published()?);
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

/// From this many matching articles on, counting takes longer than distributing the facets over the processors.
const PARALLEL_ARTICLES: usize = 2_000;

/// Counts the values of a facet in the matching articles of each segment.
fn top_values(
    snapshot: &IndexSnapshot,
    matching: &[Vec<DocId>],
    facet: Facet,
    most: usize,
) -> Result<TopValues, SearchError> {
    let mut counts = FacetCounts::default();
    for (number, (layer, docs)) in (0..).zip(snapshot.layers.iter().zip(matching)) {
        let Some(column) = layer.segment.facet(facet)? else { continue };
        let mut by_number = vec![0; column.num_terms()];
        for value in docs.iter().flat_map(|doc| column.term_ords(*doc)) {
            by_number[value as usize] += 1;
        }
        counts.add(facet, (number, &layer.segment), &by_number)?;
    }
    let segments: Vec<&Segment> = snapshot.layers.iter().map(|layer| &*layer.segment).collect();
    counts.top(facet, &segments, most)
}

/// The part of a sort order that the columns determine. Ids break ties.
#[derive(Clone, Copy, Debug, PartialEq)]
struct SortKey {
    score: Score,
    at: i64,
    head: u64,
}

impl Sort {
    /// Compares two keys in this sort order.
    fn compare(self, a: &SortKey, b: &SortKey) -> Ordering {
        let newest = || (b.at, b.head).cmp(&(a.at, a.head));
        match self {
            Self::PublishedNewest | Self::ChangedNewest => newest(),
            Self::PublishedOldest => newest().reverse(),
            Self::Relevance => b.score.cmp(&a.score).then_with(newest),
        }
    }

    /// Compares two hits in this sort order.
    fn order(self, a: &Hit, b: &Hit) -> Ordering {
        let by_score = if self == Self::Relevance { b.score.cmp(&a.score) } else { Ordering::Equal };
        by_score.then_with(|| self.direction().order(&a.position, &b.position))
    }
}

#[derive(Clone, Copy)]
struct Candidate {
    key: SortKey,
    layer: usize,
    doc: DocId,
}

/// The first candidates so far, and those that tie with the last of them.
struct TopHits {
    sort: Sort,
    limit: usize,
    candidates: Vec<Candidate>,
    /// Candidates after this key are dropped.
    bound: Option<SortKey>,
}

impl TopHits {
    /// `tied`: the candidate may turn out not to follow the starting hit, so it must not displace others.
    fn offer(&mut self, candidate: Candidate, tied: bool) {
        if self.bound.is_some_and(|bound| self.sort.compare(&candidate.key, &bound).is_gt()) {
            return;
        }
        self.limit += usize::from(tied);
        self.candidates.push(candidate);
        if self.candidates.len() > 2 * self.limit.max(100) {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let sort = self.sort;
        self.candidates.sort_by(|a, b| sort.compare(&a.key, &b.key));
        self.bound = self.candidates.get(self.limit.saturating_sub(1)).map(|candidate| candidate.key).or(self.bound);
        if let Some(bound) = self.bound {
            self.candidates.retain(|candidate| sort.compare(&candidate.key, &bound).is_le());
        }
    }

    /// Reads the ids of the candidates. Returns the hits unsorted.
    fn hits(mut self, snapshot: &IndexSnapshot) -> Result<Vec<Hit>, SearchError> {
        self.trim();
        self.candidates.sort_by_key(|candidate| (candidate.layer, candidate.doc));
        let mut hits = Vec::with_capacity(self.candidates.len());
        for of_layer in self.candidates.chunk_by(|a, b| a.layer == b.layer) {
            let segment = &snapshot.layers[of_layer[0].layer].segment;
            let store = segment.store()?;
            for Candidate { key, doc, .. } in of_layer {
                let at = jiff::Timestamp::from_millisecond(key.at).ok().and_then(Instant::from_timestamp);
                let at = at.ok_or_else(|| TantivyError::SystemError(format!("{} ms is not a valid time", key.at)))?;
                let position = ListPosition { at, id: FIELDS.id_of(&segment.reader, &store, *doc)? };
                hits.push(Hit { position, score: key.score });
            }
        }
        Ok(hits)
    }
}
