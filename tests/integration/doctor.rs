//! The doctor: a whole archive has no fault, and each kind of fault is named, and mended if it can be derived.

use crate::support::{Server, process, request, searching::index, story};
use dateline::{
    archive::{Deletion, doctor::Finding},
    article::{ArticleId, Instant, RawDocument},
    search::{IndexDifferences, Search, indexer::Indexer},
    store::{
        Store,
        table::{Action, Item},
    },
};
use serde_json::json;
use std::{fs, time::Duration};

/// An archive with every kind of item: revised, deleted, purged, restored and merged articles, sources, a failure, a
/// webhook, a key, a consumer and an idempotency key.
async fn lived_in() -> Server {
    let server = Server::with_seeds().await;
    let archive = &server.archive;
    for (key, headline) in [
        ("pier.txt", "Ferry pier closes for repairs"),
        ("pier.txt", "Old ferry pier closes for good"),
        ("copy.txt", "Ferry pier closes for repairs"),
    ] {
        archive.ingest(story(key, headline, "LISBON")).await.expect("ingested");
    }
    index(archive.store()).await;
    let ids = ids(&server).await;
    for (number, purge) in [(0, false), (1, true), (2, false)] {
        archive.delete(&ids[number], &Deletion { purge, reason: None }).await.expect("deleted");
    }
    archive.restore(&ids[2]).await.expect("restored");
    index(archive.store()).await;
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    for (path, body) in [
        ("/v1/sources", json!({"url": "https://gazette.example/feed"})),
        ("/v1/webhooks", json!({"url": "https://desk.example/hook"})),
        ("/v1/articles", json!({"content": "Night bus gains a second line\n\nThe night bus has two lines now."})),
    ] {
        let answer = server.call(request("POST", path, &headers, body.to_string().into())).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    }
    let failing = RawDocument { key: Some("empty.txt".to_owned()), ..RawDocument::new(b" ".to_vec(), Instant::now()) };
    let reports = archive.ingest_all(failing.clone()).await;
    archive.keep_failed(failing, false, &reports).await.expect("kept");
    server
}

async fn ids(server: &Server) -> Vec<ArticleId> {
    let cards = server.walk("/v1/articles?fields=id&limit=100").await;
    cards.iter().map(|card| ArticleId::parse(card["id"].as_str().expect("text")).expect("an id")).collect()
}

/// Returns the items whose partition key has this prefix.
async fn items(store: &Store, prefix: &str) -> Vec<Item> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.table().scan(after.as_ref(), 1_000).await.expect("scanned").content;
        after = page.items.last().map(|item| item.key.clone());
        found.extend(page.items.into_iter().filter(|item| item.key.pk.starts_with(prefix)));
        if !page.more {
            return found;
        }
    }
}

async fn delete(store: &Store, item: &Item) {
    store.table().write(Action::Delete(item.key.clone()).always()).await.expect("deleted");
}

async fn put(store: &Store, item: Item) {
    store.table().write(Action::Put(item).always()).await.expect("put");
}

async fn findings(server: &Server, repair: bool) -> Vec<Finding> {
    server.archive.check_up(repair, |_| {}).await.expect("checked").findings
}

#[tokio::test]
async fn a_whole_archive_has_no_fault() {
    let server = lived_in().await;
    let checkup = server.archive.check_up(false, |_| {}).await.expect("checked");
    assert_eq!(checkup.findings, []);
    assert_eq!(checkup.articles.len(), ids(&server).await.len());
    assert!(checkup.items > checkup.articles.len() * 10 && checkup.objects > 20, "{} items", checkup.items);
}

#[tokio::test]
async fn what_is_derived_is_mended() {
    let server = lived_in().await;
    let store = server.archive.store();
    let before = server.walk("/v1/articles?limit=100").await;
    let mut expected = Vec::new();
    // Lost: a posting of every list of one article, an entry of the list of stories, and of the sources by time.
    let id = ids(&server).await[0].to_string();
    for prefix in ["F#all", "F#changed", "L#stories", "L#sources#time"] {
        let items = items(store, prefix).await;
        let lost = items.iter().find(|item| !prefix.starts_with("F#") || item.key.sk.ends_with(&id));
        let lost = lost.unwrap_or_else(|| panic!("no item of {prefix}"));
        delete(store, lost).await;
        expected.push(lost.key.to_string());
    }
    // Left over: a posting under another time, and an entry of a source that does not exist.
    let mut stray = items(store, "F#all").await.remove(0);
    stray.key.sk = stray.key.sk.replacen("20", "19", 1);
    expected.push(stray.key.to_string());
    put(store, stray).await;
    put(store, Item::new("L#sources#time", "2026-01-01T00:00:00.000Z#nobody").with("id", "nobody")).await;
    expected.push("L#sources#time 2026-01-01T00:00:00.000Z#nobody".to_owned());
    expected.sort();

    for (repair, repaired) in [(false, false), (true, true)] {
        let mut found = findings(&server, repair).await;
        found.sort_by(|a, b| a.at.cmp(&b.at));
        assert_eq!(found.iter().map(|finding| &finding.at).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
        assert!(found.iter().all(|finding| finding.repaired == repaired), "{found:?}");
    }
    assert_eq!(findings(&server, false).await, []);
    assert_eq!(server.walk("/v1/articles?limit=100").await, before);
}

#[tokio::test]
async fn what_cannot_be_derived_is_named_and_left() {
    let server = lived_in().await;
    let store = server.archive.store();
    let articles = ids(&server).await;
    let [damaged, without_evidence] = [&articles[0], &articles[1]].map(|id| format!("A#{id}"));
    // An article that cannot be parsed: its postings are not called surplus, because what it has is unknown.
    let mut head = items(store, &damaged).await.into_iter().find(|item| item.key.sk == "HEAD").expect("a head");
    head.set("content_hash", true);
    put(store, head).await;
    let evidence = items(store, &without_evidence).await.into_iter().find(|item| item.key.sk.starts_with("E#"));
    let evidence = evidence.expect("evidence");
    delete(store, &evidence).await;
    let change = items(store, "C#").await.into_iter().find(|item| item.key.sk == "000000000001").expect("a change");
    delete(store, &change).await;
    put(store, Item::new("X#1", "HEAD")).await;
    // One raw document is lost, another differs.
    let sha256 =
        async |id: &ArticleId| store.article(id).await.expect("read").expect("an article").article.head.raw.sha256;
    let (lost, differing) = (sha256(&articles[3]).await, sha256(&articles[4]).await);
    store.objects().delete_raw(&lost).await.expect("deleted");
    store.objects().put_raw(&differing, b"other bytes".to_vec()).await.expect("put");

    let mut expected = [
        format!("{damaged} HEAD"),
        evidence.key.to_string(),
        change.key.to_string(),
        "X#1 HEAD".to_owned(),
        format!("raw/{lost}"),
        format!("raw/{differing}"),
    ];
    expected.sort();
    for repair in [false, true] {
        let mut found = findings(&server, repair).await;
        found.sort_by(|a, b| a.at.cmp(&b.at));
        assert_eq!(found.iter().map(|finding| finding.at.clone()).collect::<Vec<_>>(), expected);
        assert!(found.iter().all(|finding| !finding.repaired), "{found:?}");
    }
}

#[tokio::test]
async fn an_index_that_differs_from_the_table_is_noticed() {
    let server = lived_in().await;
    let store = server.archive.store();
    Indexer::new(store.clone()).run(Duration::from_secs(60)).await.expect("indexed");
    let articles = async || server.archive.check_up(false, |_| {}).await.expect("checked").articles;
    let differences = async |articles| Search::new(store.clone()).differences(articles).await.expect("compared");
    assert_eq!(differences(articles().await).await, IndexDifferences::default());
    let mut others = articles().await;
    let id = others.keys().next().expect("an article").clone();
    others.insert(id.clone(), Instant::parse("2020-01-01").expect("a time"));
    assert_eq!(differences(others.clone()).await, IndexDifferences { outdated: 1, ..IndexDifferences::default() });
    others.remove(&id);
    others.insert(ArticleId::of_identity("nobody"), Instant::now());
    assert_eq!(differences(others).await, IndexDifferences { missing: 1, surplus: 1, outdated: 0 });
}

#[test]
fn the_command_checks_mends_and_says_what_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| process::run(folder.path(), arguments);
    let none = run(&["doctor"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(process::text(&none.stderr).contains("there is no archive in .dateline"));
    assert!(fs::read_dir(folder.path()).expect("a folder").next().is_none(), "nothing is created");
    fs::write(folder.path().join("pier.txt"), "Pier closes\n\nLISBON: The pier closed on Monday, the port said.\n")
        .expect("written");
    assert!(run(&["--data", "news", "ingest", "pier.txt"]).status.success());
    let whole = run(&["doctor", "--data", "news"]);
    assert!(whole.status.success() && process::text(&whole.stdout).contains("nothing is wrong"));
    let manifest = folder.path().join("news/objects/index/manifest.json");
    fs::write(&manifest, "{}").expect("written");
    let damaged = run(&["--data", "news", "doctor"]);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(process::text(&damaged.stdout).contains("wrong  search index: "), "{}", process::text(&damaged.stdout));
    let mended = run(&["--data", "news", "doctor", "--repair"]);
    assert!(mended.status.success(), "{}", process::text(&mended.stdout));
    assert!(process::text(&mended.stdout).contains("mended search index: "), "{}", process::text(&mended.stdout));
    assert!(process::text(&run(&["--data", "news", "doctor"]).stdout).contains("nothing is wrong"));
}

#[test]
fn options_that_have_no_effect_where_they_are_written_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, code, words) in [
        (&["--listen", "127.0.0.1:0", "list"][..], 2, "--listen is an option of `serve`"),
        (&["--aws", "list", "--data", "news"], 2, "--aws cannot be used with --data"),
        (&["serve", "--memory", "--data", "news"], 1, "--data cannot be used with --memory"),
        (&["--data", "news", "read", "pier.txt"], 1, "--data: this command opens no archive"),
    ] {
        let refused = process::run(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}");
        assert!(process::text(&refused.stderr).contains(words), "{arguments:?}: {}", process::text(&refused.stderr));
    }
}
