//! Logging: one line per event, plain text for a terminal, JSON for machines. `DATELINE_LOG` sets the levels, in the
//! syntax of `tracing`'s target filters (`debug`, `warn,dateline=debug`). Bodies and secrets are never logged.

use crate::config::Config;
use std::error::Error;
use tracing::Instrument;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// Returns a filter by target only: a filter on spans would compile a regular expression at every cold start.
fn filter(config: &Config, default: &str) -> Targets {
    let configured = config.log.as_ref().and_then(|filter| filter.parse().ok());
    configured.unwrap_or_else(|| default.parse().expect("the default is a valid filter"))
}

/// Sets up logging for a terminal, on standard error because standard output is for results.
pub fn plain(config: &Config, default: &str) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines).with(filter(config, default)).init();
}

/// Sets up logging for CloudWatch: one JSON object per line, without a timestamp, which CloudWatch adds. `spans` has the
/// ids of the invocation and of its trace, from the runtime, and of the request or message.
pub fn json(config: &Config) {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).without_time();
    let lines = lines.with_ansi(false);
    let default = "warn,dateline=info,lambda_runtime::layers=info,trafilatura=off";
    tracing_subscriber::registry().with(lines).with(filter(config, default)).init();
}

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Does the work of a request or a message: its id is on every log line and on every revision that the work makes.
pub async fn for_request<T>(id: &str, work: impl Future<Output = T>) -> T {
    let span = tracing::info_span!("request", request_id = id);
    REQUEST_ID.scope(id.to_owned(), work.instrument(span)).await
}

/// Returns the id of the request or message that is being worked on.
pub fn request_id() -> Option<String> {
    REQUEST_ID.try_with(String::clone).ok()
}

/// Formats an error with its chain of causes.
pub fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    message
}
