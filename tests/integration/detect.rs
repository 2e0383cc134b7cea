//! The entries that a source lists: filtered by its rules, read from their pages, with defaults from its settings.

use crate::support::{
    mock_server::{Act, answer},
    polling::{Stage, rss},
    request,
};
use dateline::{
    sources::{EntryRule, RuleField, Source},
    store::RecordKind,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Returns a feed whose entries link to pages of the mock server.
fn linked_feed(stage: &Stage, entries: &[(&str, &str)]) -> Vec<u8> {
    let item = |(path, title): &(&str, &str)| {
        format!(
            "<item><guid>{path}</guid><title>{title}</title><link>{}</link>\
             <description>The tram ran again on Monday, it says in short.</description></item>",
            stage.url(path)
        )
    };
    let items: String = entries.iter().map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>Gazette</title>{items}</channel></rss>").into_bytes()
}

fn page(title: &str) -> Act {
    let paragraph = "The tram of the harbour line ran again on Monday, the port said, after a pause of two long years.";
    let html = format!(
        "<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{paragraph}</p>\
         <p>Passengers waited at the old quay from six in the morning, and the first car left ten minutes later.</p>\
         </article></body></html>"
    );
    answer("200 OK", &[("content-type", "text/html; charset=utf-8")], html)
}

async fn articles(stage: &Stage) -> Vec<Value> {
    let mut articles = Vec::new();
    for card in stage.server.walk("/v1/articles?fields=id&limit=100").await {
        let path = format!("/v1/articles/{}", card["id"].as_str().expect("an id"));
        articles.push(stage.server.get(&path).await.json());
    }
    articles.sort_by_key(|article| article["headline"].as_str().map(str::to_owned));
    articles
}

fn health<'a>(source: &'a Value, member: &str) -> &'a Value {
    &source["health"][member]
}

#[tokio::test]
async fn entries_are_filtered_by_url_and_title() {
    let stage = Stage::new().await;
    let entries = [("/world/1", "Tram returns"), ("/world/2", "LIVE: tram"), ("/sport/3", "Cup final")];
    stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), linked_feed(&stage, &entries)));
    let rules = json!({
        "url": stage.url("/feed.xml"),
        "include": [{"field": "url", "matches": "/world/"}],
        "exclude": [{"field": "title", "matches": "(?i)^live:"}],
    });
    let source = stage.add(rules).await;
    let polled = stage.poll(&source).await;
    let counts = ["entries_seen", "entries_ingested", "entries_left_out"].map(|count| health(&polled, count).clone());
    assert_eq!(counts, [json!(3), json!(1), json!(2)]);
    assert_eq!(articles(&stage).await[0]["headline"], "Tram returns");
    // New rules apply to entries that were left out before, although the feed is unchanged.
    let path = format!("/v1/sources/{}", source["id"].as_str().expect("an id"));
    stage.server.call(request("PATCH", &path, &[], json!({"include": []}).to_string().into())).await;
    stage.poll(&source).await;
    assert_eq!(articles(&stage).await.len(), 2);
    let bad = json!({"url": "https://a.example/", "exclude": [{"field": "title", "matches": "("}]}).to_string();
    let refused = stage.server.call(request("POST", "/v1/sources", &[], bad.into())).await;
    assert_eq!(
        (refused.problem(), refused.json()["errors"][0]["pointer"].clone()),
        ("invalid_source".to_owned(), json!("/exclude"))
    );
}

#[tokio::test]
async fn rules_changed_during_a_poll_apply_to_the_next_poll() {
    let stage = Stage::new().await;
    let entries = [("/world/1", "Tram returns"), ("/sport/2", "Cup final")];
    let slow = Act::Slow(Duration::from_millis(400), "\"1\"".to_owned(), linked_feed(&stage, &entries));
    stage.play.set("/feed.xml", slow);
    let rules = json!({"url": stage.url("/feed.xml"), "exclude": [{"field": "url", "matches": "/sport/"}]});
    let source = stage.add(rules).await;
    let path = format!("/v1/sources/{}", source["id"].as_str().expect("an id"));
    let change = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stage.server.call(request("PATCH", &path, &[], json!({"exclude": []}).to_string().into())).await.json()
    };
    let (round, changed) = tokio::join!(stage.poller.round(), change);
    assert_eq!((round.expect("polled").ingested, &changed["exclude"]), (1, &json!([])));
    let polled = stage.poll(&source).await;
    assert_eq!((&polled["exclude"], articles(&stage).await.len()), (&json!([]), 2));
}

#[tokio::test]
async fn rules_that_are_no_longer_valid_ingest_nothing_and_report_an_error() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), rss(0..2)));
    let added = stage.add(json!({"url": stage.url("/feed.xml")})).await;
    let store = stage.server.archive.store();
    let id = added["id"].as_str().expect("an id");
    let mut source =
        Source::read(store.record(RecordKind::Source, id).await.expect("read").expect("a record")).expect("a source");
    source.settings.exclude = vec![EntryRule { field: RuleField::Title, matches: "(".to_owned() }];
    store.put_record(RecordKind::Source, source.record.as_ref(), &source.to_record()).await.expect("put");
    let polled = stage.poll(&added).await;
    assert_eq!((&polled["health"]["last_error"]["code"], stage.articles().await), (&json!("invalid_rules"), 0));
}

#[tokio::test]
async fn pages_beyond_the_limit_of_one_poll_are_left_for_the_next() {
    let stage = Stage::new().await;
    let paths: Vec<String> = (0..103).map(|number| format!("/{number}")).collect();
    let pages: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "2026-03-01")).collect();
    stage.play.set("/news.xml", answer("200 OK", &[("etag", "\"1\"")], sitemap(&stage, &pages)));
    for path in &paths {
        stage.play.set(path, page(&format!("Tram {path} returns")));
    }
    let source = stage.add(json!({"url": stage.url("/news.xml")})).await;
    let polled = stage.poll(&source).await;
    assert_eq!((health(&polled, "entries_ingested"), health(&polled, "etag")), (&json!(100), &Value::Null));
    let polled = stage.poll(&source).await;
    assert_eq!((health(&polled, "entries_ingested"), health(&polled, "etag")), (&json!(103), &json!("\"1\"")));
    assert!(paths.iter().all(|path| stage.play.asked(path).len() == 1), "each page is fetched once");
}

#[tokio::test]
async fn source_settings_apply_where_the_document_states_nothing() {
    let stage = Stage::new().await;
    let silent = "<rss version='2.0'><channel><item><guid>1</guid><title>1 2</title>\
                  <description>Rs 4500</description></item></channel></rss>";
    stage.play.set("/silent.xml", answer("200 OK", &[], silent));
    let settings =
        json!({"url": stage.url("/silent.xml"), "publisher": "Indus Ledger", "language": "ur", "country": "PK"});
    let source = stage.add(settings).await;
    stage.poll(&source).await;
    let article = articles(&stage).await.remove(0);
    assert_eq!((&article["publisher"]["id"], &article["language"]), (&json!("indus-ledger"), &json!("ur")));
    assert_eq!(article["quantities"][0]["currency"], "PKR");
    let evidence = format!("/v1/articles/{}/evidence", article["id"].as_str().expect("an id"));
    let evidence = stage.server.get(&evidence).await.json();
    let rule_and_spans = |name: &str| {
        let fields = evidence["fields"].as_array().expect("fields");
        fields.iter().find(|field| field["field"] == name).map(|field| (field["rule"].clone(), field["spans"].clone()))
    };
    for field in ["publisher", "language"] {
        assert_eq!(rule_and_spans(field), Some((json!("source-default"), json!([]))), "it has no spans in the bytes");
    }
    // What a document states takes precedence.
    stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), rss(0..1)));
    let settings = json!({"url": stage.url("/feed.xml"), "publisher": "Indus Ledger", "language": "ur"});
    let source = stage.add(settings).await;
    stage.poll(&source).await;
    let stated = articles(&stage).await;
    let stated = stated.iter().find(|article| article["headline"] == "Tram line 0 returns").expect("archived");
    assert_eq!((&stated["publisher"]["name"], &stated["language"]), (&json!("Gazette"), &json!("en")));
    // A PATCH removes a member that is null.
    let path = format!("/v1/sources/{}", source["id"].as_str().expect("an id"));
    let change = json!({"publisher": null}).to_string();
    let changed = stage.server.call(request("PATCH", &path, &[], change.into())).await.json();
    assert_eq!((&changed["publisher"], &changed["language"]), (&Value::Null, &json!("ur")));
}

#[tokio::test]
async fn an_entrys_page_is_archived_instead_of_the_entry_and_fetched_once() {
    let stage = Stage::new().await;
    let entries =
        [("/a", "Tram returns"), ("/gone", "Ferry returns"), ("/closed", "Pier opens"), ("/later", "Quay floods")];
    stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), linked_feed(&stage, &entries)));
    stage.play.set("/a", page("Tram returns to the harbour"));
    stage.play.set("/closed", page("Pier opens to all"));
    stage.play.set("/later", answer("503 Service Unavailable", &[], ""));
    stage.play.set("/robots.txt", answer("200 OK", &[], "User-agent: *\nDisallow: /closed\n"));
    let source = stage.add(json!({"url": stage.url("/feed.xml"), "full_text": true})).await;
    let polled = stage.poll(&source).await;
    assert_eq!((&polled["state"], health(&polled, "entries_ingested")), (&json!("active"), &json!(4)));
    let archived = articles(&stage).await;
    let headlines_and_blocks: Vec<(&str, usize)> = archived
        .iter()
        .map(|article| {
            (article["headline"].as_str().expect("a headline"), article["body"].as_array().map_or(0, Vec::len))
        })
        .collect();
    let expected = [("Ferry returns", 1), ("Pier opens", 1), ("Quay floods", 1), ("Tram returns to the harbour", 2)];
    assert_eq!(headlines_and_blocks, expected, "an entry whose page is unavailable is archived from the feed");
    assert!(stage.play.asked("/closed").is_empty(), "robots.txt disallows the page");
    // The feed is unchanged: no page is requested again.
    stage.poll(&source).await;
    // The feed changed in another entry: only the page that may be available now is requested again.
    let more = [entries.as_slice(), &[("/new", "Bridge opens")]].concat();
    stage.play.set("/feed.xml", Act::Feed("\"2\"".to_owned(), linked_feed(&stage, &more)));
    stage.play.set("/later", page("Quay floods again"));
    stage.poll(&source).await;
    let requests = ["/a", "/gone", "/later", "/robots.txt"].map(|path| stage.play.asked(path).len());
    assert_eq!(requests, [1, 1, 2, 1]);
    let archived = articles(&stage).await;
    let floods = archived.iter().find(|article| article["url"] == stage.url("/later")).expect("archived");
    assert_eq!((&floods["headline"], &floods["revision"]), (&json!("Quay floods again"), &json!(2)));
}

#[tokio::test]
async fn no_page_is_fetched_while_robots_txt_is_unavailable() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), linked_feed(&stage, &[("/a", "Tram returns")])));
    stage.play.set("/a", page("Tram returns to the harbour"));
    stage.play.set("/robots.txt", answer("500 Internal Server Error", &[], ""));
    let source = stage.add(json!({"url": stage.url("/feed.xml"), "full_text": true})).await;
    let polled = stage.poll(&source).await;
    assert_eq!(stage.play.asked("/a").len(), 0);
    assert_eq!(polled["health"]["last_entry_error"]["code"], "robots");
    assert_eq!(articles(&stage).await[0]["headline"], "Tram returns");
}

fn sitemap(stage: &Stage, pages: &[(&str, &str)]) -> String {
    let url = |(path, at): &(&str, &str)| {
        format!(
            "<url><loc>{}</loc><n:news><n:publication><n:name>Gazette</n:name><n:language>en</n:language></n:publication>\
             <n:publication_date>{at}</n:publication_date><n:title>Tram</n:title></n:news></url>",
            stage.url(path)
        )
    };
    let urls: String = pages.iter().map(url).collect();
    format!(
        "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' \
         xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>{urls}<url><loc>/about</loc></url></urlset>"
    )
}

#[tokio::test]
async fn each_page_of_a_news_sitemap_is_fetched_once_until_it_changes() {
    let stage = Stage::new().await;
    stage
        .play
        .set("/news.xml", answer("200 OK", &[], sitemap(&stage, &[("/a", "2026-03-01"), ("/gone", "2026-03-01")])));
    stage.play.set("/a", page("Tram returns to the harbour"));
    let index = format!("<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>", stage.url("/news.xml"));
    stage.play.set("/sitemap.xml", answer("200 OK", &[("etag", "\"as it was\"")], index));
    let source = stage.add(json!({"url": stage.url("/sitemap.xml")})).await;
    let polled = stage.poll(&source).await;
    let counts = ["entries_seen", "entries_ingested", "entries_failed"].map(|count| health(&polled, count).clone());
    assert_eq!((counts, health(&polled, "etag")), ([json!(2), json!(1), json!(1)], &Value::Null));
    assert!(
        polled["health"]["last_entry_error"]["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("/gone") && detail.contains("404"))
    );
    let article = articles(&stage).await.remove(0);
    assert_eq!(
        (&article["headline"], &article["publisher"]["name"]),
        (&json!("Tram returns to the harbour"), &json!("Gazette"))
    );
    stage.poll(&source).await;
    assert_eq!(["/a", "/gone", "/about"].map(|path| stage.play.asked(path).len()), [1, 1, 0]);
    // The sitemap has a new publication date for the page.
    stage.play.set("/news.xml", answer("200 OK", &[], sitemap(&stage, &[("/a", "2026-03-02")])));
    stage.play.set("/a", page("Tram returns to the harbour again"));
    let polled = stage.poll(&source).await;
    assert_eq!(health(&polled, "entries_ingested"), &json!(2));
    stage.play.set("/news.xml", answer("200 OK", &[], "<urlset><url>"));
    let broken = stage.poll(&source).await;
    assert_eq!(
        (&broken["state"], &broken["health"]["last_error"]["code"]),
        (&json!("failing"), &json!("unreadable_sitemap"))
    );
}

#[tokio::test]
async fn a_site_without_a_feed_link_is_probed_at_common_paths_and_in_robots_txt() {
    let stage = Stage::new().await;
    stage.play.set("/", answer("200 OK", &[("content-type", "text/html")], "<h1>Gazette</h1>"));
    stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), rss(0..2)));
    let source = stage.add(json!({"url": stage.url("/")})).await;
    let polled = stage.poll(&source).await;
    assert_eq!((&polled["url"], health(&polled, "entries_ingested")), (&json!(stage.url("/feed.xml")), &json!(2)));
    // Without a feed there, the news sitemap that robots.txt names is polled.
    let stage = Stage::new().await;
    stage.play.set("/", answer("200 OK", &[("content-type", "text/html")], "<h1>Gazette</h1>"));
    let robots = format!("Sitemap: {}\n", stage.url("/news-sitemap.xml"));
    stage.play.set("/robots.txt", answer("200 OK", &[], robots));
    stage.play.set("/news-sitemap.xml", answer("200 OK", &[], sitemap(&stage, &[("/a", "2026-03-01")])));
    stage.play.set("/a", page("Tram returns to the harbour"));
    let source = stage.add(json!({"url": stage.url("/")})).await;
    let polled = stage.poll(&source).await;
    assert_eq!(
        (&polled["url"], health(&polled, "entries_ingested")),
        (&json!(stage.url("/news-sitemap.xml")), &json!(1))
    );
}

#[tokio::test]
async fn two_pages_that_lead_to_one_feed_are_one_source() {
    let stage = Stage::new().await;
    let link = r#"<link rel="alternate" type="application/rss+xml" href="/feed.xml">"#;
    for path in ["/news", "/about"] {
        stage.play.set(path, answer("200 OK", &[("content-type", "text/html")], link));
    }
    stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), rss(0..2)));
    let news = stage.add(json!({"url": stage.url("/news")})).await;
    assert_eq!(stage.poll(&news).await["url"], stage.url("/feed.xml"));
    let about = stage.add(json!({"url": stage.url("/about")})).await;
    let refused = stage.poll(&about).await;
    assert_eq!((&refused["state"], &refused["url"]), (&json!("retired"), &json!(stage.url("/about"))));
    let error = &refused["health"]["last_error"];
    assert_eq!(error["code"], "duplicate_source");
    let id = |source: &Value| source["id"].as_str().expect("an id").to_owned();
    assert!(error["detail"].as_str().expect("text").contains(&id(&news)), "{error}");
    assert_eq!(health(&refused, "entries_seen"), 0);
    // The feed's URL is taken, whether a source is added or changed.
    let feed = json!({"url": stage.url("/feed.xml")}).to_string();
    for (method, path) in [("POST", "/v1/sources".to_owned()), ("PATCH", format!("/v1/sources/{}", id(&about)))] {
        let answer = stage.server.call(request(method, &path, &[], feed.clone().into())).await;
        assert_eq!(answer.problem(), "source_exists", "{method}");
    }
    // Once the source that has it is removed, the URL is free.
    let path = format!("/v1/sources/{}", id(&news));
    assert_eq!(stage.server.call(request("DELETE", &path, &[], "".into())).await.status.as_u16(), 204);
    let polled = stage.poll(&about).await;
    assert_eq!((&polled["state"], &polled["url"]), (&json!("active"), &json!(stage.url("/feed.xml"))));
}

#[tokio::test]
async fn a_feeds_ttl_or_update_period_sets_the_time_of_the_next_poll() {
    let stage = Stage::new().await;
    for (number, (path, member)) in [
        ("/ttl.xml", "<ttl>600</ttl>"),
        ("/sy.xml", "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"),
        ("/none.xml", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let feed = String::from_utf8(rss(number..number + 1))
            .expect("UTF-8")
            .replace("<title>Gazette</title>", &format!("<title>G</title>{member}"));
        stage.play.set(path, Act::Feed("\"1\"".to_owned(), feed.into_bytes()));
        let source = stage.add(json!({"url": stage.url(path), "minimum_interval_seconds": 60})).await;
        // The interval also applies when the feed is unchanged.
        stage.poll(&source).await;
        let polled = stage.poll(&source).await;
        let time = |value: &Value| value.as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
        let wait = time(&polled["next_poll_at"]).duration_since(time(&polled["health"]["last_success_at"])).as_secs();
        let expected = match path {
            "/ttl.xml" => 36_000,
            "/sy.xml" => 43_200,
            _ => 2_700,
        };
        assert_eq!(wait, expected, "{path}");
    }
}
