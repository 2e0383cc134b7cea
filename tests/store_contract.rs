//! What the archive relies on, of any engine: the embedded one, moto's server (`DATELINE_TEST_MOTO`, set by `tests/run`)
//! and whatever `DATELINE_TEST_ENDPOINT` names. The table is made anew for each run, under a name of its own.
//!
//! What the engines answer differently, beyond what `store::embedded` says of its own:
//! - moto tells no capacity units of a transaction, so they are asserted on the embedded engine alone.

mod support;

use dateline::{
    archive::{Archive, Deletion, Outcome, RemovalError},
    article::{ArticleId, Facet, FacetValue, Instant, RawDocument},
    enrich::likeness::BANDS,
    store::{
        Band, ChangeKind, Commit, Direction, DocumentRecord, FeedPosition, Held, List, MERGES_MAX, Next, Objects,
        Position, Revision, RevisionKind, Store, StoreError, Story, StoryChanges, StoryPut, Stretch, Tombstone, aws,
        embedded,
    },
};
use std::time::{SystemTime, UNIX_EPOCH};
use support::story;

fn moment() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos()
}

fn settings(endpoint: String, objects: String) -> aws::Settings {
    aws::Settings {
        table: format!("dateline-contract-{}", moment()),
        objects,
        table_endpoint: Some(endpoint.clone()),
        objects_endpoint: Some(endpoint),
        account: account(),
    }
}

fn account() -> aws::Account {
    aws::Account {
        region: std::env::var("AWS_REGION").unwrap_or_else(|_| "eu-west-1".to_owned()),
        credentials: aws::credentials_from_env()
            .unwrap_or_else(|_| aws_sdk_dynamodb::config::Credentials::from_keys("contract", "contract", None)),
        ca_bundle: std::env::var("AWS_CA_BUNDLE").ok(),
        system_roots: false,
    }
}

async fn at_endpoint(endpoint: String) -> Store {
    let settings = settings(endpoint, format!("file://{}", std::env::temp_dir().display()));
    let store = aws::open(&settings).expect("the settings are complete").with_objects(Objects::memory());
    store.create_table().await.expect("the table is created");
    store
}

/// Runs the contract on every engine at hand.
macro_rules! contract {
    ($($name:ident)*) => {
        mod embedded_engine {
            $(#[tokio::test]
            async fn $name() {
                let (store, _engine) = super::embedded::memory().await.expect("an engine in memory");
                super::$name(store).await;
            })*
        }
        mod endpoint {
            $(#[tokio::test]
            async fn $name() {
                for variable in ["DATELINE_TEST_MOTO", "DATELINE_TEST_ENDPOINT"] {
                    match std::env::var(variable) {
                        Ok(endpoint) => super::$name(super::at_endpoint(endpoint).await).await,
                        Err(_) => eprintln!("{variable} is not set: the contract is not run there"),
                    }
                }
            })*
        }
    };
}

contract! {
    creating_the_table_again_is_no_error
    an_article_is_there_whole_after_its_commit
    the_second_of_two_writers_is_refused
    a_revision_leaves_no_posting_behind
    a_list_is_read_from_any_position_in_both_directions
    many_articles_are_read_in_one_batch
    an_answer_is_remembered_once
    an_article_with_every_facet_value_fits_one_transaction
    a_change_whose_number_was_taken_is_refused
    a_purge_leaves_the_tombstone_and_nothing_else
}

async fn creating_the_table_again_is_no_error(store: Store) {
    store.create_table().await.expect("in use is fine");
    store.answers().await.expect("the table answers");
}

async fn an_article_is_there_whole_after_its_commit(store: Store) {
    let archive = Archive::new(store);
    let ingested = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let store = archive.store();
    let held = store.article(&ingested.id).await.expect("read").expect("held");
    assert_eq!(held.article.head.revision, 1);
    assert_eq!(held.article.facts.headline.as_deref(), Some("Tram returns to the harbour"));
    let evidence = store.evidence(&ingested.id, 1).await.expect("read").expect("held");
    assert!(!evidence.pieces.is_empty());
    for pk in &held.lists {
        assert_eq!(keys_of(store, pk).await.len(), 1, "{pk}");
    }
}

async fn the_second_of_two_writers_is_refused(store: Store) {
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let held = archive.store().article(&first.id).await.expect("read").expect("held");
    archive.ingest(story("a.txt", "Tram returns to the old harbour", "LISBON")).await.expect("revised");
    // A writer that still holds revision 1.
    let after_change = archive.store().last_change(&first.id).await.expect("read");
    let evidence = archive.store().evidence(&first.id, 1).await.expect("read").expect("held");
    let previous = Held::Article(held.clone());
    let revision = revision(2, RevisionKind::Revised);
    let next =
        Next::Article { held: &held, lists: vec![List::All, List::Changed], codes: Vec::new(), evidence: &evidence };
    let commit = Commit {
        previous: Some(&previous),
        revision: &revision,
        next,
        after_change,
        story: &StoryChanges::default(),
        document: None,
    };
    assert!(matches!(archive.store().commit(&commit).await, Err(StoreError::Conflict)));
    let held = archive.store().article(&first.id).await.expect("read").expect("held");
    assert_eq!(held.article.facts.headline.as_deref(), Some("Tram returns to the old harbour"));
}

async fn a_revision_leaves_no_posting_behind(store: Store) {
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let before = archive.store().article(&first.id).await.expect("read").expect("held");
    let second = archive.ingest(story("a.txt", "Tram returns to the harbour", "PARIS")).await.expect("revised");
    assert_eq!((second.outcome, second.revision), (Outcome::Revised, 2));
    let after = archive.store().article(&first.id).await.expect("read").expect("held");
    for pk in &before.lists {
        let expected = usize::from(after.lists.contains(pk));
        assert_eq!(keys_of(archive.store(), pk).await.len(), expected, "{pk}");
    }
    for pk in &after.lists {
        assert_eq!(keys_of(archive.store(), pk).await.len(), 1, "{pk}");
    }
}

async fn a_list_is_read_from_any_position_in_both_directions(store: Store) {
    let archive = Archive::new(store);
    for number in 0..7 {
        let document = story(&format!("{number}.txt"), &format!("Tram number {number} returns"), "LISBON");
        archive.ingest(document).await.expect("ingested");
    }
    let mut newest = walk(archive.store(), Direction::NewestFirst, 2).await;
    let oldest = walk(archive.store(), Direction::OldestFirst, 3).await;
    assert_eq!(newest.len(), 7);
    newest.reverse();
    assert_eq!(newest, oldest);
    let nowhere = List::Facet(FacetValue::new(Facet::Place, "nowhere"));
    let stretch = Stretch { list: nowhere, ..stretch(Direction::NewestFirst, None, 5) };
    let page = archive.store().list(&stretch).await.expect("read");
    assert!(page.postings.is_empty() && !page.more);
}

async fn many_articles_are_read_in_one_batch(store: Store) {
    let archive = Archive::new(store);
    let mut ids = Vec::new();
    for number in 0..12 {
        let document = story(&format!("{number}.txt"), &format!("Tram number {number} returns"), "LISBON");
        ids.push(archive.ingest(document).await.expect("ingested").id);
    }
    ids.push(ArticleId::of_identity("nobody's"));
    let (found, _) = archive.store().articles(&ids).await.expect("read");
    assert_eq!(found.len(), 12);
}

async fn an_answer_is_remembered_once(store: Store) {
    let until = Instant::now().timestamp().as_second() + 3600;
    assert_eq!(store.remembered_answer("key").await.expect("read"), None);
    store.remember_answer("key", "print", "first", until).await.expect("written");
    store.remember_answer("key", "other", "second", until).await.expect("left alone");
    let remembered = store.remembered_answer("key").await.expect("read");
    assert_eq!(remembered, Some(("print".to_owned(), "first".to_owned())));
}

/// The worst case: a revision that moves in time, from the most facet values to as many others, while the article's story
/// swallows others and its text has all bands anew.
async fn an_article_with_every_facet_value_fits_one_transaction(store: Store) {
    let archive = Archive::new(store);
    let ingested = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let store = archive.store();
    let mut held = store.article(&ingested.id).await.expect("read").expect("held");
    let evidence = store.evidence(&ingested.id, 1).await.expect("read").expect("held");
    for round in 2..4 {
        let values = (0..dateline::store::MAX_FACET_VALUES)
            .map(|it| List::Facet(FacetValue::new(Facet::Place, &format!("place {round} {it}"))));
        let lists: Vec<List> = [List::All, List::Changed].into_iter().chain(values).collect();
        let mut next = held.clone();
        next.article.head.revision = round;
        next.article.head.first_seen_at = Instant::now();
        next.article.head.changed_at = Instant::now();
        next.lists = lists.iter().map(List::pk).collect();
        let previous = Held::Article(held.clone());
        let revision = revision(round, RevisionKind::Revised);
        let document = DocumentRecord {
            key: "a.txt".to_owned(),
            sha256: "0".repeat(64),
            article: ingested.id.clone(),
            revision: round,
        };
        let commit = Commit {
            previous: Some(&previous),
            revision: &revision,
            next: Next::Article { held: &next, lists, codes: Vec::new(), evidence: &evidence },
            after_change: store.last_change(&ingested.id).await.expect("read"),
            story: &every_story_change(&ingested.id, round),
            document: Some(document),
        };
        store.commit(&commit).await.expect("100 actions at most");
        held = next;
    }
    let last = keys_of(store, &held.lists[2]).await;
    assert_eq!(last.len(), 1);
}

/// As many stories as one article can change, each with its place in the list, and all bands.
fn every_story_change(id: &ArticleId, round: u32) -> StoryChanges {
    let story = |number: u32, merged_into: Option<ArticleId>| Story {
        id: ArticleId::of_identity(&format!("story {round} {number}")),
        version: 0,
        created_at: Instant::now(),
        members: if merged_into.is_none() { vec![id.clone(), ArticleId::of_identity("other")] } else { Vec::new() },
        merged_into,
    };
    let target = story(0, None);
    let merged = (1..=u32::try_from(MERGES_MAX).expect("a few")).map(|it| story(it, Some(target.id.clone())));
    let merged: Vec<StoryPut> = merged.map(|story| StoryPut { story, was_listed: true }).collect();
    let bands = (0..BANDS).map(|it| Band { key: format!("B#{it:02}#{round:016x}"), version: 0, members: Vec::new() });
    let target = StoryPut { story: target, was_listed: false };
    StoryChanges { stories: std::iter::once(target).chain(merged).collect(), bands: bands.collect() }
}

/// Two writers of one shard: whoever was held up between its decision and its commit must decide again.
async fn a_change_whose_number_was_taken_is_refused(store: Store) {
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let store = archive.store();
    let held = store.held(&first.id).await.expect("read").expect("held");
    let stale = store.last_change(&first.id).await.expect("read");
    assert_eq!(stale, 1);
    // Another writer of the shard, here of the same article.
    let deleted = archive.delete(&first.id, &Deletion::default()).await.expect("deleted");
    let held_now = store.held(&first.id).await.expect("read").expect("held");
    let revision = revision(deleted.revision + 1, RevisionKind::Deleted);
    let tombstone = Tombstone { revision: revision.number, ..deleted.clone() };
    for (previous, after_change) in [(&held, 2), (&held_now, stale), (&held, stale)] {
        let next = Next::Tombstone(&tombstone);
        let commit = Commit {
            previous: Some(previous),
            revision: &revision,
            next,
            after_change,
            story: &StoryChanges::default(),
            document: None,
        };
        assert!(matches!(store.commit(&commit).await, Err(StoreError::Conflict)));
    }
    let page = store.changes(FeedPosition::default(), 10).await.expect("read");
    assert_eq!(page.changes.iter().map(|it| it.kind).collect::<Vec<_>>(), [ChangeKind::Created, ChangeKind::Deleted]);
}

async fn a_purge_leaves_the_tombstone_and_nothing_else(store: Store) {
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    archive.ingest(story("a.txt", "Tram returns to the old harbour", "PARIS")).await.expect("revised");
    let store = archive.store();
    let held = store.article(&first.id).await.expect("read").expect("held");
    let purge = Deletion { reason: Some("a court said so".to_owned()), purge: true };
    let tombstone = archive.delete(&first.id, &purge).await.expect("purged");
    assert_eq!((tombstone.revision, tombstone.purged), (3, true));
    let pk = format!("A#{}", first.id);
    assert_eq!(keys_of(store, &pk).await, ["HEAD"]);
    for pk in &held.lists {
        assert!(keys_of(store, pk).await.is_empty(), "{pk}");
    }
    let missing = store.objects().raw(&held.article.head.raw.sha256).await;
    assert!(matches!(missing, Err(StoreError::MissingObject(_))));
    assert_eq!(archive.delete(&first.id, &purge).await.expect("again"), tombstone);
    assert!(matches!(archive.restore(&first.id).await, Err(RemovalError::Purged(_))));
}

#[tokio::test]
async fn a_document_of_another_name_and_the_same_address_is_the_same_article() {
    let (store, _engine) = embedded::memory().await.expect("an engine in memory");
    let archive = Archive::new(store);
    let at = |key: &str| RawDocument {
        url: Some("https://news.example/tram?utm_source=feed".to_owned()),
        ..story(key, "Tram returns to the harbour", "LISBON")
    };
    let first = archive.ingest(at("a.txt")).await.expect("ingested");
    let again = archive.ingest(at("b.txt")).await.expect("ingested");
    assert_eq!((again.outcome, again.id), (Outcome::Unchanged, first.id));
}

fn revision(number: u32, kind: RevisionKind) -> Revision {
    Revision { number, at: Instant::now(), kind, changed: Vec::new(), reason: None }
}

fn stretch(direction: Direction, after: Option<Position>, limit: usize) -> Stretch {
    Stretch { list: List::All, direction, after, from: None, to: None, limit }
}

async fn walk(store: &Store, direction: Direction, limit: usize) -> Vec<ArticleId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(&stretch(direction, after.clone(), limit)).await.expect("read");
        after = page.postings.last().map(|it| it.position.clone());
        ids.extend(page.postings.into_iter().map(|it| it.position.id));
        if !page.more {
            return ids;
        }
    }
}

/// The sort keys in one partition, by the client itself.
async fn keys_of(store: &Store, pk: &str) -> Vec<String> {
    let found = store
        .client()
        .query()
        .table_name(store.table())
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", aws_sdk_dynamodb::types::AttributeValue::S(pk.to_owned()))
        .consistent_read(true)
        .limit(1000)
        .send()
        .await
        .expect("read");
    found.items().iter().filter_map(|it| it.get("sk").and_then(|it| it.as_s().ok()).cloned()).collect()
}

/// What the search index relies on, of objects in memory, in a folder, and in moto's bucket.
#[tokio::test]
async fn index_files_are_put_read_in_ranges_listed_and_swapped_by_one_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut kinds = vec![Objects::memory(), Objects::folder(folder.path()).expect("a folder of objects")];
    match std::env::var("DATELINE_TEST_MOTO") {
        Ok(endpoint) => {
            let settings = settings(endpoint, "s3://dateline-contract".to_owned());
            kinds.push(aws::open(&settings).expect("the settings are complete").objects().clone());
        }
        Err(_) => eprintln!("DATELINE_TEST_MOTO is not set: the contract is not run there"),
    }
    for objects in kinds {
        assert!(objects.index_file("none.json").await.expect("asked").is_none());
        objects.put_index_file("parts/a", b"0123456789".to_vec()).await.expect("put");
        assert_eq!(objects.index_range("parts/a", 3..6).await.expect("read").as_ref(), b"345");
        assert!(matches!(objects.index_range("parts/b", 0..1).await, Err(StoreError::MissingObject(_))));
        // Of two that saw none, one makes it; of two that saw a version, one puts the next in its place.
        let make = |bytes: &[u8]| objects.swap_index_file("manifest.json", bytes.to_vec(), None);
        let (one, other) = tokio::join!(make(b"one"), make(b"two"));
        assert!(one.expect("answered") != other.expect("answered"), "one of them");
        let (_, version) = objects.index_file("manifest.json").await.expect("read").expect("there");
        // Some tell versions apart by their times as well.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let swap = |bytes: &[u8]| objects.swap_index_file("manifest.json", bytes.to_vec(), Some(version.clone()));
        let (one, other) = tokio::join!(swap(b"three"), swap(b"fourth"));
        assert!(one.expect("answered") != other.expect("answered"), "one of them");
        assert!(!swap(b"fifth").await.expect("answered"), "the version is gone");
        let mut names: Vec<String> =
            objects.index_files().await.expect("listed").into_iter().map(|it| it.name).collect();
        names.sort();
        assert_eq!(names, ["manifest.json", "parts/a"]);
        for name in ["parts/a", "parts/a", "manifest.json"] {
            objects.delete_index_file(name).await.expect("gone, or was");
        }
        assert!(objects.index_files().await.expect("listed").is_empty());
    }
}
