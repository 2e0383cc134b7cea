//! `dateline-bench lambda`: compares the built functions with a bare one, against a DynamoDB endpoint on loopback,
//! with and without TLS. Every figure is the median over several starts. The functions take turns, so that a load spike
//! affects all of them equally.

use crate::{
    dynamodb_endpoint, measure,
    measure::quantile,
    runtime::{Function, event},
    tls_endpoint,
};
use clap::Args;
use dateline::{archive::Archive, archive::seeds::seeds, article::Instant, cli::CommandError, store::aws};
use dynoxide::Database;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

const BUILD: &str = "cargo build --release --no-default-features --features lambda --config infra/lambda.toml \
                     --bins --example bare --target-dir target/lambda";

#[derive(Clone, Debug, Args)]
pub struct LambdaOptions {
    /// Folder of the functions, built as for Lambda
    #[arg(long, value_name = "DIR", default_value = "target/lambda/release")]
    functions: PathBuf,
    /// Number of starts per function
    #[arg(long, default_value_t = 7)]
    starts: usize,
    /// Number of warm requests per start
    #[arg(long, default_value_t = 200)]
    requests: usize,
}

/// Measurements of one start of a function.
#[derive(Default)]
struct Run {
    init: Duration,
    first: Duration,
    warm: Vec<Duration>,
    cpu: Duration,
    peak_bytes: u64,
}

pub async fn run(options: &LambdaOptions) -> Result<(), CommandError> {
    let binary = |name: &str| options.functions.join(name);
    let (api, ingest, bare) = (binary("api"), binary("ingest"), binary("examples/bare"));
    if let Some(missing) = [&api, &ingest, &bare].into_iter().find(|path| !path.is_file()) {
        return Err(CommandError::Other(format!("{} not found; build it with\n  {BUILD}", missing.display())));
    }
    let folder = std::env::temp_dir().join(format!("dateline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(CommandError::io("a temporary folder"))?;
    let certificate = folder.join("certificate.pem");
    let engine = Database::memory().map_err(|error| CommandError::Other(error.to_string()))?;
    let plain = dynamodb_endpoint::serve(engine.clone()).await.map_err(CommandError::io("the endpoint"))?;
    let tls = tls_endpoint::serve(engine, &certificate).await?;
    let config = dynamodb_endpoint::config(&plain, &folder);
    let table = aws::table(&config)?;
    table.create().await?;
    let id = fill(&Archive::new(aws::open(&config)?)).await?;
    println!("medians of {} starts, {} warm requests each", options.starts, options.requests);
    println!("{:28} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}", "", "init ms", "first", "p50", "p99", "CPU", "peak MB");
    for (transport, endpoint) in [("plain", &plain), ("TLS", &tls)] {
        let environment = environment(endpoint, &folder, &certificate);
        let list = event("GET", "/v1/articles", "limit=20", None);
        let article = event("GET", &format!("/v1/articles/{id}"), "", None);
        let tool = tool_call(&id);
        // A tool reads the same article, so it is compared with the same request to the bare function.
        for (what, of_bare, of_api) in
            [("list", &list, &list), ("article", &article, &article), ("tool", &article, &tool)]
        {
            let mut runs: [Vec<Run>; 2] = Default::default();
            for _ in 0..options.starts {
                for (runs, (binary, event)) in runs.iter_mut().zip([(&bare, of_bare), (&api, of_api)]) {
                    runs.push(start(binary, &environment, |_| event.clone(), options.requests).await?);
                }
            }
            let [bare, api] = runs.map(|run| Summary::of(&run));
            bare.print(&format!("bare {what}, {transport}"));
            api.print(&format!("api {what}, {transport}"));
            println!(
                "{:28} {:>8.2} {:>8.2} {:>8.2}",
                "  ratio to bare",
                api.init / bare.init,
                api.first / bare.first,
                api.p50 / bare.p50
            );
        }
        let mut runs = Vec::new();
        for round in 0..options.starts {
            runs.push(
                start(&ingest, &environment, |at| message(transport, round, at), options.requests.min(50)).await?,
            );
        }
        Summary::of(&runs).print(&format!("ingest message, {transport}"));
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

/// Returns an agent's call of a tool.
fn tool_call(id: &str) -> Value {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "get_article", "arguments": {"id": id}}});
    let mut event = event("POST", "/mcp", "", Some(("application/json", &call.to_string())));
    event["headers"]["accept"] = json!("application/json, text/event-stream");
    event["headers"]["mcp-protocol-version"] = json!("2025-11-25");
    event
}

async fn fill(archive: &Archive) -> Result<String, CommandError> {
    let mut id = String::new();
    for document in seeds(Instant::now()).into_iter().filter_map(|seed| seed.document.ok()) {
        if let Some(Ok(ingested)) = archive.ingest_all(document).await.pop().map(|report| report.ingested) {
            id = ingested.id.to_string();
        }
    }
    Ok(id)
}

/// Returns the environment variables that the template sets for a function.
fn environment(endpoint: &str, objects: &Path, certificate: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("DATELINE_TABLE", dynamodb_endpoint::TABLE.to_owned()),
        ("DATELINE_OBJECTS", format!("file://{}", objects.display())),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "key".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.to_owned()),
        ("AWS_CA_BUNDLE", certificate.display().to_string()),
    ]
}

/// Returns a batch of one message with a new document each time.
fn message(transport: &str, round: usize, at: usize) -> Value {
    let content = format!(
        "Bridge {transport}-{round}-{at} reopens\n\nLISBON: The bridge carried its first trams again on Monday.\n"
    );
    let body =
        json!({"key": format!("{transport}/{round}/{at}"), "media_type": "text/plain", "content": content}).to_string();
    json!({"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": body, "attributes": {}, "messageAttributes": {}}]})
}

async fn start(
    binary: &Path,
    environment: &[(&str, String)],
    event: impl Fn(usize) -> Value,
    requests: usize,
) -> Result<Run, CommandError> {
    let mut function = Function::start(binary, environment).await?;
    let mut run = Run { init: function.ready().await?, ..Run::default() };
    run.first = timed(&function, event(0)).await?;
    let before = measure::cpu(function.process_id());
    for at in 1..=requests {
        run.warm.push(timed(&function, event(at)).await?);
    }
    run.cpu = measure::cpu(function.process_id()).saturating_sub(before) / u32::try_from(requests.max(1)).unwrap_or(1);
    run.peak_bytes = measure::peak_bytes(function.process_id());
    Ok(run)
}

async fn timed(function: &Function, event: Value) -> Result<Duration, CommandError> {
    let started = std::time::Instant::now();
    let answer = function.invoke(event).await?;
    let took = started.elapsed();
    let refused = |response: &Value| response["statusCode"].as_u64().is_some_and(|status| status != 200);
    let failed = |response: &Value| response["batchItemFailures"].as_array().is_some_and(|items| !items.is_empty());
    match answer {
        Ok(response) if !refused(&response) && !failed(&response) => Ok(took),
        Ok(response) | Err(response) => Err(CommandError::Other(format!("the function answered {response}"))),
    }
}

/// Times in milliseconds, memory in megabytes.
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
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let warm: Vec<f64> = runs.iter().flat_map(|run| &run.warm).map(|duration| milliseconds(*duration)).collect();
        Self {
            init: quantile(runs.iter().map(|run| milliseconds(run.init)).collect(), 0.5),
            first: quantile(runs.iter().map(|run| milliseconds(run.first)).collect(), 0.5),
            p50: quantile(warm.clone(), 0.5),
            p99: quantile(warm, 0.99),
            cpu: quantile(runs.iter().map(|run| milliseconds(run.cpu)).collect(), 0.5),
            peak: quantile(runs.iter().map(|run| run.peak_bytes as f64 / 1e6).collect(), 0.5),
        }
    }

    fn print(&self, name: &str) {
        let Self { init, first, p50, p99, cpu, peak } = self;
        println!("{name:28} {init:>8.2} {first:>8.2} {p50:>8.2} {p99:>8.2} {cpu:>8.2} {peak:>8.1}");
    }
}
