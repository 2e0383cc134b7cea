//! `dateline ingest`: documents into the archive. One bad document is reported and spoils no other.

use super::{Data, Failure, files, report::Report};
use crate::archive::Archive;
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Files, folders, or - for standard input. A .json file is one document with what is known about it, a .ndjson
    /// or .jsonl file has one a line
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    data: Data,
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let (count, arriving) = files::arriving(&options.paths)?;
    let folder = options.data.open().await?;
    let archive = Archive::new(folder.store.clone());
    let mut report = Report::watched(count);
    // One after another: a folder may hold two versions of one article, and the later name is the later version.
    for arrival in arriving {
        report.take(&archive, arrival).await;
    }
    report.print();
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
