//! Full-text search, counts and timelines over an index in the object store, without a search server.
//!
//! ```text
//! change log ─ indexer ─▶ segments, stories ─ manifest (compare and swap) ─▶ snapshot ◀─ tail of the change log
//! query ─ query_builder ─▶ collect over the snapshot ─▶ positions ─▶ cards from the table
//! ```
//!
//! | file | decides |
//! | --- | --- |
//! | [`analyzer`] | which words are equal |
//! | [`schema`] | which fields of an article are indexed |
//! | [`block_storage`], [`segment`] | how a segment of the index is stored, checked and read |
//! | [`manifest`] | which segments make up the index |
//! | [`indexer`] | what is indexed into a segment, when segments are merged, and which files are deleted |
//! | [`story_former`], [`bands`] | when an article's story is formed, and which texts it is compared with |
//! | [`snapshot`] | that a search sees what a list sees |
//! | [`query_builder`], [`collect`] | what matches, in which order, and how often |
//! | [`facet_counts`] | which values of a facet are named |
//! | [`collapse`] | which article represents each story |
//! | [`verify`] | whether the index has the articles of the archive |
//! | [`highlight`] | which passages of an article match |
//! | [`more_like_this`] | which other stories are related to an article, and why |
//!
//! The first search opens the index; until then it costs nothing.

mod analyzer;
mod bands;
mod block_storage;
mod blocking;
mod collapse;
mod collect;
mod error;
mod facet_counts;
mod highlight;
pub mod indexer;
mod manifest;
mod more_like_this;
mod query_builder;
mod schema;
mod segment;
mod snapshot;
mod story_former;
mod verify;

pub use error::SearchError;
pub use facet_counts::TopValues;
pub use highlight::{Highlight, MatchSpan, highlights, says};
pub use more_like_this::{Reason, Related};
pub use verify::IndexDifferences;

use crate::{
    article::Facet,
    query::{
        self, ArticlePage, Filter, ListQuery, Members, Rank, Sort, TextQuery,
        collapse::Collapse,
        page::{self, FoundPostings},
        plan,
    },
    store::Store,
};
use block_storage::Cache;
use blocking::blocking;
use collapse::FirstInIndex;
use collect::{Hit, Matching};
use manifest::Manifest;
use snapshot::{IndexSnapshot, OpenIndex};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Instant,
};
use tokio::sync::Mutex;

/// The search of one archive. Cheap to clone.
#[derive(Clone)]
pub struct Search(Arc<Inner>);

struct Inner {
    store: Store,
    /// Created by the first search.
    cache: OnceLock<Arc<Cache>>,
    opened: Mutex<Indexes>,
}

impl Inner {
    fn cache(&self) -> &Arc<Cache> {
        self.cache.get_or_init(Arc::default)
    }
}

#[derive(Default)]
struct Indexes {
    current: Option<OpenIndex>,
    /// The index on which paging by relevance began, if it is not the current one.
    earlier: Option<OpenIndex>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").finish_non_exhaustive()
    }
}

/// The number of matching articles, and the most frequent values of some facets.
pub struct MatchCounts {
    pub total: u64,
    pub facets: Vec<TopValues>,
}

impl Search {
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Inner { store, cache: OnceLock::new(), opened: Mutex::default() }))
    }

    /// Returns a page of articles: from the index if the query has a text, else from the table.
    pub async fn list(&self, query: &ListQuery) -> Result<(ArticlePage, Option<Rank>), SearchError> {
        match &query.text {
            Some(_) => self.page(query).await,
            None => Ok((query::page(&self.0.store, query).await?, None)),
        }
    }

    /// Returns a page of the articles that match a text query and, sorted by relevance, the rank at which the next page
    /// begins.
    pub async fn page(&self, query: &ListQuery) -> Result<(ArticlePage, Option<Rank>), SearchError> {
        let snapshot = match &query.rank {
            Some(rank) => self.earlier(&rank.index).await?,
            None => self.snapshot().await?,
        };
        let score = query.rank.as_ref().map_or(0, |rank| rank.score);
        let after = query.after.clone().map(|position| Hit { position, score });
        let request = Arc::new(self.request(&query.filter, query.text.as_ref()).await?);
        let (search_request, sort, wanted) = (request.clone(), query.sort, query.limit + 1);
        let searched = snapshot.clone();
        let mut hits =
            blocking(move || search_request.matching().first(&searched, sort, after.as_ref(), wanted)).await?;
        let more = hits.len() > query.limit;
        hits.truncate(query.limit);
        let positions: Vec<_> = hits.iter().map(|hit| hit.position.clone()).collect();
        let mut rest = positions.last().filter(|_| more).cloned();
        let (mut postings, cost) = plan::postings_at(&self.0.store, query, &positions).await?;
        if query.collapse {
            let first_member = FirstInIndex { snapshot: snapshot.clone(), request, sort };
            let kept = Collapse::new(&self.0.store, first_member).keep(postings, query.limit).await?;
            if kept.stopped {
                rest = kept.decided.or_else(|| query.after.clone());
            }
            postings = kept.postings;
        }
        let found = FoundPostings { postings, rest, cost };
        let page = page::build(&self.0.store, query, found, HashMap::new()).await?;
        let next = page.next.as_ref().and_then(|next| hits.iter().find(|hit| hit.position == *next));
        let rank = next.filter(|_| sort == Sort::Relevance);
        let rank = rank.map(|rank| Rank { index: snapshot.name.clone(), score: rank.score });
        Ok((page, rank))
    }

    /// Counts matching articles, and the values of facets, each with the maximum of values to name.
    pub async fn counts(
        &self,
        filter: &Filter,
        text: Option<&TextQuery>,
        facets: Vec<(Facet, usize)>,
    ) -> Result<MatchCounts, SearchError> {
        let (snapshot, request) = (self.snapshot().await?, self.request(filter, text).await?);
        let (total, facets) = blocking(move || request.matching().facets(&snapshot, &facets)).await?;
        Ok(MatchCounts { total, facets })
    }

    /// Counts articles by the time at which they are listed, in milliseconds, and by whether that is when they were
    /// published.
    pub async fn times(
        &self,
        filter: &Filter,
        text: Option<&TextQuery>,
    ) -> Result<BTreeMap<(i64, bool), u64>, SearchError> {
        let (snapshot, request) = (self.snapshot().await?, self.request(filter, text).await?);
        blocking(move || request.matching().times(&snapshot)).await
    }

    /// Returns the number of hits on the first page, without loading their cards, and the counts of some facets: the
    /// part of a search that reads only the index.
    pub async fn first(
        &self,
        query: &ListQuery,
        facets: Vec<(Facet, usize)>,
    ) -> Result<(usize, MatchCounts), SearchError> {
        let (snapshot, request) = (self.snapshot().await?, self.request(&query.filter, query.text.as_ref()).await?);
        let (sort, limit) = (query.sort, query.limit);
        blocking(move || {
            let matching = request.matching();
            let hits = matching.first(&snapshot, sort, None, limit)?;
            let (total, facets) = matching.facets(&snapshot, &facets)?;
            Ok((hits.len(), MatchCounts { total, facets }))
        })
        .await
    }

    /// Requests made and bytes fetched from the index so far.
    pub fn fetched(&self) -> (u64, u64) {
        let fetched = &self.0.cache().fetched;
        (fetched.requests.load(Ordering::Relaxed), fetched.bytes.load(Ordering::Relaxed))
    }

    async fn request(&self, filter: &Filter, text: Option<&TextQuery>) -> Result<SearchRequest, SearchError> {
        let members = Members::of(&self.0.store, &filter.stories).await?;
        Ok(SearchRequest { filter: filter.clone(), text: text.cloned(), members })
    }

    async fn snapshot(&self) -> Result<Arc<IndexSnapshot>, SearchError> {
        let started = Instant::now();
        let mut indexes = self.0.opened.lock().await;
        if indexes.current.as_ref().is_none_or(|current| !current.is_fresh()) {
            let reopened = self.reopen(&mut indexes).await;
            match &mut indexes.current {
                // The open index stays in use: its tail covers whatever a newer manifest would contain.
                Some(current) => {
                    if let Err(error) = reopened {
                        tracing::warn!(cause = crate::logs::chain(&error), "index update check failed");
                        current.checked = Instant::now();
                    }
                }
                None => reopened?,
            }
        }
        let Some(current) = &mut indexes.current else { return Err(SearchError::Ended) };
        match current.snapshot(&self.0.store, started).await {
            // An indexer may have caught up since the manifest was read.
            Err(SearchError::Behind { .. }) if current.checked < started => {
                self.reopen(&mut indexes).await?;
                let Some(current) = &mut indexes.current else { return Err(SearchError::Ended) };
                current.snapshot(&self.0.store, started).await
            }
            snapshot => snapshot,
        }
    }

    async fn reopen(&self, indexes: &mut Indexes) -> Result<(), SearchError> {
        let (store, cache) = (&self.0.store, self.0.cache());
        let checked = Instant::now();
        let (manifest, _) = Manifest::current(store.objects()).await?;
        cache.fetched.count(0);
        match &mut indexes.current {
            Some(current) if current.manifest.name == manifest.name => current.checked = checked,
            current => *current = Some(OpenIndex::open(store, cache, manifest, current.as_ref()).await?),
        }
        Ok(())
    }

    /// Returns the current snapshot of an earlier index.
    async fn earlier(&self, name: &str) -> Result<Arc<IndexSnapshot>, SearchError> {
        let current = self.snapshot().await?;
        if current.name == name {
            return Ok(current);
        }
        let started = Instant::now();
        let (store, cache) = (&self.0.store, self.0.cache());
        let mut indexes = self.0.opened.lock().await;
        if indexes.earlier.as_ref().is_none_or(|earlier| earlier.manifest.name != name) {
            let manifest = Manifest::named(store.objects(), name).await?.ok_or(SearchError::GenerationGone)?;
            let opened = OpenIndex::open(store, cache, manifest, indexes.current.as_ref()).await;
            indexes.earlier = Some(opened.map_err(|error| match error {
                // One of its files was deleted before or while it was opened.
                SearchError::Damaged { .. } => SearchError::GenerationGone,
                other => other,
            })?);
        }
        let Some(earlier) = &mut indexes.earlier else { return Err(SearchError::GenerationGone) };
        match earlier.snapshot(store, started).await {
            Err(SearchError::Behind { .. }) => Err(SearchError::GenerationGone),
            snapshot => snapshot,
        }
    }
}

/// A query that owns its parts, so that it can move to a blocking thread.
pub struct SearchRequest {
    filter: Filter,
    text: Option<TextQuery>,
    members: Members,
}

impl SearchRequest {
    fn matching(&self) -> Matching<'_> {
        Matching { filter: &self.filter, text: self.text.as_ref(), members: self.members.sets(), also: None }
    }
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::{indexer::Indexer, *};
    use crate::{
        archive,
        article::{Article, ArticleId, Instant, RawDocument},
        store::{Objects, embedded},
    };

    /// Enough articles for a segment that is not fetched whole.
    fn many() -> Vec<Article> {
        let document = RawDocument {
            media_type: Some("text/plain".to_owned()),
            ..RawDocument::new(
                b"Tram returns\n\nLISBON: The harbour tram ran again on Monday, after a pause of two years.\n".to_vec(),
                Instant::parse("2025-04-07T12:00:00Z").expect("a time"),
            )
        };
        let (article, _) = archive::preview(&document).expect("read");
        let copy = |number: usize| {
            let mut copy = article.clone();
            copy.head.id = ArticleId::of_identity(&number.to_string());
            copy.detail.body =
                (0..40).map(|line| format!("stop{} line{}", number * 31 + line, (number + line) % 997)).collect();
            copy
        };
        (0..3_000).map(copy).collect()
    }

    async fn indexed(objects: Objects) -> Store {
        let (store, _) = embedded::memory().expect("an engine in memory");
        let store = store.with_objects(objects);
        Indexer::new(store.clone()).build(std::iter::once(many())).await.expect("indexed");
        store
    }

    fn request(q: &str) -> ListQuery {
        ListQuery::parse(&[("q".to_owned(), q.to_owned())]).expect(q)
    }

    /// Runs on a single thread, as in a serverless function.
    #[tokio::test]
    async fn only_the_needed_ranges_of_a_large_segment_are_fetched() {
        let objects = Objects::memory();
        let store = indexed(objects.clone()).await;
        let (manifest, _) = Manifest::current(&objects).await.expect("a manifest");
        let [segment] = manifest.segments.as_slice() else { panic!("{} segments", manifest.segments.len()) };
        let search = Search::new(store.clone());
        let facets = [Facet::Country, Facet::Place, Facet::Language, Facet::Topic].map(|facet| (facet, 20)).to_vec();
        let (shown, counts) = search.first(&request("line7 -stop1000007"), facets).await.expect("found");
        assert_eq!((shown, counts.total), (20, 128), "three times forty articles and eight of the last cycle");
        assert_eq!(counts.facets[0].values, [("PT".to_owned(), 128)]);
        let (requests, bytes) = search.fetched();
        assert!(requests <= 20 && bytes < segment.place.bytes * 3 / 4, "{requests} requests for {bytes} bytes");
        // A repeated search is served from the cache.
        search.first(&request("line7"), vec![(Facet::Country, 20)]).await.expect("found");
        assert_eq!(search.fetched().0, requests);
    }

    /// However a block is damaged, the search fails with an error and the process survives.
    #[tokio::test]
    async fn a_damaged_block_is_an_error() {
        let objects = Objects::memory();
        let store = indexed(objects.clone()).await;
        let (manifest, _) = Manifest::current(&objects).await.expect("a manifest");
        let file = manifest.segments[0].place.file.clone();
        let (whole, _) = objects.index_file(&file).await.expect("read").expect("there");
        let mut failed = 0;
        for at in (0..whole.len()).step_by(whole.len() / 40) {
            let mut damaged = whole.to_vec();
            damaged[at] ^= 0x40;
            objects.put_index_file(&file, damaged).await.expect("put");
            let result =
                Search::new(store.clone()).first(&request("line7 OR \"stop40 line1\""), vec![(Facet::Place, 20)]).await;
            match result {
                Ok((shown, counts)) => assert!(shown == 20 && counts.total >= 128, "a block that no search reads"),
                Err(SearchError::Damaged { .. } | SearchError::Index(_)) => failed += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(failed > 5, "{failed}");
    }
}
