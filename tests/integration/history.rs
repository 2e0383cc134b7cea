//! Revisions, deletions, points in time and the change log, as a client sees them.

use crate::support::{Answer, Server, request, story};
use axum::body::Body;
use dateline::{
    archive::{Outcome, consumer::Consumer},
    article::RawDocument,
    store::StoreError,
};
use serde_json::{Value, json};

const FIRST: &str = "Tram returns to the harbour";
const SECOND: &str = "Tram returns to the old harbour";

/// An article with two revisions, and its path.
async fn revised() -> (Server, String) {
    let server = Server::new().await;
    let first = server.archive.ingest(story("a.txt", FIRST, "LISBON")).await.expect("ingested");
    let second = server.archive.ingest(story("a.txt", SECOND, "LISBON")).await.expect("revised");
    assert_eq!((first.outcome, second.outcome), (Outcome::Created, Outcome::Revised));
    (server, format!("/v1/articles/{}", first.id))
}

fn kinds(list: &Value, name: &str) -> Vec<String> {
    let entries = list[name].as_array().expect("a list");
    entries.iter().map(|entry| format!("{} {}", entry["kind"].as_str().unwrap_or("-"), entry["revision"])).collect()
}

#[tokio::test]
async fn every_revision_stays_readable() {
    let (server, path) = revised().await;
    let list = server.get(&format!("{path}/revisions")).await.json();
    assert_eq!(kinds(&list, "revisions"), ["revised 2", "created 1"]);
    assert_eq!((&list["revisions"][0]["changed"], &list["next"]), (&json!(["headline"]), &Value::Null));
    for (number, headline) in [(1, FIRST), (2, SECOND)] {
        let location = format!("{path}/revisions/{number}");
        let answer = server.get(&location).await;
        assert_eq!(answer.json()["headline"], headline);
        assert_eq!(answer.json()["revision"], number);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(list["revisions"][2 - number]["location"], location);
        let text = server.get_with(&location, &[("accept", "text/plain")]).await;
        assert!(text.text().starts_with(headline), "{}", text.text());
    }
    for (wrong, code) in [
        ("revisions/3", "revision_not_found"),
        ("revisions/x", "revision_not_found"),
        ("changes/1", "revision_not_found"),
        ("changes/1..9", "revision_not_found"),
    ] {
        let answer = server.get(&format!("{path}/{wrong}")).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (404, code), "{wrong}");
    }
}

#[tokio::test]
async fn a_diff_reports_the_changed_words() {
    let (server, path) = revised().await;
    let answer = server.get(&format!("{path}/changes/1..2")).await;
    let changes = answer.json();
    assert_eq!((&changes["from"], &changes["to"], &changes["changed"]), (&json!(1), &json!(2), &json!(["headline"])));
    let runs = changes["headline"].as_array().expect("runs");
    let shown: Vec<_> =
        runs.iter().map(|run| (run["op"].as_str().unwrap_or("-"), run["text"].as_str().unwrap_or("-"))).collect();
    assert_eq!(shown, [("equal", "Tram returns to the "), ("insert", "old "), ("equal", "harbour")]);
    assert_eq!(changes["body"][0][0]["op"], "equal");
    let html = server.get_with(&format!("{path}/changes/2..1"), &[("accept", "text/html")]).await;
    assert!(html.text().contains("<h1>Tram returns to the <del>old </del>harbour</h1>"), "{}", html.text());
}

#[tokio::test]
async fn a_change_only_in_removed_lines_is_not_a_revision() {
    let (server, path) = revised().await;
    let before = server.get("/v1/changes").await.json();
    let mut document = story("a.txt", SECOND, "LISBON");
    document.content.extend(b"\nShare This\n\n- Advertisement -\n");
    let again = server.archive.ingest(document).await.expect("ingested");
    assert_eq!((again.outcome, again.revision), (Outcome::Unchanged, 2));
    assert_eq!(server.get("/v1/changes").await.json(), before);
    assert_eq!(kinds(&server.get(&format!("{path}/revisions")).await.json(), "revisions").len(), 2);
}

#[tokio::test]
async fn as_of_returns_the_revision_of_that_time() {
    let (server, path) = revised().await;
    let list = server.get(&format!("{path}/revisions")).await.json();
    let at = |index: usize| list["revisions"][index]["at"].as_str().expect("a time").to_owned();
    let (second, first) = (at(0), at(1));
    for (time, headline) in [(&first, FIRST), (&second, SECOND), (&"2999-01-01".to_owned(), SECOND)] {
        let answer = server.get(&format!("{path}?as_of={time}")).await;
        assert_eq!(answer.json()["headline"], *headline, "{time}");
        let number = if headline == FIRST { 1 } else { 2 };
        assert_eq!(answer.header("content-location"), format!("{path}/revisions/{number}"));
        assert!(answer.header("memento-datetime").ends_with(" GMT"), "{}", answer.header("memento-datetime"));
    }
    let before = server.get(&format!("{path}?as_of=2001-01-01")).await;
    assert_eq!((before.status.as_u16(), before.problem().as_str()), (404, "article_not_found"));
    let wrong = server.get(&format!("{path}?as_of=soon")).await;
    assert_eq!(wrong.problem(), "invalid_parameter");
}

/// RFC 7089: a TimeGate that negotiates by `Accept-Datetime`, and a TimeMap of all mementos.
#[tokio::test]
async fn an_article_is_its_own_timegate() {
    let (server, path) = revised().await;
    let early = server.get_with(&path, &[("accept-datetime", "Thu, 01 Jan 1998 00:00:00 GMT")]).await;
    assert_eq!(
        (early.json()["headline"].as_str(), early.header("content-location")),
        (Some(FIRST), format!("{path}/revisions/1").as_str())
    );
    assert!(early.header("vary").contains("accept-datetime"));
    let link = early.header("link");
    assert!(link.contains("rel=\"original timegate\"") && link.contains("/timemap>; rel=\"timemap\""), "{link}");
    let wrong = server.get_with(&path, &[("accept-datetime", "2001-01-01")]).await;
    assert_eq!(wrong.problem(), "invalid_parameter");
    let map = server.get(&format!("{path}/timemap")).await;
    assert_eq!(map.header("content-type"), "application/link-format");
    assert_eq!(map.text().matches("rel=\"memento\"; datetime=\"").count(), 2);
}

async fn all_representations(server: &Server, path: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for part in
        ["", "/evidence", "/raw", "/revisions", "/revisions/1", "/changes/1..2", "/timemap", "?as_of=2999-01-01"]
    {
        answers.push(server.get(&format!("{path}{part}")).await);
    }
    answers
}

#[tokio::test]
async fn a_deleted_article_stays_deleted_until_it_is_restored() {
    let (server, path) = revised().await;
    let answer = server.delete(&format!("{path}?reason=published%20by%20mistake")).await;
    let tombstone = answer.json();
    assert_eq!((answer.status.as_u16(), &tombstone["revision"], &tombstone["purged"]), (200, &json!(3), &json!(false)));
    for answer in all_representations(&server, &path).await {
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (410, "article_deleted"));
    }
    assert!(server.get(&path).await.json()["detail"].as_str().expect("text").ends_with(": published by mistake"));
    for query in ["", "country=PT", "sort=-changed", "place=lisbon&language=en"] {
        assert!(server.walk(&format!("/v1/articles?{query}")).await.is_empty(), "{query}");
    }
    // Neither the same document nor a changed one restores it.
    for headline in [SECOND, "Tram leaves the harbour"] {
        let again = server.archive.ingest(story("a.txt", headline, "LISBON")).await.expect("ingested");
        assert!(matches!(again.outcome, Outcome::Deleted | Outcome::Unchanged), "{:?}", again.outcome);
        assert_eq!(server.get(&path).await.status, 410);
    }
    let same = server.delete(&path).await.json();
    assert_eq!(same, tombstone);
    let restored = server.call(request("POST", &format!("{path}/restore"), &[], Body::empty())).await;
    assert_eq!(
        (restored.status.as_u16(), &restored.json()["headline"], &restored.json()["revision"]),
        (200, &json!(SECOND), &json!(4))
    );
    assert_eq!(server.walk("/v1/articles?country=PT").await.len(), 1);
    assert_eq!(server.get(&format!("{path}/evidence")).await.status, 200);
    let twice = server.call(request("POST", &format!("{path}/restore"), &[], Body::empty())).await;
    assert_eq!((twice.status.as_u16(), twice.problem().as_str()), (409, "not_deleted"));
    let list = server.get(&format!("{path}/revisions")).await.json();
    assert_eq!(kinds(&list, "revisions"), ["restored 4", "deleted 3", "revised 2", "created 1"]);
    assert_eq!(list["revisions"][1]["reason"], "published by mistake");
    let deleted = server.get(&format!("{path}/revisions/3")).await;
    assert_eq!((deleted.status.as_u16(), deleted.problem().as_str()), (410, "article_deleted"));
    let changes = server.get("/v1/changes").await.json();
    assert_eq!(kinds(&changes, "changes"), ["created 1", "revised 2", "deleted 3", "created 4"]);
}

#[tokio::test]
async fn a_purged_article_cannot_be_restored() {
    let (server, path) = revised().await;
    assert_eq!(server.delete(&path).await.json()["purged"], false);
    let purged = server.delete(&format!("{path}?purge=true&reason=court%20order")).await.json();
    assert_eq!(
        (&purged["purged"], &purged["revision"], &purged["reason"]),
        (&json!(true), &json!(4), &json!("court order"))
    );
    let restored = server.call(request("POST", &format!("{path}/restore"), &[], Body::empty())).await;
    assert_eq!((restored.status.as_u16(), restored.problem().as_str()), (410, "article_deleted"));
    for answer in all_representations(&server, &path).await {
        assert_eq!(answer.status, 410);
    }
}

#[tokio::test]
async fn an_invalid_deletion_is_refused() {
    let (server, path) = revised().await;
    let long = format!("{path}?reason={}", "a".repeat(501));
    for (target, status, code) in [
        (format!("{path}?purge=perhaps"), 400, "invalid_parameter"),
        (long, 400, "invalid_parameter"),
        (format!("{path}?colour=red"), 400, "invalid_parameter"),
        ("/v1/articles/00000000000000000000000000".to_owned(), 404, "article_not_found"),
    ] {
        let answer = server.delete(&target).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{target}");
    }
    assert_eq!(server.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_consumer_continues_from_its_token_and_misses_nothing() {
    let server = Server::new().await;
    let (mut seen, mut next, mut written) = (Vec::new(), "/v1/changes?limit=3".to_owned(), Vec::new());
    for round in 0..12 {
        for number in 0..round % 4 {
            let document = story(&format!("{round}-{number}.txt"), &format!("Tram {round} {number} returns"), "LISBON");
            written.push(server.archive.ingest(document).await.expect("ingested").id.to_string());
        }
        let page = server.get(&next).await.json();
        seen.extend(
            page["changes"]
                .as_array()
                .expect("changes")
                .iter()
                .map(|change| change["id"].as_str().expect("an id").to_owned()),
        );
        next = page["next"].as_str().expect("the change log always has a next page").to_owned();
    }
    loop {
        let page = server.get(&next).await.json();
        let changes = page["changes"].as_array().expect("changes");
        seen.extend(changes.iter().map(|change| change["id"].as_str().expect("an id").to_owned()));
        if page["more"] == false {
            // Nothing new: the token stays the same, and so does the ETag for a client that polls again.
            let again = server.get(page["next"].as_str().expect("a URL")).await.json();
            assert_eq!((&again["since"], &again["changes"]), (&page["since"], &json!([])));
            break;
        }
        next = page["next"].as_str().expect("a URL").to_owned();
    }
    seen.sort();
    written.sort();
    assert_eq!(seen, written, "each exactly once");
}

#[tokio::test]
async fn a_consumer_can_wait_for_new_changes() {
    let server = Server::new().await;
    server.archive.ingest(story("a.txt", FIRST, "LISBON")).await.expect("ingested");
    let now = server.get("/v1/changes?since=now").await.json();
    assert_eq!(now["changes"], json!([]));
    let path = format!("{}&wait=20", now["next"].as_str().expect("a URL"));
    let later = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        server.archive.ingest(story("b.txt", SECOND, "LISBON")).await.expect("ingested");
    };
    let (answer, ()) = tokio::join!(server.get(&path), later);
    assert_eq!(kinds(&answer.json(), "changes"), ["created 1"]);
    for wrong in ["since=AAAA", "limit=0", "wait=21", "colour=red"] {
        assert_eq!(server.get(&format!("/v1/changes?{wrong}")).await.problem(), "invalid_parameter", "{wrong}");
    }
}

#[tokio::test]
async fn as_of_lists_the_articles_of_that_time() {
    let server = Server::new().await;
    // Undated articles are listed by when they were retrieved.
    let retrieved = std::cell::Cell::new(story("", "", "").retrieved_at);
    let ingest = async |key: &str, headline: &str, place: &str| {
        retrieved.set(retrieved.get().after(std::time::Duration::from_secs(60)));
        let document = RawDocument { retrieved_at: retrieved.get(), ..story(key, headline, place) };
        server.archive.ingest(document).await.expect("ingested").id
    };
    let moved = ingest("a.txt", FIRST, "LISBON").await;
    let deleted = ingest("b.txt", "Ferry returns to the harbour", "LISBON").await;
    ingest("c.txt", "Bus returns to the harbour", "PARIS").await;
    let at = dateline::article::Instant::now();
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    ingest("a.txt", SECOND, "PARIS").await;
    ingest("d.txt", "Metro returns to the harbour", "LISBON").await;
    server.archive.delete(&deleted, &dateline::archive::Deletion::default()).await.expect("deleted");

    let headlines = async |query: &str| {
        let found = server.walk(&format!("/v1/articles?limit=1&{query}")).await;
        found.iter().map(|article| article["headline"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let three = ["Bus returns to the harbour", "Ferry returns to the harbour", FIRST];
    assert_eq!(headlines(&format!("as_of={at}")).await, three);
    assert_eq!(headlines(&format!("as_of={at}&country=PT&sort=published")).await, [FIRST, three[1]]);
    assert_eq!(headlines(&format!("as_of={at}&country=FR")).await, [three[0]]);
    assert_eq!(headlines("country=FR").await, [SECOND, three[0]], "retrieved again later");
    let whole = server.walk(&format!("/v1/articles?as_of={at}&fields=id,revision,body&country=PT")).await;
    let of_moved = whole.iter().find(|article| article["id"] == moved.as_str()).expect("the moved article");
    assert_eq!((&of_moved["revision"], of_moved["body"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    assert!(headlines("as_of=2020-01-01").await.is_empty());
    assert_eq!(server.get(&format!("/v1/articles?as_of={at}&collapse=story")).await.problem(), "invalid_parameter");
}

#[tokio::test]
async fn a_consumer_continues_after_its_last_commit() {
    let (server, path) = revised().await;
    let consumer = || Consumer::new(server.archive.clone(), "mirror");
    let first = consumer().next(1).await.expect("read");
    assert_eq!((first.changes.len(), first.changes[0].revision, first.more), (1, 1, true));
    // The consumer ended before it committed, and reads the same changes again.
    let again = consumer().next(1).await.expect("read");
    assert_eq!(again.changes, first.changes);
    consumer().done(&again).await.expect("kept");
    assert!(
        matches!(consumer().done(&first).await, Err(StoreError::Conflict)),
        "another consumer of this name has committed"
    );
    let rest = consumer().next(10).await.expect("read");
    assert_eq!((rest.changes[0].revision, rest.more), (2, false));
    consumer().done(&rest).await.expect("kept");
    assert!(consumer().next(10).await.expect("read").changes.is_empty());
    server.delete(&path).await;
    assert_eq!(consumer().next(10).await.expect("read").changes.len(), 1);
    let other = Consumer::new(server.archive.clone(), "index");
    assert_eq!(other.next(10).await.expect("read").changes.len(), 3, "each consumer has its own position");
}

/// An article with more facet values than one transaction can write, whose publication date then changes.
#[tokio::test]
async fn an_article_that_names_eighty_people_is_stored_and_reports_what_was_left_out() {
    let server = Server::new().await;
    let first = ["Karel", "Marta", "Joris", "Elena", "Pavel", "Ingrid", "Tomas", "Sonja", "Viktor", "Helga"];
    let last = ["Abano", "Brenko", "Cervin", "Dolmar", "Esteva", "Fornak", "Galdis", "Horvin"];
    let people = last.iter().flat_map(|last| first.iter().map(move |first| format!("{first} {last}")));
    let named: Vec<String> = people
        .enumerate()
        .map(|(at, name)| format!("Minister {name} spoke about pier {at} on day {at}, and said that its repair would begin before the winter.\n\n"))
        .collect();
    let document = |date: &str, headline: &str| {
        let content = format!("{headline}\n\nPublished: {date}\n\n{}", named.concat());
        RawDocument { content: content.into_bytes(), ..story("a.txt", headline, "LISBON") }
    };
    for (date, headline) in [("3 March 2025", FIRST), ("5 March 2025", SECOND)] {
        let ingested = server.archive.ingest(document(date, headline)).await.expect("written in full");
        let path = format!("/v1/articles/{}", ingested.id);
        let article = server.get(&path).await.json();
        let entities = article["entities"].as_array().expect("entities").len();
        let evidence = server.get(&format!("{path}/evidence")).await.json();
        let left_out: Vec<&str> =
            evidence["left_out"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let ending = format!("more than the {entities} that an article may have");
        let is_reported = |entry: &&str| entry.starts_with("entities: ") && entry.ends_with(&ending);
        assert!(left_out.iter().any(is_reported), "{left_out:?}");
        for entity in article["entities"].as_array().expect("entities") {
            let person = entity["id"].as_str().expect("an id");
            assert_eq!(server.walk(&format!("/v1/articles?person={person}&fields=id")).await.len(), 1, "{person}");
        }
    }
    let newest = server.walk("/v1/articles?published_from=2025-03-05&fields=id").await;
    assert_eq!(newest.len(), 1, "the article moved in the list");
}

#[tokio::test]
async fn as_of_is_refused_after_too_many_later_changes() {
    let server = Server::new().await;
    let ingest = async |number: usize, headline: &str| {
        server.archive.ingest(story(&format!("{number}.txt"), headline, "LISBON")).await.expect("ingested")
    };
    for number in 0..=300 {
        ingest(number, FIRST).await;
    }
    let at = dateline::article::Instant::now();
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    for number in 0..300 {
        ingest(number, SECOND).await;
    }
    let path = format!("/v1/articles?limit=100&fields=headline&as_of={at}");
    let then = server.walk(&path).await;
    assert_eq!(then.len(), 301);
    assert!(then.iter().all(|article| article["headline"] == FIRST));
    ingest(300, SECOND).await;
    let refused = server.get(&path).await;
    assert_eq!(refused.problem(), "invalid_parameter");
    let detail = refused.json()["errors"][0]["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.starts_with("more than 300 revised or deleted articles"), "{detail}");
}
