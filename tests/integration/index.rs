//! The index: it survives damaged files and interrupted writers, and lists never need it.

use crate::support::{
    Server,
    searching::{ALL_OF_IT, fill, ids, index, url, version, walk_index},
};
use dateline::{
    access::Policy,
    archive::Deletion,
    article::ArticleId,
    search::{Search, indexer::Indexer},
    store::{
        Objects, TRANSACTION_WRITES, embedded,
        table::{Action, Item, KeyRange},
    },
};
use futures::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, memory::InMemory, path::Path,
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// An in-memory object store that fails a given request before or after executing it, and whose objects can be damaged.
#[derive(Debug, Default)]
struct Frail {
    objects: InMemory,
    requests: AtomicUsize,
    /// The request that fails, and whether it is executed nevertheless.
    fails: Mutex<Option<(usize, bool)>>,
}

#[derive(Clone, Debug, Default)]
struct Handle(Arc<Frail>);

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Frail")
    }
}

impl Handle {
    fn failure() -> object_store::Error {
        object_store::Error::Generic { store: "Frail", source: "the process ended here".into() }
    }

    /// Returns whether the next request is executed, if it is to fail.
    fn next(&self) -> Option<bool> {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed);
        let fails = *self.0.fails.lock().expect("no thread panicked");
        fails.filter(|(at, _)| *at == number).map(|(_, is_executed)| is_executed)
    }

    fn fail_at(&self, fails: Option<(usize, bool)>) {
        self.0.requests.store(0, Ordering::Relaxed);
        *self.0.fails.lock().expect("no thread panicked") = fails;
    }

    async fn files(&self, under: &str) -> Vec<Path> {
        let listed = self.0.objects.list(Some(&Path::from(format!("index/{under}"))));
        let listed: Vec<_> = listed.collect().await;
        listed.into_iter().map(|object| object.expect("listed").location).collect()
    }

    async fn bytes(&self, file: &Path) -> Vec<u8> {
        self.0.objects.get(file).await.expect("there").bytes().await.expect("read").to_vec()
    }

    async fn put(&self, file: &Path, bytes: Vec<u8>) {
        self.0.objects.put(file, bytes.into()).await.expect("put");
    }
}

#[async_trait::async_trait]
impl ObjectStore for Handle {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        // Lets other tasks run between any two requests.
        tokio::task::yield_now().await;
        match self.next() {
            Some(false) => Err(Self::failure()),
            Some(true) => {
                self.0.objects.put_opts(at, payload, options).await?;
                Err(Self::failure())
            }
            None => self.0.objects.put_opts(at, payload, options).await,
        }
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.0.objects.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        tokio::task::yield_now().await;
        match self.next() {
            Some(_) => Err(Self::failure()),
            None => self.0.objects.get_opts(at, options).await,
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.0.objects.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.0.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.0.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.0.objects.copy_opts(from, to, options).await
    }
}

/// Starts a server over a frail object store.
async fn frail() -> (Server, Handle) {
    let (store, _) = embedded::memory().expect("an engine in memory");
    let handle = Handle::default();
    let store = store.with_objects(Objects::over(Arc::new(handle.clone())));
    (Server::on(store, Policy::OPEN), handle)
}

/// Returns all articles that a new reader finds.
async fn everything(server: &Server) -> BTreeSet<ArticleId> {
    let found = walk_index(&Search::new(server.archive.store().clone()), "q=NOT+xyzzy&limit=100").await;
    let set: BTreeSet<ArticleId> = found.iter().cloned().collect();
    assert_eq!(set.len(), found.len(), "each exactly once");
    set
}

#[tokio::test]
async fn an_indexer_interrupted_at_any_request_loses_nothing() {
    let (server, objects) = frail().await;
    let store = server.archive.store().clone();
    let mut written: BTreeSet<ArticleId> = fill(&server, 0..3).await.into_iter().collect();
    index(&store).await;
    let (mut step, mut carried_out) = (0, false);
    for attempt in 0.. {
        // Every attempt creates, revises and deletes an article, so that there are segments and delete bitmaps.
        written.extend(fill(&server, 100 + attempt..101 + attempt).await);
        server.archive.ingest(version(0, 1 + attempt % 5)).await.expect("revised");
        let deleted = written.iter().nth(attempt % written.len()).expect("the index is in range").clone();
        server.archive.delete(&deleted, &Deletion::default()).await.expect("deleted");
        written.remove(&deleted);
        objects.fail_at(Some((step, carried_out)));
        let ended = Indexer::new(store.clone()).run(ALL_OF_IT).await;
        objects.fail_at(None);
        assert_eq!(everything(&server).await, written, "failed at {step}");
        let done = ended.is_ok();
        index(&store).await;
        assert_eq!(everything(&server).await, written, "after recovery");
        match (done, carried_out) {
            (true, true) => break,
            (true, false) => (step, carried_out) = (0, true),
            (false, _) => step += 1,
        }
    }
    assert!(step >= 5, "an indexer makes at least five requests, not {step}");
}

#[tokio::test]
async fn concurrent_indexers_conflict_and_retry() {
    let (server, objects) = frail().await;
    let store = server.archive.store().clone();
    let mut written = BTreeSet::new();
    for round in 0..12 {
        written.extend(fill(&server, round * 4..round * 4 + 4).await);
        let indexers = (0..4).map(|_| Indexer::new(store.clone()));
        let runs = indexers.map(|indexer| async move { indexer.run(ALL_OF_IT).await });
        for ended in futures::future::join_all(runs).await {
            ended.expect("every indexer succeeds after retries");
        }
        assert_eq!(everything(&server).await, written);
    }
    // Together they wrote one history: the sweep deletes only files that no manifest references.
    let before = objects.files("segments").await.len();
    assert_eq!(
        Indexer::new(store.clone()).sweep().await.expect("swept"),
        0,
        "files within the grace period are kept: their writer may still be running"
    );
    let swept = Indexer::new(store.clone()).with_grace(jiff::SignedDuration::ZERO).sweep().await.expect("swept");
    let parts = objects.files("segments").await.len();
    assert!(swept > 0 && parts < before);
    assert!(parts < 4, "twelve batches of one size are merged: {parts}");
    assert!(objects.files("manifests").await.len() == 1);
    assert_eq!(everything(&server).await, written);
}

/// Damages the bytes of a file; `None` deletes it.
type Damage = fn(Vec<u8>) -> Option<Vec<u8>>;

#[tokio::test]
async fn a_damaged_index_is_reported_lists_still_work_and_reindex_repairs_it() {
    let (server, objects) = frail().await;
    let store = server.archive.store().clone();
    let written: BTreeSet<ArticleId> = fill(&server, 0..30).await.into_iter().collect();
    let damages: [Damage; 5] = [
        |_| None,
        |_| Some(Vec::new()),
        |bytes| Some(bytes[..bytes.len() / 2].to_vec()),
        |mut bytes| {
            let middle = bytes.len() / 2;
            bytes.get_mut(middle).into_iter().for_each(|byte| *byte ^= 1);
            Some(bytes)
        },
        |bytes| Some(bytes.iter().map(|byte| byte.wrapping_mul(7)).collect()),
    ];
    for under in ["segments", "bitmaps", ""] {
        for (number, damage) in damages.iter().enumerate() {
            Indexer::new(store.clone()).rebuild().await.expect("rebuilt");
            server.archive.ingest(version(3, 1 + number)).await.expect("revised");
            index(&store).await;
            for file in objects.files(under).await {
                if !file.as_ref().contains("manifests/") {
                    match damage(objects.bytes(&file).await) {
                        Some(bytes) => objects.put(&file, bytes).await,
                        None => objects.0.objects.delete(&file).await.expect("deleted"),
                    }
                }
            }
            // A new server: one that has the index open continues to work.
            let server = Server::on(store.clone(), Policy::OPEN);
            let answer = server.get("/v1/articles?q=tram").await;
            // Without a manifest there is no index, and the tail of the change log contains everything.
            if !(under.is_empty() && number == 0) {
                assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "search_unavailable"), "{under}");
                assert!(!answer.header("retry-after").is_empty());
                assert_eq!(server.get("/v1/facets?field=topic").await.status.as_u16(), 503);
            }
            assert_eq!(server.walk("/v1/articles").await.len(), 30, "lists still work");
            Indexer::new(store.clone()).rebuild().await.expect("rebuilt");
            assert_eq!(everything(&server).await, written);
        }
    }
}

#[tokio::test]
async fn a_search_walk_returns_each_match_once_during_writes_and_indexing() {
    let (server, objects) = frail().await;
    let store = server.archive.store().clone();
    for sort in ["-published", "published", "relevance"] {
        let stays: BTreeSet<String> = fill(&server, 0..25).await.iter().map(ToString::to_string).collect();
        index(&store).await;
        let first = url("/v1/articles", &[("q", "tram"), ("sort", sort), ("limit", "3"), ("fields", "id")]);
        let (mut next, mut seen, mut pages) = (Some(first), Vec::new(), 0);
        while let Some(path) = next {
            let page = server.get(&path).await.json();
            seen.extend(ids(page["articles"].as_array().unwrap_or_else(|| panic!("a page, not {page}"))));
            next = page["next"].as_str().map(str::to_owned);
            pages += 1;
            server.archive.ingest(version(1_000 + pages, pages % 6)).await.expect("ingested");
            match pages % 3 {
                0 => index(&store).await,
                1 => {
                    Indexer::new(store.clone()).rebuild().await.expect("rebuilt");
                }
                _ => {}
            }
        }
        for id in &stays {
            assert_eq!(seen.iter().filter(|seen| *seen == id).count(), 1, "{id} by {sort}");
        }
    }
    // A cursor by relevance expires with the index that it belongs to.
    let page = server.get("/v1/articles?q=tram&sort=relevance&limit=3").await.json();
    let next = page["next"].as_str().expect("more").to_owned();
    assert_eq!(server.get(&next).await.status.as_u16(), 200);
    fill(&server, 2_000..2_001).await;
    index(&store).await;
    Indexer::new(store.clone()).with_grace(jiff::SignedDuration::ZERO).sweep().await.expect("swept");
    assert_eq!(objects.files("manifests").await.len(), 1);
    let server = Server::on(store, Policy::OPEN);
    let expired = server.get(&next).await;
    assert_eq!((expired.status.as_u16(), expired.problem().as_str()), (410, "cursor_expired"));
}

#[tokio::test]
async fn a_search_of_an_unchanged_archive_reads_one_unit_of_the_table() {
    let (store, _) = embedded::memory().expect("an engine in memory");
    let server = Server::on(store.clone(), Policy::OPEN);
    // So many that every shard of the change log has one.
    fill(&server, 0..200).await;
    index(&store).await;
    let read_units = async |path: &str| {
        let before = store.usage();
        assert_eq!(server.get(path).await.status.as_u16(), 200, "{path}");
        store.usage().since(before).read_units
    };
    assert_eq!(read_units("/v1/articles?q=nowhere").await, 1.0);
    assert_eq!(read_units("/v1/facets?q=tram&field=country").await, 1.0);
    fill(&server, 200..201).await;
    assert!(read_units("/v1/articles?q=nowhere").await > 1.0, "the change is read");
}

/// With more unindexed changes than a search overlays on the index, it fails instead of omitting them.
#[tokio::test]
async fn an_index_far_behind_is_reported_and_catches_up() {
    let (store, _) = embedded::memory().expect("an engine in memory");
    let server = Server::on(store.clone(), Policy::OPEN);
    let id = fill(&server, 0..1).await.remove(0);
    let table = store.table();
    let mut first = None;
    for shard in 0..16 {
        let range = KeyRange::new(format!("C#{shard:02}"), ("0".to_owned(), "~".to_owned()), 1);
        first = first.or(table.query(&range).await.expect("read").content.items.pop());
    }
    let first = first.expect("one change");
    let copies: Vec<_> = (2..=5_100)
        .map(|number| {
            let mut copy = first.clone().with("kind", "revised");
            copy.key.sk = format!("{number:012}");
            Action::Put(copy).always()
        })
        .collect();
    for copies in copies.chunks(TRANSACTION_WRITES) {
        table.transact(copies.to_vec()).await.expect("written");
    }
    let shard = first.key.pk.trim_start_matches("C#");
    let last = Item::new("C#last", shard).with("number", 5_100_i64);
    table.write(Action::Put(last).always()).await.expect("written");
    let behind = server.get("/v1/articles?q=tram").await;
    assert_eq!((behind.status.as_u16(), behind.header("retry-after")), (503, "10"));
    assert_eq!(ids(&server.walk("/v1/articles").await), [id.to_string()], "lists still work");
    index(&store).await;
    assert_eq!(ids(&Server::on(store, Policy::OPEN).walk("/v1/articles?q=tram").await), [id.to_string()]);
}

#[tokio::test]
async fn lists_without_a_text_query_never_read_the_index() {
    let (server, objects) = frail().await;
    fill(&server, 0..5).await;
    index(server.archive.store()).await;
    objects.fail_at(None);
    let server = Server::on(server.archive.store().clone(), Policy::OPEN);
    server.walk("/v1/articles?country=PT").await;
    assert_eq!(objects.0.requests.load(Ordering::Relaxed), 0);
    server.walk("/v1/articles?q=tram").await;
    assert!(objects.0.requests.load(Ordering::Relaxed) > 0);
}
