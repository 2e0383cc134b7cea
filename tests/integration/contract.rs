//! Requests at the edges of the contract: each gets a clear answer, and every error is a problem.

use crate::support::{Server, process::ServerProcess, request, story};
use axum::body::Body;
use dateline::limits::{BODY_BYTES, INGEST_BYTES};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

async fn with_article() -> (Server, String) {
    let server = Server::new().await;
    server.archive.ingest(story("1.txt", "Tram returns to the harbour", "LISBON")).await.expect("ingested");
    let list = server.get("/v1/articles").await.json();
    let id = list["articles"][0]["id"].as_str().expect("an id").to_owned();
    (server, id)
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_a_problem() {
    let (server, _) = with_article().await;
    for path in ["/v1/articles/%ff%fe", "/v1/sources/%ff", "/v1/articles/%ff/revisions/1"] {
        let answer = server.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "unreadable_request"), "{path}");
    }
}

#[tokio::test]
async fn a_response_that_the_client_does_not_accept_is_a_problem() {
    let (server, _) = with_article().await;
    for (path, name, value, status) in [
        ("/v1/articles", "accept", "", 200),
        ("/v1/articles", "accept", "text/csv", 406),
        ("/v1/articles", "accept", "text/csv, */*;q=0.1", 200),
        ("/v1/facets?field=topic", "accept", "text/csv", 406),
        ("/v1/articles", "accept-encoding", "identity;q=0", 406),
        ("/v1/articles", "accept-encoding", "gzip, identity;q=0", 200),
    ] {
        let answer = server.get_with(path, &[(name, value)]).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {name}: {value}");
        if status == 406 {
            assert_eq!(answer.problem(), "not_acceptable");
        }
    }
}

#[tokio::test]
async fn a_part_of_a_raw_document_is_returned_by_range() {
    let (server, id) = with_article().await;
    let path = format!("/v1/articles/{id}/raw");
    let whole = server.get(&path).await;
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let length = whole.body.len();
    let part = server.get_with(&path, &[("range", "bytes=5-11")]).await;
    assert_eq!(part.status, 206);
    assert_eq!(part.body, whole.body[5..12]);
    assert_eq!(part.header("content-range"), format!("bytes 5-11/{length}"));
    assert_eq!(part.header("etag"), whole.header("etag"));
    let changed = server.get_with(&path, &[("range", "bytes=5-11"), ("if-range", "\"another\"")]).await;
    assert_eq!((changed.status.as_u16(), changed.body), (200, whole.body));
    let beyond = server.get_with(&path, &[("range", "bytes=100000-")]).await;
    assert_eq!((beyond.status.as_u16(), beyond.problem().as_str()), (416, "range_not_satisfiable"));
    assert_eq!(beyond.header("content-range"), format!("bytes */{length}"));
    let list = server.get_with("/v1/articles", &[("range", "bytes=0-1")]).await;
    assert_eq!(list.status, 200, "only raw documents have ranges");
}

#[tokio::test]
async fn a_missing_raw_document_is_named() {
    let (server, id) = with_article().await;
    let article = server.get(&format!("/v1/articles/{id}")).await.json();
    let digest = article["raw"]["sha256"].as_str().expect("a digest");
    server.archive.store().objects().delete_raw(digest).await.expect("deleted");
    let answer = server.get(&format!("/v1/articles/{id}/raw")).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (500, "object_missing"));
    assert!(answer.text().contains(digest), "{}", answer.text());
}

#[tokio::test]
async fn errors_in_json_are_in_the_words_of_json() {
    let (server, _) = with_article().await;
    let lines = "{\"content\": 7}\n[1]\n\"x\"\n{\"content\": \"a\", \"colour\": 1}\n";
    let answer = server.post("application/x-ndjson", lines).await.text();
    for word in ["struct", "Envelope", "map", "field", "line 1"] {
        assert!(!answer.contains(word), "{word}: {answer}");
    }
    assert_eq!(answer.matches("\"code\":\"invalid_document\"").count(), 4, "{answer}");
    let bad = request("POST", "/v1/sources", &[], Body::from("[1]"));
    let bad = server.call(bad).await;
    assert_eq!(bad.problem(), "invalid_source");
    assert_eq!(bad.json()["errors"][0]["detail"], "expected an object, found an array");
}

#[tokio::test]
async fn an_address_that_can_never_be_reached_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    // The test's own server may reach this machine; the command's may not.
    let server = ServerProcess::start(folder.path(), &["--memory", "--no-seeds"]);
    let headers = "host: localhost\r\ncontent-type: application/json\r\n";
    for url in
        ["http://127.0.0.1/feed", "http://[::1]/feed", "http://10.1.2.3/", "http://printer.local/", "http://localhost/"]
    {
        for (path, code) in [("/v1/sources", "invalid_source"), ("/v1/webhooks", "invalid_webhook")] {
            let answer = server.send("POST", path, headers, &format!("{{\"url\": {url:?}}}"));
            assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(code), "{path} {url}: {answer}");
            assert!(answer.contains("expected a public address"), "{path} {url}: {answer}");
        }
    }
    let public =
        server.send("POST", "/v1/sources", headers, r#"{"url": "https://localhost.example/feed", "paused": true}"#);
    assert!(public.starts_with("HTTP/1.1 201"), "{public}");
}

#[test]
fn what_is_not_http_is_a_problem_and_half_open_connections_are_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = ServerProcess::start(folder.path(), &["--memory", "--no-seeds"]);
    let long = format!("/{}", "a".repeat(70_000));
    let headers: String = (0..200).map(|number| format!("x-{number}: a\r\n")).collect();
    for (path, headers, status, code) in [
        ("/v1/articles?q=\"harbour tram\"", "host: localhost\r\n".to_owned(), 400, "unreadable_request"),
        (long.as_str(), "host: localhost\r\n".to_owned(), 414, "url_too_long"),
        ("/v1/articles", format!("host: localhost\r\n{headers}"), 431, "headers_too_large"),
    ] {
        let answer = server.send("GET", path, &headers, "");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{code}: {answer}");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        assert!(head.contains("content-type: application/problem+json"), "{head}");
        assert!(body.contains(&format!("\"code\":\"{code}\"")), "{body}");
    }
    let half_open: Vec<TcpStream> = (0..30)
        .map(|number| {
            let mut stream = TcpStream::connect(&server.address).expect("the server listens");
            stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
            // Every third sends nothing at all.
            let part = if number % 3 == 0 { "" } else { "GET /v1/articles HTTP/1.1\r\nhost: " };
            stream.write_all(part.as_bytes()).expect("sent");
            stream
        })
        .collect();
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    for mut stream in half_open {
        // The server closes it: the read ends, and not by its own time limit.
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("closed within the limit for headers");
    }
}

#[test]
fn more_documents_than_fit_are_refused_and_admitted_again_once_others_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = ServerProcess::start(folder.path(), &["--memory", "--no-seeds"]);
    let send =
        |text: &str| server.send("POST", "/v1/articles", "host: localhost\r\ncontent-type: text/plain\r\n", text);
    let post = || send("Pier closes\n\nLISBON: The pier closed on Monday, the port said.");
    // Clients that announce long documents and do not send them.
    let announced: Vec<TcpStream> = (0..INGEST_BYTES / BODY_BYTES)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).expect("the server listens");
            let head = "POST /v1/articles HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\n";
            write!(stream, "{head}expect: 100-continue\r\ncontent-length: {BODY_BYTES}\r\n\r\n").expect("sent");
            // Its handler has begun to receive the body.
            let mut permission = [0; 12];
            stream.read_exact(&mut permission).expect("permission to send");
            assert_eq!(&permission, b"HTTP/1.1 100");
            stream
        })
        .collect();
    let refused = post();
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: "), "{refused}");
    assert!(refused.contains("\"code\":\"overloaded\""), "{refused}");
    // A client that sends before it reads gets the answer too.
    let long = send(&"a".repeat(5_000_000));
    assert!(long.starts_with("HTTP/1.1 503"), "{long}");
    assert!(server.get("/v1/articles").starts_with("HTTP/1.1 200"), "reads go on");
    drop(announced);
    let admitted = (0..100).map(|_| post()).find(|answer| answer.starts_with("HTTP/1.1 201"));
    assert!(admitted.is_some(), "{}", post());
}
