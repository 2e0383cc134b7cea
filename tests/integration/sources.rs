//! Polling of sources, against a loopback server with the faults of real feeds: it moves, breaks off, never ends,
//! declares a wrong media type, and recovers.

use crate::support::{
    mock_server::{Act, MockServer, answer},
    polling::{Stage, local, rss},
    request,
};
use dateline::{
    article::Instant,
    fetch::{AddressPolicy, FetchError, FetchRequest, Fetcher, HOST_DELAY},
    sources::{Source, poll::Poller},
    store::{RecordKind, StoreError},
};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::best());
    zip.write_all(bytes).expect("in memory");
    zip.finish().expect("in memory")
}

#[tokio::test]
async fn polls_are_conditional_and_ingest_only_new_entries() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..3)));
    let settings = json!({"url": stage.url("/feed.xml"), "title": "Gazette", "headers": {"authorization": "secret"}});
    let added = stage.add(settings.clone()).await;
    assert_eq!((&added["state"], &added["headers"]), (&json!("active"), &json!(["authorization"])));
    assert!(!added.to_string().contains("secret"), "credentials are never shown");
    stage.poller.round().await.expect("polled");
    let id = added["id"].as_str().expect("an id").to_owned();
    let first = stage.server.get(&format!("/v1/sources/{id}")).await.json();
    assert_eq!((&first["health"]["entries_ingested"], &first["health"]["etag"]), (&json!(3), &json!("\"one\"")));
    assert_eq!(stage.articles().await, 3);
    assert_eq!(stage.server.walk(first["articles"].as_str().expect("a path")).await.len(), 3);
    assert_eq!(stage.play.asked("/feed.xml")[0]["authorization"], "secret");
    // Not due: no request is sent.
    assert_eq!(stage.poller.round().await.expect("nothing to do").polled, 0);
    assert_eq!(stage.play.asked("/feed.xml").len(), 1);
    // Unchanged: the server answers 304, without a body.
    let second = stage.poll(&added).await;
    assert_eq!(stage.play.asked("/feed.xml")[1]["if-none-match"], "\"one\"");
    assert_eq!((&second["health"]["polls"], &second["health"]["entries_seen"]), (&json!(2), &json!(3)));
    assert!(
        second["interval_seconds"].as_u64() > first["interval_seconds"].as_u64(),
        "the interval grows without new entries"
    );
    // Only the new entries are ingested.
    stage.play.set("/feed.xml", Act::Feed("\"two\"".to_owned(), rss(0..5)));
    let third = stage.poll(&added).await;
    assert_eq!(third["health"]["entries_ingested"], 5);
    assert_eq!(stage.articles().await, 5);
    let again = stage.server.call(request("POST", "/v1/sources", &[], settings.to_string().into())).await;
    assert_eq!(again.problem(), "source_exists");
}

#[tokio::test]
async fn a_feed_is_found_by_redirect_link_or_content() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..2)));
    stage.play.set("/old", answer("301 Moved Permanently", &[("location", "/older")], ""));
    stage.play.set("/older", answer("308 Permanent Redirect", &[("location", "/feed.xml")], ""));
    stage.play.set("/now", answer("302 Found", &[("location", "/feed.xml")], ""));
    let page = "<html><head><link rel=alternate type='application/rss+xml' href='/feed.xml'></head><body>News</body>";
    stage.play.set("/", answer("200 OK", &[("content-type", "text/html")], page));
    stage.play.set("/liar", answer("200 OK", &[("content-type", "text/html; charset=utf-8")], rss(2..4)));
    for (path, url) in [("/old", "/feed.xml"), ("/now", "/now"), ("/", "/feed.xml"), ("/liar", "/liar")] {
        let added = stage.add(json!({"url": stage.url(path)})).await;
        let polled = stage.poll(&added).await;
        assert_eq!((&polled["url"], &polled["state"]), (&json!(stage.url(url)), &json!("active")), "{path}: {polled}");
        assert_eq!(polled["health"]["entries_seen"], 2, "{path}");
        // Two sources cannot have the URL of one feed.
        let path = format!("/v1/sources/{}", added["id"].as_str().expect("an id"));
        stage.server.call(request("DELETE", &path, &[], "".into())).await;
    }
}

/// Two pages that name each other as their feed are requested once each. A source with credentials keeps its URL, even
/// if a redirect or a page names a feed at another origin, which never receives the credentials.
#[tokio::test]
async fn link_cycles_end_and_credentials_stay_at_their_origin() {
    let stage = Stage::new().await;
    let page = |url: &str| {
        let page = format!("<head><link rel=alternate type='application/rss+xml' href='{url}'></head>");
        answer("200 OK", &[("content-type", "text/html"), ("last-modified", "Mon, 06 Apr 2026 10:00:00 GMT")], page)
    };
    stage.play.set("/a", page("/b"));
    stage.play.set("/b", page("/a"));
    let cyclic = stage.add(json!({"url": stage.url("/a")})).await;
    let polled = stage.poll(&cyclic).await;
    assert_eq!((&polled["state"], &polled["url"]), (&json!("failing"), &json!(stage.url("/a"))));
    assert_eq!((stage.play.asked("/a").len(), stage.play.asked("/b").len()), (1, 1));
    let (other, address) = MockServer::begin_at(Ipv4Addr::new(127, 0, 0, 2)).await;
    other.set("/feed.xml", Act::Feed("\"x\"".to_owned(), rss(0..2)));
    let other_url = format!("http://{address}/feed.xml");
    stage.play.set("/moved", answer("301 Moved Permanently", &[("location", &other_url)], ""));
    stage.play.set("/page", page(&other_url));
    for path in ["/moved", "/page"] {
        let settings = json!({"url": stage.url(path), "headers": {"authorization": "secret"}});
        let added = stage.add(settings).await;
        for _ in 0..2 {
            let polled = stage.poll(&added).await;
            assert_eq!((&polled["state"], &polled["url"]), (&json!("active"), &json!(stage.url(path))), "{polled}");
        }
    }
    let requests = other.asked("/feed.xml");
    assert!(
        requests.len() == 4 && requests.iter().all(|headers| !headers.contains_key("authorization")),
        "{requests:?}"
    );
    assert!(
        stage.play.asked("/page").iter().all(|headers| !headers.contains_key("if-modified-since")),
        "the validators are the feed's"
    );
}

/// Sources of one host are polled one after another.
#[tokio::test]
async fn requests_to_one_host_are_spaced_by_its_delay() {
    let stage = Stage::new().await;
    for number in 0..3 {
        let path = format!("/{number}.xml");
        stage.play.set(&path, Act::Feed("\"x\"".to_owned(), rss(0..1)));
        stage.add(json!({"url": stage.url(&path)})).await;
    }
    let poller = Poller::new(stage.server.archive.clone(), local(), HOST_DELAY);
    let begun = std::time::Instant::now();
    assert_eq!(poller.round().await.expect("polled").polled, 3);
    assert!(begun.elapsed() >= Duration::from_secs(2), "one second between two requests");
}

#[tokio::test]
async fn every_failure_is_reported_and_backs_off() {
    let stage = Stage::new().await;
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\ncontent-type: application/rss+xml\r\n\r\n<rss><channel>"
        .to_vec();
    let bomb = zipped(&vec![b' '; 200 * 1024 * 1024]);
    let broken = [&zipped(&rss(0..50))[..40], &[0; 40]].concat();
    let zip = [("content-encoding", "gzip"), ("content-type", "application/rss+xml")];
    for (path, act, code) in [
        ("/missing", answer("404 Not Found", &[], ""), "status"),
        ("/forbidden", answer("403 Forbidden", &[], ""), "status"),
        ("/error", answer("500 Internal Server Error", &[], "oops"), "status"),
        ("/wait", answer("429 Too Many Requests", &[("retry-after", "7200")], ""), "status"),
        ("/loop", answer("302 Found", &[("location", "/loop")], ""), "too_many_redirects"),
        ("/nowhere", answer("302 Found", &[], ""), "bad_redirect"),
        ("/file", answer("302 Found", &[("location", "file:///etc/passwd")], ""), "bad_url"),
        ("/half", Act::Bytes(half), "broken"),
        ("/noise", Act::Bytes(b"\x00\x01\x02 nothing of HTTP\r\n\r\n".to_vec()), "broken"),
        ("/empty", Act::Bytes(Vec::new()), "broken"),
        ("/bomb", answer("200 OK", &zip, bomb), "too_large"),
        ("/zip", answer("200 OK", &zip, broken), "broken"),
        ("/endless", Act::Endless, "too_large"),
        ("/page", answer("200 OK", &[("content-type", "text/html")], "<p>No feed here."), "not_a_feed"),
        (
            "/no-entries",
            answer("200 OK", &[("content-type", "application/rss+xml")], "<rss><channel></channel></rss>"),
            "",
        ),
    ] {
        stage.play.set(path, act);
        let added = stage.add(json!({"url": stage.url(path)})).await;
        let polled = stage.poll(&added).await;
        let error = &polled["health"]["last_error"];
        if code.is_empty() {
            assert_eq!(polled["state"], "active", "{path}: {polled}");
            continue;
        }
        assert_eq!((&polled["state"], &error["code"]), (&json!("failing"), &json!(code)), "{path}: {polled}");
        assert!(!error["detail"].as_str().expect("a string").is_empty());
        let next = |source: &Value| Instant::parse(source["next_poll_at"].as_str().expect("a time")).expect("a time");
        let wait = next(&polled).timestamp().duration_since(jiff::Timestamp::now()).as_secs();
        let expected = if path == "/wait" { 7_195..=7_200 } else { 295..=360 };
        assert!(expected.contains(&wait), "{path}: {wait}");
        let again = stage.poll(&added).await;
        assert_eq!(again["health"]["failures"], 2);
        assert!(next(&again) > next(&polled) || path == "/wait", "{path}: the wait grows with each failure");
    }
    let failing = stage.server.get("/v1/sources?state=failing&limit=200").await.json();
    assert_eq!(failing["sources"].as_array().map(Vec::len), Some(14));
    // A source that recovers is active again and keeps its last error.
    stage.play.set("/error", Act::Feed("\"x\"".to_owned(), rss(0..1)));
    let id = source_id(&failing, &stage.url("/error"));
    let recovered = stage.poll(&json!({"id": id})).await;
    assert_eq!((&recovered["state"], &recovered["health"]["failures"]), (&json!("active"), &json!(0)));
    assert_eq!(recovered["health"]["last_error"]["code"], "status");
}

fn source_id(list: &Value, url: &str) -> String {
    let sources = list["sources"].as_array().expect("a list");
    let source = sources.iter().find(|source| source["url"] == url).expect("in the list");
    source["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_source_that_answers_410_is_retired_until_a_poll_is_requested() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", answer("410 Gone", &[], ""));
    let added = stage.add(json!({"url": stage.url("/feed.xml")})).await;
    let polled = stage.poll(&added).await;
    assert_eq!((&polled["state"], &polled["next_poll_at"]), (&json!("retired"), &Value::Null));
    assert_eq!(stage.poller.round().await.expect("nothing is due").polled, 0);
    stage.play.set("/feed.xml", Act::Feed("\"x\"".to_owned(), rss(0..1)));
    assert_eq!(stage.poll(&added).await["state"], "active");
}

#[tokio::test]
async fn a_paused_source_is_polled_once_per_request() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"x\"".to_owned(), rss(0..1)));
    let added = stage.add(json!({"url": stage.url("/feed.xml"), "paused": true})).await;
    assert_eq!(stage.poller.round().await.expect("nothing is due").polled, 0);
    let polled = stage.poll(&added).await;
    assert_eq!((&polled["state"], &polled["next_poll_at"]), (&json!("paused"), &Value::Null));
    assert_eq!(polled["health"]["entries_ingested"], 1);
}

#[tokio::test]
async fn private_addresses_are_refused_in_every_spelling_and_after_redirects() {
    let (server, address) = MockServer::begin().await;
    server.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..1)));
    let port = address.port();
    let public = Fetcher::new(AddressPolicy::Public).expect("a fetcher");
    let refused = |fetched: Result<_, FetchError>, url: &str| match fetched {
        Err(FetchError::RefusedAddress(_)) => {}
        Err(other) => panic!("{url}: {other:?}"),
        Ok::<dateline::fetch::Fetched, _>(_) => panic!("{url}: reached"),
    };
    // Addresses in all their spellings, and names that resolve to them.
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "192.168.0.1",
        "[fe80::1]",
        "0.0.0.0",
        "[::]",
    ] {
        let url = format!("http://{host}:{port}/feed.xml");
        refused(public.fetch(&url, &FetchRequest::default()).await, &url);
    }
    assert!(server.asked("/feed.xml").is_empty(), "no request was sent");
    for url in ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://a.example/", "javascript:alert(1)", "//a", ""] {
        assert!(matches!(public.fetch(url, &FetchRequest::default()).await, Err(FetchError::BadUrl(_))), "{url}");
    }
    // One private address is allowed, and redirects to others.
    let allowing_one = Fetcher::new(AddressPolicy::Also(IpAddr::V4(Ipv4Addr::LOCALHOST))).expect("a fetcher");
    let (other_server, other) = MockServer::begin_at(Ipv4Addr::new(127, 0, 0, 2)).await;
    other_server.set("/feed.xml", Act::Feed("\"two\"".to_owned(), rss(0..1)));
    for target in [
        format!("http://127.0.0.2:{}/feed.xml", other.port()),
        format!("http://[::ffff:127.0.0.2]:{}/feed.xml", other.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "//169.254.169.254/".to_owned(),
    ] {
        server.set("/lead", answer("302 Found", &[("location", &target)], ""));
        refused(allowing_one.fetch(&format!("http://{address}/lead"), &FetchRequest::default()).await, &target);
    }
    assert!(other_server.asked("/feed.xml").is_empty());
    // Credentials are sent only to their own host.
    let headers = [(http::header::AUTHORIZATION, http::HeaderValue::from_static("secret"))].into_iter().collect();
    let authorized = FetchRequest { headers, ..FetchRequest::default() };
    server.set("/lead", answer("302 Found", &[("location", &format!("http://{other}/feed.xml"))], ""));
    local().fetch(&format!("http://{address}/lead"), &authorized).await.expect("fetched");
    assert_eq!(
        server.asked("/lead").last().and_then(|headers| headers.get("authorization").cloned()).as_deref(),
        Some("secret")
    );
    assert!(!other_server.asked("/feed.xml")[0].contains_key("authorization"));
}

#[tokio::test]
async fn two_pollers_never_poll_one_source_at_once() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..3)));
    let added = stage.add(json!({"url": stage.url("/feed.xml")})).await;
    let pollers = (0..6).map(|_| stage.poller.round());
    let rounds = futures::future::join_all(pollers).await;
    let polled: usize = rounds.into_iter().map(|round| round.expect("polled").polled).sum();
    assert_eq!((polled, stage.play.asked("/feed.xml").len()), (1, 1));
    // A lease lasts five minutes: if its poller crashed, the source is due again then.
    let store = stage.server.archive.store();
    let id = added["id"].as_str().expect("an id");
    let mut source =
        Source::read(store.record(RecordKind::Source, id).await.expect("read").expect("the source exists"))
            .expect("a source");
    let late = Instant::from_timestamp(jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5)).expect("a time");
    assert_eq!(store.due(RecordKind::Source, late, 10).await.expect("read").len(), 0, "not due before its next poll");
    source.next_poll_at = Some(Instant::now());
    let leased = source.to_record();
    store.put_record(RecordKind::Source, source.record.as_ref(), &leased).await.expect("put");
    let stale = store.put_record(RecordKind::Source, source.record.as_ref(), &leased).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "a stale write is refused");
    assert_eq!(store.due(RecordKind::Source, late, 10).await.expect("read"), [id.to_owned()]);
}

#[tokio::test]
async fn sources_are_listed_changed_and_removed() {
    let stage = Stage::new().await;
    for number in 0..7 {
        stage.add(json!({"url": format!("https://gazette{number}.example/feed"), "paused": number % 2 == 0})).await;
    }
    let mut ids = Vec::new();
    let mut next = Some("/v1/sources?limit=3".to_owned());
    while let Some(path) = next {
        let page = stage.server.get(&path).await.json();
        ids.extend(page["sources"].as_array().expect("a page").iter().map(|source| source["id"].to_string()));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert!(ids.len() == 7 && ids.is_sorted(), "{ids:?}");
    let paused = stage.server.get("/v1/sources?state=paused").await.json();
    assert_eq!(paused["sources"].as_array().map(Vec::len), Some(4));
    let path = "/v1/sources/gazette0-example-feed";
    let change = |body: Value| stage.server.call(request("PATCH", path, &[], body.to_string().into()));
    let changed = change(json!({"paused": false, "minimum_interval_seconds": 600})).await.json();
    assert_eq!((&changed["state"], &changed["minimum_interval_seconds"]), (&json!("active"), &json!(600)));
    assert!(changed["next_poll_at"].is_string());
    for (body, pointer) in [
        (json!({"url": "gopher://a"}), "/url"),
        (json!({"colour": "red"}), "/colour"),
        (json!({"minimum_interval_seconds": 1}), "/minimum_interval_seconds"),
        (json!({"headers": {"bad name": "x"}}), "/headers"),
        (json!({"url": "https://user:password@a.example/"}), "/url"),
    ] {
        let refused = change(body).await;
        assert_eq!(refused.problem(), "invalid_source");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{}", refused.text());
    }
    assert_eq!(stage.server.delete(path).await.status.as_u16(), 204);
    assert_eq!(stage.server.get(path).await.problem(), "source_not_found");
    assert_eq!(stage.server.delete(path).await.problem(), "source_not_found");
    assert_eq!(stage.server.get("/v1/sources?state=well").await.problem(), "invalid_parameter");
}

#[tokio::test]
async fn opml_lists_are_imported_and_exported() {
    let stage = Stage::new().await;
    let list = "<?xml version='1.0'?><opml version='2.0'><head><title>Mine</title></head><body>\
                <outline text='World'><outline text='Gazette' xmlUrl='https://gazette.example/feed'/></outline>\
                <outline text='Post' xmlUrl='https://post.example/rss'/><outline text='Bad' xmlUrl='gopher://x'/></body></opml>";
    let import = |list: &str| {
        let request = request("POST", "/v1/sources.opml", &[("content-type", "text/x-opml")], list.to_owned().into());
        stage.server.call(request)
    };
    let outcomes = |answer: Value| -> Vec<String> {
        let entries = answer["entries"].as_array().expect("entries");
        entries.iter().map(|entry| entry["outcome"].as_str().expect("an outcome").to_owned()).collect()
    };
    assert_eq!(outcomes(import(list).await.json()), ["added", "added", "refused"]);
    assert_eq!(outcomes(import(list).await.json()), ["exists", "exists", "refused"]);
    let exported = stage.server.get("/v1/sources.opml").await;
    assert!(exported.header("content-type").starts_with("text/x-opml"));
    assert_eq!(outcomes(import(&exported.text()).await.json()), ["exists", "exists"]);
    assert_eq!(import("<html></html>").await.problem(), "invalid_source");
    let long = format!("<opml version='2.0'>{}</opml>", " ".repeat(1024 * 1024));
    assert_eq!(import(&long).await.problem(), "document_too_large");
}

/// An endless response is cut off, and the other sources are polled meanwhile.
#[tokio::test]
async fn a_bad_source_does_not_delay_the_others() {
    let stage = Stage::new().await;
    let mut servers = Vec::new();
    for number in 0..6_u8 {
        let (server, address) = MockServer::begin_at(Ipv4Addr::new(127, 0, 1, number + 1)).await;
        let act = if number == 0 { Act::Endless } else { Act::Feed("\"x\"".to_owned(), rss(0..4)) };
        server.set("/feed.xml", act);
        stage.add(json!({"url": format!("http://{address}/feed.xml")})).await;
        servers.push(server);
    }
    let round = tokio::time::timeout(Duration::from_secs(60), stage.poller.round()).await.expect("in time");
    let round = round.expect("polled");
    assert_eq!((round.polled, round.failed), (6, 1));
    // The same entries under five sources are separate articles.
    assert_eq!(round.ingested, stage.articles().await);
}

/// Runs the command as a user would.
#[tokio::test]
async fn the_command_adds_polls_lists_and_removes() {
    let (server, address) = MockServer::begin().await;
    server.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..3)));
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_dateline"));
        command.arg("sources").arg("--data").arg(folder.path()).args(args);
        async move {
            let output = command.output().await.expect("the command runs");
            let printed = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
        }
    };
    let url = format!("http://{address}/feed.xml");
    let (code, output) = run(&["add", &url]).await;
    let id = output.trim().strip_prefix("added ").map(str::to_owned).unwrap_or_else(|| panic!("{code:?} {output}"));
    assert!(run(&["add", &url]).await.1.starts_with("already exists"));
    let (code, output) = run(&["poll"]).await;
    assert_eq!(
        (code, output.lines().next()),
        (Some(1), Some("1 polled, 1 failed, 0 articles new or revised")),
        "{output}"
    );
    assert!(run(&["list"]).await.1.contains("is not an address of the public internet"));
    let (code, output) = run(&["poll", &id, "--allow-private"]).await;
    assert_eq!((code, output.trim()), (Some(0), "1 polled, 0 failed, 3 articles new or revised"));
    assert!(run(&["show", &id]).await.1.contains("\"entries_ingested\": 3"));
    let (_, list) = run(&["export"]).await;
    assert!(list.contains(&url), "{list}");
    let file = folder.path().join("list.opml");
    let another = list.replace("</body>", "<outline text='B' xmlUrl='https://b.example/'/><outline text='No'/></body>");
    std::fs::write(&file, another).expect("written");
    let (code, output) = run(&["import", file.to_str().expect("UTF-8")]).await;
    assert_eq!((code, output.lines().count()), (Some(1), 3), "{output}");
    assert!(
        output.contains("already exists: ") && output.contains("added b-example") && output.contains("refused No"),
        "{output}"
    );
    assert_eq!(run(&["remove", &id, "b-example"]).await.0, Some(0));
    assert_eq!(run(&["list"]).await, (Some(0), String::new()));
    assert_eq!(run(&["add", "gopher://a"]).await.0, Some(1));
}
