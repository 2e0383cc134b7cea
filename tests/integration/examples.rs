//! The examples of the OpenAPI document: each operation is called, and what it sent and received is compared with
//! `src/http/examples.json`. `DATELINE_UPDATE=1` records it; then the document is generated again.

use crate::support::{Server, request, searching::index};
use dateline::{
    archive::IngestReport,
    article::{Instant, RawDocument},
    http::openapi,
};
use regex::Regex;
use serde_json::{Map, Value, json};
use std::{path::Path, time::Duration};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/examples.json");
/// Replaces every time of the test's run.
const NOW: &str = "2026-03-02T09:00:00.000Z";
const ARTICLE: &str = "The old pier of Lisbon closes\n\nBy Ana Moreno\n\nLISBON, March 1: The old pier closed on Sunday after \
                       a storm, the Port Authority said. Repairs cost 3 million euros.\n";
const COPY: &str = "Pier of Lisbon closed\n\nLISBON, March 1: The old pier closed on Sunday after a storm, the Port \
                    Authority said. Repairs cost 3 million euros.\n";

/// Records calls by their operation.
struct Recorder {
    server: Server,
    operations: Map<String, Value>,
    recorded: Map<String, Value>,
}

impl Recorder {
    /// Calls an operation, and records the call; returns the response's body.
    async fn call(&mut self, operation: &str, path: Value, query: Value, body: Option<(&str, Value)>) -> Value {
        let template = self.operations[operation].as_array().expect("an operation").clone();
        let (method, mut target) =
            (template[0].as_str().expect("a method"), template[1].as_str().expect("a path").to_owned());
        for (name, value) in path.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            target = target.replace(&format!("{{{name}}}"), &value);
        }
        let pairs: Vec<String> = query
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                format!("{name}={}", form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>())
            })
            .collect();
        if !pairs.is_empty() {
            target = format!("{target}?{}", pairs.join("&"));
        }
        let (media_type, sent) = body.clone().unzip();
        let text = sent.as_ref().map(|sent| match (sent.as_str(), sent.as_object()) {
            (Some(text), _) => text.to_owned(),
            (_, Some(members)) if media_type == Some("application/x-www-form-urlencoded") => {
                let pairs = members.iter().map(|(name, value)| (name, value.as_str().unwrap_or_default()));
                form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
            }
            _ => sent.to_string(),
        });
        let headers: Vec<(&str, &str)> =
            media_type.map(|media_type| ("content-type", media_type)).into_iter().collect();
        let answer =
            self.server.call(request(&method.to_uppercase(), &target, &headers, text.unwrap_or_default().into())).await;
        assert!(answer.status.as_u16() < 400, "{operation}: {}", answer.text());
        let mut example = json!({"path": path, "query": query, "status": answer.status.as_u16()});
        if let Some((media_type, sent)) = body {
            (example["request_media_type"], example["request"]) = (json!(media_type), sent);
        }
        let received = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
        let response = if received.ends_with("json") && received != "application/x-ndjson" {
            answer.json()
        } else {
            json!(answer.text())
        };
        if !answer.body.is_empty() {
            (example["media_type"], example["response"]) = (json!(received), response.clone());
        }
        self.recorded.insert(operation.to_owned(), example);
        response
    }

    async fn get(&mut self, operation: &str, path: Value, query: Value) -> Value {
        self.call(operation, path, query, None).await
    }
}

/// Replaces what differs between two runs: times and months of the run, random ids and secrets, and cursors, which contain times.
fn settled(recorded: &Map<String, Value>, webhook: &str) -> String {
    let text = serde_json::to_string_pretty(recorded).expect("JSON").replace(webhook, "wh_5a1c0d6e");
    // The timeline's month, before days: one of its ends may be today.
    let text = text.replace(&month(0), "2026-03-01T00:00:00.000Z").replace(&month(1), "2026-04-01T00:00:00.000Z");
    let today = Instant::now().to_string()[..10].to_owned();
    let yesterday = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24)).to_string()[..10].to_owned();
    let times = Regex::new(&format!(r"({today}|{yesterday})T\d\d:\d\d:\d\d(\.\d+)?Z")).expect("a pattern");
    let text = times.replace_all(&text, NOW);
    let text = Regex::new(r"whsec_[A-Za-z0-9+/=]+").expect("a pattern").replace_all(&text, "whsec_MfKQ9r8GKYqrTwjU");
    let text = Regex::new(r"cursor=[A-Za-z0-9_.~%-]+").expect("a pattern").replace_all(&text, "cursor=c29tZXdoZXJl");
    let text = Regex::new(r#""request_id": "[0-9a-f]{32}""#)
        .expect("a pattern")
        .replace_all(&text, r#""request_id": "JKJaXmPLvHcESHA=""#);
    let http_dates =
        Regex::new(r"[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|\+0000)").expect("a pattern");
    http_dates.replace_all(&text, "Mon, 02 Mar 2026 09:00:00 $1").into_owned() + "\n"
}

/// The first day of the month that is `later` months from now.
fn month(later: i32) -> String {
    let now = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
    now.first_of_month().saturating_add(jiff::Span::new().months(later)).to_string() + "T00:00:00.000Z"
}

#[tokio::test]
async fn each_operation_has_a_recorded_example() {
    let document: Value = serde_json::from_str(&openapi::generate()).expect("JSON");
    let mut operations = Map::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            operations.insert(operation["operationId"].as_str().expect("an id").to_owned(), json!([method, path]));
        }
    }
    let mut recorder = Recorder { server: Server::new().await, operations, recorded: Map::new() };
    let none = || json!({});
    let envelope = json!({"key": "pier.txt", "source": "gazette.example", "url": "https://gazette.example/pier", "content": ARTICLE});
    recorder.call("preview_articles", none(), none(), Some(("application/json", envelope.clone()))).await;
    recorder.call("ingest_articles", none(), none(), Some(("application/json", envelope))).await;
    // Retrieved later, in timestamps' milliseconds: it is listed first, and the other article's id is the story's.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let copy = RawDocument {
        key: Some("copy.txt".to_owned()),
        source: Some("courier.example".to_owned()),
        ..RawDocument::new(COPY.as_bytes().to_vec(), Instant::now())
    };
    recorder.server.archive.ingest(copy).await.expect("ingested");
    let receipt = recorder.recorded["ingest_articles"]["response"].clone();
    let id = json!({"id": receipt["id"]});
    let revised = json!({"key": "pier.txt", "source": "gazette.example", "url": "https://gazette.example/pier",
        "content": ARTICLE.replace("Repairs cost 3", "Repairs cost 4")});
    recorder.server.call(request("POST", "/v1/articles", &[], revised.to_string().into())).await;
    index(recorder.server.archive.store()).await;

    for operation in ["get_index", "get_health"] {
        recorder.get(operation, none(), none()).await;
    }
    recorder
        .get("list_articles", none(), json!({"q": "pier", "fields": "id,headline,published,source", "limit": 1}))
        .await;
    recorder.get("get_article", id.clone(), none()).await;
    recorder.get("get_evidence", id.clone(), none()).await;
    recorder.get("get_raw_document", id.clone(), none()).await;
    recorder.get("list_related_articles", id.clone(), none()).await;
    recorder.get("list_revisions", id.clone(), none()).await;
    recorder.get("get_revision", json!({"id": receipt["id"], "number": 1}), none()).await;
    recorder.get("compare_revisions", json!({"id": receipt["id"], "range": "1..2"}), none()).await;
    recorder.get("get_timemap", id.clone(), none()).await;
    recorder.get("list_changes", none(), json!({"limit": 2})).await;
    recorder.get("count_facet_values", none(), json!({"field": "country,language"})).await;
    recorder.get("get_timeline", none(), json!({"interval": "month"})).await;
    recorder.get("find_entities", none(), json!({"prefix": "lis"})).await;
    for feed in ["get_json_feed", "get_atom_feed", "get_rss_feed"] {
        recorder.get(feed, none(), json!({"q": "pier", "content": "summary", "limit": 1})).await;
    }
    let subscription = json!({"hub.mode": "subscribe", "hub.topic": "http://localhost/v1/feed.atom?q=pier",
        "hub.callback": "https://reader.example/feeds/7", "hub.secret": "a secret of the reader"});
    recorder.call("subscribe_to_feed", none(), none(), Some(("application/x-www-form-urlencoded", subscription))).await;
    for export in ["export_ndjson", "export_csv"] {
        recorder.get(export, none(), json!({"source": "gazette.example"})).await;
    }
    let stories = recorder.get("list_stories", none(), none()).await;
    recorder.get("get_story", json!({"id": stories["stories"][0]["id"]}), none()).await;
    recorder.call("delete_article", id.clone(), json!({"reason": "at the author's request"}), None).await;
    recorder.call("restore_article", id, none(), None).await;

    let source = json!({"url": "https://gazette.example/feed.xml", "publisher": "The Gazette", "paused": true});
    let source = recorder.call("add_source", none(), none(), Some(("application/json", source))).await;
    let source = json!({"id": source["id"]});
    recorder.get("list_sources", none(), json!({"state": "paused"})).await;
    recorder.get("get_source", source.clone(), none()).await;
    recorder
        .call("change_source", source.clone(), none(), Some(("application/json", json!({"title": "Gazette"}))))
        .await;
    recorder.get("export_sources", none(), none()).await;
    let list = "<opml version=\"2.0\"><head/><body><outline text=\"Courier\" xmlUrl=\"https://courier.example/rss\"/></body></opml>";
    recorder.call("import_sources", none(), none(), Some(("text/x-opml", json!(list)))).await;
    recorder.call("poll_source", source.clone(), none(), None).await;
    recorder.call("remove_source", source, none(), None).await;

    let webhook = json!({"url": "https://desk.example/hook", "filter": "country=PT"});
    let webhook = recorder.call("add_webhook", none(), none(), Some(("application/json", webhook))).await;
    let webhook_id = webhook["id"].as_str().expect("an id").to_owned();
    let webhook = json!({"id": webhook_id});
    recorder.get("list_webhooks", none(), none()).await;
    recorder.get("get_webhook", webhook.clone(), none()).await;
    recorder
        .call("change_webhook", webhook.clone(), none(), Some(("application/json", json!({"events": ["deleted"]}))))
        .await;
    recorder.call("remove_webhook", webhook, none(), None).await;

    for operation in ["get_failure", "get_failed_document", "retry_failure", "delete_failure"] {
        let failing =
            RawDocument { key: Some("empty.txt".to_owned()), ..RawDocument::new(b" \n".to_vec(), Instant::now()) };
        let reports: Vec<IngestReport> = recorder.server.archive.ingest_all(failing.clone()).await;
        recorder.server.archive.keep_failed(failing, false, &reports).await.expect("kept");
        let failures = recorder.get("list_failures", none(), none()).await;
        recorder.call(operation, json!({"id": failures["failures"][0]["id"]}), none(), None).await;
    }

    let recorded = settled(&recorder.recorded, &webhook_id);
    if std::env::var_os("DATELINE_UPDATE").is_some() {
        std::fs::write(Path::new(FILE), &recorded).expect("written");
        return;
    }
    let kept = std::fs::read_to_string(FILE).expect("read");
    let changed = recorded.lines().zip(kept.lines()).find(|(now, kept)| now != kept);
    let stale = "src/http/examples.json is stale: run DATELINE_UPDATE=1 cargo test examples, then openapi";
    assert!(recorded == kept, "{stale}; the first change: {changed:?}");
    // These have no body or no text, or are called by hubs, which speak WebSub.
    let others = ["export_parquet", "get_openapi", "verify_subscription", "receive_notification"];
    for operation in recorder.operations.keys().filter(|operation| !others.contains(&operation.as_str())) {
        assert!(recorder.recorded.contains_key(operation), "{operation} has no example");
    }
}
