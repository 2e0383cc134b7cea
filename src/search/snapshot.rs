//! The view that a search reads: the segments that a manifest names, overlaid with the tail of the change log.
//!
//! A search must find what a list shows. So before each search the changes after the manifest's watermark are read; the
//! articles that they name are masked in every segment, and their current versions are indexed in a small segment in
//! memory. Whether and when an indexer runs makes no difference to the results.

use super::{
    SearchError,
    block_storage::Cache,
    blocking::blocking,
    manifest::Manifest,
    segment::{DeleteBitmap, Segment},
};
use crate::{
    article::ArticleId,
    store::{Change, ChangeKind, ChangePosition, Store},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tantivy::{Term, query::Bm25StatisticsProvider, schema::Field};

/// How long an open manifest is used before the store is checked for a newer one. Only costs depend on it.
const RECHECK: Duration = Duration::from_secs(5);
/// Maximum changes that are overlaid on an index. An index that is further behind must catch up first.
pub const TAIL_MAX: usize = 5_000;
const CHANGES: usize = 1_000;
/// Maximum small segments in memory before they are merged into one.
const TAIL_SEGMENTS: usize = 8;

/// The segments at one moment, each with its delete bitmap.
pub struct IndexSnapshot {
    pub layers: Vec<Layer>,
    /// How many of the layers, from the first, are the manifest's.
    stored: usize,
    /// The languages of the articles.
    pub languages: HashSet<String>,
    /// The manifest's name, which a cursor of a relevance order carries.
    pub name: String,
}

impl IndexSnapshot {
    fn over(layers: Vec<Layer>, stored: usize, name: String) -> Self {
        let languages = layers.iter().flat_map(|layer| layer.segment.languages.iter().cloned()).collect();
        Self { layers, stored, languages, name }
    }

    /// The number of articles, including deleted ones.
    pub fn articles(&self) -> u64 {
        self.layers.iter().map(|layer| u64::from(layer.segment.articles())).sum()
    }

    /// The number of articles with a term, including deleted ones.
    pub fn count(&self, term: &Term) -> tantivy::Result<u64> {
        let count = |layer: &Layer| Ok(u64::from(layer.segment.reader.inverted_index(term.field())?.doc_freq(term)?));
        self.layers.iter().map(count).sum()
    }
}

#[derive(Clone)]
pub struct Layer {
    pub segment: Arc<Segment>,
    pub bitmap: Arc<DeleteBitmap>,
}

impl Layer {
    fn new(segment: Segment) -> Self {
        let bitmap = Arc::new(DeleteBitmap::none(segment.articles()));
        Self { segment: Arc::new(segment), bitmap }
    }

    fn hide(&mut self, articles: &HashSet<ArticleId>) -> Result<(), SearchError> {
        let found = self.segment.find(articles)?;
        if !found.is_empty() {
            Arc::make_mut(&mut self.bitmap).add(found);
        }
        Ok(())
    }
}

/// Relevance weighs words by their frequency in the stored segments alone, so that an article's score does not change
/// with the tail while the manifest is in force.
impl Bm25StatisticsProvider for IndexSnapshot {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let counts = self.layers[..self.stored]
            .iter()
            .map(|layer| Ok(layer.segment.reader.inverted_index(field)?.total_num_tokens()));
        counts.sum::<tantivy::Result<u64>>().map(|sum| sum.max(1))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.layers[..self.stored].iter().map(|layer| u64::from(layer.segment.articles())).sum::<u64>().max(1))
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let counts = self.layers[..self.stored]
            .iter()
            .map(|layer| Ok(u64::from(layer.segment.reader.inverted_index(term.field())?.doc_freq(term)?)));
        counts.sum()
    }
}

/// An open manifest and the tail after its watermark.
pub struct OpenIndex {
    pub manifest: Manifest,
    stored: Vec<Layer>,
    tail: Vec<Layer>,
    position: ChangePosition,
    changes: usize,
    snapshot: Arc<IndexSnapshot>,
    /// When the manifest was last checked to be in force.
    pub checked: Instant,
    /// When the tail was last read.
    read: Option<Instant>,
    /// When the tail was last found to be too long, so that it is not read again at once.
    behind: Option<Instant>,
}

impl OpenIndex {
    /// Opens a manifest. Reuses the segments that `before` has open.
    pub async fn open(
        store: &Store,
        cache: &Arc<Cache>,
        manifest: Manifest,
        before: Option<&Self>,
    ) -> Result<Self, SearchError> {
        let checked = Instant::now();
        let open: HashMap<&str, &Arc<Segment>> = before
            .map(|index| {
                index
                    .manifest
                    .segments
                    .iter()
                    .map(|entry| entry.place.file.as_str())
                    .zip(index.stored.iter().map(|layer| &layer.segment))
            })
            .into_iter()
            .flatten()
            .collect();
        let mut stored = Vec::with_capacity(manifest.segments.len());
        for entry in &manifest.segments {
            let segment = match open.get(entry.place.file.as_str()) {
                Some(segment) => (*segment).clone(),
                None => Arc::new(Segment::open(store.objects(), cache, &entry.place, false).await?),
            };
            stored.push(Layer { segment, bitmap: Arc::new(entry.bitmap(store.objects()).await?) });
        }
        let position = manifest.watermark();
        let snapshot = Arc::new(IndexSnapshot::over(Vec::new(), 0, manifest.name.clone()));
        Ok(Self {
            manifest,
            stored,
            tail: Vec::new(),
            position,
            changes: 0,
            snapshot,
            checked,
            read: None,
            behind: None,
        })
    }

    pub fn is_fresh(&self) -> bool {
        self.checked.elapsed() < RECHECK
    }

    /// Returns the current snapshot. `since`: a tail that was read at this time or later is new enough.
    pub async fn snapshot(&mut self, store: &Store, since: Instant) -> Result<Arc<IndexSnapshot>, SearchError> {
        if self.read.is_some_and(|read| read >= since) {
            return Ok(self.snapshot.clone());
        }
        let reading = Instant::now();
        if self.behind.is_some_and(|behind| behind.elapsed() < RECHECK) {
            return Err(SearchError::Behind { limit: TAIL_MAX });
        }
        let mut changes = Vec::new();
        let mut position = self.position;
        loop {
            let page = store.changes(position, CHANGES).await?;
            changes.extend(page.changes);
            position = page.next;
            if self.changes + changes.len() > TAIL_MAX {
                self.behind = Some(reading);
                return Err(SearchError::Behind { limit: TAIL_MAX });
            }
            if !page.more {
                break;
            }
        }
        if !changes.is_empty() {
            self.overlay(store, &changes).await?;
        }
        if !changes.is_empty() || self.read.is_none() {
            let layers = self.stored.iter().chain(&self.tail).cloned().collect();
            self.snapshot = Arc::new(IndexSnapshot::over(layers, self.stored.len(), self.manifest.name.clone()));
        }
        (self.position, self.changes, self.read) = (position, self.changes + changes.len(), Some(reading));
        Ok(self.snapshot.clone())
    }

    async fn overlay(&mut self, store: &Store, changes: &[Change]) -> Result<(), SearchError> {
        let touched = Touched::by(changes);
        let articles = articles(store, touched.all.iter().cloned().collect()).await?;
        let (mut stored, mut tail) = (self.stored.clone(), self.tail.clone());
        let (stored, tail) = blocking(move || {
            for layer in &mut stored {
                layer.hide(&touched.older)?;
            }
            for layer in &mut tail {
                layer.hide(&touched.all)?;
            }
            tail.extend(Segment::build(&articles)?.map(Layer::new));
            if tail.len() > TAIL_SEGMENTS {
                let segments: Vec<(&Segment, &DeleteBitmap)> =
                    tail.iter().map(|layer| (&*layer.segment, &*layer.bitmap)).collect();
                tail = Segment::merge(&segments)?.map(Layer::new).into_iter().collect();
            }
            Ok((stored, tail))
        })
        .await?;
        (self.stored, self.tail) = (stored, tail);
        Ok(())
    }
}

/// The articles that changes name.
pub struct Touched {
    pub all: HashSet<ArticleId>,
    /// Those that existed before the first of the changes.
    pub older: HashSet<ArticleId>,
}

impl Touched {
    pub fn by(changes: &[Change]) -> Self {
        let mut touched = Self { all: HashSet::new(), older: HashSet::new() };
        for change in changes {
            let first = touched.all.insert(change.id.clone());
            if first && !(change.kind == ChangeKind::Created && change.revision == 1) {
                touched.older.insert(change.id.clone());
            }
        }
        touched
    }
}

/// Returns the current versions of those of the articles that exist.
pub async fn articles(store: &Store, ids: Vec<ArticleId>) -> Result<Vec<crate::article::Article>, SearchError> {
    let (found, _) = store.articles(&ids).await?;
    Ok(found.into_iter().map(|stored| stored.article).collect())
}
