//! Ingest over HTTP, as a client sees it.

use crate::support::{Server, headlines, request};
use axum::body::Body;
use serde_json::{Value, json};

#[tokio::test]
async fn very_long_names_are_ingested() {
    let server = Server::new().await;
    let long = "n".repeat(5_000);
    let page = format!(
        "<html lang='en-{long}'><meta property='og:title' content='Tram returns'><meta property='og:site_name' content='{long}'>\
         <p>12 34 56 78 90 12 34 56 78 90 12 34 56 78 90 12 34 56 78 90 12 34 56 78 90</p>"
    );
    let posted = server.post("text/html", page).await;
    assert_eq!(posted.status, 201, "{}", posted.text());
}

#[tokio::test]
async fn a_document_is_created_then_unchanged_then_revised() {
    let server = Server::new().await;
    let envelope = |headline: &str| {
        json!({"key": "a", "source": "city-desk", "media_type": "text/plain",
               "content": format!("{headline}\n\nLISBON: The old pier closed on Monday for repairs.")})
        .to_string()
    };
    let mut seen = Vec::new();
    for (headline, status, outcome, revision) in [
        ("Pier closes", 201, "created", 1),
        ("Pier closes", 200, "unchanged", 1),
        ("Old pier closes", 200, "revised", 2),
    ] {
        let answer = server.post("application/json", envelope(headline)).await;
        let body = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &body["outcome"], &body["revision"]),
            (status, &json!(outcome), &json!(revision))
        );
        assert_eq!(answer.header("location"), body["location"].as_str().expect("a path"));
        seen.push(body["id"].clone());
    }
    assert!(seen.iter().all(|id| *id == seen[0]));
    let listed = server.get("/v1/articles?source=city-desk").await;
    assert_eq!(headlines(&listed), ["Old pier closes"]);
}

#[tokio::test]
async fn bad_documents_are_refused_with_a_code_and_store_nothing() {
    let server = Server::new().await;
    let huge = vec![b'a'; 5 * 1024 * 1024];
    let deep = "<div>".repeat(100_000);
    let cases: [(&str, Vec<u8>, u16, &str); 13] = [
        ("text/plain", b"".to_vec(), 422, "unreadable_document"),
        ("text/plain", b"Z\xfcrich".to_vec(), 422, "unreadable_document"),
        ("text/plain", b"a\0b".to_vec(), 422, "unreadable_document"),
        ("text/html", deep.into_bytes(), 422, "unreadable_document"),
        ("text/plain", huge, 413, "document_too_large"),
        ("text/plain", vec![b'a'; 7 * 1024 * 1024], 413, "document_too_large"),
        ("application/pdf", b"%PDF".to_vec(), 415, "unsupported_media_type"),
        ("", b"text".to_vec(), 415, "unsupported_media_type"),
        ("application/json", b"{".to_vec(), 400, "invalid_document"),
        ("application/json", br#"{"content": "x", "colour": "red"}"#.to_vec(), 400, "invalid_document"),
        ("application/json", br#"{"content": "x", "url": "nowhere"}"#.to_vec(), 400, "invalid_document"),
        ("application/json", br#"{"content": "x", "media_type": "image/png"}"#.to_vec(), 415, "unsupported_media_type"),
        ("application/json", b"{\"content\": \"\xff\"}".to_vec(), 400, "invalid_document"),
    ];
    for (media_type, body, status, code) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = server.post(media_type, body).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{media_type} {shown}");
    }
    assert!(server.walk("/v1/articles").await.is_empty());
    assert!(server.walk("/v1/articles?sort=-changed").await.is_empty());
}

#[tokio::test]
async fn invalid_members_are_reported_by_pointer() {
    let server = Server::new().await;
    let answer = server.post("application/json", r#"{"content": "x", "url": "nowhere", "retrieved_at": "soon"}"#).await;
    assert_eq!(answer.problem(), "invalid_document");
    let body = answer.json();
    let pointers: Vec<_> =
        body["errors"].as_array().expect("errors").iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, [json!("/url"), json!("/retrieved_at")]);
}

#[tokio::test]
async fn every_line_has_an_outcome_and_a_bad_line_does_not_affect_the_others() {
    let server = Server::new().await;
    let line = |key: &str| {
        json!({"key": key, "content": format!("Pier {key} closes\n\nLISBON: It closed on Monday for repairs.")})
            .to_string()
    };
    let body = [line("a"), "{\"content\": 7}".to_owned(), String::new(), line("b"), line("a")].join("\n");
    let answer = server.post("application/x-ndjson", body).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/x-ndjson"));
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let outcomes: Vec<_> = lines.iter().map(|line| (line["line"].as_u64(), line["outcome"].as_str())).collect();
    let expected = [(1, "created"), (2, "failed"), (4, "created"), (5, "unchanged")]
        .map(|(line, outcome)| (Some(line), Some(outcome)));
    assert_eq!(outcomes, expected);
    assert_eq!(
        (&lines[1]["code"], &lines[1]["errors"][0]["pointer"]),
        (&json!("invalid_document"), &json!("/content"))
    );
}

#[tokio::test]
async fn every_feed_entry_becomes_an_article_and_a_second_post_ingests_only_changes() {
    let server = Server::new().await;
    let item = |id: &str, text: &str| {
        format!("<item><title>Pier {id} closes</title><guid>{id}</guid><description>{text}</description></item>")
    };
    let feed = |items: &[String]| {
        format!("<rss version=\"2.0\"><channel><title>Pier News</title>{}</channel></rss>", items.concat())
    };
    let outcomes = async |items: &[String]| {
        let answer = server.post("application/rss+xml", feed(items)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/x-ndjson"));
        let lines = answer.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines
            .map(|line| {
                let outcome = line.get("code").unwrap_or(&line["outcome"]).clone();
                format!(
                    "{} {} {}",
                    line["line"],
                    line["entry"].as_str().unwrap_or("-"),
                    outcome.as_str().unwrap_or("-")
                )
            })
            .collect::<Vec<_>>()
    };
    let (a, b, c) = (item("a", "It rots."), item("b", "It leans."), item("c", "It sank."));
    assert_eq!(outcomes(&[a.clone(), b.clone()]).await, ["1 a created", "2 b created"]);
    assert_eq!(
        outcomes(&[c.clone(), a, item("b", "It leans further.")]).await,
        ["1 c created", "2 a unchanged", "3 b revised"]
    );
    let twice = [c.clone(), item("c", "It sank twice.")];
    assert_eq!(outcomes(&twice).await, ["1 c unchanged", "2 c unreadable_document"]);
    let articles = server.walk("/v1/articles?source=pier-news").await;
    assert_eq!(articles.len(), 3);
    let article = articles.iter().find(|article| article["raw"]["entry"] == "b").expect("the article of an entry");
    let path = format!("/v1/articles/{}", article["id"].as_str().expect("an id"));
    let raw = server.get(&format!("{path}/raw")).await;
    assert_eq!(raw.header("content-type"), "application/rss+xml; charset=utf-8");
    let evidence = server.get(&format!("{path}/evidence")).await.json();
    let pieces = evidence["pieces"].as_array().expect("pieces").iter();
    let whole: String = pieces.map(|piece| piece["text"].as_str().expect("text")).collect();
    assert_eq!(whole.into_bytes(), raw.body);
}

#[tokio::test]
async fn annotations_of_the_text_are_filters() {
    let server = Server::with_seeds().await;
    let keys = async |query: &str| {
        let articles = server.walk(&format!("/v1/articles?{query}&fields=id,headline")).await;
        articles.into_iter().map(|article| article["headline"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    let call = keys("person=ishaq-dar").await;
    assert_eq!(call.len(), 1);
    for query in [
        "person=marco-rubio,ishaq-dar",
        "person=ishaq-dar&topic=16000000",
        "person=ishaq-dar&topic=politics-and-government&topic=economy-business-and-finance",
        "person=ishaq-dar&country=AF&place=islamabad",
        "person=ishaq-dar&mentions_from=2013-06-01&mentions_to=2013-07-01",
        "person=ishaq-dar&has=quantity,topic",
    ] {
        assert_eq!(keys(query).await, call, "{query}");
    }
    for query in [
        "person=ishaq-dar&topic=sport",
        "person=ishaq-dar&mentions_from=1990-01-01&mentions_to=1991-01-01",
        "organisation=ishaq-dar",
        "person=ishaq-dar&has=-quantity",
    ] {
        assert!(keys(query).await.is_empty(), "{query}");
    }
    assert!(!keys("topic=sport").await.is_empty() && keys("topic=-sport").await.len() > 10);
}

#[tokio::test]
async fn a_repeated_idempotency_key_returns_the_first_response() {
    let server = Server::new().await;
    let post = async |body: &str| {
        let headers = [("content-type", "text/plain"), ("idempotency-key", "key-1")];
        server.call(request("POST", "/v1/articles", &headers, Body::from(body.to_owned()))).await
    };
    let document = "Pier closes\n\nLISBON: The old pier closed on Monday for repairs.";
    let first = post(document).await;
    let again = post(document).await;
    assert_eq!((first.status.as_u16(), &first.body), (201, &again.body));
    assert_eq!(again.status, 201);
    let other = post("Another pier closes\n\nLISBON: The new pier closed on Monday.").await;
    assert_eq!((other.status.as_u16(), other.problem().as_str()), (422, "idempotency_key_reused"));
}
