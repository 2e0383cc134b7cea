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
//! | [`collapse`] | how each story is shown once |
//! | [`highlight`] | where an article says so |
//! | [`related`] | which other stories an article has to do with, and why |
//!
//! Opened by the first search; until then it costs nothing.

mod bytes;
mod collapse;
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
pub use highlight::{Highlight, MatchSpan, highlights, says};
pub use related::{Reason, Related};

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
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Instant,
};
use tokio::sync::Mutex;
use view::{Opened, View, blocking};

/// The search of one archive. Cheap to clone.
#[derive(Clone)]
pub struct Search(Arc<Inner>);

struct Inner {
    store: Store,
    /// Made by the first search.
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
        Self(Arc::new(Inner { store, cache: OnceLock::new(), opened: Mutex::default() }))
    }

    /// A page of a list with a text, and where it goes on in the order of relevance.
    pub async fn page(&self, query: &ListQuery) -> Result<(Page, Option<Rank>), SearchError> {
        let view = match &query.rank {
            Some(rank) => self.earlier(&rank.index).await?,
            None => self.view().await?,
        };
        let score = query.rank.as_ref().map_or(0, |it| it.score);
        let after = query.after.clone().map(|position| Hit { position, score });
        let asked = Arc::new(self.asked(&query.filter, query.text.as_ref()).await?);
        let (looking, sort, wanted) = (asked.clone(), query.sort, query.limit + 1);
        let within = view.clone();
        let mut hits = blocking(move || looking.matching().first(&within, sort, after.as_ref(), wanted)).await?;
        let more = hits.len() > query.limit;
        hits.truncate(query.limit);
        let last = hits.last().filter(|_| more).cloned();
        if query.collapse {
            hits = collapse::shown(&self.0.store, &view, asked, sort, hits).await?;
        }
        let positions: Vec<_> = hits.iter().map(|it| it.position.clone()).collect();
        let page = plan::found(&self.0.store, query, &positions, last.as_ref().map(|it| it.position.clone())).await?;
        let next = page.next.as_ref().and_then(|next| hits.iter().chain(&last).find(|it| it.position == *next));
        let rank = next.filter(|_| sort == Sort::Relevance);
        let rank = rank.map(|it| Rank { index: view.name.clone(), score: it.score });
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
    pub async fn times(&self, filter: &Filter, text: Option<&Text>) -> Result<BTreeMap<(i64, bool), u64>, SearchError> {
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
        let fetched = &self.0.cache().fetched;
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
            let reopened = self.reopen(&mut indexes).await;
            match &mut indexes.current {
                // What is open goes on: the tail makes up for whatever a newer manifest would have.
                Some(current) => {
                    if let Err(error) = reopened {
                        tracing::warn!(
                            cause = crate::logs::chain(&error),
                            "the index could not be asked for a newer one"
                        );
                        current.checked = Instant::now();
                    }
                }
                None => reopened?,
            }
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
        let (store, cache) = (&self.0.store, self.0.cache());
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
        let (store, cache) = (&self.0.store, self.0.cache());
        let mut indexes = self.0.opened.lock().await;
        if indexes.earlier.as_ref().is_none_or(|it| it.manifest.name != name) {
            let manifest = Manifest::named(store.objects(), name).await?.ok_or(SearchError::GenerationGone)?;
            let opened = Opened::open(store, cache, manifest, indexes.current.as_ref()).await;
            indexes.earlier = Some(opened.map_err(|error| match error {
                // A file of it went while it was opened, or before.
                SearchError::Damaged { .. } => SearchError::GenerationGone,
                other => other,
            })?);
        }
        let Some(earlier) = &mut indexes.earlier else { return Err(SearchError::GenerationGone) };
        match earlier.view(store, begun).await {
            Err(SearchError::Behind { .. }) => Err(SearchError::GenerationGone),
            view => view,
        }
    }
}

/// A query that outlives its request.
pub struct Asked {
    filter: Filter,
    text: Option<Text>,
    members: Members,
}

impl Asked {
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

    /// Articles enough for a part that is not fetched as a whole.
    fn many() -> Vec<Article> {
        let document = RawDocument {
            content: b"Tram returns\n\nLISBON: The harbour tram ran again on Monday, after a pause of two years.\n"
                .to_vec(),
            media_type: Some("text/plain".to_owned()),
            key: None,
            url: None,
            source: None,
            defaults: None,
            retrieved_at: Instant::parse("2025-04-07T12:00:00Z").expect("a time"),
        };
        let (one, _) = archive::preview(&document).expect("read");
        let copy = |number: usize| {
            let mut copy = one.clone();
            copy.head.id = ArticleId::of_identity(&number.to_string());
            copy.detail.body =
                (0..40).map(|it| format!("stop{} line{}", number * 31 + it, (number + it) % 997)).collect();
            copy
        };
        (0..3_000).map(copy).collect()
    }

    async fn indexed(objects: Objects) -> Store {
        let (store, _) = embedded::memory().await.expect("an engine in memory");
        let store = store.with_objects(objects);
        Indexer::new(store.clone()).build(std::iter::once(many())).await.expect("indexed");
        store
    }

    fn asked(q: &str) -> ListQuery {
        ListQuery::parse(&[("q".to_owned(), q.to_owned())]).expect(q)
    }

    /// On the one thread that a function has.
    #[tokio::test]
    async fn a_large_part_is_read_where_it_is_asked() {
        let objects = Objects::memory();
        let store = indexed(objects.clone()).await;
        let (manifest, _) = Manifest::current(&objects).await.expect("a manifest");
        let [part] = manifest.parts.as_slice() else { panic!("{} parts", manifest.parts.len()) };
        let search = Search::new(store.clone());
        let facets = vec![Facet::Country, Facet::Place, Facet::Language, Facet::Topic];
        let (shown, counts) = search.first(&asked("line7 -stop1000007"), facets).await.expect("found");
        assert_eq!((shown, counts.total), (20, 128), "three times forty articles, and eight of the last cycle");
        assert_eq!(counts.facets[0].get("PT"), Some(&128));
        let (requests, bytes) = search.fetched();
        assert!(requests <= 20 && bytes < part.place.bytes * 3 / 4, "{requests} requests for {bytes} bytes");
        // The same again is at hand.
        search.first(&asked("line7"), vec![Facet::Country]).await.expect("found");
        assert_eq!(search.fetched().0, requests);
    }

    /// Whatever a block becomes, a search ends with an error and not with the process.
    #[tokio::test]
    async fn a_block_that_is_not_as_it_was_written_is_an_error() {
        let objects = Objects::memory();
        let store = indexed(objects.clone()).await;
        let (manifest, _) = Manifest::current(&objects).await.expect("a manifest");
        let file = manifest.parts[0].place.file.clone();
        let (whole, _) = objects.index_file(&file).await.expect("read").expect("there");
        let mut failed = 0;
        for at in (0..whole.len()).step_by(whole.len() / 40) {
            let mut damaged = whole.to_vec();
            damaged[at] ^= 0x40;
            objects.put_index_file(&file, damaged).await.expect("put");
            let found = Search::new(store.clone()).first(&asked("line7 OR \"stop40 line1\""), vec![Facet::Place]).await;
            match found {
                Ok((shown, counts)) => assert!(shown == 20 && counts.total >= 128, "a block that nobody asked for"),
                Err(SearchError::Damaged { .. } | SearchError::Index(_)) => failed += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(failed > 5, "{failed}");
    }
}
