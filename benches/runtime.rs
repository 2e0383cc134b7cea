//! A mock of the Lambda Runtime API: starts a function's binary as Lambda does, sends it events and receives its
//! answers. For benchmarks and for tests of the real binaries.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use dateline::cli::CommandError;
use http::StatusCode;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::Path as FilePath,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
};

/// Timeout of the ingest function in the template.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A function's answer to an event: its result or its error.
pub type Answer = Result<Value, Value>;

/// A running function process.
pub struct Function {
    child: Child,
    events: mpsc::UnboundedSender<(Value, oneshot::Sender<Answer>)>,
    polls: watch::Receiver<u64>,
    started: Instant,
    output: Arc<Mutex<Vec<String>>>,
}

struct Api {
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Value, oneshot::Sender<Answer>)>>,
    pending: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
    polls: watch::Sender<u64>,
}

impl Function {
    /// Starts a binary with only the environment variables that Lambda and the template set.
    pub async fn start(binary: &FilePath, environment: &[(&str, String)]) -> Result<Self, CommandError> {
        let (events, event_receiver) = mpsc::unbounded_channel();
        let (polls, polled) = watch::channel(0);
        let api = Arc::new(Api { events: event_receiver.into(), pending: Mutex::default(), polls });
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(CommandError::io("the Runtime API"))?;
        let address = listener.local_addr().map_err(CommandError::io("the Runtime API"))?;
        tokio::spawn(async move { axum::serve(listener, routes(api)).await });
        let started = Instant::now();
        let mut child = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/dateline")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(CommandError::io(binary.display().to_string()))?;
        let output = Arc::new(Mutex::new(Vec::new()));
        let (mut lines, printed) = (BufReader::new(child.stdout.take().expect("a pipe")).lines(), output.clone());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                printed.lock().expect("no holder panics").push(line);
            }
        });
        Ok(Self { child, events, polls: polled, started, output })
    }

    /// Waits until the function requests its first event, and returns the time since its start.
    pub async fn ready(&mut self) -> Result<Duration, CommandError> {
        let polled = tokio::time::timeout(TIMEOUT, self.polls.wait_for(|polls| *polls > 0)).await;
        let polled = polled.is_ok_and(|polls| polls.is_ok());
        if !polled {
            return Err(self.gone("requested no event"));
        }
        Ok(self.started.elapsed())
    }

    /// Sends one event and waits for its answer.
    pub async fn invoke(&self, event: Value) -> Result<Answer, CommandError> {
        let (answer, answered) = oneshot::channel();
        self.events.send((event, answer)).map_err(|_| self.gone("stopped taking events"))?;
        let answered = tokio::time::timeout(TIMEOUT, answered).await;
        answered.ok().and_then(Result::ok).ok_or_else(|| self.gone("gave no answer"))
    }

    /// Returns the lines that the function printed so far.
    pub fn output(&self) -> Vec<String> {
        self.output.lock().expect("no holder panics").clone()
    }

    pub fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    fn gone(&self, what: &str) -> CommandError {
        let last = self.output().pop().unwrap_or_else(|| "it printed nothing".to_owned());
        CommandError::Other(format!("the function {what} within {} s: {last}", TIMEOUT.as_secs()))
    }
}

fn routes(api: Arc<Api>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .with_state(api)
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    api.polls.send_modify(|polls| *polls += 1);
    let Some((event, answer)) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let id = format!("{:08x}-0000-4000-8000-000000000000", *api.polls.borrow());
    api.pending.lock().expect("no holder panics").insert(id.clone(), answer);
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TIMEOUT;
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:function".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

async fn response(state: State<Arc<Api>>, id: Path<String>, body: bytes::Bytes) -> StatusCode {
    settle(&state, &id, Ok(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn error(state: State<Arc<Api>>, id: Path<String>, body: bytes::Bytes) -> StatusCode {
    settle(&state, &id, Err(serde_json::from_slice(&body).unwrap_or_default()))
}

fn settle(api: &Api, id: &str, answer: Answer) -> StatusCode {
    let waiting = api.pending.lock().expect("no holder panics").remove(id);
    match waiting.map(|sender| sender.send(answer)) {
        Some(_) => StatusCode::ACCEPTED,
        None => StatusCode::NOT_FOUND,
    }
}

/// Returns a request as API Gateway sends it, payload format 2.0.
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
        "body": body.map(|(_, body)| body),
        "isBase64Encoded": false,
    })
}
