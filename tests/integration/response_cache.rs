//! A repeated read between two writes: it reads nothing, and differs in nothing from the first one.

use crate::support::{Answer, Server, headlines, request, story};
use axum::body::Body;
use dateline::{
    access::{Policy, Scope, api_keys},
    article::Instant,
    limits::CACHED_RESPONSE_BYTES,
    store::embedded,
};

async fn filled() -> Server {
    let server = Server::new().await;
    server.archive.ingest(story("1.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    server
}

/// Sends a request; returns the response and whether anything was read for it.
async fn read(server: &Server, path: &str, headers: &[(&str, &str)]) -> (Answer, bool) {
    let store = server.archive.store();
    let before = store.usage();
    let answer = server.get_with(path, headers).await;
    (answer, store.usage().since(before).read_units > 0.0)
}

#[tokio::test]
async fn a_repeated_read_reads_nothing() {
    let server = filled().await;
    for path in ["/v1/articles", "/v1/articles?q=tram&highlight=true", "/v1/facets?field=place", "/v1/stories"] {
        let (first, was_read) = read(&server, path, &[]).await;
        assert!(was_read && first.status == 200, "{path}");
        let (second, was_read) = read(&server, path, &[]).await;
        assert!(!was_read, "{path}");
        assert_eq!((&first.body, &first.headers["etag"]), (&second.body, &second.headers["etag"]), "{path}");
        assert_ne!(first.headers["x-request-id"], second.headers["x-request-id"], "{path}");
        let current = [("if-none-match", second.header("etag"))];
        let (unchanged, was_read) = read(&server, path, &current).await;
        assert!(!was_read && unchanged.status == 304 && unchanged.body.is_empty(), "{path}");
        let head = server.call(request("HEAD", path, &[], Body::empty())).await;
        assert_eq!((head.header("content-length"), head.body.len()), (second.header("content-length"), 0), "{path}");
    }
}

#[tokio::test]
async fn any_write_ends_what_was_read_before() {
    let server = filled().await;
    let path = "/v1/articles?fields=headline";
    assert_eq!(headlines(&server.get(path).await), ["Tram returns to the harbour"]);
    for number in 0..50 {
        let headline = format!("Pier {number} closes for repairs");
        let id = server.archive.ingest(story("2.txt", &headline, "LISBON")).await.expect("ingested").id;
        let listed = headlines(&server.get(path).await);
        assert!(listed.len() == 2 && listed.contains(&headline), "{number}: {listed:?}");
        let deleted = server.delete(&format!("/v1/articles/{id}?reason=test")).await;
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        assert_eq!(headlines(&server.get(path).await), ["Tram returns to the harbour"]);
        let restored = server.call(request("POST", &format!("/v1/articles/{id}/restore"), &[], Body::empty())).await;
        assert!(restored.status.is_success(), "{}", restored.text());
    }
}

#[tokio::test]
async fn representations_are_kept_apart() {
    let server = filled().await;
    let list = server.get("/v1/articles").await.json();
    let path = format!("/v1/articles/{}", list["articles"][0]["id"].as_str().expect("an id"));
    let accepted = [("accept", "application/json"), ("accept", "text/plain"), ("accept", "image/png")];
    for _ in 0..2 {
        let mut types = Vec::new();
        for header in accepted {
            let (answer, _) = read(&server, &path, &[header]).await;
            types.push((answer.status.as_u16(), answer.header("content-type").to_owned()));
        }
        assert_eq!(types[0], (200, "application/json".to_owned()));
        assert_eq!(types[1], (200, "text/plain; charset=utf-8".to_owned()));
        assert_eq!(types[2].0, 406);
        let early = [("accept-datetime", "Mon, 07 Apr 2025 00:00:00 GMT")];
        assert!(read(&server, &path, &early).await.0.headers.contains_key("memento-datetime"));
        assert!(!read(&server, &path, &[]).await.0.headers.contains_key("memento-datetime"));
    }
}

#[tokio::test]
async fn what_was_read_with_a_key_is_not_sent_without_one() {
    let (store, _) = embedded::memory().expect("a table in memory");
    let server = Server::on(store, Policy { keyed_reads: true, keyed_writes: true });
    server.archive.ingest(story("1.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let scopes = [Scope::Read].into_iter().collect();
    let key = api_keys::create(server.archive.store(), "a reader", scopes, Instant::now()).await.expect("a key");
    for _ in 0..2 {
        let with_key = server.get_with("/v1/articles", &[("authorization", &format!("Bearer {key}"))]).await;
        assert_eq!(with_key.status, 200);
        assert_eq!(server.get("/v1/articles").await.status, 401);
    }
}

#[tokio::test]
async fn long_polls_and_long_responses_are_read_each_time() {
    let server = filled().await;
    let text = "The harbour office said that repairs of the old pier take two more years. ".repeat(100);
    for number in 0..100 {
        let headline = format!("Pier {number} closes");
        let document = story(&format!("{number}.txt"), &headline, &format!("LISBON: {text}{number}"));
        server.archive.ingest(document).await.expect("ingested");
    }
    let long = "/v1/articles?limit=100&fields=id,body,quantities,entities,headline";
    for path in ["/v1/changes", long] {
        for _ in 0..2 {
            let (answer, was_read) = read(&server, path, &[]).await;
            assert!(answer.status == 200 && was_read, "{path}");
            assert!(path != long || answer.body.len() > CACHED_RESPONSE_BYTES, "{} bytes", answer.body.len());
        }
    }
}
