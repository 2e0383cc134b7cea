//! What leaves the archive in the formats of others. Whether their own tools can read it is tested by
//! `tests/formats/check.py`.

use crate::support::{Server, request};
use dateline::{
    access::Policy,
    article::{Instant, RawDocument},
    http::Service,
};
use http::StatusCode;
use serde_json::Value;

async fn first(server: &Server, query: &str) -> String {
    let list = server.get(&format!("/v1/articles?limit=1&{query}")).await.json();
    list["articles"][0]["id"].as_str().expect("an id").to_owned()
}

fn lines(body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn the_accept_header_selects_a_representation() {
    let server = Server::with_seeds().await;
    let id = first(&server, "q=ferry").await;
    let (path, revision) = (format!("/v1/articles/{id}"), format!("/v1/articles/{id}/revisions/1"));
    for (media_type, name) in [
        ("application/ld+json", "json-ld"),
        ("application/vnd.iptc.ninjs+json", "ninjs"),
        ("application/vnd.iptc.g2.newsitem+xml", "newsml-g2"),
        ("text/markdown", "markdown"),
    ] {
        for path in [&path, &revision] {
            let accepted = server.get_with(path, &[("accept", media_type)]).await;
            let named = server.get(&format!("{path}?format={name}")).await;
            assert!(accepted.header("content-type").starts_with(media_type), "{media_type}: {}", accepted.text());
            assert_eq!(accepted.body, named.body, "{name}");
            assert!(accepted.header("vary").contains("accept") && !accepted.header("etag").is_empty());
        }
    }
    assert_eq!(server.get_with(&path, &[("accept", "application/pdf")]).await.problem(), "not_acceptable");
    assert_eq!(server.get(&format!("{path}?format=nitf")).await.problem(), "invalid_parameter");
}

#[tokio::test]
async fn links_lead_back_to_where_the_client_found_the_archive() {
    let server = Server::with_seeds().await;
    let feed = async |headers: &[(&str, &str)]| server.get_with("/v1/feed.json?limit=1", headers).await.json();
    assert_eq!(feed(&[("host", "127.0.0.1:8080")]).await["home_page_url"], "http://127.0.0.1:8080/");
    let proxied = feed(&[("host", "news.example"), ("x-forwarded-proto", "https")]).await;
    assert_eq!(proxied["feed_url"], "https://news.example/v1/feed.json?limit=1");
    let page = proxied["items"][0]["_dateline"]["page"].as_str().expect("a page");
    assert!(page.starts_with("https://news.example/articles/"), "{page}");
    // A stated URL wins over what a request says.
    let service = Service::new(server.archive.clone(), Policy::OPEN);
    let public = Server::of(service.reached_at(Some("https://archive.example/".to_owned())));
    let feed = public.get_with("/v1/feed.json?limit=1", &[("host", "internal.example")]).await.json();
    assert_eq!(feed["home_page_url"], "https://archive.example/");
}

#[tokio::test]
async fn our_own_reader_reads_the_feeds_without_loss() {
    let server = Server::with_seeds().await;
    let articles =
        server.walk("/v1/articles?limit=100&fields=headline,body,url,published,authors,image,keywords").await;
    for (path, media_type) in [("/v1/feed.atom", "application/atom+xml"), ("/v1/feed.rss", "application/rss+xml")] {
        let feed = server.get(&format!("{path}?limit=100")).await;
        assert!(feed.header("content-type").starts_with(media_type));
        let copy = Server::new().await;
        let document = RawDocument {
            media_type: Some(media_type.to_owned()),
            key: Some("feed".to_owned()),
            ..RawDocument::new(feed.body, Instant::now())
        };
        let reports = copy.archive.ingest_all(document).await;
        let mut read = 0;
        for (report, article) in reports.into_iter().zip(&articles) {
            let entry = match report.ingested {
                Ok(entry) => entry,
                // A headline alone, without a text, is no article.
                Err(error) => panic!("{}: {error}", article["headline"]),
            };
            let entry = copy.get(&format!("/v1/articles/{}", entry.id)).await.json();
            let headline = article["headline"].as_str().unwrap_or("(no headline)");
            assert_eq!(entry["headline"], headline, "{path}");
            if !article["url"].is_null() {
                assert_eq!(entry["url"], article["url"], "{path}");
            }
            let body = |article: &Value| article["body"].as_array().expect("paragraphs").clone();
            assert_eq!(body(&entry).len(), body(article).len(), "{path}: {headline}");
            assert_eq!(body(&entry).last(), body(article).last(), "{path}: {headline}");
            if !article["published"]["at"].is_null() {
                assert_eq!(entry["published"]["at"], article["published"]["at"], "{path}: {headline}");
            }
            if article["authors"].as_array().is_some_and(|authors| !authors.is_empty()) {
                assert_eq!(entry["authors"], article["authors"], "{path}: {headline}");
            }
            assert_eq!(entry["image"], article["image"], "{path}: {headline}");
            read += 1;
        }
        assert_eq!(read, articles.len(), "{path}");
    }
}

#[tokio::test]
async fn a_correction_keeps_the_entry_and_changes_its_update() {
    let server = Server::new().await;
    let page = |figure: u32| format!("Pier closes\n\nLISBON: The pier closed after {figure} years, the port said.\n");
    let document = |figure| RawDocument {
        key: Some("pier".to_owned()),
        ..RawDocument::new(page(figure).into_bytes(), Instant::now())
    };
    server.archive.ingest(document(40)).await.expect("ingested");
    let before = server.get("/v1/feed.json").await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    server.archive.ingest(document(41)).await.expect("ingested");
    let after = server.get("/v1/feed.json").await;
    assert_ne!(before.header("etag"), after.header("etag"));
    let item = |answer: &crate::support::Answer| answer.json()["items"][0].clone();
    assert_eq!(item(&before)["id"], item(&after)["id"]);
    assert_ne!(item(&before)["date_modified"], item(&after)["date_modified"]);
    let unchanged = server.get_with("/v1/feed.json", &[("if-none-match", after.header("etag"))]).await;
    assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_feed_takes_the_filters_of_a_list_and_names_every_fault() {
    let server = Server::with_seeds().await;
    let list = server.walk("/v1/articles?country=PK&limit=100").await;
    let feed = server.get("/v1/feed.json?country=PK&limit=100").await.json();
    assert!(!list.is_empty());
    assert_eq!(feed["items"].as_array().map(Vec::len), Some(list.len()));
    assert_eq!(feed["title"], "Dateline – country: PK");
    let refused = server.get("/v1/feed.atom?content=all&fields=id&sort=size&colour=red").await;
    let errors = refused.json()["errors"].as_array().expect("errors").clone();
    let named: Vec<&str> = errors.iter().filter_map(|error| error["parameter"].as_str()).collect();
    assert_eq!(named, ["content", "fields", "colour", "sort"]);
}

#[tokio::test]
async fn the_parts_of_an_export_are_the_whole() {
    let server = Server::with_seeds().await;
    let service = Service::new(server.archive.clone(), Policy::OPEN);
    let limited = Server::of(service.exporting_in_parts(1));
    for number in 0..250 {
        let document = crate::support::story(&format!("tram/{number}"), &format!("Tram {number} runs"), "LISBON");
        server.archive.ingest(document).await.expect("ingested");
    }
    for path in ["/v1/export.ndjson?language=en", "/v1/export.csv?language=en", "/v1/export.ndjson?as_of=2100-01-01"] {
        let whole = server.get(path).await;
        assert!(whole.header("link").is_empty() && whole.header("etag").is_empty());
        let (mut next, mut parts, mut joined) = (Some(path.to_owned()), 0, Vec::new());
        while let Some(path) = next {
            let part = limited.get(&path).await;
            assert_eq!(part.status, StatusCode::OK, "{}", part.text());
            let link = part.header("link").strip_prefix('<').and_then(|link| link.split_once('>'));
            next = link.map(|(link, _)| link.to_owned());
            joined.extend_from_slice(&part.body);
            parts += 1;
        }
        assert!(parts > 2, "{path}: {parts}");
        assert_eq!(joined, whole.body, "{path}");
    }
}

#[tokio::test]
async fn an_export_continues_after_a_row_whatever_happened_to_its_article() {
    let server = Server::new().await;
    let page = |number: u32, year: u32| {
        let content =
            format!("Tram {number} runs\n\nPublished: {year}-03-01\n\nLISBON: Tram {number} ran again on Monday.\n");
        RawDocument { key: Some(format!("tram/{number}")), ..RawDocument::new(content.into_bytes(), Instant::now()) }
    };
    for number in 1..=5 {
        server.archive.ingest(page(number, 2010 + number)).await.expect("ingested");
    }
    let whole = server.get("/v1/export.ndjson").await;
    let rows = lines(&whole.body);
    let rest = |from: usize| rows[from..].iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    // The third row's article is corrected to another year, the fourth's is deleted.
    let third =
        rows[2]["headline"].as_str().and_then(|headline| headline.split(' ').nth(1)?.parse().ok()).expect("a number");
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    server.archive.ingest(page(third, 2001)).await.expect("ingested");
    let after = format!("/v1/export.ndjson?after={}:1", rows[2]["id"].as_str().expect("an id"));
    let continued = server.get(&after).await;
    assert!(continued.header("dateline-since").is_empty());
    let mut expected = rest(3);
    // It comes again where it is now, with its new revision.
    expected.push(rows[2]["id"].clone());
    let ids =
        |answer: &crate::support::Answer| lines(&answer.body).iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&continued), expected);
    let fourth = rows[3]["id"].as_str().expect("an id");
    server.delete(&format!("/v1/articles/{fourth}")).await;
    let continued = server.get(&format!("/v1/export.ndjson?after={fourth}:1")).await;
    assert_eq!(ids(&continued), expected[1..], "{}", continued.text());
}

#[tokio::test]
async fn a_request_target_with_another_host_is_not_cached_for_others() {
    let server = Server::with_seeds().await;
    let host = [("host", "127.0.0.1:8080")];
    let feed = server.get_with("http://192.0.2.7/v1/feed.json?limit=1", &host).await.json();
    assert_eq!(feed["home_page_url"], "http://192.0.2.7/");
    let feed = server.get_with("/v1/feed.json?limit=1", &host).await.json();
    assert_eq!(feed["home_page_url"], "http://127.0.0.1:8080/");
}

#[tokio::test]
async fn an_increment_names_what_left_the_export() {
    let server = Server::new().await;
    let page = |key: &str, dateline: &str| crate::support::story(key, &format!("Tram {key} runs"), dateline);
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ids.push(server.archive.ingest(page(key, "LISBON")).await.expect("ingested").id.to_string());
    }
    server.archive.ingest(page("elsewhere", "GENEVA")).await.expect("ingested");
    let whole = server.get("/v1/export.ndjson?place=lisbon").await;
    assert_eq!(lines(&whole.body).len(), 3);
    let since = whole.header("dateline-since").to_owned();
    // One leaves by a revision, one is deleted, one comes; a change of what was never in the export says nothing.
    server.archive.ingest(page("a", "GENEVA")).await.expect("ingested");
    server.delete(&format!("/v1/articles/{}", ids[1])).await;
    server.archive.ingest(page("d", "LISBON")).await.expect("ingested");
    server.archive.ingest(page("elsewhere", "NAIROBI")).await.expect("ingested");
    let path = format!("/v1/export.ndjson?place=lisbon&since={since}");
    let mut changed = lines(&server.get(&path).await.body);
    let end = changed.pop().expect("an end");
    assert_eq!(end["more"], false);
    let removed: Vec<(&Value, &Value)> = changed.iter().map(|line| (&line["id"], &line["removed"])).collect();
    assert!(removed.contains(&(&ids[0].clone().into(), &"no_longer_matches".into())), "{removed:?}");
    assert!(removed.contains(&(&ids[1].clone().into(), &"deleted".into())), "{removed:?}");
    assert_eq!(changed.iter().filter(|line| line["headline"] == "Tram d runs").count(), 1);
    assert_eq!(changed.len(), 3);
}

#[tokio::test]
async fn an_export_names_what_it_cannot_do() {
    let server = Server::with_seeds().await;
    let gone = first(&server, "").await;
    server.delete(&format!("/v1/articles/{gone}")).await;
    let unknown = "a".repeat(26);
    let limited = Server::of(Service::new(server.archive.clone(), Policy::OPEN).exporting_in_parts(1));
    for number in 0..120 {
        let document = crate::support::story(&format!("tram/{number}"), &format!("Tram {number} runs"), "LISBON");
        server.archive.ingest(document).await.expect("ingested");
    }
    let part = limited.get("/v1/export.ndjson").await;
    let next = part.header("link").trim_start_matches('<').split('>').next().expect("a link").to_owned();
    let both = format!("{next}&after={gone}:1");
    for path in [
        "/v1/export.csv?since=abc".to_owned(),
        format!("/v1/export.ndjson?after={gone}:7"),
        format!("/v1/export.ndjson?after={unknown}:1"),
        "/v1/export.ndjson?after=x".to_owned(),
        format!("/v1/export.ndjson?after={unknown}"),
        "/v1/export.ndjson?cursor=x".to_owned(),
        "/v1/export.ndjson?sort=published".to_owned(),
        format!("/v1/export.parquet?after={gone}:1"),
        both,
    ] {
        let refused = server.get(&path).await;
        assert_eq!(refused.problem(), "invalid_parameter", "{path}");
        assert!(refused.json()["errors"].as_array().is_some_and(|errors| errors.len() == 1), "{path}");
    }
    let head = server.call(request("HEAD", "/v1/export.ndjson", &[], axum::body::Body::empty())).await;
    assert!(head.body.is_empty() && !head.header("dateline-since").is_empty());
}
