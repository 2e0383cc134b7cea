//! What the archive requires of every table: the embedded one, moto's server (`DATELINE_TEST_MOTO`, set by `tests/run`)
//! and the endpoint in `DATELINE_TEST_ENDPOINT`. Each run creates a table with a new name. `table_contract.rs` compares
//! the tables themselves.

use crate::support::story;
use dateline::{
    archive::{Archive, Deletion, DeletionError, Outcome},
    article::{ArticleId, Facet, FacetValue, Instant, RawDocument},
    config::Config,
    store::{
        ChangeKind, ChangePosition, Commit, Direction, DocumentRecord, ItemKey, ListPosition, Next, Objects,
        PostingList, PostingRange, Revision, RevisionKind, Store, StoreError, StorePart, StoredArticle, aws, embedded,
        table::{Action, KeyRange, dynamodb::DynamoDbTable},
    },
};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

fn unix_nanoseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos()
}

fn config(endpoint: String, objects: String) -> Config {
    let environment = Config::from_env();
    Config {
        table: Some(format!("dateline-contract-{}", unix_nanoseconds())),
        objects: Some(objects),
        table_endpoint: Some(endpoint.clone()),
        objects_endpoint: Some(endpoint),
        region: environment.region.clone().or_else(|| Some("eu-west-1".to_owned())),
        access_key_id: environment.access_key_id.clone().or_else(|| Some("contract".to_owned())),
        secret_access_key: environment.secret_access_key.clone().or_else(|| Some("contract".to_owned())),
        ..environment
    }
}

/// Returns the settings of a client of an endpoint, with a table of a new name.
pub fn new_config(endpoint: String) -> Config {
    config(endpoint, format!("file://{}", std::env::temp_dir().display()))
}

pub async fn table_at(config: &Config) -> DynamoDbTable {
    let table = aws::table(config).expect("the settings are complete");
    for _ in 0..2 {
        table.create().await.expect("the table is created, and accepted if it exists");
    }
    table
}

async fn at_endpoint(endpoint: String) -> Store {
    Store::new(Arc::new(table_at(&new_config(endpoint)).await), Objects::memory())
}

/// Runs the contract on every available table.
macro_rules! contract {
    ($($name:ident)*) => {
        mod embedded_engine {
            $(#[tokio::test]
            async fn $name() {
                let (store, _engine) = super::embedded::memory().expect("an engine in memory");
                super::$name(store).await;
            })*
        }
        mod endpoint {
            $(#[tokio::test]
            async fn $name() {
                for variable in ["DATELINE_TEST_MOTO", "DATELINE_TEST_ENDPOINT"] {
                    match std::env::var(variable) {
                        Ok(endpoint) => super::$name(super::at_endpoint(endpoint).await).await,
                        Err(_) => eprintln!("{variable} is not set: skipping the contract"),
                    }
                }
            })*
        }
    };
}

contract! {
    the_table_answers
    a_commit_writes_the_article_its_evidence_and_its_postings
    a_writer_with_a_stale_revision_is_refused
    a_revision_deletes_stale_postings
    a_list_is_read_from_any_position_in_both_directions
    many_articles_are_read_in_one_batch
    the_first_remembered_answer_is_kept
    an_article_with_every_facet_value_fits_one_transaction
    processes_number_the_changes_of_a_shard_without_a_gap
    changes_without_the_last_numbers_are_found_and_continued
    a_purge_leaves_only_the_tombstone
    a_lost_posting_is_found_and_restored_as_it_was
}

async fn the_table_answers(store: Store) {
    store.check(StorePart::Table).await.expect("the table answers");
}

async fn a_commit_writes_the_article_its_evidence_and_its_postings(store: Store) {
    let archive = Archive::new(store);
    let ingested = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let store = archive.store();
    let stored = store.article(&ingested.id).await.expect("read").expect("stored");
    assert_eq!(stored.article.head.revision, 1);
    assert_eq!(stored.article.facts.headline.as_deref(), Some("Tram returns to the harbour"));
    let evidence = store.evidence(&ingested.id, 1).await.expect("read").expect("stored");
    assert!(!evidence.pieces.is_empty());
    for pk in &stored.lists {
        assert_eq!(sort_keys_of(store, pk).await.len(), 1, "{pk}");
    }
}

async fn a_writer_with_a_stale_revision_is_refused(store: Store) {
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let stored = archive.store().article(&first.id).await.expect("read").expect("stored");
    archive.ingest(story("a.txt", "Tram returns to the old harbour", "LISBON")).await.expect("revised");
    // A writer that read revision 1.
    let evidence = archive.store().evidence(&first.id, 1).await.expect("read").expect("stored");
    let previous = StoredArticle::Article(stored.clone());
    let revision = revision(2, RevisionKind::Revised);
    let next = Next::Article {
        stored: &stored,
        lists: vec![PostingList::All, PostingList::Changed],
        codes: Vec::new(),
        evidence: &evidence,
    };
    let commit = Commit { previous: Some(&previous), revision: &revision, next, document: None };
    assert!(matches!(archive.store().commit(&commit).await, Err(StoreError::Conflict)));
    let stored = archive.store().article(&first.id).await.expect("read").expect("stored");
    assert_eq!(stored.article.facts.headline.as_deref(), Some("Tram returns to the old harbour"));
}

async fn a_revision_deletes_stale_postings(store: Store) {
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let before = archive.store().article(&first.id).await.expect("read").expect("stored");
    let second = archive.ingest(story("a.txt", "Tram returns to the harbour", "PARIS")).await.expect("revised");
    assert_eq!((second.outcome, second.revision), (Outcome::Revised, 2));
    let after = archive.store().article(&first.id).await.expect("read").expect("stored");
    for pk in &before.lists {
        let expected = usize::from(after.lists.contains(pk));
        assert_eq!(sort_keys_of(archive.store(), pk).await.len(), expected, "{pk}");
    }
    for pk in &after.lists {
        assert_eq!(sort_keys_of(archive.store(), pk).await.len(), 1, "{pk}");
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
    let nowhere = PostingList::Facet(FacetValue::new(Facet::Place, "nowhere"));
    let range = PostingRange { list: nowhere, ..range_of_all(Direction::NewestFirst, None, 5) };
    let page = archive.store().list(&range).await.expect("read");
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
    let (articles, _) = archive.store().articles(&ids).await.expect("read");
    assert_eq!(articles.len(), 12);
}

async fn the_first_remembered_answer_is_kept(store: Store) {
    let until = Instant::now().timestamp().as_second() + 3600;
    assert_eq!(store.remembered_answer("key").await.expect("read"), None);
    store.remember_answer("key", "print", "first", until).await.expect("written");
    store.remember_answer("key", "other", "second", until).await.expect("left alone");
    let remembered = store.remembered_answer("key").await.expect("read");
    assert_eq!(remembered, Some(("print".to_owned(), "first".to_owned())));
}

/// The worst case: a revision changes the listing time and replaces the maximum of facet values by as many others.
async fn an_article_with_every_facet_value_fits_one_transaction(store: Store) {
    let archive = Archive::new(store);
    let ingested = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let store = archive.store();
    let mut stored = store.article(&ingested.id).await.expect("read").expect("stored");
    let evidence = store.evidence(&ingested.id, 1).await.expect("read").expect("stored");
    for round in 2..4 {
        let values = (0..dateline::store::MAX_FACET_VALUES)
            .map(|number| PostingList::Facet(FacetValue::new(Facet::Place, &format!("place {round} {number}"))));
        let lists: Vec<PostingList> = [PostingList::All, PostingList::Changed].into_iter().chain(values).collect();
        let mut next = stored.clone();
        next.article.head.revision = round;
        next.article.head.first_seen_at = Instant::now();
        next.article.head.changed_at = Instant::now();
        next.lists = lists.iter().map(PostingList::pk).collect();
        let previous = StoredArticle::Article(stored.clone());
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
            next: Next::Article { stored: &next, lists, codes: Vec::new(), evidence: &evidence },
            document: Some(document),
        };
        store.commit(&commit).await.expect("at most 100 actions");
        stored = next;
    }
    let keys = sort_keys_of(store, &stored.lists[2]).await;
    assert_eq!(keys.len(), 1);
    // The article shows its story in as many lists.
    let other = ArticleId::of_identity("the story's first article");
    store.show_story(&stored, &other).await.expect("at most 100 actions");
    assert_eq!(store.article(&ingested.id).await.expect("read").expect("stored").article.head.story, other);
}

/// Two processes write to one shard, and each remembers the last number it took.
async fn processes_number_the_changes_of_a_shard_without_a_gap(store: Store) {
    let other = Archive::new(Store::new(store.table().clone(), store.objects().clone()));
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    for archive in [&archive, &other, &other, &archive, &archive] {
        match archive.store().stored_article(&first.id).await.expect("read").expect("stored") {
            StoredArticle::Article(_) => drop(archive.delete(&first.id, &Deletion::default()).await.expect("deleted")),
            StoredArticle::Tombstone(_) => drop(archive.restore(&first.id).await.expect("restored")),
        }
    }
    let page = archive.store().changes(ChangePosition::default(), 10).await.expect("read");
    let (created, deleted) = (ChangeKind::Created, ChangeKind::Deleted);
    let kinds: Vec<_> = page.changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [created, deleted, created, deleted, created, deleted]);
    let revisions: Vec<_> = page.changes.iter().map(|change| change.revision).collect();
    assert_eq!(revisions, [1, 2, 3, 4, 5, 6]);
    assert_eq!(page.next.0.iter().sum::<u64>(), 6);
}

/// An archive from before the last numbers of the shards were stored.
async fn changes_without_the_last_numbers_are_found_and_continued(store: Store) {
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let table = archive.store().table().clone();
    let last = KeyRange::new("C#last", ("0".to_owned(), "~".to_owned()), 20);
    for item in table.query(&last).await.expect("read").content.items {
        table.write(Action::Delete(item.key).always()).await.expect("deleted");
    }
    let archive = Archive::new(Store::new(table, archive.store().objects().clone()));
    let changes = async || archive.store().changes(ChangePosition::default(), 10).await.expect("read").changes;
    assert_eq!(changes().await.len(), 1);
    archive.delete(&first.id, &Deletion::default()).await.expect("deleted");
    assert_eq!(changes().await.iter().map(|change| change.revision).collect::<Vec<_>>(), [1, 2]);
}

async fn a_purge_leaves_only_the_tombstone(store: Store) {
    let archive = Archive::new(store);
    let first = archive.ingest(story("a.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    archive.ingest(story("a.txt", "Tram returns to the old harbour", "PARIS")).await.expect("revised");
    let store = archive.store();
    let stored = store.article(&first.id).await.expect("read").expect("stored");
    let purge = Deletion { reason: Some("a court said so".to_owned()), purge: true };
    let tombstone = archive.delete(&first.id, &purge).await.expect("purged");
    assert_eq!((tombstone.revision, tombstone.purged), (3, true));
    let pk = format!("A#{}", first.id);
    assert_eq!(sort_keys_of(store, &pk).await, ["HEAD"]);
    for pk in &stored.lists {
        assert!(sort_keys_of(store, pk).await.is_empty(), "{pk}");
    }
    let missing = store.objects().raw(&stored.article.head.raw.sha256).await;
    assert!(matches!(missing, Err(StoreError::MissingObject(_))));
    assert_eq!(archive.delete(&first.id, &purge).await.expect("purged before"), tombstone);
    assert!(matches!(archive.restore(&first.id).await, Err(DeletionError::Purged(_))));
}

async fn a_lost_posting_is_found_and_restored_as_it_was(store: Store) {
    let archive = Archive::new(store);
    for number in 0..3 {
        let document = story(&format!("{number}.txt"), &format!("Tram {number} returns to the harbour"), "LISBON");
        archive.ingest(document).await.expect("ingested");
    }
    let store = archive.store();
    assert_eq!(archive.check_up(false, |_| {}).await.expect("checked").findings, []);
    let before = store.list(&range_of_all(Direction::NewestFirst, None, 10)).await.expect("read").postings;
    let key = ItemKey::new(PostingList::All.pk(), before[1].position.to_string());
    store.table().write(Action::Delete(key).always()).await.expect("deleted");
    let found = archive.check_up(true, |_| {}).await.expect("checked").findings;
    assert!(matches!(found.as_slice(), [finding] if finding.repaired), "{found:?}");
    let after = store.list(&range_of_all(Direction::NewestFirst, None, 10)).await.expect("read").postings;
    assert_eq!(after, before);
    assert_eq!(archive.check_up(false, |_| {}).await.expect("checked").findings, []);
}

#[tokio::test]
async fn a_document_with_another_key_and_the_same_url_is_the_same_article() {
    let (store, _engine) = embedded::memory().expect("an engine in memory");
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
    Revision { number, at: Instant::now(), kind, changed: Vec::new(), reason: None, request_id: None }
}

fn range_of_all(direction: Direction, after: Option<ListPosition>, limit: usize) -> PostingRange {
    PostingRange { list: PostingList::All, direction, after, from: None, to: None, limit }
}

async fn walk(store: &Store, direction: Direction, limit: usize) -> Vec<ArticleId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(&range_of_all(direction, after.clone(), limit)).await.expect("read");
        after = page.postings.last().map(|posting| posting.position.clone());
        ids.extend(page.postings.into_iter().map(|posting| posting.position.id));
        if !page.more {
            return ids;
        }
    }
}

/// Returns the sort keys of one partition.
async fn sort_keys_of(store: &Store, pk: &str) -> Vec<String> {
    let range = KeyRange::new(pk, (" ".to_owned(), "~".to_owned()), 1_000);
    let page = store.table().query(&range).await.expect("read").content;
    page.items.into_iter().map(|item| item.key.sk).collect()
}

/// What the search index requires of object storage: in memory, in a folder, and in moto's bucket.
#[tokio::test]
async fn index_files_are_written_read_by_range_listed_and_swapped_atomically() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stores = vec![Objects::memory(), Objects::folder(folder.path()).expect("a folder of objects")];
    match std::env::var("DATELINE_TEST_MOTO") {
        Ok(endpoint) => {
            let config = config(endpoint, "s3://dateline-contract".to_owned());
            stores.push(aws::open(&config).expect("the settings are complete").objects().clone());
        }
        Err(_) => eprintln!("DATELINE_TEST_MOTO is not set: skipping the contract on S3"),
    }
    for objects in stores {
        assert!(objects.index_file("none.json").await.expect("read").is_none());
        objects.put_index_file("parts/a", b"0123456789".to_vec()).await.expect("put");
        assert_eq!(objects.index_range("parts/a", 3..6).await.expect("read").as_ref(), b"345");
        assert!(matches!(objects.index_range("parts/b", 0..1).await, Err(StoreError::MissingObject(_))));
        // Of two writers that saw no file, one creates it; of two that saw the same version, one replaces it.
        let create = |bytes: &[u8]| objects.swap_index_file("manifest.json", bytes.to_vec(), None);
        let (first, second) = tokio::join!(create(b"one"), create(b"two"));
        assert!(first.expect("no error") != second.expect("no error"), "exactly one writer succeeds");
        let (_, version) = objects.index_file("manifest.json").await.expect("read").expect("the file exists");
        // Some backends distinguish versions by modification time as well.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let swap = |bytes: &[u8]| objects.swap_index_file("manifest.json", bytes.to_vec(), Some(version.clone()));
        let (first, second) = tokio::join!(swap(b"three"), swap(b"fourth"));
        assert!(first.expect("no error") != second.expect("no error"), "exactly one writer succeeds");
        assert!(!swap(b"fifth").await.expect("no error"), "the version was replaced");
        let mut names: Vec<String> =
            objects.index_files().await.expect("listed").into_iter().map(|file| file.name).collect();
        names.sort();
        assert_eq!(names, ["manifest.json", "parts/a"]);
        for name in ["parts/a", "parts/a", "manifest.json"] {
            objects.delete_index_file(name).await.expect("deleting a missing file succeeds");
        }
        assert!(objects.index_files().await.expect("listed").is_empty());
    }
}
