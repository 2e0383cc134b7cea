//! `dateline failures`: the documents that were polled or dropped and failed, for a person at a terminal.

use super::{Failure, Place, harmless, say};
use crate::{
    archive::{
        Archive,
        failures::{self, RetryError},
    },
    store::Kind,
};
use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Options {
    /// These alone; all of them where none is named
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Read and archive them again
    #[arg(long)]
    retry: bool,
    /// Take them away, with their bytes; they must be named
    #[arg(long, conflicts_with = "retry", requires = "ids")]
    forget: bool,
    #[command(flatten)]
    place: Place,
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let place = options.place.open().await?;
    let archive = Archive::new(place.store.clone());
    let mut found: Vec<failures::Failure> = Vec::new();
    for id in &options.ids {
        found.push(archive.failure(id).await?);
    }
    if options.ids.is_empty() {
        for record in place.store.all_records(Kind::Failure).await? {
            found.push(record.read()?);
        }
        found.sort_by_key(|it| it.first_failed_at);
    }
    let mut unsettled = false;
    for failure in found {
        if options.forget {
            archive.forget_failure(&failure.id).await?;
            say(format_args!("gone      {}", failure.id));
            continue;
        }
        if options.retry {
            let retried = archive.retry(&failure.id).await?;
            let articles = retried.changed().count();
            say(format_args!("{:9} {}  {articles} articles", told(retried.settled), failure.id));
            unsettled |= !retried.settled;
            continue;
        }
        let name = failure.key.as_deref().or(failure.url.as_deref()).unwrap_or("no name");
        let source = failure.source.as_deref().map(|it| format!("  of {it}")).unwrap_or_default();
        say(format_args!(
            "{}  {}  {} times  {} bytes  {}{source}",
            failure.id,
            failure.first_failed_at,
            failure.attempts,
            failure.bytes,
            harmless(name),
        ));
        for failures::FailedPart { entry, code, detail } in &failure.errors {
            let entry = entry.as_deref().map(|it| format!("{it}: ")).unwrap_or_default();
            say(format_args!("    {code}: {}{}", harmless(&entry), harmless(detail)));
        }
        if failure.more_errors > 0 {
            say(format_args!("    and {} more", failure.more_errors));
        }
    }
    Ok(if unsettled { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn told(settled: bool) -> &'static str {
    if settled { "settled" } else { "fails" }
}

impl From<RetryError> for Failure {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound(_) => Self::Other(error.to_string()),
            RetryError::Store(error) => Self::Store(error),
        }
    }
}
