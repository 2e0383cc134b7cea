//! Least privilege: the policy of each function in the template grants exactly the actions that its code needs. A proxy
//! records the calls of every part of the function. Moto's server replaces AWS (`DATELINE_TEST_MOTO`, set by
//! `tests/run`).

use crate::support::{
    Server,
    mock_server::{Act, MockServer, answer},
    read_by_earlier_rules, request, story,
};
use axum::{Router, body::Bytes, extract::State, response::IntoResponse};
use dateline::{
    access::{Policy, Scope, api_keys},
    archive::{Archive, Deletion, IngestError, IngestReport},
    article::{ArticleId, Instant},
    config::Config,
    fetch::{AddressPolicy, Fetcher},
    lambda,
    reading::ReadError,
    search::indexer::Indexer,
    sources::{Source, SourceSettings, poll::Poller},
    store::{ArticleRecord, RecordKind, Store, aws},
    webhooks::deliver::Deliverer,
};
use http::{HeaderMap, Method, StatusCode, Uri};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};
use yaml_rust2::{Yaml, YamlLoader};

/// An action and its resource.
type Permission = (String, String);

const BUCKET: &str = "dateline-permissions";
/// Permissions that Lambda itself needs: it reads the queue and the stream, and writes the log.
const LAMBDAS_OWN: [&str; 4] = ["sqs:", "logs:", "xray:", "Stream"];

/// A proxy that forwards every request and records the permissions that it needs.
#[derive(Clone)]
struct Recorder {
    endpoint: String,
    client: reqwest::Client,
    needed: Arc<Mutex<BTreeSet<Permission>>>,
}

impl Recorder {
    async fn begin(endpoint: String) -> (Self, String) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let recorder = Self { endpoint, client, needed: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(forward).with_state(recorder.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (recorder, format!("http://{address}"))
    }

    fn take(&self) -> BTreeSet<Permission> {
        std::mem::take(&mut *self.needed.lock().expect("no thread panicked"))
    }
}

async fn forward(
    State(recorder): State<Recorder>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let mut request = recorder.client.request(method.clone(), format!("{}{uri}", recorder.endpoint)).body(body.clone());
    for (name, value) in headers.iter().filter(|header| !matches!(header.0.as_str(), "host" | "content-length")) {
        request = request.header(name, value);
    }
    let answered = request.send().await.expect("moto answers");
    let (status, mut response_headers) = (answered.status(), answered.headers().clone());
    response_headers.remove(http::header::TRANSFER_ENCODING);
    let needed = match headers.get("x-amz-target").and_then(|header| header.to_str().ok()) {
        Some(target) => table_permissions(target, &body),
        None => bucket_permissions(&method, &uri, &body, status),
    };
    recorder.needed.lock().expect("no thread panicked").extend(needed);
    (status, response_headers, answered.bytes().await.expect("a body"))
}

/// Returns the permissions that a DynamoDB call needs: a transaction needs those of the actions inside it.
fn table_permissions(target: &str, body: &[u8]) -> Vec<Permission> {
    let call = target.rsplit('.').next().unwrap_or_default();
    let table = |action: &str| (format!("dynamodb:{action}"), "ArticlesTable.Arn".to_owned());
    if call != "TransactWriteItems" {
        return vec![table(call)];
    }
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let actions = body["TransactItems"].as_array().expect("actions").iter();
    let names = actions.flat_map(|action| action.as_object().expect("an action").keys());
    names.map(|name| table(&format!("{name}Item"))).collect()
}

fn bucket_permissions(method: &Method, uri: &Uri, body: &[u8], status: StatusCode) -> Vec<Permission> {
    let path = uri.path().trim_start_matches('/');
    let key = path.strip_prefix(BUCKET).expect("the archive's bucket").trim_start_matches('/');
    let list_bucket = || ("s3:ListBucket".to_owned(), "RawBucket.Arn".to_owned());
    let within = |key: &str| format!("${{RawBucket.Arn}}/{}/*", key.split('/').next().unwrap_or_default());
    if key.is_empty() && *method == Method::POST {
        // One request deletes several objects, and needs the permission to delete each.
        let body = String::from_utf8_lossy(body);
        let keys = body.split("<Key>").skip(1).filter_map(|part| part.split("</Key>").next());
        return keys.map(|key| ("s3:DeleteObject".to_owned(), within(key))).collect();
    }
    if key.is_empty() {
        return vec![list_bucket()];
    }
    let action = match *method {
        Method::GET | Method::HEAD => "s3:GetObject",
        Method::PUT | Method::POST => "s3:PutObject",
        Method::DELETE => "s3:DeleteObject",
        _ => panic!("{method} {uri}"),
    };
    let mut needed = vec![(action.to_owned(), within(key))];
    // Without `s3:ListBucket`, S3 answers 403 for a missing object. For the index, the code needs the 404.
    if status == StatusCode::NOT_FOUND && key.starts_with("index/") {
        needed.push(list_bucket());
    }
    needed
}

/// Returns the permissions that a role's policy grants.
fn granted(role: &str) -> BTreeSet<Permission> {
    let template =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml")).expect("the template");
    let template = YamlLoader::load_from_str(&template).expect("YAML");
    let policy = &template[0]["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let texts = |yaml: &Yaml| -> Vec<String> {
        let single = yaml.as_str().map(str::to_owned);
        let list = yaml.as_vec().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned));
        single.into_iter().chain(list).collect()
    };
    let mut granted = BTreeSet::new();
    for statement in policy.as_vec().expect("statements") {
        for resource in texts(&statement["Resource"]) {
            for action in texts(&statement["Action"]) {
                granted.insert((action, resource.clone()));
            }
        }
    }
    granted
        .retain(|(action, resource)| !LAMBDAS_OWN.iter().any(|own| action.starts_with(own) || resource.contains(own)));
    granted
}

struct Stage {
    recorder: Recorder,
    store: Store,
    archive: Archive,
    server: Server,
}

impl Stage {
    async fn new() -> Option<Self> {
        let Ok(endpoint) = std::env::var("DATELINE_TEST_MOTO") else {
            eprintln!("DATELINE_TEST_MOTO is not set: permissions are not compared with calls");
            return None;
        };
        let (recorder, address) = Recorder::begin(endpoint.clone()).await;
        recorder.client.put(format!("{endpoint}/{BUCKET}")).send().await.expect("the bucket is created");
        let config = Config {
            table: Some(format!("dateline-permissions-{}", std::process::id())),
            objects: Some(format!("s3://{BUCKET}")),
            table_endpoint: Some(address.clone()),
            objects_endpoint: Some(address),
            region: Some("us-east-1".to_owned()),
            access_key_id: Some("permissions".to_owned()),
            secret_access_key: Some("permissions".to_owned()),
            ..Config::default()
        };
        let store = aws::open(&config).expect("the settings are complete");
        let table = aws::table(&config).expect("the settings are complete");
        table.create().await.expect("the table is created");
        recorder.take();
        let server = Server::on(store.clone(), Policy::OPEN);
        Some(Self { recorder, archive: Archive::new(store.clone()), store, server })
    }

    /// Runs work of the test itself without recording its permissions.
    async fn unrecorded<T>(&self, work: impl Future<Output = T>) -> T {
        let before = self.recorder.take();
        let output = work.await;
        *self.recorder.needed.lock().expect("no thread panicked") = before;
        output
    }

    /// Compares the permissions needed since the last comparison with those that the role grants.
    fn compare(&self, role: &str) {
        let (needed, granted) = (self.recorder.take(), granted(role));
        let missing: Vec<_> = needed.difference(&granted).collect();
        let unused: Vec<_> = granted.difference(&needed).collect();
        assert!(missing.is_empty() && unused.is_empty(), "{role}: missing {missing:?}, unused {unused:?}");
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.server.get(path).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Value {
        let headers = [("content-type", "application/json"), ("idempotency-key", path)];
        let headers = if path == "/v1/articles" { &headers[..] } else { &headers[..1] };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.server.call(request(method, path, headers, body.into())).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Stores a failure, as earlier rules might have left it.
    async fn failure(&self, key: &str) {
        let reports = [IngestReport { entry: None, ingested: Err(IngestError::Unreadable(ReadError::NothingToRead)) }];
        let document = story(key, "Ferry returns", "LISBON");
        self.archive.keep_failed(document, false, &reports).await.expect("stored");
    }
}

fn event(payload: Value) -> LambdaEvent<Value> {
    let deadline = SystemTime::now() + Duration::from_secs(50);
    let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    let mut context = Context::default();
    context.deadline = u64::try_from(deadline).expect("a time");
    LambdaEvent::new(payload, context)
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_grant_exactly_what_the_code_needs() {
    let Some(stage) = Stage::new().await else { return };
    let local = || Fetcher::new(AddressPolicy::Private).expect("a fetcher");

    // Ingest: two copies of one text, a revision, a document that cannot be read, an upload, a reprocess request.
    let inbox = format!("{}/{BUCKET}/inbox/tram.txt", stage.recorder.endpoint);
    let uploaded = "Tram stops\n\nLISBON: The harbour tram stopped on Monday after a year.";
    stage.recorder.client.put(inbox).body(uploaded).send().await.expect("uploaded");
    let message = |content: &str| {
        let body = json!({"key": "k", "content": content}).to_string();
        json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": body}]})
    };
    let sample = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/infra/events/s3-object-created.json"));
    let mut upload: Value = serde_json::from_str(&sample.expect("a sample")).expect("JSON");
    upload["Records"][0]["s3"]["bucket"]["name"] = json!(BUCKET);
    upload["Records"][0]["s3"]["object"]["key"] = json!("inbox/tram.txt");
    let long: String = (0..60).map(|number| format!("word{number} ")).collect();
    let metrics = lambda::Metrics::new(&Config::default(), "ingest", &stage.store);
    let copy = |key: &str| {
        let body = json!({"key": key, "content": format!("Quay {key}\n\nLISBON: {long}")}).to_string();
        json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": body}]})
    };
    for payload in [
        // Two near-duplicates, which the indexer joins to one story.
        copy("a"),
        copy("b"),
        message("Pier closes\n\nLISBON: The old pier closed on Monday."),
        message("Pier opens\n\nPARIS: The old pier opened again on Tuesday."),
        message(""),
        upload.clone(),
    ] {
        lambda::handle(&stage.archive, &metrics, event(payload)).await.expect("no error");
    }
    let article = ArticleId::of_identity("key::k");
    lambda::handle(&stage.archive, &metrics, event(json!({"reprocess": [article]}))).await.expect("no error");
    stage.compare("IngestRole");

    // Polling: a feed that is new, then changed, with an entry that cannot be read; articles of earlier rules; a source
    // that fails.
    let (mock, address) = MockServer::begin().await;
    let feed = |headline: &str| {
        format!(
            "<rss version='2.0'><channel><item><guid>1</guid><title>{headline}</title><description>LISBON: {long}\
             </description></item><item><guid>2</guid><title>Copy</title><description>PARIS: {long}</description></item>\
             <item><guid>3</guid></item></channel></rss>"
        )
    };
    for path in ["/a.xml", "/gone.xml"] {
        let mut source = Source::new(SourceSettings::new(format!("http://{address}{path}")), Instant::now());
        source.add(&stage.store).await.expect("added");
    }
    stage.recorder.take();
    let poller = Poller::new(stage.archive.clone(), local(), Duration::from_millis(1));
    for (etag, headline) in [("\"1\"", "Tram returns"), ("\"2\"", "Tram moves")] {
        mock.set("/a.xml", Act::Feed(etag.to_owned(), feed(headline).into_bytes()));
        stage.unrecorded(make_due_and_outdated(&stage)).await;
        lambda::poll(&poller, &metrics, event(json!({}))).await.expect("no error");
    }
    stage.compare("PollRole");

    // Notifying.
    mock.set("/hook", answer("200 OK", &[], ""));
    stage.send("POST", "/v1/webhooks", json!({"url": format!("http://{address}/hook")})).await;
    stage.archive.ingest(story("n.txt", "Bridge opens", "LISBON")).await.expect("archived");
    stage.recorder.take();
    let deliverer = Deliverer::new(stage.store.clone(), local());
    let notified = lambda::notify(&deliverer, &metrics, event(json!({}))).await.expect("no error");
    assert_eq!(notified["delivered"], 1);
    stage.compare("NotifyRole");

    // Authorising.
    let valid = api_keys::create(&stage.store, "a reader", [Scope::Read].into(), Instant::now())
        .await
        .expect("a key is created");
    stage.recorder.take();
    let authorizer_event = |key: &str| {
        json!({
            "rawPath": "/v1/articles", "headers": {"authorization": format!("Bearer {key}")},
            "requestContext": {"http": {"method": "GET"}},
        })
    };
    for (key, authorized) in [(valid.as_str(), true), ("dl_000000000000_x", false)] {
        let answer = lambda::authorize(&stage.archive, event(authorizer_event(key))).await.expect("no error");
        assert_eq!(answer, json!({"isAuthorized": authorized}));
    }
    let mut from_a_page = authorizer_event("");
    from_a_page["headers"] = json!({});
    from_a_page["cookies"] = json!(["theme=dark", format!("dateline_key={valid}")]);
    let answer = lambda::authorize(&stage.archive, event(from_a_page)).await.expect("no error");
    assert_eq!(answer, json!({"isAuthorized": true}));
    let refused =
        lambda::authorize(&stage.archive, event(json!({"colour": "red"}))).await.expect_err("not an authorizer event");
    assert_eq!(refused.error_type, "unknown_event");
    stage.compare("AuthorizeRole");

    // Indexing: new changes, a rebuild from scratch, and the deletion of files that no manifest names; a story of
    // copies, of which one is left, and the evidence of an article that its story has no room for.
    let indexer = Indexer::new(stage.store.clone()).with_grace(jiff::SignedDuration::ZERO);
    for (round, payload) in [json!({}), json!({"reindex": true}), json!({"reindex": true})].into_iter().enumerate() {
        lambda::index(&indexer, &metrics, event(payload)).await.expect("no error");
        if round == 0 {
            let stored = stage.unrecorded(leave_alone(&stage, &ArticleId::of_identity("key::a"))).await;
            stage.store.add_left_out(&stored, "story: it is full").await.expect("added");
        }
        // A bucket reports the age of an object in seconds.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    stage.compare("IndexRole");

    // The API: every operation.
    let id = stage.get("/v1/articles?limit=1&country=PT&fields=id").await["articles"][0]["id"].clone();
    let id = id.as_str().expect("an id");
    for path in [
        "/healthz",
        "/v1/articles?q=tram&sort=relevance&highlight=true",
        "/v1/articles?collapse=story&fields=headline,body",
        "/v1/articles?as_of=2099-01-01",
        "/v1/facets?field=country",
        "/v1/timeline?interval=month",
        "/v1/entities?prefix=a",
        "/v1/changes",
        "/v1/stories",
        "/v1/sources",
        "/v1/sources.opml",
    ] {
        stage.get(path).await;
    }
    for suffix in ["", "/evidence", "/raw", "/revisions", "/revisions/1", "/timemap", "/related"] {
        stage.get(&format!("/v1/articles/{id}{suffix}")).await;
    }
    stage.failure("one.txt").await;
    stage.failure("two.txt").await;
    let failures = stage.get("/v1/failures").await["failures"].clone();
    let failure = |index: usize| format!("/v1/failures/{}", failures[index]["id"].as_str().expect("an id"));
    stage.get(&format!("{}/raw", failure(0))).await;
    stage.send("POST", &format!("{}/retry", failure(0)), Value::Null).await;
    stage.send("DELETE", &failure(1), Value::Null).await;
    let posted =
        stage.send("POST", "/v1/articles", json!({"key": "p", "content": "Quay floods\n\nLISBON: It rose."})).await;
    let path = posted["location"].as_str().expect("a path").to_owned();
    for (method, suffix) in [("DELETE", ""), ("POST", "/restore"), ("DELETE", "?purge=true")] {
        stage.send(method, &format!("{path}{suffix}"), Value::Null).await;
    }
    let source =
        stage.send("POST", "/v1/sources", json!({"url": "https://gazette.example/feed", "paused": true})).await;
    let source = format!("/v1/sources/{}", source["id"].as_str().expect("an id"));
    stage.send("PATCH", &source, json!({"title": "Gazette"})).await;
    stage.send("POST", &format!("{source}/poll"), Value::Null).await;
    stage.send("DELETE", &source, Value::Null).await;
    let webhook = stage.get("/v1/webhooks").await["webhooks"][0]["id"].clone();
    let webhook = format!("/v1/webhooks/{}", webhook.as_str().expect("an id"));
    stage.send("PATCH", &webhook, json!({"enabled": true})).await;
    stage.send("DELETE", &webhook, Value::Null).await;
    // A text search also works without an index.
    stage.unrecorded(stage.store.objects().delete_index_file("manifest.json")).await.expect("deleted");
    assert!(Server::on(stage.store.clone(), Policy::OPEN).get("/v1/articles?q=tram").await.status.is_success());
    stage.compare("ApiRole");
}

/// Deletes the other members of an article's story.
async fn leave_alone(stage: &Stage, id: &ArticleId) -> ArticleRecord {
    let (_, story) = stage.store.resolve_story(id).await.expect("read");
    for member in story.expect("a story").members.iter().filter(|member| *member != id) {
        stage.archive.delete(member, &Deletion::default()).await.expect("deleted");
    }
    stage.store.article(id).await.expect("read").expect("stored")
}

/// Makes every source due, and revises its articles as earlier rules might have read them.
async fn make_due_and_outdated(stage: &Stage) {
    for mut source in Source::all(&stage.store).await.expect("read") {
        source.next_poll_at = Some(Instant::now());
        let record = source.to_record();
        stage.store.put_record(RecordKind::Source, source.record.as_ref(), &record).await.expect("put");
        for article in stage.server.walk(&format!("/v1/articles?source={}&fields=id", source.id)).await {
            let id = ArticleId::parse(article["id"].as_str().expect("an id")).expect("an id");
            read_by_earlier_rules(&stage.archive, &id).await;
        }
    }
}
