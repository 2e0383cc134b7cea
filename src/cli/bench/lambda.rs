//! `dateline bench lambda`: the built functions beside a bare one, against the embedded engine over loopback, with and
//! without TLS. Every figure is the median over several starts, taken in turns, so that a busy moment hits all alike.

use super::{engine, measure, measure::quantile, runtime::Function};
use crate::{
    archive::Archive,
    archive::seeds::seeds,
    article::Instant,
    cli::{Failure, say},
    store::embedded,
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

const BUILD: &str = "cargo build --release --no-default-features --features lambda --config infra/lambda.toml \
                     --bins --example bare --target-dir target/lambda";

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Where the functions are, built as for Lambda
    #[arg(long, value_name = "DIR", default_value = "target/lambda/release")]
    functions: PathBuf,
    /// How often each function is started
    #[arg(long, default_value_t = 7)]
    starts: usize,
    /// How many warm requests each start gets
    #[arg(long, default_value_t = 200)]
    requests: usize,
}

/// What one start of a function showed.
#[derive(Default)]
struct Run {
    init: Duration,
    first: Duration,
    warm: Vec<Duration>,
    cpu: Duration,
    peak_bytes: u64,
}

pub async fn run(options: &Options) -> Result<(), Failure> {
    let binary = |name: &str| options.functions.join(name);
    let (api, ingest, bare) = (binary("api"), binary("ingest"), binary("examples/bare"));
    if let Some(missing) = [&api, &ingest, &bare].into_iter().find(|it| !it.is_file()) {
        return Err(Failure::Other(format!("{} is not there; build it with\n  {BUILD}", missing.display())));
    }
    let (store, database) = embedded::memory().await?;
    let id = fill(&Archive::new(store)).await?;
    let folder = std::env::temp_dir().join(format!("dateline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(Failure::io("a temporary folder"))?;
    let certificate = folder.join("certificate.pem");
    let plain = engine::serve(database.clone(), engine::ANY_PORT).await?;
    let tls = engine::serve_tls(database, &certificate).await?;
    say(format_args!("medians of {} starts, {} warm requests each", options.starts, options.requests));
    say(format_args!(
        "{:28} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "", "init ms", "first", "p50", "p99", "CPU", "peak MB"
    ));
    for (transport, endpoint) in [("plain", &plain), ("TLS", &tls)] {
        let environment = environment(endpoint, &folder, &certificate);
        let list = event("GET", "/v1/articles", "limit=20", None);
        let one = event("GET", &format!("/v1/articles/{id}"), "", None);
        for (what, event) in [("list", &list), ("article", &one)] {
            let mut runs: [Vec<Run>; 2] = Default::default();
            for _ in 0..options.starts {
                for (runs, binary) in runs.iter_mut().zip([&bare, &api]) {
                    runs.push(start(binary, &environment, |_| event.clone(), options.requests).await?);
                }
            }
            let [bare, api] = runs.map(|it| Summary::of(&it));
            bare.print(&format!("bare {what}, {transport}"));
            api.print(&format!("api {what}, {transport}"));
            say(format_args!(
                "{:28} {:>8.2} {:>8.2} {:>8.2}",
                "  times bare",
                api.init / bare.init,
                api.first / bare.first,
                api.p50 / bare.p50
            ));
        }
        let mut runs = Vec::new();
        for round in 0..options.starts {
            runs.push(start(&ingest, &environment, |at| message(round, at), options.requests.min(50)).await?);
        }
        Summary::of(&runs).print(&format!("ingest message, {transport}"));
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

async fn fill(archive: &Archive) -> Result<String, Failure> {
    let mut id = String::new();
    for document in seeds(Instant::now()).into_iter().filter_map(|it| it.document.ok()) {
        if let Some(Ok(ingested)) = archive.take(document).await.pop().map(|it| it.ingested) {
            id = ingested.id.to_string();
        }
    }
    Ok(id)
}

/// What the template tells a function.
fn environment(endpoint: &str, objects: &Path, certificate: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("DATELINE_TABLE", embedded::TABLE.to_owned()),
        ("DATELINE_OBJECTS", format!("file://{}", objects.display())),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "key".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.to_owned()),
        ("AWS_CA_BUNDLE", certificate.display().to_string()),
    ]
}

/// A request as API Gateway sends it, payload format 2.0.
pub fn event(method: &str, path: &str, query: &str, body: Option<(&str, &str)>) -> Value {
    let mut headers = json!({"host": "api.example", "accept": "application/json"});
    if let Some((media_type, _)) = body {
        headers["content-type"] = json!(media_type);
    }
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example",
            "domainPrefix": "api",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"},
            "requestId": "request",
            "routeKey": "$default",
            "stage": "$default",
            "time": "02/Mar/2026:08:15:30 +0000",
            "timeEpoch": 1_772_439_330_000_u64,
        },
        "body": body.map(|(_, it)| it),
        "isBase64Encoded": false,
    })
}

/// A batch of one message, with a document that is new each time.
fn message(round: usize, at: usize) -> Value {
    let content =
        format!("Bridge {round}-{at} reopens\n\nLISBON: The bridge carried its first trams again on Monday.\n");
    let body = json!({"key": format!("{round}/{at}"), "media_type": "text/plain", "content": content}).to_string();
    json!({"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": body, "attributes": {}, "messageAttributes": {}}]})
}

async fn start(
    binary: &Path,
    environment: &[(&str, String)],
    event: impl Fn(usize) -> Value,
    requests: usize,
) -> Result<Run, Failure> {
    let mut function = Function::start(binary, environment).await?;
    let mut run = Run { init: function.ready().await?, ..Run::default() };
    run.first = timed(&function, event(0)).await?;
    let before = cpu(&function);
    for at in 1..=requests {
        run.warm.push(timed(&function, event(at)).await?);
    }
    run.cpu = cpu(&function).saturating_sub(before) / u32::try_from(requests.max(1)).unwrap_or(1);
    run.peak_bytes = measure::peak_bytes(function.process_id());
    Ok(run)
}

async fn timed(function: &Function, event: Value) -> Result<Duration, Failure> {
    let begun = std::time::Instant::now();
    let answer = function.invoke(event).await?;
    let took = begun.elapsed();
    let refused = |it: &Value| it["statusCode"].as_u64().is_some_and(|status| status != 200);
    let failed = |it: &Value| it["batchItemFailures"].as_array().is_some_and(|it| !it.is_empty());
    match answer {
        Ok(it) if !refused(&it) && !failed(&it) => Ok(took),
        Ok(it) | Err(it) => Err(Failure::Other(format!("the function answered {it}"))),
    }
}

/// User and system time of the process, fields 14 and 15 of proc(5)'s `stat`, in ticks of a hundredth of a second.
fn cpu(function: &Function) -> Duration {
    let stat = measure::proc_file(function.process_id(), "stat");
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name.split(' ').skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Milliseconds and megabytes.
struct Summary {
    init: f64,
    first: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    peak: f64,
}

impl Summary {
    fn of(runs: &[Run]) -> Self {
        let milliseconds = |it: Duration| it.as_secs_f64() * 1000.0;
        let warm: Vec<f64> = runs.iter().flat_map(|it| &it.warm).map(|it| milliseconds(*it)).collect();
        Self {
            init: quantile(runs.iter().map(|it| milliseconds(it.init)).collect(), 0.5),
            first: quantile(runs.iter().map(|it| milliseconds(it.first)).collect(), 0.5),
            p50: quantile(warm.clone(), 0.5),
            p99: quantile(warm, 0.99),
            cpu: quantile(runs.iter().map(|it| milliseconds(it.cpu)).collect(), 0.5),
            peak: quantile(runs.iter().map(|it| it.peak_bytes as f64 / 1e6).collect(), 0.5),
        }
    }

    fn print(&self, name: &str) {
        let Self { init, first, p50, p99, cpu, peak } = self;
        say(format_args!("{name:28} {init:>8.2} {first:>8.2} {p50:>8.2} {p99:>8.2} {cpu:>8.2} {peak:>8.1}"));
    }
}
