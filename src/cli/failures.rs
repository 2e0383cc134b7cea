//! `dateline failures`: lists, retries or forgets documents that were polled or dropped into the inbox and failed.

use super::{ArchiveLocation, CommandError, harmless, say};
use crate::{
    archive::{
        Archive,
        failures::{self, RetryError},
    },
    store::RecordKind,
};
use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct FailuresOptions {
    /// Failures to act on; all if none is given
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Retry reading and archiving them
    #[arg(long)]
    retry: bool,
    /// Delete them with their stored bytes; requires IDs
    #[arg(long, conflicts_with = "retry", requires = "ids")]
    forget: bool,
}

pub async fn run(options: FailuresOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    let archive = Archive::new(open.store.clone());
    let mut selected: Vec<failures::Failure> = Vec::new();
    for id in &options.ids {
        selected.push(archive.failure(id).await?);
    }
    if options.ids.is_empty() {
        for record in open.store.all_records(RecordKind::Failure).await? {
            selected.push(record.read()?);
        }
        selected.sort_by_key(|failure| failure.first_failed_at);
    }
    let mut unsettled = false;
    for failure in selected {
        if options.forget {
            archive.forget_failure(&failure.id).await?;
            say(format_args!("forgotten {}", failure.id));
            continue;
        }
        if options.retry {
            let retried = archive.retry(&failure.id).await?;
            let articles = retried.changed().count();
            say(format_args!("{:9} {}  {articles} articles", retry_status(retried.settled), failure.id));
            unsettled |= !retried.settled;
            continue;
        }
        let name = failure.key.as_deref().or(failure.url.as_deref()).unwrap_or("unnamed");
        let source = failure.source.as_deref().map(|source| format!("  from {source}")).unwrap_or_default();
        say(format_args!(
            "{}  {}  {} attempts  {} bytes  {}{source}",
            failure.id,
            failure.first_failed_at,
            failure.attempts,
            failure.bytes,
            harmless(name),
        ));
        for failures::FailedPart { entry, code, detail } in &failure.errors {
            let entry = entry.as_deref().map(|entry| format!("{entry}: ")).unwrap_or_default();
            say(format_args!("    {code}: {}{}", harmless(&entry), harmless(detail)));
        }
        if failure.more_errors > 0 {
            say(format_args!("    and {} more", failure.more_errors));
        }
    }
    Ok(if unsettled { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn retry_status(settled: bool) -> &'static str {
    if settled { "settled" } else { "fails" }
}

impl From<RetryError> for CommandError {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound(_) => Self::Other(error.to_string()),
            RetryError::Store(error) => Self::Store(error),
        }
    }
}
