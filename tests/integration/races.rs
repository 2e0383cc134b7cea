//! Concurrent writers: on one article, on one shard of the change log, and on an engine with injected conflicts.

use crate::support::story;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use dateline::{
    archive::{Archive, Deletion, Outcome},
    article::ArticleId,
    store::{ChangeKind, ChangePosition, Objects, PostingList, Store, StoredArticle, embedded},
};
use dynoxide::Database;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// One in this many transactions fails with a conflict, which the embedded engine itself never reports.
const CONFLICT_EVERY: u32 = 3;
/// A thousand rounds in all, on fresh archives, because the embedded engine slows down as its partitions grow.
const ARCHIVES: usize = 20;
const ROUNDS: usize = 50;

/// The embedded engine with injected conflicts.
#[derive(Clone, Debug)]
struct Contended {
    engine: Arc<EngineHandle>,
    transactions: Arc<AtomicU32>,
}

struct EngineHandle(Database);

impl std::fmt::Debug for EngineHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EngineHandle")
    }
}

impl HttpConnector for Contended {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap_or_default().to_vec();
            let is_transaction = target.ends_with(".TransactWriteItems");
            let conflicts =
                is_transaction && engine.transactions.fetch_add(1, Ordering::Relaxed).is_multiple_of(CONFLICT_EVERY);
            // Lets other tasks run between any two calls.
            tokio::task::yield_now().await;
            let (status, json) = if conflicts {
                let reasons = r#"[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]"#;
                let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
                (400, format!(r#"{{"__type":"{kind}","Message":"canceled","CancellationReasons":{reasons}}}"#))
            } else {
                embedded::answer(&engine.engine.0, &target, &body)
            };
            let mut response = HttpResponse::new(StatusCode::try_from(status).expect("a status"), SdkBody::from(json));
            response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
            Ok(response)
        })
    }
}

async fn contended() -> Archive {
    let engine = Database::memory().expect("an engine in memory");
    let connector = Contended { engine: Arc::new(EngineHandle(engine)), transactions: Arc::default() };
    let connector = SharedHttpConnector::new(connector);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::from_keys("local", "local", None))
        .endpoint_url("http://embedded.invalid")
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config), "dateline", Objects::memory());
    store.create_table().await.expect("the table is created");
    Archive::new(store)
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
    let archive = contended().await;
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
    let archive = contended().await;
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
