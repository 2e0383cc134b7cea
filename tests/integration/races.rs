//! Concurrent writers: on one article, on one shard of the change log, and on an engine with injected conflicts.

use crate::support::story;
use async_trait::async_trait;
use dateline::{
    archive::{Archive, Deletion, Outcome},
    article::ArticleId,
    store::{
        ChangeKind, ChangePosition, ItemKey, Objects, PostingList, Store, StoreError, StoredArticle,
        table::{Item, KeyRange, Page, Read, Table, Write, embedded::EmbeddedTable},
    },
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// One in this many transactions fails with a conflict, as DynamoDB's do when two are in progress for one item.
const CONFLICT_EVERY: u32 = 3;
/// A thousand rounds in all.
const ARCHIVES: usize = 20;
const ROUNDS: usize = 50;

/// The embedded table with injected conflicts, where other tasks run between any two calls.
#[derive(Debug)]
struct Contended {
    table: EmbeddedTable,
    transactions: AtomicU32,
}

#[async_trait]
impl Table for Contended {
    async fn get(&self, key: &ItemKey) -> Result<Read<Option<Item>>, StoreError> {
        tokio::task::yield_now().await;
        self.table.get(key).await
    }

    async fn batch_get(&self, keys: &[ItemKey]) -> Result<Read<Vec<Item>>, StoreError> {
        tokio::task::yield_now().await;
        self.table.batch_get(keys).await
    }

    async fn query(&self, range: &KeyRange) -> Result<Read<Page>, StoreError> {
        tokio::task::yield_now().await;
        self.table.query(range).await
    }

    async fn scan(&self, after: Option<&ItemKey>, limit: usize) -> Result<Read<Page>, StoreError> {
        self.table.scan(after, limit).await
    }

    async fn write(&self, write: Write) -> Result<f64, StoreError> {
        tokio::task::yield_now().await;
        self.table.write(write).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<f64, StoreError> {
        tokio::task::yield_now().await;
        if self.transactions.fetch_add(1, Ordering::Relaxed).is_multiple_of(CONFLICT_EVERY) {
            return Err(StoreError::Conflict);
        }
        self.table.transact(writes).await
    }
}

fn contended() -> Archive {
    let table = EmbeddedTable::memory().expect("a table in memory");
    let table = Contended { table, transactions: AtomicU32::default() };
    Archive::new(Store::new(Arc::new(table), Objects::memory()))
}

/// Reads all changes page by page, like a consumer.
async fn changes(store: &Store) -> Vec<(ArticleId, u32, ChangeKind)> {
    let (mut all, mut after) = (Vec::new(), ChangePosition::default());
    loop {
        let page = store.changes(after, 100).await.expect("read");
        all.extend(page.changes.into_iter().map(|change| (change.id, change.revision, change.kind)));
        after = page.next;
        if !page.more {
            return all;
        }
    }
}

/// Runs concurrently, in a thousand rounds: the same document twice, two versions of it, a revision and a deletion.
#[tokio::test]
async fn concurrent_writers_leave_one_history_with_one_change_per_revision() {
    for _ in 0..ARCHIVES {
        race().await;
    }
}

async fn race() {
    let archive = contended();
    for round in 0..ROUNDS {
        let document = |version: usize| {
            let place = ["LISBON", "PARIS", "NAIROBI"][version % 3];
            story(&format!("{round}.txt"), &format!("Tram {round} returns, take {version}"), place)
        };
        let (first, again) = tokio::join!(archive.ingest(document(0)), archive.ingest(document(0)));
        let outcomes = [first.expect("written"), again.expect("written")];
        let created = outcomes.iter().filter(|ingested| ingested.outcome == Outcome::Created).count();
        assert_eq!((created, outcomes[0].id.clone()), (1, outcomes[1].id.clone()), "one article, created once");
        let id = &outcomes[0].id;
        let (one, two) = tokio::join!(archive.ingest(document(1)), archive.ingest(document(2)));
        assert_eq!(
            [one.expect("written"), two.expect("written")].map(|outcome| outcome.outcome),
            [Outcome::Revised; 2]
        );
        let deletion = Deletion::default();
        let (revised, deleted) = tokio::join!(archive.ingest(document(3)), archive.delete(id, &deletion));
        let (revised, deleted) = (revised.expect("written").outcome, deleted.expect("deleted"));
        // Either the revision is first, or the deletion is and the article stays deleted.
        let steps = match revised {
            Outcome::Revised => 5,
            Outcome::Deleted => 4,
            other => panic!("{other:?}"),
        };
        let stored = archive.store().stored_article(id).await.expect("read").expect("stored");
        assert_eq!((stored.revision(), matches!(stored, StoredArticle::Tombstone(_))), (steps, true));
        assert_eq!(deleted.revision, steps);
        let (revisions, _) = archive.store().revisions(id, u32::MAX, 100).await.expect("read");
        assert_eq!(
            revisions.iter().map(|revision| revision.number).collect::<Vec<_>>(),
            (1..=steps).rev().collect::<Vec<_>>()
        );
    }
    let mut by_article: BTreeMap<ArticleId, Vec<(u32, ChangeKind)>> = BTreeMap::new();
    for (id, revision, kind) in changes(archive.store()).await {
        by_article.entry(id).or_default().push((revision, kind));
    }
    assert_eq!(by_article.len(), ROUNDS);
    for steps in by_article.values() {
        let last = steps.len() - 1;
        for (at, (revision, kind)) in steps.iter().enumerate() {
            let expected = if at == 0 {
                ChangeKind::Created
            } else if at == last {
                ChangeKind::Deleted
            } else {
                ChangeKind::Revised
            };
            assert_eq!((*revision as usize, *kind), (at + 1, expected), "each revision exactly once, in order");
        }
    }
    let page = archive.store().list(&dateline::store::PostingRange {
        list: PostingList::All,
        direction: dateline::store::Direction::NewestFirst,
        after: None,
        from: None,
        to: None,
        limit: 10,
    });
    assert!(page.await.expect("read").postings.is_empty(), "a deleted article is in no list");
}

/// A consumer reads while many tasks write, some of them delayed between their decision and their commit.
#[tokio::test]
async fn a_consumer_misses_no_change_of_concurrent_writers() {
    let archive = contended();
    let written = 120;
    let writers = async {
        let writes = (0..written).map(|number: usize| {
            let archive = archive.clone();
            async move {
                // Delays each writer differently, so that decisions and commits interleave in every order.
                for _ in 0..number % 7 {
                    tokio::task::yield_now().await;
                }
                let document =
                    story(&format!("{number}.txt"), &format!("Tram {number} returns to the harbour"), "LISBON");
                loop {
                    match archive.ingest(document.clone()).await {
                        Ok(ingested) => break ingested.id,
                        Err(error) => assert_eq!(error.code(), "contended"),
                    }
                }
            }
        });
        futures::future::join_all(writes).await
    };
    let consumer = async {
        let (mut seen, mut after) = (Vec::new(), ChangePosition::default());
        while seen.len() < written {
            let page = archive.store().changes(after, 7).await.expect("read");
            after = page.next;
            seen.extend(page.changes.into_iter().map(|change| change.id));
            tokio::task::yield_now().await;
        }
        seen
    };
    let (mut ids, mut seen) = tokio::join!(writers, consumer);
    ids.sort();
    seen.sort();
    assert_eq!(seen, ids, "each exactly once, none skipped");
}
