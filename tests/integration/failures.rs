//! Documents that fail with no client waiting for the result: stored with their bytes and errors, and retried.

use crate::support::{Server, request};
use dateline::{
    archive::{IngestError, IngestReport, document_files::input_documents},
    article::{Instant, RawDocument},
    reading::ReadError,
};
use serde_json::{Value, json};
use std::time::Duration;

const DOCUMENT: &str = "Pier closes\n\nLISBON: The old pier closed on Monday after a pause of two years.";

fn document(key: &str, content: &[u8]) -> RawDocument {
    RawDocument {
        media_type: Some("text/plain".to_owned()),
        key: Some(key.to_owned()),
        ..RawDocument::new(content.to_vec(), Instant::now())
    }
}

/// Stores a document as a failure, as if earlier rules could not read it.
async fn store_failure(server: &Server, document: RawDocument) {
    let reports = [IngestReport { entry: None, ingested: Err(IngestError::Unreadable(ReadError::NothingToRead)) }];
    server.archive.keep_failed(document, false, &reports).await.expect("stored");
}

async fn ingest_file(server: &Server, name: &str, content: &[u8]) {
    for input in input_documents(name, None, content, Instant::now()) {
        server.archive.ingest_or_keep_failed(input).await.expect("the store answers");
    }
}

async fn failures(server: &Server) -> Vec<Value> {
    let mut failures = Vec::new();
    let mut next = Some("/v1/failures?limit=2".to_owned());
    while let Some(path) = next {
        let page = server.get(&path).await.json();
        failures.extend(page["failures"].as_array().expect("a page").clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    failures
}

async fn retry(server: &Server, failure: &Value) -> Value {
    let path = format!("/v1/failures/{}/retry", failure["id"].as_str().expect("an id"));
    server.call(request("POST", &path, &[], "".into())).await.json()
}

#[tokio::test]
async fn a_failed_document_is_stored_with_its_bytes_and_error() {
    let server = Server::new().await;
    ingest_file(&server, "in/bad.txt", b"Z\xfcrich").await;
    let lines = format!("{{\"content\": 7}}\n{}\nno json", json!({"content": DOCUMENT, "key": "good"}));
    ingest_file(&server, "wire.ndjson", lines.as_bytes()).await;
    assert_eq!(server.walk("/v1/articles").await.len(), 1, "the good line is archived");
    let found = failures(&server).await;
    let summary =
        |failure: &Value| (failure["key"].clone(), failure["errors"][0]["code"].clone(), failure["enveloped"].clone());
    let expected = [
        (json!("wire.ndjson:3"), json!("invalid_document"), json!(true)),
        (json!("wire.ndjson:1"), json!("invalid_document"), json!(true)),
        (json!("in/bad.txt"), json!("undecodable_text"), json!(false)),
    ];
    assert_eq!(found.iter().map(summary).collect::<Vec<_>>(), expected, "latest first");
    for (failure, bytes) in found.iter().zip([&b"no json"[..], b"{\"content\": 7}\n", b"Z\xfcrich"]) {
        let path = format!("/v1/failures/{}", failure["id"].as_str().expect("an id"));
        let raw = server.get(&format!("{path}/raw")).await;
        assert_eq!((raw.body.as_slice(), raw.header("x-content-type-options")), (bytes, "nosniff"));
        assert_eq!(server.get(&path).await.json(), *failure);
        assert_eq!(failure["bytes"], json!(bytes.len()));
    }
    // The same document again is another attempt of the same failure.
    ingest_file(&server, "in/bad.txt", b"Z\xfcrich").await;
    let again = failures(&server).await;
    assert_eq!((again.len(), &again[2]["attempts"]), (3, &json!(2)));
}

#[tokio::test]
async fn a_successful_retry_settles_a_failure() {
    let server = Server::new().await;
    store_failure(&server, document("in/pier.txt", DOCUMENT.as_bytes())).await;
    store_failure(&server, document("in/bad.txt", b"Z\xfcrich")).await;
    let mut found = failures(&server).await;
    // Two failures of one millisecond are listed in either order.
    found.sort_by_key(|failure| failure["key"].to_string());
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
async fn a_retry_keeps_a_newer_version_under_the_same_key() {
    let server = Server::new().await;
    store_failure(&server, document("in/pier.txt", DOCUMENT.as_bytes())).await;
    let newer = document("in/pier.txt", DOCUMENT.replace("closes", "opens again").as_bytes());
    // Of two versions within one millisecond, neither is newer.
    let newer = RawDocument { retrieved_at: newer.retrieved_at.after(Duration::from_secs(1)), ..newer };
    server.archive.ingest(newer).await.expect("archived");
    let retried = retry(&server, &failures(&server).await[0]).await;
    assert_eq!((&retried["settled"], &retried["articles"]), (&json!(true), &json!([])));
    let articles = server.walk("/v1/articles").await;
    assert_eq!((articles.len(), &articles[0]["headline"]), (1, &json!("Pier opens again")));
}

#[tokio::test]
async fn the_first_errors_are_listed_and_the_others_counted() {
    let server = Server::new().await;
    let items: String = (0..60).map(|number| format!("<item><guid>{number}</guid></item>")).collect();
    ingest_file(&server, "gazette.xml", format!("<rss version='2.0'><channel>{items}</channel></rss>").as_bytes())
        .await;
    let found = failures(&server).await;
    assert_eq!((found[0]["errors"].as_array().map(Vec::len), &found[0]["more_errors"]), (Some(50), &json!(10)));
}

#[tokio::test]
async fn a_feed_is_stored_with_the_errors_of_its_entries() {
    let server = Server::new().await;
    let feed = |good: &str| {
        format!(
            "<rss version='2.0'><channel><title>Gazette</title><item><guid>good</guid><title>{good}</title>\
             <description>The tram of the harbour line ran again on Monday, after a pause of two years.</description></item>\
             <item><guid>empty</guid></item></channel></rss>"
        )
    };
    for headline in ["Tram returns", "Tram returns, again"] {
        ingest_file(&server, "gazette.xml", feed(headline).as_bytes()).await;
    }
    let found = failures(&server).await;
    assert_eq!((found.len(), &found[0]["attempts"]), (1, &json!(2)), "{found:?}");
    assert_eq!(found[0]["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(found[0]["errors"][0]["entry"], "empty");
    // The stored feed is the first; its good entry has been revised since, and the retry leaves it unchanged.
    assert_eq!(retry(&server, &found[0]).await["settled"], false);
    let articles = server.walk("/v1/articles").await;
    assert_eq!((articles.len(), &articles[0]["headline"]), (1, &json!("Tram returns, again")));
    assert_eq!(articles[0]["revision"], 2);
}
