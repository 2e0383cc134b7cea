//! The log: one line an event, plain for a person, JSON for a machine. `DATELINE_LOG` says how much, in the syntax of
//! `tracing`'s target filters (`debug`, `warn,dateline=debug`). Bodies and secrets are never logged.

use std::error::Error;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

const VARIABLE: &str = "DATELINE_LOG";

/// Levels by target, and no more: a filter on spans would compile a regular expression at every cold start.
fn filter(default: &str) -> Targets {
    let named = std::env::var(VARIABLE).ok().and_then(|it| it.parse().ok());
    named.unwrap_or_else(|| default.parse().expect("the default is a legal filter"))
}

/// For a terminal: on standard error, because standard output is for results.
pub fn plain(default: &str) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines).with(filter(default)).init();
}

/// For CloudWatch: one JSON object a line. Without a time, which the service adds.
pub fn json() {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).without_time();
    let lines = lines.with_ansi(false);
    tracing_subscriber::registry().with(lines).with(filter("warn,dateline=info,trafilatura=off")).init();
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
