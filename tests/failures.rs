//! Documents that fail where nobody waits for them: kept with their bytes and why, and tried again.

mod support;

use dateline::{
    archive::{IngestError, Taken, intake::arrivals},
    article::{Instant, RawDocument},
    reading::ReadError,
};
use serde_json::{Value, json};
use std::time::Duration;
use support::{Server, request};

const STORY: &str = "Pier closes\n\nLISBON: The old pier closed on Monday after a pause of two years.";

fn document(key: &str, content: &[u8]) -> RawDocument {
    RawDocument {
        content: content.to_vec(),
        media_type: Some("text/plain".to_owned()),
        key: Some(key.to_owned()),
        url: None,
        source: None,
        defaults: None,
        retrieved_at: Instant::now(),
    }
}

/// As if older rules had not been able to read it.
async fn failed(server: &Server, document: RawDocument) {
    let taken = [Taken { entry: None, ingested: Err(IngestError::Unreadable(ReadError::NothingToRead)) }];
    server.archive.keep_failed(document, false, &taken).await.expect("kept");
}

async fn arrive(server: &Server, name: &str, content: &[u8]) {
    for arrival in arrivals(name, None, content, Instant::now()) {
        server.archive.take_or_keep(arrival).await.expect("the store answers");
    }
}

async fn failures(server: &Server) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = Some("/v1/failures?limit=2".to_owned());
    while let Some(path) = next {
        let page = server.get(&path).await.json();
        found.extend(page["failures"].as_array().expect("a page").clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    found
}

async fn retry(server: &Server, failure: &Value) -> Value {
    let path = format!("/v1/failures/{}/retry", failure["id"].as_str().expect("an id"));
    server.call(request("POST", &path, &[], "".into())).await.json()
}

#[tokio::test]
async fn what_fails_is_kept_with_its_bytes_and_its_error() {
    let server = Server::new().await;
    arrive(&server, "in/bad.txt", b"Z\xfcrich").await;
    let lines = format!("{{\"content\": 7}}\n{}\nno json", json!({"content": STORY, "key": "good"}));
    arrive(&server, "wire.ndjson", lines.as_bytes()).await;
    assert_eq!(server.walk("/v1/articles").await.len(), 1, "the good line is archived");
    let found = failures(&server).await;
    let told = |it: &Value| (it["key"].clone(), it["errors"][0]["code"].clone(), it["enveloped"].clone());
    let expected = [
        (json!("wire.ndjson:3"), json!("invalid_document"), json!(true)),
        (json!("wire.ndjson:1"), json!("invalid_document"), json!(true)),
        (json!("in/bad.txt"), json!("undecodable_text"), json!(false)),
    ];
    assert_eq!(found.iter().map(told).collect::<Vec<_>>(), expected, "the latest first");
    for (failure, bytes) in found.iter().zip([&b"no json"[..], b"{\"content\": 7}\n", b"Z\xfcrich"]) {
        let path = format!("/v1/failures/{}", failure["id"].as_str().expect("an id"));
        let raw = server.get(&format!("{path}/raw")).await;
        assert_eq!((raw.body.as_slice(), raw.header("x-content-type-options")), (bytes, "nosniff"));
        assert_eq!(server.get(&path).await.json(), *failure);
        assert_eq!(failure["bytes"], json!(bytes.len()));
    }
    // The same again is the same failure.
    arrive(&server, "in/bad.txt", b"Z\xfcrich").await;
    let again = failures(&server).await;
    assert_eq!((again.len(), &again[2]["attempts"]), (3, &json!(2)));
}

#[tokio::test]
async fn a_failure_that_can_be_read_after_all_is_settled() {
    let server = Server::new().await;
    failed(&server, document("in/pier.txt", STORY.as_bytes())).await;
    failed(&server, document("in/bad.txt", b"Z\xfcrich")).await;
    let found = failures(&server).await;
    let bad = retry(&server, &found[0]).await;
    assert_eq!((&bad["settled"], &bad["errors"][0]["code"]), (&json!(false), &json!("undecodable_text")));
    let good = retry(&server, &found[1]).await;
    assert_eq!(good["settled"], true);
    assert_eq!(server.get(good["articles"][0].as_str().expect("an article")).await.json()["headline"], "Pier closes");
    let left = failures(&server).await;
    assert_eq!((left.len(), &left[0]["attempts"]), (1, &json!(2)));
    let path = format!("/v1/failures/{}", left[0]["id"].as_str().expect("an id"));
    assert_eq!(server.delete(&path).await.status.as_u16(), 204);
    for path in [path.clone(), format!("{path}/raw")] {
        assert_eq!(server.get(&path).await.problem(), "failure_not_found");
    }
    assert!(failures(&server).await.is_empty());
}

#[tokio::test]
async fn what_came_under_its_name_since_then_is_newer_and_stays() {
    let server = Server::new().await;
    failed(&server, document("in/pier.txt", STORY.as_bytes())).await;
    let newer = document("in/pier.txt", STORY.replace("closes", "opens again").as_bytes());
    // Within one millisecond neither is newer.
    let newer = RawDocument { retrieved_at: newer.retrieved_at.after(Duration::from_secs(1)), ..newer };
    server.archive.ingest(newer).await.expect("archived");
    let retried = retry(&server, &failures(&server).await[0]).await;
    assert_eq!((&retried["settled"], &retried["articles"]), (&json!(true), &json!([])));
    let articles = server.walk("/v1/articles").await;
    assert_eq!((articles.len(), &articles[0]["headline"]), (1, &json!("Pier opens again")));
}

#[tokio::test]
async fn of_many_errors_some_are_told_and_the_others_counted() {
    let server = Server::new().await;
    let items: String = (0..60).map(|it| format!("<item><guid>{it}</guid></item>")).collect();
    arrive(&server, "gazette.xml", format!("<rss version='2.0'><channel>{items}</channel></rss>").as_bytes()).await;
    let found = failures(&server).await;
    assert_eq!((found[0]["errors"].as_array().map(Vec::len), &found[0]["more_errors"]), (Some(50), &json!(10)));
}

#[tokio::test]
async fn a_feed_is_kept_with_the_entries_that_failed() {
    let server = Server::new().await;
    let feed = |good: &str| {
        format!(
            "<rss version='2.0'><channel><title>Gazette</title><item><guid>good</guid><title>{good}</title>\
             <description>The tram of the harbour line ran again on Monday, after a pause of two years.</description></item>\
             <item><guid>empty</guid></item></channel></rss>"
        )
    };
    for headline in ["Tram returns", "Tram returns, again"] {
        arrive(&server, "gazette.xml", feed(headline).as_bytes()).await;
    }
    let found = failures(&server).await;
    assert_eq!((found.len(), &found[0]["attempts"]), (1, &json!(2)), "{found:?}");
    assert_eq!(found[0]["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(found[0]["errors"][0]["entry"], "empty");
    // The feed that was kept is the first; its good entry has come anew since, and stays as it is.
    assert_eq!(retry(&server, &found[0]).await["settled"], false);
    let articles = server.walk("/v1/articles").await;
    assert_eq!((articles.len(), &articles[0]["headline"]), (1, &json!("Tram returns, again")));
    assert_eq!(articles[0]["revision"], 2);
}
