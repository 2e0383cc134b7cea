//! The ingest function against a queue that behaves as SQS does: things come twice, late, in any order, and again after a
//! worker that ended on the way. Moto's server plays the queue (`DATELINE_TEST_MOTO`, set by `tests/run`).

mod support;

use aws_sdk_sqs::types::{Message, QueueAttributeName};
use dateline::{
    archive::{Archive, failures::Failure},
    article::Instant,
    lambda,
    store::{Kind, Store, aws::Account, embedded, queue::Queues},
};
use jiff::ToSpan;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashSet},
    process::Command,
};

const DOCUMENTS: usize = 30;
const VERSIONS: usize = 3;
const POISONED: usize = 4;

/// The queue and its dead letters, and a worker in the place of Lambda's.
struct Stage {
    queues: Queues,
    endpoint: String,
    queue: String,
    dead_letters: String,
    archive: Archive,
    sent: usize,
    /// What was deleted from the queue, by its message's id.
    done: HashSet<String>,
    /// What is injected is the same on every run.
    random: u64,
}

impl Stage {
    async fn new(store: Store) -> Option<Self> {
        let Ok(endpoint) = std::env::var("DATELINE_TEST_MOTO") else {
            eprintln!("DATELINE_TEST_MOTO is not set: the worker is not tried against a queue");
            return None;
        };
        let account = Account {
            region: "eu-west-1".to_owned(),
            credentials: aws_sdk_sqs::config::Credentials::from_keys("queue", "queue", None),
            ca_bundle: None,
            system_roots: false,
        };
        let queues = Queues::open(&account, Some(endpoint.clone())).expect("the settings are complete");
        let name = format!("dateline-{}", std::process::id());
        let create = |name: String| queues.client().create_queue().queue_name(name);
        let made = create(format!("{name}-dead")).send().await.expect("made");
        let dead_letters = made.queue_url.expect("a URL");
        let asked = queues.client().get_queue_attributes().queue_url(&dead_letters);
        let told = asked.attribute_names(QueueAttributeName::QueueArn).send().await.expect("told").attributes;
        let arn = told.expect("attributes")[&QueueAttributeName::QueueArn].clone();
        let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": "5"}).to_string();
        let made = create(name)
            .attributes(QueueAttributeName::RedrivePolicy, redrive)
            .attributes(QueueAttributeName::VisibilityTimeout, "1");
        let queue = made.send().await.expect("made").queue_url.expect("a URL");
        Some(Self {
            queues,
            endpoint,
            queue,
            dead_letters,
            archive: Archive::new(store),
            sent: 0,
            done: HashSet::new(),
            random: 7,
        })
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33).is_multiple_of(chances)
    }

    async fn send(&mut self, body: String) {
        self.sent += 1;
        self.queues.client().send_message().queue_url(&self.queue).message_body(body).send().await.expect("sent");
    }

    /// How many gave up being tried. Nobody receives these, so that their number does not waver.
    async fn dead(&self) -> usize {
        let waiting = QueueAttributeName::ApproximateNumberOfMessages;
        let asked = self.queues.client().get_queue_attributes().queue_url(&self.dead_letters);
        let told = asked.attribute_names(waiting.clone()).send().await.expect("told").attributes;
        told.expect("attributes")[&waiting].parse().expect("a number")
    }

    async fn invoke(&self, messages: &[Message]) -> HashSet<String> {
        let record = |it: &Message| json!({"eventSource": "aws:sqs", "messageId": it.message_id, "body": it.body});
        let event = json!({"Records": messages.iter().map(record).collect::<Vec<Value>>()});
        let answer =
            lambda::handle(&self.archive, LambdaEvent::new(event, Context::default())).await.expect("answered");
        let failed = answer["batchItemFailures"].as_array().expect("a list");
        failed.iter().map(|it| it["itemIdentifier"].as_str().expect("an id").to_owned()).collect()
    }

    /// Works until everything is done or dead, as Lambda does, with whatever may go wrong between.
    async fn work(&mut self) {
        while self.done.len() + self.dead().await < self.sent {
            let mut messages = Vec::new();
            for _ in 0..2 {
                let asked = self.queues.client().receive_message().queue_url(&self.queue).max_number_of_messages(10);
                messages.extend(asked.send().await.expect("received").messages.unwrap_or_default());
            }
            if messages.is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                continue;
            }
            // Any order.
            for at in (1..messages.len()).rev() {
                if self.one_in(2) {
                    messages.swap(at, at / 2);
                }
            }
            // The worker ended before it began.
            if self.one_in(6) {
                continue;
            }
            let failed = self.invoke(&messages).await;
            // The batch comes twice.
            if self.one_in(3) {
                assert_eq!(self.invoke(&messages).await, failed, "the same batch has the same answer");
            }
            // The worker's answer is lost.
            if self.one_in(6) {
                continue;
            }
            for message in messages {
                let id = message.message_id.expect("an id");
                if !failed.contains(&id) {
                    let receipt = message.receipt_handle.expect("a receipt");
                    let delete = self.queues.client().delete_message().queue_url(&self.queue).receipt_handle(receipt);
                    delete.send().await.expect("deleted");
                    self.done.insert(id);
                }
            }
        }
    }

    /// As somebody does it at a terminal.
    fn redrive(&self) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_dateline"))
            .args(["redrive", "--dead-letters", &self.dead_letters, "--queue", &self.queue])
            .envs([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "queue"), ("AWS_SECRET_ACCESS_KEY", "queue")])
            .env("AWS_ENDPOINT_URL_SQS", &self.endpoint)
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn document(number: usize, version: usize) -> String {
    let retrieved = Instant::parse("2026-03-02T08:00:00Z").expect("a time").timestamp();
    let at = Instant::from_timestamp(retrieved + i64::try_from(version).expect("small").minutes()).expect("a time");
    let content = format!(
        "Tram {number} returns, take {version}\n\nLISBON: The tram of line {number} ran again on Monday, for the {version}th time.\n"
    );
    json!({"key": format!("{number}.txt"), "retrieved_at": at, "content": content}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_queue_does_every_document_ends_as_its_last_version_and_none_is_lost() {
    let (store, _engine) = embedded::memory().await.expect("an engine in memory");
    let Some(mut stage) = Stage::new(store).await else { return };
    for version in 0..VERSIONS {
        for number in 0..DOCUMENTS {
            stage.send(document(number, version)).await;
        }
    }
    for number in 0..POISONED {
        stage.send(format!("{{\"content\": {number}}}")).await;
    }
    // Always tried again: it is no document, and nothing that the function knows.
    stage.send(json!({"reread": 7}).to_string()).await;
    stage.work().await;
    assert!(stage.dead().await >= 1, "what failed five times");
    // Among them may be documents whose worker ended each time. Once more round, until only that one is left.
    let mut rounds = 0;
    while stage.dead().await > 1 || rounds == 0 {
        let said = stage.redrive();
        assert!(said.contains("{\"reread\":7}") && said.ends_with("messages sent round again\n"), "{said}");
        stage.work().await;
        rounds += 1;
        assert!(rounds < 5, "documents go round for ever");
    }

    let query = dateline::query::ListQuery::parse(&[("limit".to_owned(), "100".to_owned())]).expect("legal");
    let cards = dateline::query::page(stage.archive.store(), &query).await.expect("a page").cards;
    assert_eq!(cards.len(), DOCUMENTS);
    let mut headlines = BTreeMap::new();
    for (id, _) in cards {
        let held = stage.archive.store().held(&id).await.expect("read").expect("held");
        let dateline::store::Held::Article(held) = held else { panic!("nothing was deleted") };
        let headline = held.article.facts.headline.clone().expect("a headline");
        let (tram, take) = headline.split_once(" returns, take ").expect("as it was sent");
        headlines.insert(tram.to_owned(), take.to_owned());
        let revisions = held.article.head.revision as usize;
        assert!(revisions <= VERSIONS, "{headline}: {revisions} revisions of {VERSIONS} versions");
    }
    assert_eq!(headlines.len(), DOCUMENTS);
    assert!(headlines.values().all(|it| *it == (VERSIONS - 1).to_string()), "the last one stands: {headlines:?}");
    let mut failures = Vec::new();
    for record in stage.archive.store().all_records(Kind::Failure).await.expect("read") {
        failures.push(record.read::<Failure>().expect("a failure").errors[0].code.clone());
    }
    assert_eq!(failures, ["invalid_document"; POISONED]);
}
