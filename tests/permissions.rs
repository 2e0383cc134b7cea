//! Each function may do what its code does, and nothing else: the calls are recorded while every part of it works, and
//! compared with its policy in the template. Moto's server plays AWS (`DATELINE_TEST_MOTO`, set by `tests/run`).

#[path = "support/play.rs"]
mod play;
mod support;

use axum::{Router, body::Bytes, extract::State, response::IntoResponse};
use dateline::{
    access::{Policy, Scope, key},
    archive::{Archive, IngestError, Taken},
    article::{ArticleId, Instant},
    lambda,
    reading::ReadError,
    search::indexer::Indexer,
    sources::{
        Settings as SourceSettings, Source,
        fetch::{Fetcher, Reach},
        poll::Poller,
    },
    store::{
        Kind, Store,
        aws::{self, Account, Settings},
    },
    webhooks::deliver::Deliverer,
};
use http::{HeaderMap, Method, StatusCode, Uri};
use lambda_runtime::{Context, LambdaEvent};
use play::{Act, Play, answer};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};
use support::{Server, read_by_earlier_rules, request, story};
use yaml_rust2::{Yaml, YamlLoader};

/// An action, and what it is done to.
type Permission = (String, String);

const BUCKET: &str = "dateline-permissions";
/// Done by Lambda itself: it takes from the queue and the stream, and writes the log.
const LAMBDAS_OWN: [&str; 3] = ["sqs:", "logs:", "Stream"];

/// Passes everything on, and knows what it needed.
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
        let router = Router::new().fallback(pass_on).with_state(recorder.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (recorder, format!("http://{address}"))
    }

    fn take(&self) -> BTreeSet<Permission> {
        std::mem::take(&mut *self.needed.lock().expect("no thread panicked"))
    }
}

async fn pass_on(
    State(recorder): State<Recorder>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let mut request = recorder.client.request(method.clone(), format!("{}{uri}", recorder.endpoint)).body(body.clone());
    for (name, value) in headers.iter().filter(|it| !matches!(it.0.as_str(), "host" | "content-length")) {
        request = request.header(name, value);
    }
    let answered = request.send().await.expect("moto answers");
    let (status, mut answered_headers) = (answered.status(), answered.headers().clone());
    answered_headers.remove(http::header::TRANSFER_ENCODING);
    let needed = match headers.get("x-amz-target").and_then(|it| it.to_str().ok()) {
        Some(target) => of_the_table(target, &body),
        None => of_the_bucket(&method, &uri, &body, status),
    };
    recorder.needed.lock().expect("no thread panicked").extend(needed);
    (status, answered_headers, answered.bytes().await.expect("a body"))
}

/// A transaction is permitted by the actions inside it.
fn of_the_table(target: &str, body: &[u8]) -> Vec<Permission> {
    let call = target.rsplit('.').next().unwrap_or_default();
    let table = |action: &str| (format!("dynamodb:{action}"), "ArticlesTable.Arn".to_owned());
    if call != "TransactWriteItems" {
        return vec![table(call)];
    }
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let actions = body["TransactItems"].as_array().expect("actions").iter();
    let names = actions.flat_map(|it| it.as_object().expect("an action").keys());
    names.map(|it| table(&format!("{it}Item"))).collect()
}

fn of_the_bucket(method: &Method, uri: &Uri, body: &[u8], status: StatusCode) -> Vec<Permission> {
    let path = uri.path().trim_start_matches('/');
    let key = path.strip_prefix(BUCKET).expect("the archive's bucket").trim_start_matches('/');
    let whole = || ("s3:ListBucket".to_owned(), "RawBucket.Arn".to_owned());
    let within = |key: &str| format!("${{RawBucket.Arn}}/{}/*", key.split('/').next().unwrap_or_default());
    if key.is_empty() && *method == Method::POST {
        // Several are deleted in one request, each by the permission to delete it.
        let body = String::from_utf8_lossy(body);
        let keys = body.split("<Key>").skip(1).filter_map(|it| it.split("</Key>").next());
        return keys.map(|it| ("s3:DeleteObject".to_owned(), within(it))).collect();
    }
    if key.is_empty() {
        return vec![whole()];
    }
    let action = match *method {
        Method::GET | Method::HEAD => "s3:GetObject",
        Method::PUT | Method::POST => "s3:PutObject",
        Method::DELETE => "s3:DeleteObject",
        _ => panic!("{method} {uri}"),
    };
    let mut needed = vec![(action.to_owned(), within(key))];
    // Whoever may not list is told 403 of what is not there. Of the index that must be told.
    if status == StatusCode::NOT_FOUND && key.starts_with("index/") {
        needed.push(whole());
    }
    needed
}

/// What a role's policy permits.
fn granted(role: &str) -> BTreeSet<Permission> {
    let template =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml")).expect("the template");
    let template = YamlLoader::load_from_str(&template).expect("YAML");
    let policy = &template[0]["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let texts = |it: &Yaml| -> Vec<String> {
        let one = it.as_str().map(str::to_owned);
        let many = it.as_vec().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned));
        one.into_iter().chain(many).collect()
    };
    let mut granted = BTreeSet::new();
    for statement in policy.as_vec().expect("statements") {
        for resource in texts(&statement["Resource"]) {
            for action in texts(&statement["Action"]) {
                granted.insert((action, resource.clone()));
            }
        }
    }
    granted.retain(|it| !LAMBDAS_OWN.iter().any(|own| it.0.starts_with(own) || it.1.contains(own)));
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
        recorder.client.put(format!("{endpoint}/{BUCKET}")).send().await.expect("a bucket is made");
        let account = Account {
            region: "us-east-1".to_owned(),
            credentials: aws_sdk_sqs::config::Credentials::from_keys("permissions", "permissions", None),
            ca_bundle: None,
            system_roots: false,
        };
        let settings = Settings {
            table: format!("dateline-permissions-{}", std::process::id()),
            objects: format!("s3://{BUCKET}"),
            table_endpoint: Some(address.clone()),
            objects_endpoint: Some(address),
            account,
        };
        let store = aws::open(&settings).expect("the settings are complete");
        store.create_table().await.expect("the table is made");
        recorder.take();
        let server = Server::on(store.clone(), Policy::OPEN);
        Some(Self { recorder, archive: Archive::new(store.clone()), store, server })
    }

    /// What only the test does is nobody's need.
    async fn aside<T>(&self, work: impl Future<Output = T>) -> T {
        let before = self.recorder.take();
        let done = work.await;
        *self.recorder.needed.lock().expect("no thread panicked") = before;
        done
    }

    /// What the code needed since the last time, against what the role may.
    fn compare(&self, role: &str) {
        let (needed, granted) = (self.recorder.take(), granted(role));
        let missing: Vec<_> = needed.difference(&granted).collect();
        let spare: Vec<_> = granted.difference(&needed).collect();
        assert!(missing.is_empty() && spare.is_empty(), "{role}: missing {missing:?}, never needed {spare:?}");
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

    /// As older rules might have failed.
    async fn failure(&self, key: &str) {
        let taken = [Taken { entry: None, ingested: Err(IngestError::Unreadable(ReadError::NothingToRead)) }];
        let document = story(key, "Ferry returns", "LISBON");
        self.archive.keep_failed(document, false, &taken).await.expect("kept");
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
async fn policies_are_what_the_code_calls() {
    let Some(stage) = Stage::new().await else { return };
    let local = || Fetcher::new(Reach::Private).expect("a fetcher");

    // Ingest: two copies of one story, a revision, a document that cannot be read, an upload, a feed.
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
    let long: String = (0..60).map(|it| format!("word{it} ")).collect();
    let copy = |key: &str| {
        let body = json!({"key": key, "content": format!("Quay {key}\n\nLISBON: {long}")}).to_string();
        json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": body}]})
    };
    for payload in [
        // Two that are one story.
        copy("a"),
        copy("b"),
        message("Pier closes\n\nLISBON: The old pier closed on Monday."),
        message("Pier opens\n\nPARIS: The old pier opened again on Tuesday."),
        message(""),
        upload.clone(),
    ] {
        lambda::handle(&stage.archive, event(payload)).await.expect("no error");
    }
    let reread = ArticleId::of_identity("key::k");
    lambda::handle(&stage.archive, event(json!({"reread": [reread]}))).await.expect("no error");
    stage.compare("IngestRole");

    // Polling: a feed that is new, changes, and holds what cannot be read; pages; a source that fails.
    let (play, address) = Play::begin().await;
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
        play.set("/a.xml", Act::Feed(etag.to_owned(), feed(headline).into_bytes()));
        stage.aside(due_and_old(&stage)).await;
        lambda::poll(&poller, event(json!({}))).await.expect("no error");
    }
    stage.compare("PollRole");

    // Notifying.
    play.set("/hook", answer("200 OK", &[], ""));
    stage.send("POST", "/v1/webhooks", json!({"url": format!("http://{address}/hook")})).await;
    stage.archive.ingest(story("n.txt", "Bridge opens", "LISBON")).await.expect("archived");
    stage.recorder.take();
    let deliverer = Deliverer::new(stage.store.clone(), local());
    let told = lambda::notify(&deliverer, event(json!({}))).await.expect("no error");
    assert_eq!(told["delivered"], 1);
    stage.compare("NotifyRole");

    // Authorising.
    let made = key::create(&stage.store, "a reader", [Scope::Read].into(), Instant::now()).await.expect("made");
    stage.recorder.take();
    let asked = |key: &str| {
        json!({
            "rawPath": "/v1/articles", "headers": {"authorization": format!("Bearer {key}")},
            "requestContext": {"http": {"method": "GET"}},
        })
    };
    for (key, may) in [(made.as_str(), true), ("dl_000000000000_x", false)] {
        let answer = lambda::authorize(&stage.archive, event(asked(key))).await.expect("no error");
        assert_eq!(answer, json!({"isAuthorized": may}));
    }
    let refused = lambda::authorize(&stage.archive, event(json!({"colour": "red"}))).await.expect_err("no request");
    assert_eq!(refused.error_type, "unknown_event");
    stage.compare("AuthorizeRole");

    // Indexing: what is new, everything anew, and the files that no manifest names.
    let indexer = Indexer::new(stage.store.clone()).with_grace(jiff::SignedDuration::ZERO);
    for payload in [json!({}), json!({"reindex": true}), json!({"reindex": true})] {
        lambda::index(&indexer, event(payload)).await.expect("no error");
        // A bucket tells the age of a file in seconds.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    stage.compare("IndexRole");

    // The API: everything that it answers.
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
    for of in ["", "/evidence", "/raw", "/revisions", "/revisions/1", "/timemap", "/related"] {
        stage.get(&format!("/v1/articles/{id}{of}")).await;
    }
    stage.failure("one.txt").await;
    stage.failure("two.txt").await;
    let failures = stage.get("/v1/failures").await["failures"].clone();
    let failure = |at: usize| format!("/v1/failures/{}", failures[at]["id"].as_str().expect("an id"));
    stage.get(&format!("{}/raw", failure(0))).await;
    stage.send("POST", &format!("{}/retry", failure(0)), Value::Null).await;
    stage.send("DELETE", &failure(1), Value::Null).await;
    let posted =
        stage.send("POST", "/v1/articles", json!({"key": "p", "content": "Quay floods\n\nLISBON: It rose."})).await;
    let path = posted["location"].as_str().expect("a path").to_owned();
    for (method, of) in [("DELETE", ""), ("POST", "/restore"), ("DELETE", "?purge=true")] {
        stage.send(method, &format!("{path}{of}"), Value::Null).await;
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
    // Before there is an index, texts are searched too.
    stage.aside(stage.store.objects().delete_index_file("manifest.json")).await.expect("deleted");
    assert!(Server::on(stage.store.clone(), Policy::OPEN).get("/v1/articles?q=tram").await.status.is_success());
    stage.compare("ApiRole");
}

/// Every source due, and its articles as earlier rules might have read them.
async fn due_and_old(stage: &Stage) {
    for mut source in Source::all(&stage.store).await.expect("read") {
        source.next_poll_at = Some(Instant::now());
        let record = source.to_record();
        stage.store.put_record(Kind::Source, source.record.as_ref(), &record).await.expect("put");
        for article in stage.server.walk(&format!("/v1/articles?source={}&fields=id", source.id)).await {
            let id = ArticleId::parse(article["id"].as_str().expect("an id")).expect("an id");
            read_by_earlier_rules(&stage.archive, &id).await;
        }
    }
}
