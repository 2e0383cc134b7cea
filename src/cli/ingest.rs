//! `dateline ingest`: ingests documents. A document that fails is reported; the others are still ingested.

use super::{CommandError, Data, files, report::IngestProgress};
use crate::archive::Archive;
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

#[derive(Clone, Debug, Args)]
pub struct IngestOptions {
    /// Files, folders, or - for standard input. A .json file is one document with its metadata, a .ndjson or
    /// .jsonl file has one per line
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    data: Data,
}

pub async fn run(options: IngestOptions) -> Result<ExitCode, CommandError> {
    let (count, input_documents) = files::input_documents(&options.paths)?;
    let folder = options.data.open().await?;
    let archive = Archive::new(folder.store.clone());
    let mut report = IngestProgress::watched(count);
    // Sequential: a folder may hold two versions of one article, and the later name is the later version.
    for input in input_documents {
        report.take(&archive, input).await;
    }
    report.print();
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
