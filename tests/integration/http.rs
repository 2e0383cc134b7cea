//! Reads over HTTP, as a client sees them: black box, through the router.

use crate::support::{Server, headlines, request, story};
use axum::body::Body;
use dateline::article::{Instant, RawDocument};
use serde_json::Value;
use std::io::Read;

async fn filled() -> Server {
    let server = Server::new().await;
    for (key, headline, dateline, retrieved) in [
        ("1.txt", "Tram returns to the harbour", "LISBON", "2025-04-07"),
        ("2.txt", "Ferry pier closes for repairs", "ISLAMABAD", "2025-04-08"),
        ("3.txt", "Night bus gains a second line", "LISBON", "2025-04-09"),
    ] {
        let retrieved_at = Instant::parse(retrieved).expect("a day");
        let document = RawDocument { retrieved_at, ..story(key, headline, dateline) };
        server.archive.ingest(document).await.expect("ingested");
    }
    server
}

async fn id_of_first(server: &Server) -> String {
    server.get("/v1/articles?limit=1").await.json()["articles"][0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_list_is_newest_first_with_a_link_to_the_next_page() {
    let server = filled().await;
    let page = server.get("/v1/articles?limit=2").await;
    assert_eq!(page.status, 200);
    assert_eq!(headlines(&page), ["Night bus gains a second line", "Ferry pier closes for repairs"]);
    let next = page.json()["next"].as_str().expect("a next page").to_owned();
    assert_eq!(page.header("link"), format!("<{next}>; rel=\"next\""));
    let last = server.get(&next).await;
    assert_eq!(headlines(&last), ["Tram returns to the harbour"]);
    assert_eq!(last.json()["next"], Value::Null);
    assert_eq!(last.header("link"), "");
    let oldest = server.get("/v1/articles?sort=published&limit=1").await;
    assert_eq!(headlines(&oldest), ["Tram returns to the harbour"]);
}

#[tokio::test]
async fn filters_combine() {
    let server = filled().await;
    for (query, expected) in [
        ("country=PT", 2),
        ("country=pt&place=lisbon", 2),
        ("country=PT,PK", 3),
        ("country=PT&country=PK", 0),
        ("country=-PT", 1),
        ("country=-PT,-PK", 0),
        ("place=islamabad&language=en", 1),
        ("has=dateline", 3),
        ("has=-dateline", 0),
        ("has=published", 0),
        ("published_from=2025-01-01", 0),
        ("changed_from=2025-01-01", 3),
        ("changed_to=2025-01-01", 0),
        ("source=nobody", 0),
        ("sort=-changed&country=PT", 2),
    ] {
        let answer = server.get(&format!("/v1/articles?{query}")).await;
        assert_eq!(headlines(&answer).len(), expected, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn fields_selects_members_in_the_requested_order() {
    let server = filled().await;
    let answer = server.get("/v1/articles?limit=1&fields=headline,body,id").await.json();
    let members: Vec<&String> = answer["articles"][0].as_object().expect("an object").keys().collect();
    assert_eq!(members, ["headline", "body", "id"]);
    assert!(answer["articles"][0]["body"][0].as_str().is_some_and(|text| text.starts_with("The harbour tram")));
}

#[tokio::test]
async fn a_page_of_long_articles_is_cut_short_and_has_a_next_page() {
    let server = Server::new().await;
    let sentence = "The harbour tram ran again on Monday after a pause of two years, the port said. ";
    for number in 0..5 {
        let long = format!("Tram {number} returns\n\nLISBON: {}\n", sentence.repeat(15_000));
        let posted = server.post("text/plain", long).await;
        assert_eq!(posted.status, 201, "{}", posted.text());
    }
    let page = server.get("/v1/articles?fields=id,body").await;
    assert_eq!(headlines(&page).len(), 2);
    assert!(page.body.len() < 4 * 1024 * 1024);
    assert_eq!(server.walk("/v1/articles?fields=id,body").await.len(), 5);
}

#[tokio::test]
async fn articles_with_very_long_summaries_are_listed() {
    let server = Server::new().await;
    for number in 0..5 {
        let summary = "a".repeat(1_500_000);
        let page = format!(
            "<meta property='og:title' content='Tram {number} returns'><meta property='og:description' content='{summary}'>\
             <p>The harbour tram ran again on Monday after a pause of two years, the port said on its own page.</p>"
        );
        let posted = server.post("text/html", page).await;
        assert_eq!(posted.status, 201, "{}", posted.text());
    }
    let page = server.get("/v1/articles").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.body.len() < 4 * 1024 * 1024);
    assert_eq!(server.walk("/v1/articles").await.len(), 5);
    assert_eq!(server.walk("/v1/articles?fields=id,summary,body").await.len(), 5);
}

#[tokio::test]
async fn every_invalid_parameter_is_reported() {
    let server = filled().await;
    let answer = server.get("/v1/articles?limit=0&colour=red&sort=best&cursor=AAAA").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "invalid_parameter"));
    let body = answer.json();
    let errors = body["errors"].as_array().expect("errors");
    let parameters: Vec<_> = errors.iter().map(|error| error["parameter"].as_str().unwrap_or_default()).collect();
    assert_eq!(parameters, ["colour", "sort", "limit", "cursor"]);
}

#[tokio::test]
async fn every_endpoint_reports_every_invalid_parameter() {
    let server = filled().await;
    let id = id_of_first(&server).await;
    for (path, invalid) in [
        ("/v1/articles?country=XX1&foo=1", vec!["country", "foo"]),
        ("/v1/facets?field=colour&foo=1&country=XX1&limit=0", vec!["country", "field", "foo", "limit"]),
        ("/v1/timeline?interval=decade&foo=1&country=-PT,-XX1", vec!["country", "foo", "interval"]),
        ("/v1/entities?colour=1&limit=999&prefix=a", vec!["colour", "limit"]),
        ("/v1/stories?colour=1&limit=999&cursor=!", vec!["colour", "cursor", "limit"]),
        ("/v1/changes?colour=1&limit=9999&cursor=x", vec!["colour", "cursor", "limit"]),
        ("/v1/sources?foo=1&limit=0&state=x&cursor=x", vec!["cursor", "foo", "limit", "state"]),
        ("/v1/failures?foo=1&limit=0&source=!&cursor=x", vec!["cursor", "foo", "limit", "source"]),
        ("/v1/webhooks?foo=1&bar=1", vec!["bar", "foo"]),
        ("/v1/articles/ID?foo=1&fields=x&format=pdf", vec!["fields", "foo", "format"]),
        ("/v1/articles/ID/evidence?foo=1&bar=1", vec!["bar", "foo"]),
        ("/v1/articles/ID/revisions?foo=1&limit=0&cursor=x", vec!["cursor", "foo", "limit"]),
        ("/v1/articles/ID/revisions/1?foo=1&fields=x", vec!["fields", "foo"]),
        ("/v1/articles/ID/changes/1..2?foo=1&format=x", vec!["foo", "format"]),
        ("/v1/articles/ID/related?foo=1&limit=0", vec!["foo", "limit"]),
        ("/v1/articles/ID/timemap?foo=1&before=x", vec!["before", "foo"]),
    ] {
        let answer = server.get(&path.replace("ID", &id)).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "invalid_parameter"), "{path}");
        let body = answer.json();
        let errors = body["errors"].as_array().expect("errors");
        let mut reported: Vec<_> = errors.iter().filter_map(|error| error["parameter"].as_str()).collect();
        reported.sort_unstable();
        assert_eq!(reported, invalid, "{path}");
    }
}

#[tokio::test]
async fn a_cursor_from_another_query_is_refused() {
    let server = filled().await;
    let page = server.get("/v1/articles?country=PT&limit=1").await.json();
    let next = page["next"].as_str().expect("a next page");
    let cursor = next.rsplit_once("cursor=").expect("a cursor").1;
    assert_eq!(server.get(next).await.status, 200);
    // A cursor is independent of the limit and the fields.
    let same = server.get(&format!("/v1/articles?country=PT&limit=7&fields=id&cursor={cursor}")).await;
    assert_eq!(same.status, 200);
    let other = server.get(&format!("/v1/articles?country=PK&cursor={cursor}")).await;
    assert_eq!((other.status.as_u16(), other.problem().as_str()), (400, "invalid_parameter"));
}

#[tokio::test]
async fn one_article_has_three_representations() {
    let server = filled().await;
    let path = format!("/v1/articles/{}", id_of_first(&server).await);
    let json = server.get(&path).await;
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(json.json()["dateline"]["place"]["country"], "PT");
    let text = server.get_with(&path, &[("accept", "text/plain")]).await;
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    assert!(text.text().starts_with("Night bus gains a second line\n\nLISBON: The harbour tram"), "{}", text.text());
    let markdown = server.get(&format!("{path}?format=markdown")).await;
    assert!(markdown.text().starts_with("# Night bus gains a second line\n"), "{}", markdown.text());
    let none = server.get_with(&path, &[("accept", "image/png")]).await;
    assert_eq!((none.status.as_u16(), none.problem().as_str()), (406, "not_acceptable"));
}

#[tokio::test]
async fn evidence_restores_the_text_and_raw_returns_the_bytes() {
    let server = Server::new().await;
    for (media_type, content) in [
        ("text/plain", "Pier closes\n\nLISBON: The old pier closed on Monday — for good.\n".as_bytes()),
        (
            "text/html; charset=windows-1252",
            b"<h1>Br\xfccke zu</h1><p>Die Br\xfccke ist seit Montag f\xfcr alle gesperrt.</p>",
        ),
    ] {
        let posted = server.post(media_type, content).await;
        assert_eq!(posted.status, 201, "{}", posted.text());
        let path = posted.json()["location"].as_str().expect("a path").to_owned();
        let raw = server.get(&format!("{path}/raw")).await;
        assert_eq!(raw.body, content);
        assert!(raw.header("repr-digest").starts_with("sha-256=:"));
        let evidence = server.get(&format!("{path}/evidence")).await.json();
        let pieces = evidence["pieces"].as_array().expect("pieces");
        let text: String = pieces.iter().map(|piece| piece["text"].as_str().unwrap_or_default()).collect();
        let encoding = encoding_rs::Encoding::for_label(evidence["encoding"].as_str().expect("a name").as_bytes());
        assert_eq!(text, encoding.expect("a known encoding").decode(content).0);
        let article = server.get(&path).await.json();
        for field in evidence["fields"].as_array().expect("fields") {
            for span in field["spans"].as_array().expect("spans") {
                let (start, end) =
                    (span["start"].as_u64().expect("an offset"), span["end"].as_u64().expect("an offset"));
                assert!(text.get(start as usize..end as usize).is_some_and(|text| !text.is_empty()), "{field}");
            }
        }
        assert_eq!(article["raw"]["bytes"], content.len());
    }
}

#[tokio::test]
async fn unknown_paths_articles_and_methods_are_problems() {
    let server = filled().await;
    for (path, status, code) in [
        ("/v1/articles/00000000000000000000000000", 404, "article_not_found"),
        ("/v1/articles/short", 404, "article_not_found"),
        ("/v1/articles/00000000000000000000000000/evidence", 404, "article_not_found"),
        ("/v1/nothing", 404, "path_not_found"),
        ("/v1/articles/", 404, "path_not_found"),
        ("/v1/articles/00000000000000000000000000?colour=red", 400, "invalid_parameter"),
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{path}");
    }
    for (method, path) in [("DELETE", "/v1/articles"), ("PUT", "/healthz")] {
        let answer = server.call(request(method, path, &[], Body::empty())).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (405, "method_not_allowed"));
        assert!(answer.header("allow").contains("GET"), "{}", answer.header("allow"));
    }
}

#[tokio::test]
async fn reads_have_etags_and_are_compressed() {
    let server = filled().await;
    let path = "/v1/articles";
    let plain = server.get(path).await;
    let tag = plain.header("etag").to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let current = server.get_with(path, &[("if-none-match", &tag)]).await;
    assert_eq!((current.status.as_u16(), current.body.len()), (304, 0));
    assert_eq!(current.header("etag"), tag);
    for coding in ["gzip", "br", "zstd"] {
        let packed = server.get_with(path, &[("accept-encoding", coding)]).await;
        assert_eq!(packed.header("content-encoding"), coding);
        assert_eq!(packed.header("content-length"), packed.body.len().to_string());
        assert!(packed.body.len() < plain.body.len());
        assert_ne!(packed.header("etag"), tag, "other bytes have another strong ETag");
        assert!(packed.header("vary").contains("accept-encoding"));
        if coding == "zstd" {
            let mut unpacked = Vec::new();
            let mut decoder = zstd::stream::Decoder::new(packed.body.as_slice()).expect("a frame");
            decoder.read_to_end(&mut unpacked).expect("whole");
            assert_eq!(unpacked, plain.body);
        }
    }
    let small = server.get_with("/healthz", &[("accept-encoding", "gzip")]).await;
    assert_eq!(small.header("content-encoding"), "");
    server.archive.ingest(story("4.txt", "Lift opens at the upper station", "LISBON")).await.expect("ingested");
    let changed = server.get_with(path, &[("if-none-match", &tag)]).await;
    assert_eq!(changed.status, 200);
}

#[tokio::test]
async fn a_head_request_returns_the_headers_of_a_get() {
    let server = filled().await;
    let got = server.get("/v1/articles").await;
    let head = server.call(request("HEAD", "/v1/articles", &[], Body::empty())).await;
    assert_eq!((head.status, head.body.len()), (got.status, 0));
    for name in ["etag", "content-type", "content-length"] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
}

#[tokio::test]
async fn any_origin_may_read() {
    let server = filled().await;
    let answer = server.get_with("/v1/articles", &[("origin", "https://reader.example")]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-expose-headers").contains("etag"));
    let headers = [("origin", "https://reader.example"), ("access-control-request-method", "GET")];
    let preflight = server.call(request("OPTIONS", "/v1/articles", &headers, Body::empty())).await;
    assert!(preflight.status.is_success());
    assert!(!preflight.header("access-control-allow-methods").contains("POST"));
}

#[tokio::test]
async fn a_harmless_request_id_is_returned() {
    let server = filled().await;
    let given = server.get_with("/healthz", &[("x-request-id", "abc-1")]).await;
    assert_eq!(given.header("x-request-id"), "abc-1");
    let harmful = server.get_with("/healthz", &[("x-request-id", "a b\tc")]).await;
    assert_eq!(harmful.header("x-request-id").len(), 32);
}

#[tokio::test]
async fn a_card_is_the_article_without_its_detail() {
    let server = filled().await;
    let card = server.get("/v1/articles?limit=1").await.json()["articles"][0].clone();
    let whole = server.get(&format!("/v1/articles/{}", card["id"].as_str().expect("an id"))).await.json();
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let (card_names, mut whole_names) = (names(&card), names(&whole));
    assert_eq!(card_names, dateline::query::CARD_FIELDS);
    whole_names.retain(|name| !dateline::query::ARTICLE_FIELDS.contains(&name.as_str()));
    assert_eq!(card_names, whole_names);
    for name in card_names {
        assert_eq!(card[&name], whole[&name], "{name}");
    }
}

#[tokio::test]
async fn times_are_in_utc_and_unknown_members_are_null() {
    let server = filled().await;
    let card = server.get("/v1/articles?limit=1").await.json()["articles"][0].clone();
    assert!(Instant::parse(card["first_seen_at"].as_str().expect("a time")).is_ok());
    assert_eq!(card["published"]["at"], Value::Null);
    assert_eq!(card["published"]["latest"], "2025-04-09T00:00:00.000Z");
    for name in ["deck", "agency", "image", "section", "modified_at"] {
        assert_eq!(card[name], Value::Null, "{name}");
    }
    assert_eq!(card["story"], card["id"], "an article has its own story until another joins");
}

/// No item can have such a key, so nothing is found; and no table is asked for it.
#[tokio::test]
async fn ids_and_values_that_are_too_long_for_a_key_are_not_found() {
    let server = Server::new().await;
    let long = "x".repeat(3_000);
    for path in ["/v1/sources", "/v1/failures", "/v1/webhooks"] {
        assert_eq!(server.get(&format!("{path}/{long}")).await.status, 404, "{path}");
    }
    for facet in ["source", "place", "person", "author", "publisher"] {
        let answer = server.get(&format!("/v1/articles?{facet}={long}")).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{facet}: {}", answer.text());
    }
}
