//! WebSub: a source subscribes at its feed's hub, confirms the subscription, and is polled when the hub notifies it.

use crate::support::{
    Answer,
    mock_server::{Act, answer},
    polling::{Stage, local, rss},
    request,
};
use dateline::sources::poll::Poller;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{collections::BTreeMap, time::Duration};

const PUBLIC: &str = "https://archive.example/";

struct Pushed {
    stage: Stage,
    poller: Poller,
    source: Value,
    /// The form of the subscription request.
    subscription: BTreeMap<String, String>,
}

impl Pushed {
    /// A feed that names a hub, polled once.
    async fn new() -> Self {
        let stage = Stage::new().await;
        let poller = Poller::new(stage.server.archive.clone(), local(), Duration::from_millis(1));
        let poller = poller.reached_at(Some(PUBLIC.to_owned()));
        stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), feed(&stage, 1)));
        stage.play.set("/hub", answer("202 Accepted", &[], ""));
        let source = stage.add(json!({"url": stage.url("/feed.xml")})).await;
        assert_eq!(poller.round().await.expect("polled").polled, 1);
        let form = stage.play.bodies("/hub");
        let [form] = form.as_slice() else { panic!("expected one subscription request: {form:?}") };
        let subscription = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        Self { stage, poller, source, subscription }
    }

    fn path(&self) -> String {
        format!("/v1/websub/{}", self.source["id"].as_str().expect("an id"))
    }

    async fn verify(&self, mode: &str, topic: &str) -> Answer {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("hub.mode", mode).append_pair("hub.topic", topic).append_pair("hub.challenge", "say this");
        self.stage.server.get(&format!("{}?{}&hub.lease_seconds=864000", self.path(), query.finish())).await
    }

    async fn notify(&self, body: &str, signature: &str) -> u16 {
        let headers = [("content-type", "application/rss+xml"), ("x-hub-signature", signature)];
        self.stage.server.call(request("POST", &self.path(), &headers, body.to_owned().into())).await.status.as_u16()
    }

    fn sign(&self, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.subscription["hub.secret"].as_bytes()).expect("a key");
        mac.update(body.as_bytes());
        let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256={digits}")
    }

    async fn polled(&self) -> usize {
        self.poller.round().await.expect("polled").polled
    }
}

fn feed(stage: &Stage, entries: usize) -> Vec<u8> {
    let feed = String::from_utf8(rss(0..entries)).expect("UTF-8");
    let links = format!(
        "<atom:link rel=\"hub\" href=\"{}\"/><atom:link rel=\"self\" href=\"https://gazette.example/topic\"/>",
        stage.url("/hub")
    );
    let feed = feed.replace("<rss ", "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\" ");
    feed.replace("<title>Gazette</title>", &format!("<title>Gazette</title>{links}")).into_bytes()
}

#[tokio::test]
async fn a_hub_receives_one_subscription_request_and_only_that_is_confirmed() {
    let pushed = Pushed::new().await;
    let expected = [
        ("hub.callback", format!("https://archive.example{}", pushed.path())),
        ("hub.lease_seconds", "864000".to_owned()),
        ("hub.mode", "subscribe".to_owned()),
        ("hub.topic", "https://gazette.example/topic".to_owned()),
    ];
    for (name, value) in expected {
        assert_eq!(pushed.subscription[name], value);
    }
    assert_eq!(pushed.subscription["hub.secret"].len(), 64, "256 bits");
    let shown = pushed.stage.server.get(&format!("/v1/sources/{}", pushed.source["id"].as_str().expect("an id"))).await;
    assert!(!shown.text().contains(&pushed.subscription["hub.secret"]), "the secret is never shown");
    let confirmed = pushed.verify("subscribe", "https://gazette.example/topic").await;
    assert_eq!((confirmed.status.as_u16(), confirmed.text().as_str()), (200, "say this"));
    assert_eq!(pushed.verify("subscribe", "https://gazette.example/other").await.status.as_u16(), 404);
    // An unsubscription that was not requested is refused.
    assert_eq!(pushed.verify("unsubscribe", "https://gazette.example/topic").await.status.as_u16(), 404);
    assert_eq!(pushed.verify("unsubscribe", "https://gazette.example/other").await.status.as_u16(), 200);
    // The hub receives no further request during the lease.
    pushed.stage.play.set("/feed.xml", Act::Feed("\"2\"".to_owned(), feed(&pushed.stage, 2)));
    pushed.stage.poll(&pushed.source).await;
    assert_eq!(pushed.stage.play.bodies("/hub").len(), 1);
}

#[tokio::test]
async fn a_signed_notification_makes_the_source_due_and_any_other_is_ignored() {
    let pushed = Pushed::new().await;
    pushed.verify("subscribe", "https://gazette.example/topic").await;
    pushed.stage.play.set("/feed.xml", Act::Feed("\"2\"".to_owned(), feed(&pushed.stage, 3)));
    assert_eq!(pushed.polled().await, 0, "the source is not due");
    let signature = pushed.sign("<rss/>");
    for wrong in ["", "sha256=", "sha256=zz", "sha1=00", &signature[..signature.len() - 2], &pushed.sign("<rss />")] {
        assert_eq!(
            pushed.notify("<rss/>", wrong).await,
            202,
            "the response does not reveal that the signature is invalid"
        );
    }
    assert_eq!(pushed.polled().await, 0);
    assert_eq!(pushed.notify("<rss/>", &signature).await, 202);
    assert_eq!(pushed.polled().await, 1);
    assert_eq!(pushed.stage.articles().await, 3, "the entries come from the feed, not from the notification");
    let path = format!("/v1/sources/{}", pushed.source["id"].as_str().expect("an id"));
    assert_eq!(pushed.stage.server.delete(&path).await.status.as_u16(), 204);
    assert_eq!(pushed.notify("<rss/>", &signature).await, 410, "the hub may drop the subscription");
}

#[tokio::test]
async fn without_a_public_url_no_subscription_is_requested_and_a_failing_hub_does_not_fail_the_poll() {
    let stage = Stage::new().await;
    stage.play.set("/feed.xml", Act::Feed("\"1\"".to_owned(), feed(&stage, 1)));
    let source = stage.add(json!({"url": stage.url("/feed.xml")})).await;
    stage.poll(&source).await;
    assert!(stage.play.bodies("/hub").is_empty());
    let poller = Poller::new(stage.server.archive.clone(), local(), Duration::from_millis(1));
    let poller = poller.reached_at(Some(PUBLIC.to_owned()));
    stage.play.set("/feed.xml", Act::Feed("\"2\"".to_owned(), feed(&stage, 2)));
    let poll_path = format!("/v1/sources/{}/poll", source["id"].as_str().expect("an id"));
    stage.server.call(request("POST", &poll_path, &[], "".into())).await;
    let round = poller.round().await.expect("polled");
    assert_eq!((round.polled, round.failed, stage.play.bodies("/hub").len()), (1, 0, 1), "the hub answers 404");
}
