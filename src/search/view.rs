//! What a search looks at: the parts that a manifest names, and over them the tail of the change feed.
//!
//! A search must find what a list shows. So before each one the changes behind the manifest's watermark are read; the
//! articles that they name are masked in every part, and indexed as they are now in a small part in memory. Whether and
//! when an indexer runs makes no difference to an answer.

use super::{
    SearchError,
    bytes::Cache,
    manifest::Manifest,
    part::{Mask, Part},
};
use crate::{
    article::ArticleId,
    store::{Change, ChangeKind, FeedPosition, Store},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tantivy::{Term, query::Bm25StatisticsProvider, schema::Field};

/// How old a manifest may be before it is asked whether there is a newer one. Only costs depend on it.
const RECHECK: Duration = Duration::from_secs(5);
/// Changes that are laid over an index at most. One that is further behind must catch up first.
pub const TAIL_MAX: usize = 5_000;
const CHANGES: usize = 1_000;
/// Small parts in memory before they are made one.
const TAIL_PARTS: usize = 8;

/// The parts of one moment, each with what is masked in it.
pub struct View {
    pub layers: Vec<Layer>,
    /// How many of them are the manifest's.
    stored: usize,
    /// Those that any of the articles is in.
    pub languages: HashSet<String>,
    /// The manifest's, which a cursor in the order of relevance belongs to.
    pub name: String,
}

impl View {
    fn over(layers: Vec<Layer>, stored: usize, name: String) -> Self {
        let languages = layers.iter().flat_map(|it| it.part.languages.iter().cloned()).collect();
        Self { layers, stored, languages, name }
    }

    /// How many articles there are, masked ones among them.
    pub fn articles(&self) -> u64 {
        self.layers.iter().map(|it| u64::from(it.part.articles())).sum()
    }

    /// How many have a term, masked ones among them.
    pub fn count(&self, term: &Term) -> tantivy::Result<u64> {
        let count = |it: &Layer| Ok(u64::from(it.part.segment.inverted_index(term.field())?.doc_freq(term)?));
        self.layers.iter().map(count).sum()
    }
}

#[derive(Clone)]
pub struct Layer {
    pub part: Arc<Part>,
    pub mask: Arc<Mask>,
}

impl Layer {
    fn new(part: Part) -> Self {
        let mask = Arc::new(Mask::none(part.articles()));
        Self { part: Arc::new(part), mask }
    }

    fn hide(&mut self, articles: &HashSet<ArticleId>) -> Result<(), SearchError> {
        let found = self.part.find(articles)?;
        if !found.is_empty() {
            Arc::make_mut(&mut self.mask).add(found);
        }
        Ok(())
    }
}

/// Relevance weighs words by how common they are in the stored parts alone: so it stays the same for an article, whatever
/// the tail brings, for as long as the manifest is in force.
impl Bm25StatisticsProvider for View {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let counts =
            self.layers[..self.stored].iter().map(|it| Ok(it.part.segment.inverted_index(field)?.total_num_tokens()));
        counts.sum::<tantivy::Result<u64>>().map(|it| it.max(1))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.layers[..self.stored].iter().map(|it| u64::from(it.part.articles())).sum::<u64>().max(1))
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let counts = self.layers[..self.stored]
            .iter()
            .map(|it| Ok(u64::from(it.part.segment.inverted_index(term.field())?.doc_freq(term)?)));
        counts.sum()
    }
}

/// A manifest, opened, and the tail behind it.
pub struct Opened {
    pub manifest: Manifest,
    stored: Vec<Layer>,
    tail: Vec<Layer>,
    position: FeedPosition,
    changes: usize,
    view: Arc<View>,
    /// When it was last known to be in force, and when the tail was last read.
    pub checked: Instant,
    read: Option<Instant>,
    /// When the tail was last found to be too long. It is not looked through again at once.
    behind: Option<Instant>,
}

impl Opened {
    /// Parts that are open already are taken over.
    pub async fn open(
        store: &Store,
        cache: &Arc<Cache>,
        manifest: Manifest,
        before: Option<&Self>,
    ) -> Result<Self, SearchError> {
        let checked = Instant::now();
        let known: HashMap<&str, &Arc<Part>> = before
            .map(|it| {
                it.manifest.parts.iter().map(|it| it.place.file.as_str()).zip(it.stored.iter().map(|it| &it.part))
            })
            .into_iter()
            .flatten()
            .collect();
        let mut stored = Vec::with_capacity(manifest.parts.len());
        for entry in &manifest.parts {
            let part = match known.get(entry.place.file.as_str()) {
                Some(part) => (*part).clone(),
                None => Arc::new(Part::open(store.objects(), cache, &entry.place, false).await?),
            };
            stored.push(Layer { part, mask: Arc::new(entry.mask(store.objects()).await?) });
        }
        let position = manifest.watermark();
        let view = Arc::new(View::over(Vec::new(), 0, manifest.name.clone()));
        Ok(Self { manifest, stored, tail: Vec::new(), position, changes: 0, view, checked, read: None, behind: None })
    }

    pub fn is_fresh(&self) -> bool {
        self.checked.elapsed() < RECHECK
    }

    /// What there is now. `since`: a tail that was read later than that is new enough.
    pub async fn view(&mut self, store: &Store, since: Instant) -> Result<Arc<View>, SearchError> {
        if self.read.is_some_and(|it| it >= since) {
            return Ok(self.view.clone());
        }
        let reading = Instant::now();
        if self.behind.is_some_and(|it| it.elapsed() < RECHECK) {
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
            self.lay_over(store, &changes).await?;
        }
        if !changes.is_empty() || self.read.is_none() {
            let layers = self.stored.iter().chain(&self.tail).cloned().collect();
            self.view = Arc::new(View::over(layers, self.stored.len(), self.manifest.name.clone()));
        }
        (self.position, self.changes, self.read) = (position, self.changes + changes.len(), Some(reading));
        Ok(self.view.clone())
    }

    async fn lay_over(&mut self, store: &Store, changes: &[Change]) -> Result<(), SearchError> {
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
            tail.extend(Part::build(&articles)?.map(Layer::new));
            if tail.len() > TAIL_PARTS {
                let parts: Vec<(&Part, &Mask)> = tail.iter().map(|it| (&*it.part, &*it.mask)).collect();
                tail = Part::merge(&parts)?.map(Layer::new).into_iter().collect();
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
    /// Those that were there before the first of the changes.
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

/// Those of the articles that are there, as they are now.
pub async fn articles(store: &Store, ids: Vec<ArticleId>) -> Result<Vec<crate::article::Article>, SearchError> {
    let (found, _) = store.articles(&ids).await?;
    Ok(found.into_iter().map(|it| it.article).collect())
}

/// Work for a processor, and reads that wait: the index library reads in its own time.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, SearchError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(cause = %error, "a search ended early");
        SearchError::Ended
    })?
}
