//! Sources, against a server on loopback that plays whatever feeds do: it moves, breaks off, never ends, lies, and comes back.

#[path = "support/play.rs"]
mod play;
#[path = "support/polling.rs"]
mod polling;
mod support;

use dateline::{
    article::Instant,
    sources::{
        PACE, Source,
        fetch::{FetchError, Fetcher, Reach, Request},
        poll::Poller,
    },
    store::{Kind, StoreError},
};
use flate2::{Compression, write::GzEncoder};
use play::{Act, Play, answer};
use polling::{Stage, local, rss};
use serde_json::{Value, json};
use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};
use support::request;

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::best());
    zip.write_all(bytes).expect("in memory");
    zip.finish().expect("in memory")
}

#[tokio::test]
async fn a_source_is_polled_and_asked_again_only_for_what_changed() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..3)));
    let settings = json!({"url": stage.url("/feed.xml"), "title": "Gazette", "headers": {"authorization": "secret"}});
    let added = stage.add(settings.clone()).await;
    assert_eq!((&added["state"], &added["headers"]), (&json!("active"), &json!(["authorization"])));
    assert!(!added.to_string().contains("secret"), "credentials are shown to nobody");
    stage.poller.round().await.expect("polled");
    let id = added["id"].as_str().expect("an id").to_owned();
    let first = stage.server.get(&format!("/v1/sources/{id}")).await.json();
    assert_eq!((&first["health"]["entries_ingested"], &first["health"]["etag"]), (&json!(3), &json!("\"one\"")));
    assert_eq!(stage.articles().await, 3);
    assert_eq!(stage.server.walk(first["articles"].as_str().expect("a path")).await.len(), 3);
    assert_eq!(stage.play.asked("/feed.xml")[0]["authorization"], "secret");
    // Not due: nothing is asked.
    assert_eq!(stage.poller.round().await.expect("nothing to do").polled, 0);
    assert_eq!(stage.play.asked("/feed.xml").len(), 1);
    // As it was: not a byte of it comes again.
    let second = stage.poll(&added).await;
    assert_eq!(stage.play.asked("/feed.xml")[1]["if-none-match"], "\"one\"");
    assert_eq!((&second["health"]["polls"], &second["health"]["entries_seen"]), (&json!(2), &json!(3)));
    assert!(second["interval_seconds"].as_u64() > first["interval_seconds"].as_u64(), "nothing new: later");
    // Something new: that alone is ingested.
    stage.play.set("/feed.xml", Act::Feed("\"two\"".to_owned(), rss(0..5)));
    let third = stage.poll(&added).await;
    assert_eq!(third["health"]["entries_ingested"], 5);
    assert_eq!(stage.articles().await, 5);
    let again = stage.server.call(request("POST", "/v1/sources", &[], settings.to_string().into())).await;
    assert_eq!(again.problem(), "source_exists");
}

#[tokio::test]
async fn a_feed_is_found_where_it_moved_or_is_named() {
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
    }
}

/// Two pages that name each other as their feeds are asked once each, and a source with credentials never leaves the
/// origin that they are for, whoever says that its feed is elsewhere.
#[tokio::test]
async fn a_source_is_not_led_on_nor_away() {
    let stage = Stage::new().await;
    let page = |url: &str| {
        let page = format!("<head><link rel=alternate type='application/rss+xml' href='{url}'></head>");
        answer("200 OK", &[("content-type", "text/html"), ("last-modified", "Mon, 06 Apr 2026 10:00:00 GMT")], page)
    };
    stage.play.set("/a", page("/b"));
    stage.play.set("/b", page("/a"));
    let led = stage.add(json!({"url": stage.url("/a")})).await;
    let polled = stage.poll(&led).await;
    assert_eq!((&polled["state"], &polled["url"]), (&json!("failing"), &json!(stage.url("/a"))));
    assert_eq!((stage.play.asked("/a").len(), stage.play.asked("/b").len()), (1, 1));
    let (other, address) = Play::begin_at(Ipv4Addr::new(127, 0, 0, 2)).await;
    other.set("/feed.xml", Act::Feed("\"x\"".to_owned(), rss(0..2)));
    let away = format!("http://{address}/feed.xml");
    stage.play.set("/moved", answer("301 Moved Permanently", &[("location", &away)], ""));
    stage.play.set("/page", page(&away));
    for path in ["/moved", "/page"] {
        let settings = json!({"url": stage.url(path), "headers": {"authorization": "secret"}});
        let added = stage.add(settings).await;
        for _ in 0..2 {
            let polled = stage.poll(&added).await;
            assert_eq!((&polled["state"], &polled["url"]), (&json!("active"), &json!(stage.url(path))), "{polled}");
        }
    }
    let asked = other.asked("/feed.xml");
    assert!(asked.len() == 4 && asked.iter().all(|it| !it.contains_key("authorization")), "{asked:?}");
    assert!(stage.play.asked("/page").iter().all(|it| !it.contains_key("if-modified-since")), "those are the feed's");
}

/// Those of one host one after another, and not at once.
#[tokio::test]
async fn a_host_is_asked_at_its_pace() {
    let stage = Stage::new().await;
    for number in 0..3 {
        let path = format!("/{number}.xml");
        stage.play.set(&path, Act::Feed("\"x\"".to_owned(), rss(0..1)));
        stage.add(json!({"url": stage.url(&path)})).await;
    }
    let poller = Poller::new(stage.server.archive.clone(), local(), PACE);
    let begun = std::time::Instant::now();
    assert_eq!(poller.round().await.expect("polled").polled, 3);
    assert!(begun.elapsed() >= Duration::from_secs(2), "a second between two of them");
}

#[tokio::test]
async fn every_failure_is_told_and_backs_off() {
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
        assert!(!error["detail"].as_str().expect("words").is_empty());
        let next = |it: &Value| Instant::parse(it["next_poll_at"].as_str().expect("a time")).expect("a time");
        let wait = next(&polled).timestamp().duration_since(jiff::Timestamp::now()).as_secs();
        let expected = if path == "/wait" { 7_195..=7_200 } else { 295..=360 };
        assert!(expected.contains(&wait), "{path}: {wait}");
        let again = stage.poll(&added).await;
        assert_eq!(again["health"]["failures"], 2);
        assert!(next(&again) > next(&polled) || path == "/wait", "{path}: later each time");
    }
    let failing = stage.server.get("/v1/sources?state=failing&limit=200").await.json();
    assert_eq!(failing["sources"].as_array().map(Vec::len), Some(14));
    // One that comes back is well again, and its last error is remembered.
    stage.play.set("/error", Act::Feed("\"x\"".to_owned(), rss(0..1)));
    let id = dateline_id(&failing, &stage.url("/error"));
    let well = stage.poll(&json!({"id": id})).await;
    assert_eq!((&well["state"], &well["health"]["failures"]), (&json!("active"), &json!(0)));
    assert_eq!(well["health"]["last_error"]["code"], "status");
}

fn dateline_id(list: &Value, url: &str) -> String {
    let sources = list["sources"].as_array().expect("a list");
    let found = sources.iter().find(|it| it["url"] == url).expect("in the list");
    found["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn one_that_is_gone_is_retired_until_somebody_says_otherwise() {
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
async fn one_that_is_paused_is_polled_when_somebody_asks_and_not_again() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"x\"".to_owned(), rss(0..1)));
    let added = stage.add(json!({"url": stage.url("/feed.xml"), "paused": true})).await;
    assert_eq!(stage.poller.round().await.expect("nothing is due").polled, 0);
    let polled = stage.poll(&added).await;
    assert_eq!((&polled["state"], &polled["next_poll_at"]), (&json!("paused"), &Value::Null));
    assert_eq!(polled["health"]["entries_ingested"], 1);
}

#[tokio::test]
async fn only_public_addresses_are_reached_whatever_leads_there() {
    let (play, address) = Play::begin().await;
    play.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..1)));
    let port = address.port();
    let public = Fetcher::new(Reach::Public).expect("a fetcher");
    let refused = |fetched: Result<_, FetchError>, url: &str| match fetched {
        Err(FetchError::RefusedAddress(_)) => {}
        Err(other) => panic!("{url}: {other:?}"),
        Ok::<dateline::sources::fetch::Fetched, _>(_) => panic!("{url}: reached"),
    };
    // As an address in all its spellings, and as a name that leads there.
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
        refused(public.fetch(&url, &Request::default()).await, &url);
    }
    assert!(play.asked("/feed.xml").is_empty(), "not even a connection");
    for url in ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://a.example/", "javascript:alert(1)", "//a", ""] {
        assert!(matches!(public.fetch(url, &Request::default()).await, Err(FetchError::BadUrl(_))), "{url}");
    }
    // One address is let in, and leads to others.
    let one = Fetcher::new(Reach::Also(IpAddr::V4(Ipv4Addr::LOCALHOST))).expect("a fetcher");
    let (other_play, other) = Play::begin_at(Ipv4Addr::new(127, 0, 0, 2)).await;
    other_play.set("/feed.xml", Act::Feed("\"two\"".to_owned(), rss(0..1)));
    for target in [
        format!("http://127.0.0.2:{}/feed.xml", other.port()),
        format!("http://[::ffff:127.0.0.2]:{}/feed.xml", other.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "//169.254.169.254/".to_owned(),
    ] {
        play.set("/lead", answer("302 Found", &[("location", &target)], ""));
        refused(one.fetch(&format!("http://{address}/lead"), &Request::default()).await, &target);
    }
    assert!(other_play.asked("/feed.xml").is_empty());
    // Credentials go to the host that they are for.
    let headers = [(http::header::AUTHORIZATION, http::HeaderValue::from_static("secret"))].into_iter().collect();
    let asking = Request { headers, ..Request::default() };
    play.set("/lead", answer("302 Found", &[("location", &format!("http://{other}/feed.xml"))], ""));
    local().fetch(&format!("http://{address}/lead"), &asking).await.expect("fetched");
    assert_eq!(play.asked("/lead").last().and_then(|it| it.get("authorization").cloned()).as_deref(), Some("secret"));
    assert!(!other_play.asked("/feed.xml")[0].contains_key("authorization"));
}

#[tokio::test]
async fn two_pollers_never_poll_one_source_at_once() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..3)));
    let added = stage.add(json!({"url": stage.url("/feed.xml")})).await;
    let pollers = (0..6).map(|_| stage.poller.round());
    let rounds = futures::future::join_all(pollers).await;
    let polled: usize = rounds.into_iter().map(|it| it.expect("polled").polled).sum();
    assert_eq!((polled, stage.play.asked("/feed.xml").len()), (1, 1));
    // One that ended on the way has it for five minutes; then it is due again.
    let store = stage.server.archive.store();
    let id = added["id"].as_str().expect("an id");
    let mut source =
        Source::read(store.record(Kind::Source, id).await.expect("read").expect("there")).expect("a source");
    let late = Instant::from_timestamp(jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5)).expect("a time");
    assert_eq!(store.due(Kind::Source, late, 10).await.expect("read").len(), 0, "put off by an hour and a half");
    source.next_poll_at = Some(Instant::now());
    let taken = source.to_record();
    store.put_record(Kind::Source, source.record.as_ref(), &taken).await.expect("put");
    let stale = store.put_record(Kind::Source, source.record.as_ref(), &taken).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "nobody puts over another");
    assert_eq!(store.due(Kind::Source, late, 10).await.expect("read"), [id.to_owned()]);
}

#[tokio::test]
async fn sources_are_listed_changed_and_removed() {
    let stage = Stage::new().await;
    for number in 0..7 {
        stage.add(json!({"url": format!("https://gazette{number}.example/feed"), "paused": number % 2 == 0})).await;
    }
    let mut found = Vec::new();
    let mut next = Some("/v1/sources?limit=3".to_owned());
    while let Some(path) = next {
        let page = stage.server.get(&path).await.json();
        found.extend(page["sources"].as_array().expect("a page").iter().map(|it| it["id"].to_string()));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert!(found.len() == 7 && found.is_sorted(), "{found:?}");
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
async fn lists_of_feeds_come_in_and_go_out() {
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
        entries.iter().map(|it| it["outcome"].as_str().expect("an outcome").to_owned()).collect()
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

/// A source that never ends what it says is cut off, and the others are polled meanwhile.
#[tokio::test]
async fn a_bad_source_holds_up_no_other() {
    let stage = Stage::new().await;
    let mut others = Vec::new();
    for number in 0..6_u8 {
        let (play, address) = Play::begin_at(Ipv4Addr::new(127, 0, 1, number + 1)).await;
        let act = if number == 0 { Act::Endless } else { Act::Feed("\"x\"".to_owned(), rss(0..4)) };
        play.set("/feed.xml", act);
        stage.add(json!({"url": format!("http://{address}/feed.xml")})).await;
        others.push(play);
    }
    let round = tokio::time::timeout(Duration::from_secs(60), stage.poller.round()).await.expect("in time");
    let round = round.expect("polled");
    assert_eq!((round.polled, round.failed), (6, 1));
    // The same entries under five sources are five articles.
    assert_eq!(round.ingested, stage.articles().await);
}

/// As a person does it at a terminal.
#[tokio::test]
async fn the_command_adds_polls_lists_and_removes() {
    let (play, address) = Play::begin().await;
    play.set("/feed.xml", Act::Feed("\"one\"".to_owned(), rss(0..3)));
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_dateline"));
        command.arg("sources").arg("--data").arg(folder.path()).args(args);
        async move {
            let output = command.output().await.expect("it runs");
            let said = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8_lossy(&said).into_owned())
        }
    };
    let url = format!("http://{address}/feed.xml");
    let (code, said) = run(&["add", &url]).await;
    let id = said.trim().strip_prefix("added ").map(str::to_owned).unwrap_or_else(|| panic!("{code:?} {said}"));
    assert!(run(&["add", &url]).await.1.starts_with("there already"));
    let (code, said) = run(&["poll"]).await;
    assert_eq!((code, said.lines().next()), (Some(1), Some("1 polled, 1 failed, 0 articles new or revised")), "{said}");
    assert!(run(&["list"]).await.1.contains("is not an address of the public internet"));
    let (code, said) = run(&["poll", &id, "--allow-private"]).await;
    assert_eq!((code, said.trim()), (Some(0), "1 polled, 0 failed, 3 articles new or revised"));
    assert!(run(&["show", &id]).await.1.contains("\"entries_ingested\": 3"));
    let (_, list) = run(&["export"]).await;
    assert!(list.contains(&url), "{list}");
    let file = folder.path().join("list.opml");
    let another = list.replace("</body>", "<outline text='B' xmlUrl='https://b.example/'/><outline text='No'/></body>");
    std::fs::write(&file, another).expect("written");
    let (code, said) = run(&["import", file.to_str().expect("UTF-8")]).await;
    assert_eq!((code, said.lines().count()), (Some(1), 3), "{said}");
    assert!(
        said.contains("there already: ") && said.contains("added b-example") && said.contains("refused No"),
        "{said}"
    );
    assert_eq!(run(&["remove", &id, "b-example"]).await.0, Some(0));
    assert_eq!(run(&["list"]).await, (Some(0), String::new()));
    assert_eq!(run(&["add", "gopher://a"]).await.0, Some(1));
}
