//! `dateline ingest`: ingests documents, then indexes them and forms their stories. A document that fails is reported;
//! the others are still ingested.

use super::{ArchiveLocation, CommandError, files::InputFiles, harmless, report::IngestProgress, say};
use crate::{archive::Archive, search::indexer::Indexer};
use clap::Args;
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The exit code of a command that Ctrl-C ended, as shells report it.
const INTERRUPTED: u8 = 130;

#[derive(Clone, Debug, Args)]
pub struct IngestOptions {
    /// Files, folders, or - for standard input. Of a folder, links and files such as .csv are left alone. A .json file
    /// is one document with its metadata, a .ndjson or .jsonl file has one per line
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub async fn run(options: IngestOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let files = InputFiles::of(&options.paths)?;
    let open = location.open_or_create().await?;
    let archive = Archive::new(open.store.clone());
    for file in &files.left_alone {
        say(format_args!("{:9} {}", "left", harmless(&file.display().to_string())));
    }
    let count = files.count();
    let mut report = IngestProgress::watched(count);
    let interrupted = Arc::new(AtomicBool::new(false));
    tokio::spawn(note_interrupts(interrupted.clone()));
    // Sequential: a folder may hold two versions of one article, and the later name is the later version.
    for (taken, input) in files.into_documents().enumerate() {
        if interrupted.load(Ordering::Relaxed) {
            report.print();
            say(format_args!("interrupted after {taken} of {count} documents; the same command continues"));
            return Ok(ExitCode::from(INTERRUPTED));
        }
        report.take(&archive, input).await;
    }
    // Before indexing, which may fail although every document is stored.
    report.print();
    // On AWS a function follows the archive, and a server follows its own.
    if open.is_alone() {
        Indexer::new(open.store.clone()).run(Duration::MAX).await?;
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Notes the first Ctrl-C, so that the current document is finished. The second one ends the process at once, which
/// loses no more than that document.
async fn note_interrupts(interrupted: Arc<AtomicBool>) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if interrupted.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
    }
}
