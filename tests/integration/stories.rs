//! Near-duplicates: stories are formed after their articles are stored, reported, filtered, merged and left.

use crate::support::{Server, searching::index, story};
use dateline::{
    archive::{Archive, Deletion, Ingested},
    article::{ArticleId, RawDocument},
    limits::{STORY_MEMBERS, STORY_MEMBERS_COMPARED},
    search::indexer::Indexer,
    store::{Store, embedded},
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};

/// Returns one paragraph for each number, different for every number.
fn paragraphs(of: std::ops::Range<usize>) -> String {
    let paragraph = |number: usize| {
        let (a, b, c) = (number * 17 + 3, number * 29 + 11, number * 41 + 7);
        format!(
            "Ferry number {a} carried {b} passengers to pier {c} before the storm of week {number} closed the harbour. \
             The master of boat {b} said that {c} crates of fish and {a} bicycles had stayed behind on quay {number}."
        )
    };
    of.map(paragraph).collect::<Vec<_>>().join("\n\n")
}

fn document(key: &str, headline: &str, body: &str) -> RawDocument {
    let content = format!("{headline}\n\n{body}\n");
    RawDocument { content: content.into_bytes(), ..story(key, headline, "LISBON") }
}

/// Ingests an article and forms its story.
async fn ingest(server: &Server, key: &str, headline: &str, body: &str) -> String {
    // Undated articles are listed by when they were retrieved: `b.txt` after `a.txt`.
    let document = document(key, headline, body);
    let retrieved_at = document.retrieved_at.after(Duration::from_secs(key.bytes().next().map_or(0, u64::from)));
    let ingested = server.archive.ingest(RawDocument { retrieved_at, ..document }).await.expect("ingested");
    index(server.archive.store()).await;
    ingested.id.to_string()
}

async fn story_of(server: &Server, id: &str) -> String {
    let article = server.get(&format!("/v1/articles/{id}")).await.json();
    article["story"].as_str().expect("a story").to_owned()
}

async fn ids(server: &Server, path: &str) -> Vec<String> {
    let found = server.walk(path).await;
    let mut ids: Vec<String> = found.iter().map(|article| article["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

fn sorted(ids: &[&String]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_copy_joins_the_story_of_the_first() {
    let server = Server::new().await;
    let first = ingest(&server, "a.txt", "Ferries stay in port for a week", &paragraphs(0..6)).await;
    let other = ingest(&server, "b.txt", "Bakers strike over flour prices", &paragraphs(50..56)).await;
    // Another desk's headline, one paragraph fewer, and an additional line.
    let body = format!("{}\n\nOur reader service answers questions about sailing times.", paragraphs(0..5));
    let copy = ingest(&server, "c.txt", "Harbour closed as storm keeps ferries in", &body).await;
    assert_eq!(story_of(&server, &first).await, first);
    assert_eq!((story_of(&server, &copy).await, story_of(&server, &other).await), (first.clone(), other.clone()));

    let story = server.get(&format!("/v1/stories/{first}")).await.json();
    let members: Vec<&Value> =
        story["members"].as_array().expect("members").iter().map(|member| &member["id"]).collect();
    assert_eq!(members, [&first, &copy]);
    assert_eq!(
        (&story["canonical"]["id"], &story["canonical"]["because"]),
        (&Value::from(first.clone()), &"earliest_seen".into())
    );
    assert!(
        story["similarity"][0]["jaccard"].as_f64().is_some_and(|similarity| similarity > 0.7 && similarity < 1.0),
        "{}",
        story["similarity"]
    );
    let shared = story["shared"][0]["passages"].as_array().expect("passages");
    assert_eq!(shared.len(), 5, "a passage for each paragraph");
    let article = server.get(&format!("/v1/articles/{first}")).await.json();
    let cut = |value: &Value| {
        let part = |name: &str| usize::try_from(value[name].as_u64().expect("a number")).expect("it fits");
        article["body"][part("paragraph")].as_str().expect("text")[part("start")..part("end")].to_owned()
    };
    assert!(cut(&shared[0]["canonical"]).starts_with("Ferry number 3 carried 11 passengers"));
    // A single article is a story too, but is not listed.
    assert_eq!(server.get(&format!("/v1/stories/{other}")).await.json()["members"].as_array().map(Vec::len), Some(1));
    let list = server.get("/v1/stories").await.json();
    assert_eq!((list["stories"].as_array().map(Vec::len), &list["next"]), (Some(1), &Value::Null));
    assert_eq!(
        (&list["stories"][0]["members"], &list["stories"][0]["canonical"]["id"]),
        (&2.into(), &first.clone().into())
    );
    let nobody = ArticleId::of_identity("nobody").to_string();
    for wrong in [nobody.as_str(), "nothing"] {
        assert_eq!(server.get(&format!("/v1/stories/{wrong}")).await.problem(), "story_not_found");
    }
}

#[tokio::test]
async fn lists_filter_and_collapse_by_story() {
    let server = Server::new().await;
    let first = ingest(&server, "a.txt", "Ferries stay in port for a week", &paragraphs(0..6)).await;
    let other = ingest(&server, "b.txt", "Bakers strike over flour prices", &paragraphs(50..56)).await;
    let copy = ingest(&server, "c.txt", "Storm keeps ferries in the harbour", &paragraphs(0..6)).await;
    let third = ingest(&server, "d.txt", "Ferries: what travellers must know", &paragraphs(0..5)).await;
    let path = |query: &str| format!("/v1/articles?limit=1&{query}");
    assert_eq!(ids(&server, &path(&format!("story={first}"))).await, sorted(&[&first, &copy, &third]));
    assert_eq!(ids(&server, &path(&format!("story=-{first}"))).await, std::slice::from_ref(&other));
    assert_eq!(ids(&server, &path(&format!("story={first},{other}"))).await.len(), 4);
    // Each story is represented by the first member in the sort order: the newest, or the oldest.
    assert_eq!(ids(&server, &path("collapse=story")).await, sorted(&[&other, &third]));
    assert_eq!(ids(&server, &path("collapse=story&sort=published")).await, sorted(&[&first, &other]));
    assert_eq!(ids(&server, &path(&format!("collapse=story&story={first}"))).await, [third]);
    let many = format!("story={}", [first.as_str(); 6].join("&story="));
    for wrong in ["story=x", "collapse=articles", &many] {
        assert_eq!(server.get(&path(wrong)).await.problem(), "invalid_parameter");
    }
}

#[tokio::test]
async fn an_article_of_two_stories_merges_them() {
    let server = Server::new().await;
    let first = ingest(&server, "a.txt", "Ferries stay in port for a week", &paragraphs(0..4)).await;
    let second = ingest(&server, "b.txt", "Fish rots on the quays of the port", &paragraphs(10..14)).await;
    let copy = ingest(&server, "c.txt", "Fish rots on quays, a trader says", &paragraphs(10..14)).await;
    assert_eq!(story_of(&server, &copy).await, second);
    let both = format!("{}\n\n{}", paragraphs(0..4), paragraphs(10..14));
    let bridge = ingest(&server, "d.txt", "Storm: ferries in port, fish on the quays", &both).await;
    // A story of several members wins over a single article.
    assert_eq!(story_of(&server, &bridge).await, second);
    let moved = server.get(&format!("/v1/stories/{first}")).await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (301, format!("/v1/stories/{second}").as_str()));
    let all = sorted(&[&first, &second, &copy, &bridge]);
    for story in [&first, &second] {
        assert_eq!(ids(&server, &format!("/v1/articles?story={story}")).await, all);
    }
    assert_eq!(server.get("/v1/stories").await.json()["stories"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn copies_of_one_week_form_a_story_and_a_copy_of_another_year_does_not_join() {
    let server = Server::new().await;
    let dated = |day: &str| format!("Published: {day}\n\n{}", paragraphs(0..6));
    let first = ingest(&server, "a.txt", "Ferries stay in port for a week", &dated("3 March 2025")).await;
    let week_later = ingest(&server, "b.txt", "Storm keeps ferries in the harbour", &dated("9 March 2025")).await;
    let year_before = ingest(&server, "c.txt", "Ferries stay in port once more", &dated("3 March 2024")).await;
    assert_eq!(story_of(&server, &week_later).await, first);
    assert_eq!(story_of(&server, &year_before).await, year_before);
    // An undated copy has only the time when it was first seen, and all of these were first seen today.
    let undated = ingest(&server, "d.txt", "Ferries in port: a copy", &paragraphs(0..6)).await;
    let joined = story_of(&server, &undated).await;
    assert!([&first, &year_before].contains(&&joined));
    assert_eq!(server.get(&format!("/v1/stories/{first}")).await.status, 200, "the undated copy merged no stories");
    assert_eq!(server.get(&format!("/v1/stories/{year_before}")).await.status, 200);
}

#[tokio::test]
async fn a_deleted_article_leaves_its_story_and_a_restored_one_rejoins_it() {
    let server = Server::new().await;
    let first = ingest(&server, "a.txt", "Ferries stay in port for a week", &paragraphs(0..6)).await;
    let copy = ingest(&server, "b.txt", "Storm keeps ferries in the harbour", &paragraphs(0..6)).await;
    let id = ArticleId::parse(&first).expect("an id");
    server.archive.delete(&id, &Deletion::default()).await.expect("deleted");
    assert_eq!(server.get("/v1/stories").await.json()["stories"].as_array().map(Vec::len), Some(0));
    index(server.archive.store()).await;
    assert_eq!(ids(&server, &format!("/v1/articles?story={first}")).await, std::slice::from_ref(&copy));
    assert_eq!(server.get("/v1/stories").await.json()["stories"].as_array().map(Vec::len), Some(0));
    server.archive.restore(&id).await.expect("restored");
    index(server.archive.store()).await;
    assert_eq!(ids(&server, &format!("/v1/articles?story={first}")).await, sorted(&[&first, &copy]));
    let store = server.archive.store();
    assert!(files_that_name(store, &id).await > 0, "the bands of its text are kept");
    server.archive.delete(&id, &Deletion { purge: true, reason: None }).await.expect("purged");
    index(store).await;
    Indexer::new(store.clone()).with_grace(jiff::SignedDuration::ZERO).sweep().await.expect("swept");
    assert_eq!(files_that_name(store, &id).await, 0, "a purge leaves nothing of the text");
    let another = ingest(&server, "c.txt", "Ferries are still kept in the harbour", &paragraphs(0..6)).await;
    assert_eq!(ids(&server, &format!("/v1/articles?story={first}")).await, sorted(&[&copy, &another]));
}

/// Returns how many files of bands name an article.
async fn files_that_name(store: &Store, id: &ArticleId) -> usize {
    let mut count = 0;
    for file in store.objects().index_files().await.expect("listed") {
        let (bytes, _) = store.objects().index_file(&file.name).await.expect("read").expect("it exists");
        let names = bytes.windows(id.as_str().len()).any(|window| window == id.as_str().as_bytes());
        count += usize::from(names && file.name.starts_with("bands/"));
    }
    count
}

/// Until its story is formed, an article shows its own id, which leads to the story afterwards. Nothing else of it
/// changes: there is no revision and no change, and only validators of the article notice.
#[tokio::test]
async fn forming_a_story_changes_what_articles_show_and_nothing_else() {
    let server = Server::new().await;
    let store = server.archive.store();
    let first = ingest(&server, "a.txt", "Ferries stay in port for a week", &paragraphs(0..6)).await;
    let body = document("b.txt", "Storm keeps ferries in the harbour", &paragraphs(0..6));
    let copy = server.archive.ingest(body).await.expect("ingested").id.to_string();
    let path = format!("/v1/articles/{copy}");
    let before = server.get(&path).await;
    assert_eq!(before.json()["story"], copy);
    assert_eq!(server.get(&format!("/v1/stories/{copy}")).await.json()["members"].as_array().map(Vec::len), Some(1));
    let changes = server.get("/v1/changes").await.json();

    index(store).await;
    let after = server.get_with(&path, &[("if-none-match", before.header("etag"))]).await;
    assert_eq!((after.status.as_u16(), &after.json()["story"]), (200, &first.clone().into()));
    let mut article = after.json();
    article["story"] = copy.clone().into();
    assert_eq!(article, before.json());
    assert_eq!(server.get("/v1/changes").await.json(), changes);
    for list in ["/v1/articles", "/v1/articles?sort=-changed", "/v1/articles?language=en", "/v1/articles?q=ferry"] {
        let shown: BTreeSet<String> = server.walk(list).await.iter().map(|card| card["story"].to_string()).collect();
        assert_eq!(shown, [format!("\"{first}\"")].into(), "{list}");
    }
    let moved = server.get(&format!("/v1/stories/{copy}")).await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (301, format!("/v1/stories/{first}").as_str()));
    assert_eq!(ids(&server, &format!("/v1/articles?story={copy}")).await, sorted(&[&first, &copy]));
}

/// An article that is alone costs the table nothing for its story, and a second run of the consumer writes nothing.
#[tokio::test]
async fn only_joining_writes_to_the_table() {
    let server = Server::new().await;
    let store = server.archive.store();
    for number in 0..5 {
        let body = paragraphs(number * 10..number * 10 + 5);
        server.archive.ingest(document(&format!("{number}.txt"), &format!("Storm {number}"), &body)).await.expect("ok");
    }
    let written = async || {
        let before = store.usage();
        Indexer::new(store.clone()).rebuild().await.expect("rebuilt");
        store.usage().since(before).write_units
    };
    assert_eq!(written().await, 0.0);
    server.archive.ingest(document("copy.txt", "The storm again", &paragraphs(0..5))).await.expect("ingested");
    assert!(written().await > 0.0);
    assert_eq!(written().await, 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_concurrent_copies_form_one_story() {
    let (store, _) = embedded::memory().expect("an engine in memory");
    let archive = Archive::new(store);
    for round in 0..50 {
        let body = paragraphs(round * 10..round * 10 + 5);
        let copy = |desk: &str| {
            let (archive, document) = (
                archive.clone(),
                document(&format!("{round}-{desk}"), &format!("The storm as desk {desk} saw it"), &body),
            );
            tokio::spawn(async move { archive.ingest(document).await.expect("ingested") })
        };
        let (one, other) = (copy("A"), copy("B"));
        let (one, other): (Ingested, Ingested) = (one.await.expect("no panic"), other.await.expect("no panic"));
        // Two consumers at once: one of them repeats what the other did.
        tokio::join!(index(archive.store()), index(archive.store()));
        let (articles, _) = archive.store().articles(&[one.id, other.id]).await.expect("read");
        let stories: Vec<_> = articles.iter().map(|article| &article.article.head.story).collect();
        assert_eq!(stories.len(), 2);
        assert_eq!(stories[0], stories[1], "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_concurrent_copies_are_all_stored_in_one_story() {
    let (store, _) = embedded::memory().expect("an engine in memory");
    let archive = Archive::new(store);
    let body = paragraphs(0..20);
    let copies = (0..60).map(|desk| {
        let document = document(&format!("{desk}.txt"), &format!("The storm as desk {desk} saw it"), &body);
        let archive = archive.clone();
        tokio::spawn(async move { archive.ingest(document).await.expect("ingested").id })
    });
    let ids: Vec<_> = futures::future::try_join_all(copies).await.expect("no panic");
    index(archive.store()).await;
    let (articles, _) = archive.store().articles(&ids).await.expect("read");
    let stories: BTreeSet<_> = articles.iter().map(|article| &article.article.head.story).collect();
    assert_eq!((articles.len(), stories.len()), (60, 1));
    let (_, story) = archive.store().resolve_story(stories.first().expect("one")).await.expect("read");
    assert_eq!(story.expect("a story").members.len(), 60);
}

#[tokio::test]
async fn a_full_story_accepts_no_more_members_and_reports_it() {
    let server = Server::new().await;
    let body = paragraphs(0..3);
    let first = ingest(&server, "0.txt", "Ferries stay in port, says paper 0", &body).await;
    let mut last = String::new();
    for number in 1..=STORY_MEMBERS {
        let headline = format!("Ferries stay in port, says paper {number}");
        let copy = document(&format!("{number}.txt"), &headline, &body);
        last = server.archive.ingest(copy).await.expect("ingested").id.to_string();
    }
    index(server.archive.store()).await;
    let story = server.get(&format!("/v1/stories/{first}")).await.json();
    assert_eq!(story["members"].as_array().map(Vec::len), Some(STORY_MEMBERS));
    assert_eq!(story["not_compared"], STORY_MEMBERS - STORY_MEMBERS_COMPARED);
    assert_eq!(story_of(&server, &last).await, last);
    let evidence = server.get(&format!("/v1/articles/{last}/evidence")).await.json();
    let left_out = evidence["left_out"][0].as_str().unwrap_or_default();
    assert!(left_out.starts_with("story: ") && left_out.ends_with("takes no more"), "{left_out}");
    assert_eq!(ids(&server, "/v1/articles?collapse=story&limit=7").await.len(), 2);
}

/// Two papers that printed one agency's copy, one of them without its date.
#[tokio::test]
async fn the_seeds_have_a_story_of_two() {
    let server = Server::with_seeds().await;
    index(server.archive.store()).await;
    let list = server.get("/v1/stories").await.json();
    let stories: Vec<_> = list["stories"].as_array().expect("stories").iter().collect();
    let [story] = stories.as_slice() else { panic!("expected one story, found {stories:?}") };
    assert_eq!(story["members"], 2);
    assert_eq!(story["canonical"]["headline"], "Kyiv's night trams return after three years");
}
