//! The ingest function against a queue that behaves as SQS does: messages arrive twice, late, in any order, and again
//! after a worker crashed. Moto's server emulates the queue (`DATELINE_TEST_MOTO`, set by `tests/run`).

use aws_sdk_sqs::types::{Message, QueueAttributeName};
use dateline::{
    archive::{Archive, failures::Failure},
    article::Instant,
    config::Config,
    lambda,
    store::{RecordKind, Store, embedded, queue::Queues},
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

/// The queue, its dead-letter queue, and a worker in place of Lambda's.
struct Stage {
    queues: Queues,
    endpoint: String,
    queue: String,
    dead_letters: String,
    archive: Archive,
    metrics: lambda::Metrics,
    sent: usize,
    /// Ids of the messages that were deleted from the queue.
    deleted: HashSet<String>,
    /// State of the random generator. Its seed is fixed, so that every run injects the same faults.
    random: u64,
}

impl Stage {
    async fn new(store: Store) -> Option<Self> {
        let Ok(endpoint) = std::env::var("DATELINE_TEST_MOTO") else {
            eprintln!("DATELINE_TEST_MOTO is not set: skipping the queue test");
            return None;
        };
        let config = Config {
            region: Some("eu-west-1".to_owned()),
            access_key_id: Some("queue".to_owned()),
            secret_access_key: Some("queue".to_owned()),
            queue_endpoint: Some(endpoint.clone()),
            ..Config::default()
        };
        let queues = Queues::open(&config).expect("the settings are complete");
        let name = format!("dateline-{}", std::process::id());
        let create = |name: String| queues.client().create_queue().queue_name(name);
        let created = create(format!("{name}-dead")).send().await.expect("created");
        let dead_letters = created.queue_url.expect("a URL");
        let request = queues.client().get_queue_attributes().queue_url(&dead_letters);
        let response = request.attribute_names(QueueAttributeName::QueueArn).send().await.expect("read");
        let arn = response.attributes.expect("attributes")[&QueueAttributeName::QueueArn].clone();
        let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": "5"}).to_string();
        let request = create(name)
            .attributes(QueueAttributeName::RedrivePolicy, redrive)
            .attributes(QueueAttributeName::VisibilityTimeout, "1");
        let queue = request.send().await.expect("created").queue_url.expect("a URL");
        Some(Self {
            queues,
            endpoint,
            queue,
            dead_letters,
            metrics: lambda::Metrics::new(&Config::default(), "ingest", &store),
            archive: Archive::new(store),
            sent: 0,
            deleted: HashSet::new(),
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

    /// Returns the number of dead letters. No consumer receives them, so the approximate number is stable.
    async fn dead_letter_count(&self) -> usize {
        let count = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.queues.client().get_queue_attributes().queue_url(&self.dead_letters);
        let response = request.attribute_names(count.clone()).send().await.expect("read");
        response.attributes.expect("attributes")[&count].parse().expect("a number")
    }

    async fn invoke(&self, messages: &[Message]) -> HashSet<String> {
        let record = |message: &Message| json!({"eventSource": "aws:sqs", "messageId": message.message_id, "body": message.body});
        let event = json!({"Records": messages.iter().map(record).collect::<Vec<Value>>()});
        let response = lambda::handle(&self.archive, &self.metrics, LambdaEvent::new(event, Context::default()))
            .await
            .expect("a response");
        let failures = response["batchItemFailures"].as_array().expect("a list");
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().expect("an id").to_owned()).collect()
    }

    /// Processes messages as Lambda does, with injected faults, until each is deleted or a dead letter.
    async fn work(&mut self) {
        while self.deleted.len() + self.dead_letter_count().await < self.sent {
            let mut messages = Vec::new();
            for _ in 0..2 {
                let request = self.queues.client().receive_message().queue_url(&self.queue).max_number_of_messages(10);
                messages.extend(request.send().await.expect("received").messages.unwrap_or_default());
            }
            if messages.is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                continue;
            }
            // Messages arrive in any order.
            for at in (1..messages.len()).rev() {
                if self.one_in(2) {
                    messages.swap(at, at / 2);
                }
            }
            // The worker crashed before it began.
            if self.one_in(6) {
                continue;
            }
            let failed = self.invoke(&messages).await;
            // The batch is delivered twice.
            if self.one_in(3) {
                assert_eq!(self.invoke(&messages).await, failed, "the same batch has the same failures");
            }
            // The worker's response is lost.
            if self.one_in(6) {
                continue;
            }
            for message in messages {
                let id = message.message_id.expect("an id");
                if !failed.contains(&id) {
                    let receipt = message.receipt_handle.expect("a receipt");
                    let delete = self.queues.client().delete_message().queue_url(&self.queue).receipt_handle(receipt);
                    delete.send().await.expect("deleted");
                    self.deleted.insert(id);
                }
            }
        }
    }

    /// Runs `dateline redrive` as an operator would.
    fn redrive(&self) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_dateline"))
            .args(["redrive", "--dead-letters", &self.dead_letters, "--queue", &self.queue])
            .envs([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "queue"), ("AWS_SECRET_ACCESS_KEY", "queue")])
            .env("AWS_ENDPOINT_URL_SQS", &self.endpoint)
            .output()
            .expect("the command runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn document(number: usize, version: usize) -> String {
    let first = Instant::parse("2026-03-02T08:00:00Z").expect("a time").timestamp();
    let retrieved_at =
        Instant::from_timestamp(first + i64::try_from(version).expect("small").minutes()).expect("a time");
    let content = format!(
        "Tram {number} returns, take {version}\n\nLISBON: The tram of line {number} ran again on Monday, for the {version}th time.\n"
    );
    json!({"key": format!("{number}.txt"), "retrieved_at": retrieved_at, "content": content}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_reaches_its_last_version_despite_queue_faults() {
    let (store, _engine) = embedded::memory().expect("an engine in memory");
    let Some(mut stage) = Stage::new(store).await else { return };
    for version in 0..VERSIONS {
        for number in 0..DOCUMENTS {
            stage.send(document(number, version)).await;
        }
    }
    for number in 0..POISONED {
        stage.send(format!("{{\"content\": {number}}}")).await;
    }
    // Fails on every attempt: neither a document nor a valid request.
    stage.send(json!({"reprocess": 7}).to_string()).await;
    stage.work().await;
    assert!(stage.dead_letter_count().await >= 1, "a message that failed five times is a dead letter");
    // Documents whose worker crashed each time may be among the dead letters: redrive until only that message is left.
    let mut rounds = 0;
    while stage.dead_letter_count().await > 1 || rounds == 0 {
        let output = stage.redrive();
        assert!(
            output.contains("{\"reprocess\":7}") && output.ends_with("messages sent back to the queue\n"),
            "{output}"
        );
        stage.work().await;
        rounds += 1;
        assert!(rounds < 5, "documents are redriven without end");
    }

    let query = dateline::query::ListQuery::parse(&[("limit".to_owned(), "100".to_owned())]).expect("a valid query");
    let cards = dateline::query::page(stage.archive.store(), &query).await.expect("a page").cards;
    assert_eq!(cards.len(), DOCUMENTS);
    let mut headlines = BTreeMap::new();
    for (id, _) in cards {
        let stored = stage.archive.store().stored_article(&id).await.expect("read").expect("stored");
        let dateline::store::StoredArticle::Article(stored) = stored else { panic!("no article was deleted") };
        let headline = stored.article.facts.headline.clone().expect("a headline");
        let (tram, take) = headline.split_once(" returns, take ").expect("the headline that was sent");
        headlines.insert(tram.to_owned(), take.to_owned());
        let revisions = stored.article.head.revision as usize;
        assert!(revisions <= VERSIONS, "{headline}: {revisions} revisions of {VERSIONS} versions");
    }
    assert_eq!(headlines.len(), DOCUMENTS);
    assert!(
        headlines.values().all(|take| *take == (VERSIONS - 1).to_string()),
        "every article has its last version: {headlines:?}"
    );
    let mut failures = Vec::new();
    for record in stage.archive.store().all_records(RecordKind::Failure).await.expect("read") {
        failures.push(record.read::<Failure>().expect("a failure").errors[0].code.clone());
    }
    assert_eq!(failures, ["invalid_document"; POISONED]);
}
