//! The functions' binaries, run as Lambda runs them: with a stand-in for its Runtime API, the events that the template
//! connects to them, and another engine as DynamoDB, over loopback.

use crate::support::{
    dynamodb_endpoint,
    runtime::{Function, event},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use dateline::{
    archive::{Archive, failures::Failure},
    article::{ArticleId, Instant, RawDocument},
    sources::{Source, SourceSettings},
    store::{Objects, RecordKind, aws},
};
use serde_json::{Value, json};
use std::{io::Read, path::Path};

struct Stack {
    archive: Archive,
    /// The folder that replaces the bucket.
    objects: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Stack {
    async fn new() -> Self {
        let objects = tempfile::tempdir().expect("a folder");
        let engine = dynoxide::Database::memory().expect("an engine in memory");
        let endpoint = dynamodb_endpoint::serve(engine).await.expect("a free port");
        let config = dynamodb_endpoint::config(&endpoint, objects.path());
        aws::table(&config).expect("complete settings").create().await.expect("the table is created");
        let store = aws::open(&config).expect("complete settings").with_objects(Objects::memory());
        let environment = vec![
            ("DATELINE_TABLE", dynamodb_endpoint::TABLE.to_owned()),
            ("DATELINE_OBJECTS", format!("file://{}", objects.path().display())),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_SESSION_TOKEN", "token".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ];
        Self { archive: Archive::new(store), objects, environment }
    }

    async fn function(&self, binary: &str) -> Function {
        let mut function = Function::start(Path::new(binary), &self.environment).await.expect("the function starts");
        function.ready().await.expect("the function requests an event");
        function
    }

    async fn api(&self) -> Function {
        self.function(env!("CARGO_BIN_EXE_api")).await
    }

    async fn poll(&self) -> Function {
        self.function(env!("CARGO_BIN_EXE_poll")).await
    }

    async fn index(&self) -> Function {
        self.function(env!("CARGO_BIN_EXE_index")).await
    }

    async fn ingest(&self) -> Function {
        self.function(env!("CARGO_BIN_EXE_ingest")).await
    }
}

fn sample(name: &str) -> Value {
    let path = format!("{}/infra/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a sample")).expect("JSON")
}

async fn invoke(function: &Function, event: Value) -> Value {
    function.invoke(event).await.expect("an answer").expect("no error")
}

fn body(answer: &Value) -> Vec<u8> {
    let body = answer["body"].as_str().unwrap_or_default();
    if answer["isBase64Encoded"] == true {
        BASE64_STANDARD.decode(body).expect("base64")
    } else {
        body.as_bytes().to_vec()
    }
}

fn json_body(answer: &Value) -> Value {
    serde_json::from_slice(&body(answer)).expect("JSON")
}

async fn article_count(archive: &Archive) -> usize {
    article_ids(archive).await.len()
}

async fn article_ids(archive: &Archive) -> Vec<ArticleId> {
    let query = dateline::query::ListQuery::parse(&[("limit".to_owned(), "100".to_owned())]).expect("a valid query");
    let page = dateline::query::page(archive.store(), &query).await.expect("a page");
    page.cards.into_iter().map(|card| card.0).collect()
}

#[tokio::test]
async fn the_api_answers_the_sample_requests() {
    let stack = Stack::new().await;
    let api = stack.api().await;
    let posted = invoke(&api, sample("api-post-article")).await;
    assert_eq!(posted["statusCode"], 201, "{posted}");
    let again = invoke(&api, sample("api-post-article")).await;
    assert_eq!(
        (&again["statusCode"], body(&again)),
        (&json!(201), body(&posted)),
        "a repeated idempotency key returns the first response"
    );
    let listed = invoke(&api, sample("api-get-articles")).await;
    assert_eq!((&listed["statusCode"], &listed["headers"]["content-type"]), (&json!(200), &json!("application/json")));
    let missing = invoke(&api, event("GET", "/v1/articles/short", "", None)).await;
    assert_eq!(
        (&missing["statusCode"], json_body(&missing)["code"].as_str()),
        (&json!(404), Some("article_not_found"))
    );
    let refused = invoke(&api, event("DELETE", "/v1/articles", "", None)).await;
    assert_eq!((&refused["statusCode"], &refused["headers"]["allow"]), (&json!(405), &json!("GET,HEAD,POST")));
}

#[tokio::test]
async fn a_compressed_response_keeps_its_headers_and_bytes() {
    let stack = Stack::new().await;
    for number in 0..5 {
        let content =
            format!("Tram {number} returns\n\nLISBON: The harbour tram ran again on Monday after two years.\n");
        stack.archive.ingest(document(&number.to_string(), content.as_bytes(), "text/plain")).await.expect("ingested");
    }
    let api = stack.api().await;
    let plain = invoke(&api, event("GET", "/v1/articles", "", None)).await;
    assert_eq!(plain["isBase64Encoded"], false);
    let mut request = event("GET", "/v1/articles", "", None);
    request["headers"]["accept-encoding"] = json!("zstd");
    let compressed = invoke(&api, request).await;
    assert_eq!(
        (&compressed["isBase64Encoded"], &compressed["headers"]["content-encoding"]),
        (&json!(true), &json!("zstd"))
    );
    let bytes = body(&compressed);
    assert_eq!(compressed["headers"]["content-length"], json!(bytes.len().to_string()));
    let mut decompressed = Vec::new();
    zstd::stream::Decoder::new(bytes.as_slice())
        .expect("a frame")
        .read_to_end(&mut decompressed)
        .expect("a complete frame");
    assert_eq!(decompressed, body(&plain));
    let mut request = event("GET", "/v1/articles", "", None);
    request["headers"]["if-none-match"] = plain["headers"]["etag"].clone();
    assert_eq!(invoke(&api, request).await["statusCode"], 304);
}

#[tokio::test]
async fn raw_bytes_are_returned_unchanged_in_any_encoding() {
    let stack = Stack::new().await;
    let content = b"<h1>Br\xfccke zu</h1><p>Die Br\xfccke ist seit Montag f\xfcr alle gesperrt, sagt die Stadt.</p>";
    let media_type = "text/html; charset=windows-1252";
    let ingested = stack.archive.ingest(document("b", content, media_type)).await.expect("ingested");
    // The archive stores the bytes in memory, but the function reads them from the folder.
    let raw = stack.objects.path().join("raw");
    std::fs::create_dir_all(&raw).expect("a folder");
    std::fs::write(raw.join(document("b", content, media_type).sha256()), content).expect("written");
    let api = stack.api().await;
    let answer = invoke(&api, event("GET", &format!("/v1/articles/{}/raw", ingested.id), "", None)).await;
    assert_eq!(
        (body(&answer).as_slice(), &answer["headers"]["content-type"]),
        (content.as_slice(), &json!(media_type))
    );
}

fn document(key: &str, content: &[u8], media_type: &str) -> RawDocument {
    RawDocument {
        media_type: Some(media_type.to_owned()),
        key: Some(key.to_owned()),
        ..RawDocument::new(content.to_vec(), Instant::now())
    }
}

#[tokio::test]
async fn a_poison_message_is_stored_as_a_failure_and_does_not_affect_its_batch() {
    let stack = Stack::new().await;
    let ingest = stack.ingest().await;
    let batch = sample("sqs-batch");
    let answer = invoke(&ingest, batch.clone()).await;
    assert_eq!(answer["batchItemFailures"], json!([]), "a permanent error is not retried: {answer}");
    assert_eq!(article_count(&stack.archive).await, batch["Records"].as_array().expect("a batch").len() - 1);
    // SQS may deliver a batch twice.
    assert_eq!(invoke(&ingest, batch.clone()).await, answer);
    let records = stack.archive.store().all_records(RecordKind::Failure).await.expect("read");
    let [record] = records.as_slice() else { panic!("expected one failure: {records:?}") };
    let failure: Failure = record.read().expect("a failure");
    assert_eq!((failure.attempts, failure.errors[0].code.as_str()), (2, "invalid_document"));
    let bytes = std::fs::read(stack.objects.path().join("failed").join(&failure.id)).expect("its bytes");
    assert_eq!(bytes, batch["Records"][1]["body"].as_str().expect("a body").as_bytes());
}

#[tokio::test]
async fn an_upload_is_ingested_under_its_decoded_key() {
    let stack = Stack::new().await;
    let ingest = stack.ingest().await;
    let inbox = stack.objects.path().join("inbox");
    std::fs::create_dir(&inbox).expect("a folder");
    let content = "Café opens on the quay\n\nLISBON: A café opened on the old quay on Monday, the port said.\n";
    std::fs::write(inbox.join("café opening.txt"), content).expect("written");
    let report = invoke(&ingest, sample("s3-object-created")).await;
    assert_eq!((&report["created"], &report["failed"]), (&json!(1), &json!([])), "{report}");
    let batch = invoke(&ingest, sample("sqs-s3-notification")).await;
    assert_eq!(batch["batchItemFailures"], json!([]), "the same notification through the queue: {batch}");
    assert_eq!(article_count(&stack.archive).await, 1);
    std::fs::remove_file(inbox.join("café opening.txt")).expect("removed");
    let error =
        ingest.invoke(sample("s3-object-created")).await.expect("an answer").expect_err("the object is removed");
    assert_eq!(error["errorType"], "documents_failed", "{error}");
    assert!(error["errorMessage"].as_str().is_some_and(|text| text.contains("unavailable_document")), "{error}");
}

#[tokio::test]
async fn the_seeds_are_ingested_once_on_request() {
    let stack = Stack::new().await;
    let ingest = stack.ingest().await;
    let first = invoke(&ingest, sample("seeds")).await;
    assert!(first["created"].as_u64().is_some_and(|created| created >= 28), "{first}");
    assert_eq!(first["failed"], json!([]));
    let second = invoke(&ingest, sample("seeds")).await;
    assert_eq!((&second["created"], &second["revised"]), (&json!(0), &json!(0)), "{second}");
    // The current rules have read the seeds already, so reprocessing changes nothing.
    let article = article_ids(&stack.archive).await.remove(0);
    let reprocessed = invoke(&ingest, json!({"reprocess": [article, ArticleId::of_identity("nobody's")]})).await;
    assert_eq!(
        (&reprocessed["unchanged"], &reprocessed["deleted"], &reprocessed["failed"]),
        (&json!(1), &json!(1), &json!([]))
    );
    let message = |id: &str, body: Value| json!({"eventSource": "aws:sqs", "messageId": id, "body": body.to_string()});
    let records =
        [message("good", json!({"reprocess": [ArticleId::of_identity("x")]})), message("bad", json!({"reprocess": 7}))];
    let failed = invoke(&ingest, json!({"Records": records})).await;
    assert_eq!(failed["batchItemFailures"], json!([{"itemIdentifier": "bad"}]), "{failed}");
}

#[tokio::test]
async fn an_unknown_event_is_refused_without_exposing_rust_types() {
    let stack = Stack::new().await;
    let ingest = stack.ingest().await;
    for event in [json!({"reprocess": ["x"]}), json!({"seeds": "yes"}), json!({"colour": "red"}), json!(7), json!([])] {
        let error = ingest.invoke(event.clone()).await.expect("an answer").expect_err("refused");
        assert_eq!(error["errorType"], "unknown_event", "{event}: {error}");
        assert!(!error.to_string().contains("::"), "no Rust type reaches the caller: {error}");
    }
    assert_eq!(invoke(&ingest, json!({"Event": "s3:TestEvent"})).await["failed"], json!([]));
}

#[tokio::test]
async fn a_stream_event_indexes_new_changes_and_the_api_searches_them() {
    let stack = Stack::new().await;
    let (ingest, index, api) = (stack.ingest().await, stack.index().await, stack.api().await);
    let search = |q: &str| {
        let mut call = sample("api-get-articles");
        call["rawQueryString"] = json!(format!("q={q}&limit=100"));
        call["queryStringParameters"] = json!({"q": q, "limit": "100"});
        call["headers"]["accept-encoding"] = json!("identity");
        call
    };
    let ingested = invoke(&ingest, sample("seeds")).await;
    let before = json_body(&invoke(&api, search("the")).await);
    assert!(!before["articles"].as_array().expect("a page").is_empty(), "articles are found before they are indexed");
    let indexed = invoke(&index, sample("dynamodb-stream")).await;
    let changes =
        ingested["created"].as_u64().zip(ingested["revised"].as_u64()).map(|(created, revised)| created + revised);
    assert_eq!(indexed["changes"].as_u64(), changes);
    assert!(stack.objects.path().join("index/manifest.json").exists());
    // A new instance of the API function starts from the stored index.
    let after = json_body(&invoke(&stack.api().await, search("the")).await);
    let ids = |page: &Value| -> Vec<Value> {
        page["articles"].as_array().into_iter().flatten().map(|article| article["id"].clone()).collect()
    };
    assert_eq!(ids(&after), ids(&before));
    assert_eq!(
        invoke(&index, sample("dynamodb-stream")).await["changes"],
        0,
        "a duplicate stream event has nothing to index"
    );
    std::fs::write(stack.objects.path().join("index/manifest.json"), b"{}").expect("damaged");
    let error = index.invoke(sample("dynamodb-stream")).await.expect("an answer").expect_err("a damaged manifest");
    assert!(error.to_string().contains("indexing_failed"), "{error}");
    let unavailable = invoke(&stack.api().await, search("the")).await;
    assert_eq!(
        (&unavailable["statusCode"], &json_body(&unavailable)["code"]),
        (&json!(503), &json!("search_unavailable"))
    );
    assert_eq!(invoke(&index, json!({"reindex": true})).await["changes"].as_u64(), changes);
    assert_eq!(ids(&json_body(&invoke(&stack.api().await, search("the")).await)), ids(&before));
}

#[tokio::test]
async fn the_schedule_polls_due_sources_and_reaches_no_private_address() {
    let stack = Stack::new().await;
    let (poll, store) = (stack.poll().await, stack.archive.store());
    let scheduled = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    assert_eq!(invoke(&poll, scheduled.clone()).await, json!({"polled": 0, "failed": 0, "ingested": 0}));
    let settings =
        SourceSettings::new("http://169.254.169.254/latest/meta-data/".to_owned()).checked().expect("valid settings");
    let mut source = Source::new(settings, Instant::now());
    assert!(source.add(store).await.expect("added"));
    assert_eq!(invoke(&poll, scheduled.clone()).await, json!({"polled": 1, "failed": 1, "ingested": 0}));
    let polled = Source::read(store.record(RecordKind::Source, &source.id).await.expect("read").expect("a record"))
        .expect("a source");
    assert_eq!(polled.health.last_error.map(|error| error.code).as_deref(), Some("refused_address"));
    assert_eq!(invoke(&poll, scheduled).await["polled"], 0, "the next poll is postponed");
}

/// Waits until a function has printed at least `count` of the wanted lines, and returns them.
async fn printed(function: &Function, count: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    for _ in 0..100 {
        let lines = function.output().into_iter().filter_map(|line| serde_json::from_str(&line).ok());
        let lines: Vec<Value> = lines.filter(&wanted).collect();
        if lines.len() >= count {
            return lines;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("fewer than {count} such lines in {:#?}", function.output());
}

fn is_metric(line: &Value) -> bool {
    line.get("_aws").is_some()
}

#[tokio::test]
async fn a_request_id_runs_from_the_gateway_and_the_queue_to_the_log_and_the_revision() {
    let stack = Stack::new().await;
    let (api, ingest) = (stack.api().await, stack.ingest().await);
    let request = sample("api-post-article");
    let gateway_id = request["requestContext"]["requestId"].clone();
    let posted = invoke(&api, request).await;
    assert_eq!(posted["headers"]["x-request-id"], gateway_id);
    let lines = printed(&api, 1, |line| line["message"] == "request completed").await;
    assert_eq!(lines[0]["request_id"], gateway_id);
    // The runtime's span names the trace, in which X-Ray shows the invocation.
    let spans = lines[0]["spans"].as_array().expect("spans");
    assert!(spans.iter().any(|span| span["xrayTraceId"].as_str().is_some_and(|id| id.contains("Root="))), "{spans:?}");

    let body = json!({"key": "quay.txt", "content": "Quay closes\n\nLISBON: The quay closed on Monday."}).to_string();
    let record = json!({"eventSource": "aws:sqs", "messageId": "message-1", "body": body});
    invoke(&ingest, json!({"Records": [record]})).await;
    let lines = printed(&ingest, 1, |line| line["message"] == "document ingested").await;
    assert_eq!(lines[0]["spans"].as_array().expect("spans").last().expect("a span")["request_id"], "message-1");

    for (id, expected) in [(&json_body(&posted)["id"], &gateway_id), (&lines[0]["article"], &json!("message-1"))] {
        let path = format!("/v1/articles/{}/revisions", id.as_str().expect("an id"));
        let revisions = json_body(&invoke(&api, event("GET", &path, "", None)).await);
        assert_eq!(&revisions["revisions"][0]["request_id"], expected);
    }
}

#[tokio::test]
async fn metrics_are_published_by_what_was_done_and_by_idle_functions_not_at_all() {
    let mut stack = Stack::new().await;
    stack.environment.push(("DATELINE_METRICS", "prod".to_owned()));
    let (api, ingest, poll) = (stack.api().await, stack.ingest().await, stack.poll().await);
    invoke(&ingest, sample("seeds")).await;
    invoke(&ingest, sample("seeds")).await;
    let lines = printed(&ingest, 2, is_metric).await;
    let (first, again) = (&lines[0], &lines[1]);
    assert!(first["Created"].as_u64().is_some_and(|created| created > 20) && again["Created"].is_null(), "{lines:?}");
    assert!(again["Unchanged"].as_u64().is_some_and(|unchanged| unchanged > 20), "{again}");
    assert!(first["WriteUnits"].as_f64().is_some_and(|units| units > 100.0) && again["WriteUnits"].is_null());
    invoke(&api, sample("api-get-articles")).await;
    invoke(&api, event("GET", "/v1/articles/short", "", None)).await;
    let lines = printed(&api, 2, is_metric).await;
    assert_eq!((&lines[0]["Succeeded"], &lines[1]["Refused"]), (&json!(1), &json!(1)));
    assert!(
        lines[0]["Milliseconds"].as_f64().is_some_and(|time| time > 0.0) && lines[0]["ReadUnits"].as_f64() > Some(0.0)
    );
    let directive = &lines[0]["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(
        (&directive["Namespace"], &directive["Dimensions"]),
        (&json!("Dateline"), &json!([["Stage", "Function"]]))
    );
    assert_eq!((&lines[0]["Stage"], &lines[0]["Function"]), (&json!("prod"), &json!("api")));
    // Each metric that is named has a value in the same line.
    for metric in directive["Metrics"].as_array().expect("metrics") {
        assert!(lines[0][metric["Name"].as_str().expect("a name")].is_number(), "{metric}");
    }
    invoke(&poll, json!({"source": "aws.events"})).await;
    invoke(&poll, json!({"source": "aws.events"})).await;
    assert!(!poll.output().iter().any(|line| line.contains("_aws")), "{:?}", poll.output());
}

#[test]
fn the_dashboard_shows_every_metric_that_the_functions_publish() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/monitoring.yaml");
    let template = std::fs::read_to_string(path).expect("the template");
    let row = format!("[\"{}\", \"", dateline::lambda::NAMESPACE);
    let mut shown: Vec<(&str, &str)> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix(&row))
        .map(|rest| {
            let names: Vec<&str> = rest.split('"').collect();
            // Name, "Stage", its value, "Function", its value.
            (names[8], names[0])
        })
        .collect();
    let published = dateline::lambda::PUBLISHED.iter();
    let mut published: Vec<_> =
        published.flat_map(|(function, names)| names.iter().map(|name| (*function, *name))).collect();
    shown.sort_unstable();
    shown.dedup();
    published.sort_unstable();
    assert_eq!(shown, published);
}
