//! Webhooks: each receives every change that it subscribes to, in order and signed, with retries until it responds.

use crate::support::{
    Server,
    mock_server::{MockServer, answer},
    request, story,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use dateline::{
    archive::Deletion,
    article::ArticleId,
    fetch::{AddressPolicy, Fetcher},
    limits::WEBHOOK_FAILURES,
    webhooks::{Webhook, deliver::Deliverer},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::net::SocketAddr;

struct Stage {
    server: Server,
    deliverer: Deliverer,
    receiver: MockServer,
    address: SocketAddr,
}

impl Stage {
    async fn new() -> Self {
        let server = Server::new().await;
        let fetcher = Fetcher::new(AddressPolicy::Private).expect("a fetcher");
        let deliverer = Deliverer::new(server.archive.store().clone(), fetcher);
        let (receiver, address) = MockServer::begin().await;
        receiver.set("/hook", answer("204 No Content", &[], ""));
        Self { server, deliverer, receiver, address }
    }

    async fn add(&self, more: Value) -> Value {
        let mut settings = json!({"url": format!("http://{}/hook", self.address)});
        settings.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = self.server.call(request("POST", "/v1/webhooks", &[], settings.to_string().into())).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
        answer.json()
    }

    async fn change(&self, webhook: &Value, change: Value) -> crate::support::Answer {
        self.server.call(request("PATCH", &path(webhook), &[], change.to_string().into())).await
    }

    async fn ingest(&self, key: &str, headline: &str, place: &str) -> ArticleId {
        self.server.archive.ingest(story(key, headline, place)).await.expect("archived").id
    }

    /// Returns the received messages: the type, and the headline if there is one.
    fn received(&self) -> Vec<(String, String)> {
        let messages =
            self.receiver.bodies("/hook").into_iter().map(|body| serde_json::from_str::<Value>(&body).expect("JSON"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        messages.map(|message| (text(&message["type"]), text(&message["data"]["headline"]))).collect()
    }

    /// Makes the webhook's next attempt due.
    async fn make_due(&self, webhook: &Value) {
        let store = self.server.archive.store();
        let id = webhook["id"].as_str().expect("an id");
        let mut webhook = Webhook::find(store, id).await.expect("read").expect("the webhook exists");
        webhook.not_before = None;
        webhook.put(store).await.expect("put");
    }
}

fn path(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", webhook["id"].as_str().expect("an id"))
}

fn messages(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(kind, headline)| (format!("article.{kind}"), (*headline).to_owned())).collect()
}

#[tokio::test]
async fn matching_changes_are_delivered_once_in_order_and_signed() {
    let stage = Stage::new().await;
    stage.ingest("before.txt", "Before it asked", "LISBON").await;
    let webhook = stage.add(json!({"filter": "country=PT"})).await;
    let lisbon = stage.ingest("a.txt", "Tram returns", "LISBON").await;
    stage.ingest("b.txt", "Elsewhere", "PARIS").await;
    stage.ingest("a.txt", "Tram returns again", "LISBON").await;
    // It no longer matches: the webhook receives the revision that says so, and none after it.
    stage.ingest("a.txt", "Tram moves", "PARIS").await;
    stage.ingest("a.txt", "Tram stays", "PARIS").await;
    let deleted = stage.ingest("c.txt", "Ferry returns", "LISBON").await;
    stage.server.archive.delete(&deleted, &Deletion::default()).await.expect("deleted");
    let round = stage.deliverer.round().await.expect("the store answers");
    assert_eq!((round.delivered, round.failed), (5, 0));
    let mut received = stage.received();
    // Changes to different articles are merged by time, and their times may be equal.
    received.sort_by_key(|(kind, headline)| headline.starts_with("Ferry") || kind == "article.deleted");
    let expected = [
        ("created", "Tram returns"),
        ("revised", "Tram returns again"),
        ("revised", "Tram moves"),
        ("created", "Ferry returns"),
        ("deleted", ""),
    ];
    assert_eq!(received, messages(&expected));
    let first = serde_json::from_str::<Value>(&stage.receiver.bodies("/hook")[0]).expect("JSON");
    assert_eq!(first["data"]["id"], json!(lisbon));
    assert_eq!(stage.deliverer.round().await.expect("nothing to do").delivered, 0);

    let secret = webhook["secret"].as_str().and_then(|secret| secret.strip_prefix("whsec_")).expect("a secret");
    let secret = BASE64_STANDARD.decode(secret).expect("base64");
    for (headers, body) in stage.receiver.asked("/hook").iter().zip(stage.receiver.bodies("/hook")) {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("a key");
        mac.update(format!("{}.{}.{body}", headers["webhook-id"], headers["webhook-timestamp"]).as_bytes());
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(headers["webhook-signature"], signature);
    }
    let shown = stage.server.get(&path(&webhook)).await.json();
    assert_eq!((&shown["delivered"], shown.get("secret")), (&json!(5), None));
}

#[tokio::test]
async fn a_failed_delivery_is_retried_until_it_succeeds_and_does_not_delay_other_webhooks() {
    let stage = Stage::new().await;
    let webhook = stage.add(json!({})).await;
    let (other, address) = MockServer::begin().await;
    other.set("/hook", answer("200 OK", &[], ""));
    stage.add(json!({"url": format!("http://{address}/hook")})).await;
    stage.receiver.set("/hook", answer("503 Service Unavailable", &[], ""));
    stage.ingest("a.txt", "Tram returns", "LISBON").await;
    stage.ingest("b.txt", "Ferry returns", "LISBON").await;
    let round = stage.deliverer.round().await.expect("the store answers");
    assert_eq!((round.delivered, round.failed, other.bodies("/hook").len()), (2, 1, 2));
    let shown = stage.server.get(&path(&webhook)).await.json();
    assert_eq!((&shown["failures"], &shown["enabled"]), (&json!(1), &json!(true)));
    assert!(shown["last_error"]["detail"].as_str().is_some_and(|detail| detail.contains("503")), "{shown}");
    // The retry is not due yet.
    assert_eq!(stage.deliverer.round().await.expect("the store answers").failed, 0);
    assert_eq!(stage.received().len(), 1);
    stage.make_due(&webhook).await;
    stage.receiver.set("/hook", answer("200 OK", &[], ""));
    assert_eq!(stage.deliverer.round().await.expect("the store answers").delivered, 2);
    let requests = stage.receiver.asked("/hook");
    assert_eq!(requests[0]["webhook-id"], requests[1]["webhook-id"], "the retry has the same id");
    let first = stage.received()[0].clone();
    let received = stage.received();
    assert_eq!((received.len(), received.iter().filter(|message| **message == first).count()), (3, 2));
    assert_eq!(stage.server.get(&path(&webhook)).await.json()["failures"], 0);
}

#[tokio::test]
async fn a_webhook_that_keeps_failing_is_disabled_and_resumes_at_its_position() {
    let stage = Stage::new().await;
    let webhook = stage.add(json!({"events": ["created"]})).await;
    stage.receiver.set("/hook", answer("302 Found", &[("location", "/elsewhere")], ""));
    stage.ingest("a.txt", "Tram returns", "LISBON").await;
    for _ in 0..WEBHOOK_FAILURES {
        stage.make_due(&webhook).await;
        assert_eq!(stage.deliverer.round().await.expect("the store answers").failed, 1);
    }
    assert!(stage.receiver.asked("/elsewhere").is_empty(), "redirects are not followed");
    let shown = stage.server.get(&path(&webhook)).await.json();
    assert_eq!((&shown["failures"], &shown["enabled"]), (&json!(WEBHOOK_FAILURES), &json!(false)));
    stage.make_due(&webhook).await;
    assert_eq!(stage.deliverer.round().await.expect("disabled").failed, 0);
    stage.ingest("b.txt", "Ferry returns", "LISBON").await;
    stage.ingest("b.txt", "Ferry returns late", "LISBON").await;
    stage.receiver.set("/hook", answer("200 OK", &[], ""));
    assert_eq!(stage.change(&webhook, json!({"enabled": true})).await.json()["failures"], 0);
    assert_eq!(
        stage.deliverer.round().await.expect("the store answers").delivered,
        2,
        "no change was lost while it was disabled"
    );
    // `410 Gone` disables it at once.
    stage.receiver.set("/hook", answer("410 Gone", &[], ""));
    stage.ingest("c.txt", "Pier opens", "LISBON").await;
    stage.deliverer.round().await.expect("the store answers");
    assert_eq!(stage.server.get(&path(&webhook)).await.json()["enabled"], false);
}

#[tokio::test]
async fn concurrent_deliverers_deliver_each_change_once_and_private_addresses_are_refused() {
    let stage = Stage::new().await;
    stage.add(json!({})).await;
    for number in 0..5 {
        stage.ingest(&format!("{number}.txt"), &format!("Tram {number} returns"), "LISBON").await;
    }
    let rounds = futures::future::join_all((0..4).map(|_| stage.deliverer.round())).await;
    let delivered: usize = rounds.into_iter().map(|round| round.expect("the store answers").delivered).sum();
    assert_eq!((delivered, stage.received().len()), (5, 5));
    let public = Fetcher::new(AddressPolicy::Public).expect("a fetcher");
    let public = Deliverer::new(stage.server.archive.store().clone(), public);
    stage.ingest("more.txt", "Tram stops", "LISBON").await;
    assert_eq!(public.round().await.expect("the store answers").failed, 1);
    assert_eq!(stage.received().len(), 5);
    let all = stage.server.get("/v1/webhooks").await.json();
    assert_eq!(all["webhooks"][0]["last_error"]["code"], "refused_address");
}

#[tokio::test]
async fn only_the_deletion_of_a_purged_article_is_delivered() {
    let stage = Stage::new().await;
    stage.add(json!({"filter": "country=PT"})).await;
    let id = stage.ingest("a.txt", "Tram returns", "LISBON").await;
    stage.ingest("a.txt", "Tram returns again", "LISBON").await;
    let purge = Deletion { purge: true, ..Deletion::default() };
    stage.server.archive.delete(&id, &purge).await.expect("purged");
    assert_eq!(stage.deliverer.round().await.expect("the store answers").delivered, 1);
    assert_eq!(stage.received(), messages(&[("deleted", "")]));
}

#[tokio::test]
async fn a_filter_that_became_invalid_stops_only_its_own_webhook() {
    let stage = Stage::new().await;
    let webhook = stage.add(json!({"filter": "country=PT"})).await;
    let (other, address) = MockServer::begin().await;
    other.set("/hook", answer("200 OK", &[], ""));
    stage.add(json!({"url": format!("http://{address}/hook")})).await;
    let store = stage.server.archive.store();
    let id = webhook["id"].as_str().expect("an id");
    let mut stored = Webhook::find(store, id).await.expect("read").expect("the webhook exists");
    stored.filter = "colour=red".to_owned();
    stored.put(store).await.expect("put");
    stage.ingest("a.txt", "Tram returns", "LISBON").await;
    assert!(stage.deliverer.round().await.is_err());
    assert_eq!((stage.received().len(), other.bodies("/hook").len()), (0, 1));
    stage.change(&webhook, json!({"filter": ""})).await;
    assert_eq!(stage.deliverer.round().await.expect("the filter is valid again").delivered, 1);
}

#[tokio::test]
async fn invalid_settings_are_refused_with_a_pointer() {
    let stage = Stage::new().await;
    let webhook = stage.add(json!({})).await;
    for (change, pointer) in [
        (json!({"url": "ftp://a.example/"}), "/url"),
        (json!({"url": "https://user:password@a.example/"}), "/url"),
        (json!({"filter": "colour=red"}), "/filter"),
        (json!({"filter": "q=tram"}), "/filter"),
        (json!({"filter": "published_from=yesterday"}), "/filter"),
        (json!({"filter": "limit=3"}), "/filter"),
        (json!({"events": []}), "/events"),
        (json!({"events": ["opened"]}), "/events/0"),
        (json!({"colour": "red"}), "/colour"),
    ] {
        let refused = stage.change(&webhook, change.clone()).await;
        assert_eq!((refused.problem().as_str(), refused.status.as_u16()), ("invalid_webhook", 400), "{change}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{}", refused.text());
    }
    for number in 1..50 {
        stage.add(json!({"filter": format!("source=desk-{number}")})).await;
    }
    let body = json!({"url": "https://a.example/"}).to_string();
    let refused = stage.server.call(request("POST", "/v1/webhooks", &[], body.into())).await;
    assert_eq!((refused.problem().as_str(), refused.status.as_u16()), ("too_many_webhooks", 409));
    assert_eq!(stage.server.delete(&path(&webhook)).await.status.as_u16(), 204);
    assert_eq!(stage.server.get(&path(&webhook)).await.problem(), "webhook_not_found");
}
