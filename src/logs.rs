//! The log: one line an event, plain for a person, JSON for a machine. `DATELINE_LOG` says how much, in the syntax of
//! `tracing`'s filters (`debug`, `warn,dateline=debug`). Bodies and secrets are never logged.

use std::error::Error;
use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "DATELINE_LOG";

fn filter(default: &str) -> EnvFilter {
    EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(default))
}

/// For a terminal: on standard error, because standard output is for results.
pub fn plain(default: &str) {
    tracing_subscriber::fmt().with_env_filter(filter(default)).with_writer(std::io::stderr).with_target(false).init();
}

/// For CloudWatch: one JSON object a line. Without a time, which the service adds.
pub fn json() {
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).without_time();
    lines.with_env_filter(filter("warn,dateline=info,trafilatura=off")).with_ansi(false).init();
}

/// An error with everything that caused it.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
