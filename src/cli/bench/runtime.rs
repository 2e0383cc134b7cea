//! A stand-in for the Lambda Runtime API: starts a function's binary as Lambda does, hands it events and takes its
//! answers. For benchmarks and for tests of the real binaries.

use crate::cli::Failure;
use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::StatusCode;
use serde_json::Value;
use std::{
    collections::HashMap,
    path::Path as FilePath,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
};

/// As long as the longest timeout of a function in the template.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a function made of an event.
pub type Answer = Result<Value, Value>;

/// A function's process between its events.
pub struct Function {
    child: Child,
    events: mpsc::UnboundedSender<(Value, oneshot::Sender<Answer>)>,
    polls: watch::Receiver<u64>,
    started: Instant,
}

struct Api {
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Value, oneshot::Sender<Answer>)>>,
    under_way: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
    polls: watch::Sender<u64>,
}

impl Function {
    /// Starts a binary with nothing in its environment but what Lambda and the template put there.
    pub async fn start(binary: &FilePath, environment: &[(&str, String)]) -> Result<Self, Failure> {
        let (events, arriving) = mpsc::unbounded_channel();
        let (polls, polled) = watch::channel(0);
        let api = Arc::new(Api { events: arriving.into(), under_way: Mutex::default(), polls });
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Failure::io("the Runtime API"))?;
        let address = listener.local_addr().map_err(Failure::io("the Runtime API"))?;
        tokio::spawn(async move { axum::serve(listener, routes(api)).await });
        let started = Instant::now();
        let child = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/dateline")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::io(binary.display().to_string()))?;
        Ok(Self { child, events, polls: polled, started })
    }

    /// Waits for the function to ask for its first event, and says how long that took from its start.
    pub async fn ready(&mut self) -> Result<Duration, Failure> {
        let asked = tokio::time::timeout(TIMEOUT, self.polls.wait_for(|it| *it > 0)).await;
        let asked = asked.is_ok_and(|it| it.is_ok());
        if !asked {
            return Err(self.gone("asked for no event"));
        }
        Ok(self.started.elapsed())
    }

    /// Hands over one event and waits for what becomes of it.
    pub async fn invoke(&self, event: Value) -> Result<Answer, Failure> {
        let (answer, answered) = oneshot::channel();
        self.events.send((event, answer)).map_err(|_| self.gone("is not there any more"))?;
        let answered = tokio::time::timeout(TIMEOUT, answered).await;
        answered.ok().and_then(Result::ok).ok_or_else(|| self.gone("gave no answer"))
    }

    pub fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    fn gone(&self, what: &str) -> Failure {
        Failure::Other(format!("the function {what} within {} s", TIMEOUT.as_secs()))
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
    api.polls.send_modify(|it| *it += 1);
    let Some((event, answer)) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let id = format!("{:08x}-0000-4000-8000-000000000000", *api.polls.borrow());
    api.under_way.lock().expect("no holder panics").insert(id.clone(), answer);
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
    let waiting = api.under_way.lock().expect("no holder panics").remove(id);
    match waiting.map(|it| it.send(answer)) {
        Some(_) => StatusCode::ACCEPTED,
        None => StatusCode::NOT_FOUND,
    }
}
