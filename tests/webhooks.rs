//! Webhooks: whoever asked is told of every change once it happened, in order, signed, and again until it was heard.

#[path = "support/play.rs"]
mod play;
mod support;

use base64::{Engine, prelude::BASE64_STANDARD};
use dateline::{
    archive::Deletion,
    article::ArticleId,
    sources::fetch::{Fetcher, Reach},
    webhooks::{DISABLED_AFTER, Webhook, deliver::Deliverer},
};
use hmac::{Hmac, KeyInit, Mac};
use play::{Play, answer};
use serde_json::{Value, json};
use sha2::Sha256;
use std::net::SocketAddr;
use support::{Server, request, story};

struct Stage {
    server: Server,
    deliverer: Deliverer,
    play: Play,
    address: SocketAddr,
}

impl Stage {
    async fn new() -> Self {
        let server = Server::new().await;
        let fetcher = Fetcher::new(Reach::Private).expect("a fetcher");
        let deliverer = Deliverer::new(server.archive.store().clone(), fetcher);
        let (play, address) = Play::begin().await;
        play.set("/hook", answer("204 No Content", &[], ""));
        Self { server, deliverer, play, address }
    }

    async fn add(&self, more: Value) -> Value {
        let mut settings = json!({"url": format!("http://{}/hook", self.address)});
        settings.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = self.server.call(request("POST", "/v1/webhooks", &[], settings.to_string().into())).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
        answer.json()
    }

    async fn change(&self, webhook: &Value, change: Value) -> support::Answer {
        self.server.call(request("PATCH", &path(webhook), &[], change.to_string().into())).await
    }

    async fn ingest(&self, key: &str, headline: &str, place: &str) -> ArticleId {
        self.server.archive.ingest(story(key, headline, place)).await.expect("archived").id
    }

    /// What was heard: type, and the headline where there is one.
    fn heard(&self) -> Vec<(String, String)> {
        let heard = self.play.bodies("/hook").into_iter().map(|it| serde_json::from_str::<Value>(&it).expect("JSON"));
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        heard.map(|it| (text(&it["type"]), text(&it["data"]["headline"]))).collect()
    }

    /// As if the time had come to try again.
    async fn due(&self, webhook: &Value) {
        let store = self.server.archive.store();
        let id = webhook["id"].as_str().expect("an id");
        let mut webhook = Webhook::find(store, id).await.expect("read").expect("there");
        webhook.not_before = None;
        webhook.put(store).await.expect("put");
    }
}

fn path(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", webhook["id"].as_str().expect("an id"))
}

fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(kind, headline)| (format!("article.{kind}"), (*headline).to_owned())).collect()
}

#[tokio::test]
async fn what_matches_is_told_in_order_signed_and_once() {
    let stage = Stage::new().await;
    stage.ingest("before.txt", "Before it asked", "LISBON").await;
    let webhook = stage.add(json!({"filter": "country=PT"})).await;
    let lisbon = stage.ingest("a.txt", "Tram returns", "LISBON").await;
    stage.ingest("b.txt", "Elsewhere", "PARIS").await;
    stage.ingest("a.txt", "Tram returns again", "LISBON").await;
    // It matches no more: whoever got it learns that, and then nothing further.
    stage.ingest("a.txt", "Tram moves", "PARIS").await;
    stage.ingest("a.txt", "Tram stays", "PARIS").await;
    let gone = stage.ingest("c.txt", "Ferry returns", "LISBON").await;
    stage.server.archive.delete(&gone, &Deletion::default()).await.expect("deleted");
    let round = stage.deliverer.round().await.expect("the store answers");
    assert_eq!((round.delivered, round.failed), (5, 0));
    let mut heard = stage.heard();
    // Changes of different articles are merged by time, which may be the same.
    heard.sort_by_key(|it| it.1.starts_with("Ferry") || it.0 == "article.deleted");
    let expected = [
        ("created", "Tram returns"),
        ("revised", "Tram returns again"),
        ("revised", "Tram moves"),
        ("created", "Ferry returns"),
        ("deleted", ""),
    ];
    assert_eq!(heard, told(&expected));
    let first = serde_json::from_str::<Value>(&stage.play.bodies("/hook")[0]).expect("JSON");
    assert_eq!(first["data"]["id"], json!(lisbon));
    assert_eq!(stage.deliverer.round().await.expect("nothing to do").delivered, 0);

    let secret = webhook["secret"].as_str().and_then(|it| it.strip_prefix("whsec_")).expect("a secret, this once");
    let secret = BASE64_STANDARD.decode(secret).expect("base64");
    for (asked, body) in stage.play.asked("/hook").iter().zip(stage.play.bodies("/hook")) {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("a key");
        mac.update(format!("{}.{}.{body}", asked["webhook-id"], asked["webhook-timestamp"]).as_bytes());
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(asked["webhook-signature"], signature);
    }
    let shown = stage.server.get(&path(&webhook)).await.json();
    assert_eq!((&shown["delivered"], shown.get("secret")), (&json!(5), None));
}

#[tokio::test]
async fn what_is_not_heard_is_told_again_until_it_is_and_holds_up_no_other() {
    let stage = Stage::new().await;
    let webhook = stage.add(json!({})).await;
    let (other, address) = Play::begin().await;
    other.set("/hook", answer("200 OK", &[], ""));
    stage.add(json!({"url": format!("http://{address}/hook")})).await;
    stage.play.set("/hook", answer("503 Service Unavailable", &[], ""));
    stage.ingest("a.txt", "Tram returns", "LISBON").await;
    stage.ingest("b.txt", "Ferry returns", "LISBON").await;
    let round = stage.deliverer.round().await.expect("the store answers");
    assert_eq!((round.delivered, round.failed, other.bodies("/hook").len()), (2, 1, 2));
    let shown = stage.server.get(&path(&webhook)).await.json();
    assert_eq!((&shown["failures"], &shown["enabled"]), (&json!(1), &json!(true)));
    assert!(shown["last_error"]["detail"].as_str().is_some_and(|it| it.contains("503")), "{shown}");
    // Not before its time.
    assert_eq!(stage.deliverer.round().await.expect("waits").failed, 0);
    assert_eq!(stage.heard().len(), 1);
    stage.due(&webhook).await;
    stage.play.set("/hook", answer("200 OK", &[], ""));
    assert_eq!(stage.deliverer.round().await.expect("the store answers").delivered, 2);
    let heard = stage.play.asked("/hook");
    assert_eq!(heard[0]["webhook-id"], heard[1]["webhook-id"], "the same message again");
    let first = stage.heard()[0].clone();
    assert_eq!((stage.heard().len(), stage.heard().iter().filter(|it| **it == first).count()), (3, 2));
    assert_eq!(stage.server.get(&path(&webhook)).await.json()["failures"], 0);
}

#[tokio::test]
async fn one_that_never_answers_is_disabled_and_goes_on_where_it_was() {
    let stage = Stage::new().await;
    let webhook = stage.add(json!({"events": ["created"]})).await;
    stage.play.set("/hook", answer("302 Found", &[("location", "/elsewhere")], ""));
    stage.ingest("a.txt", "Tram returns", "LISBON").await;
    for _ in 0..DISABLED_AFTER {
        stage.due(&webhook).await;
        assert_eq!(stage.deliverer.round().await.expect("the store answers").failed, 1);
    }
    assert!(stage.play.asked("/elsewhere").is_empty(), "where it says that it moved is not followed");
    let shown = stage.server.get(&path(&webhook)).await.json();
    assert_eq!((&shown["failures"], &shown["enabled"]), (&json!(DISABLED_AFTER), &json!(false)));
    stage.due(&webhook).await;
    assert_eq!(stage.deliverer.round().await.expect("disabled").failed, 0);
    stage.ingest("b.txt", "Ferry returns", "LISBON").await;
    stage.ingest("b.txt", "Ferry returns late", "LISBON").await;
    stage.play.set("/hook", answer("200 OK", &[], ""));
    assert_eq!(stage.change(&webhook, json!({"enabled": true})).await.json()["failures"], 0);
    assert_eq!(stage.deliverer.round().await.expect("the store answers").delivered, 2, "nothing was lost meanwhile");
    // Its answer that it is gone is believed at once.
    stage.play.set("/hook", answer("410 Gone", &[], ""));
    stage.ingest("c.txt", "Pier opens", "LISBON").await;
    stage.deliverer.round().await.expect("the store answers");
    assert_eq!(stage.server.get(&path(&webhook)).await.json()["enabled"], false);
}

#[tokio::test]
async fn two_deliverers_tell_a_change_once_and_no_private_address_is_called() {
    let stage = Stage::new().await;
    stage.add(json!({})).await;
    for number in 0..5 {
        stage.ingest(&format!("{number}.txt"), &format!("Tram {number} returns"), "LISBON").await;
    }
    let rounds = futures::future::join_all((0..4).map(|_| stage.deliverer.round())).await;
    let delivered: usize = rounds.into_iter().map(|it| it.expect("the store answers").delivered).sum();
    assert_eq!((delivered, stage.heard().len()), (5, 5));
    let public = Fetcher::new(Reach::Public).expect("a fetcher");
    let public = Deliverer::new(stage.server.archive.store().clone(), public);
    stage.ingest("more.txt", "Tram stops", "LISBON").await;
    assert_eq!(public.round().await.expect("the store answers").failed, 1);
    assert_eq!(stage.heard().len(), 5);
    let all = stage.server.get("/v1/webhooks").await.json();
    assert_eq!(all["webhooks"][0]["last_error"]["code"], "refused_address");
}

#[tokio::test]
async fn of_what_was_purged_nothing_is_told_but_that_it_is_gone() {
    let stage = Stage::new().await;
    stage.add(json!({"filter": "country=PT"})).await;
    let id = stage.ingest("a.txt", "Tram returns", "LISBON").await;
    stage.ingest("a.txt", "Tram returns again", "LISBON").await;
    let purge = Deletion { purge: true, ..Deletion::default() };
    stage.server.archive.delete(&id, &purge).await.expect("purged");
    assert_eq!(stage.deliverer.round().await.expect("the store answers").delivered, 1);
    assert_eq!(stage.heard(), told(&[("deleted", "")]));
}

#[tokio::test]
async fn a_filter_that_is_legal_no_more_tells_nothing_and_ends_no_other() {
    let stage = Stage::new().await;
    let webhook = stage.add(json!({"filter": "country=PT"})).await;
    let (other, address) = Play::begin().await;
    other.set("/hook", answer("200 OK", &[], ""));
    stage.add(json!({"url": format!("http://{address}/hook")})).await;
    let store = stage.server.archive.store();
    let mut kept = Webhook::find(store, webhook["id"].as_str().expect("an id")).await.expect("read").expect("there");
    kept.filter = "colour=red".to_owned();
    kept.put(store).await.expect("put");
    stage.ingest("a.txt", "Tram returns", "LISBON").await;
    assert!(stage.deliverer.round().await.is_err());
    assert_eq!((stage.heard().len(), other.bodies("/hook").len()), (0, 1));
    stage.change(&webhook, json!({"filter": ""})).await;
    assert_eq!(stage.deliverer.round().await.expect("legal again").delivered, 1);
}

#[tokio::test]
async fn what_is_not_legal_is_refused_by_name() {
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
    for _ in 1..50 {
        stage.add(json!({})).await;
    }
    let body = json!({"url": "https://a.example/"}).to_string();
    let refused = stage.server.call(request("POST", "/v1/webhooks", &[], body.into())).await;
    assert_eq!((refused.problem().as_str(), refused.status.as_u16()), ("too_many_webhooks", 409));
    assert_eq!(stage.server.delete(&path(&webhook)).await.status.as_u16(), 204);
    assert_eq!(stage.server.get(&path(&webhook)).await.problem(), "webhook_not_found");
}
