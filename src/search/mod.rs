//! Full text, counts and timelines over an index in the object store, with nothing running.
//!
//! ```text
//! change feed ─ indexer ─▶ parts ─ manifest (compare and swap) ─▶ view ◀─ tail of the change feed
//! query ─ translate ─▶ collect over the view ─▶ positions ─▶ cards out of the table
//! ```
//!
//! | file | decides |
//! | --- | --- |
//! | [`words`] | which words are the same |
//! | [`schema`] | what the index holds of an article |
//! | [`bytes`], [`part`] | how a part of the index is stored, checked and read |
//! | [`manifest`] | which parts are the index |
//! | [`indexer`] | what becomes a part, when parts are merged, and which files go |
//! | [`view`] | that a search sees what a list sees |
//! | [`translate`], [`collect`] | what matches, in which order, and how often |
//! | [`highlight`] | where an article says so |
//! | [`related`] | which other stories an article has to do with, and why |
//!
//! Opened by the first search; until then it costs nothing.

mod bytes;
mod collect;
mod error;
mod highlight;
pub mod indexer;
mod manifest;
mod part;
mod related;
mod schema;
mod translate;
mod view;
mod words;

pub use error::SearchError;
pub use related::{Reason, Related};
pub use highlight::{Highlight, MatchSpan, highlights, says};

use crate::{
    article::Facet,
    query::{Filter, ListQuery, Members, Page, Rank, Sort, Text, plan},
    store::Store,
};
use bytes::Cache;
use collect::{Hit, Matching};
use manifest::Manifest;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, atomic::Ordering},
    time::Instant,
};
use tokio::sync::Mutex;
use view::{Opened, View, blocking};

/// The search of one archive. Cheap to clone.
#[derive(Clone)]
pub struct Search(Arc<Inner>);

struct Inner {
    store: Store,
    cache: Arc<Cache>,
    opened: Mutex<Indexes>,
}

#[derive(Default)]
struct Indexes {
    current: Option<Opened>,
    /// The one that a walk in the order of relevance began on, if that is another.
    earlier: Option<Opened>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").finish_non_exhaustive()
    }
}

/// How many articles match, and how often each value of some facets.
pub struct Counts {
    pub total: u64,
    pub facets: Vec<HashMap<String, u64>>,
}

impl Search {
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Inner { store, cache: Arc::default(), opened: Mutex::default() }))
    }

    /// A page of a list with a text, and where it goes on in the order of relevance.
    pub async fn page(&self, query: &ListQuery) -> Result<(Page, Option<Rank>), SearchError> {
        let view = match &query.rank {
            Some(rank) => self.earlier(&rank.index).await?,
            None => self.view().await?,
        };
        let score = query.rank.as_ref().map_or(0, |it| it.score);
        let after = query.after.clone().map(|position| Hit { position, score });
        let (sort, wanted) = (query.sort, query.limit + 1);
        let (index, asked) = (view.name.clone(), self.asked(&query.filter, query.text.as_ref()).await?);
        let mut hits = blocking(move || asked.matching().first(&view, sort, after.as_ref(), wanted)).await?;
        let more = hits.len() > query.limit;
        hits.truncate(query.limit);
        let positions: Vec<_> = hits.iter().map(|it| it.position.clone()).collect();
        let rest = positions.last().filter(|_| more).cloned();
        let page = plan::found(&self.0.store, query, &positions, rest).await?;
        let last = page.next.as_ref().and_then(|next| hits.iter().find(|it| it.position == *next));
        let rank = last.filter(|_| sort == Sort::Relevance).map(|it| Rank { index, score: it.score });
        Ok((page, rank))
    }

    pub async fn counts(
        &self,
        filter: &Filter,
        text: Option<&Text>,
        facets: Vec<Facet>,
    ) -> Result<Counts, SearchError> {
        let (view, asked) = (self.view().await?, self.asked(filter, text).await?);
        let (total, facets) = blocking(move || asked.matching().facets(&view, &facets)).await?;
        Ok(Counts { total, facets })
    }

    /// How many articles are listed at each time, in milliseconds, and whether they were published then.
    pub async fn times(
        &self,
        filter: &Filter,
        text: Option<&Text>,
    ) -> Result<BTreeMap<(i64, bool), u64>, SearchError> {
        let (view, asked) = (self.view().await?, self.asked(filter, text).await?);
        blocking(move || asked.matching().times(&view)).await
    }

    /// The first of what matches, without its cards, and the counts of some facets: what a search takes of the index alone.
    #[cfg(feature = "local")]
    pub(crate) async fn first(&self, query: &ListQuery, facets: Vec<Facet>) -> Result<(usize, Counts), SearchError> {
        let (view, asked) = (self.view().await?, self.asked(&query.filter, query.text.as_ref()).await?);
        let (sort, limit) = (query.sort, query.limit);
        blocking(move || {
            let matching = asked.matching();
            let hits = matching.first(&view, sort, None, limit)?;
            let (total, facets) = matching.facets(&view, &facets)?;
            Ok((hits.len(), Counts { total, facets }))
        })
        .await
    }

    /// What was fetched of the index so far: requests, and bytes.
    pub fn fetched(&self) -> (u64, u64) {
        let fetched = &self.0.cache.fetched;
        (fetched.requests.load(Ordering::Relaxed), fetched.bytes.load(Ordering::Relaxed))
    }

    async fn asked(&self, filter: &Filter, text: Option<&Text>) -> Result<Asked, SearchError> {
        let members = Members::of(&self.0.store, &filter.stories).await?;
        Ok(Asked { filter: filter.clone(), text: text.cloned(), members })
    }

    async fn view(&self) -> Result<Arc<View>, SearchError> {
        let begun = Instant::now();
        let mut indexes = self.0.opened.lock().await;
        if indexes.current.as_ref().is_none_or(|it| !it.is_fresh()) {
            self.reopen(&mut indexes).await?;
        }
        let Some(current) = &mut indexes.current else { return Err(SearchError::Ended) };
        match current.view(&self.0.store, begun).await {
            // An indexer may have caught up since the manifest was read.
            Err(SearchError::Behind { .. }) if current.checked < begun => {
                self.reopen(&mut indexes).await?;
                let Some(current) = &mut indexes.current else { return Err(SearchError::Ended) };
                current.view(&self.0.store, begun).await
            }
            view => view,
        }
    }

    async fn reopen(&self, indexes: &mut Indexes) -> Result<(), SearchError> {
        let Inner { store, cache, .. } = &*self.0;
        let checked = Instant::now();
        let (manifest, _) = Manifest::current(store.objects()).await?;
        cache.fetched.count(0);
        match &mut indexes.current {
            Some(current) if current.manifest.name == manifest.name => current.checked = checked,
            current => *current = Some(Opened::open(store, cache, manifest, current.as_ref()).await?),
        }
        Ok(())
    }

    /// What an earlier index shows now.
    async fn earlier(&self, name: &str) -> Result<Arc<View>, SearchError> {
        let current = self.view().await?;
        if current.name == name {
            return Ok(current);
        }
        let begun = Instant::now();
        let Inner { store, cache, .. } = &*self.0;
        let mut indexes = self.0.opened.lock().await;
        if indexes.earlier.as_ref().is_none_or(|it| it.manifest.name != name) {
            let manifest = Manifest::named(store.objects(), name).await?.ok_or(SearchError::GenerationGone)?;
            let opened = Opened::open(store, cache, manifest, indexes.current.as_ref()).await;
            // A file of it went while it was opened, or before.
            indexes.earlier = Some(opened.map_err(|_| SearchError::GenerationGone)?);
        }
        let Some(earlier) = &mut indexes.earlier else { return Err(SearchError::GenerationGone) };
        match earlier.view(store, begun).await {
            Err(SearchError::Behind { .. }) => Err(SearchError::GenerationGone),
            view => view,
        }
    }
}

/// A query that outlives its request.
struct Asked {
    filter: Filter,
    text: Option<Text>,
    members: Members,
}

impl Asked {
    fn matching(&self) -> Matching<'_> {
        Matching { filter: &self.filter, text: self.text.as_ref(), members: self.members.sets(), also: None }
    }
}
