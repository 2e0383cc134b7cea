//! `dateline ingest`: ingests documents, then indexes them and forms their stories. A document that fails is reported;
//! the others are still ingested.

use super::{
    ArchiveLocation, CommandError,
    files::{self, FileContent, InputFiles},
    harmless,
    report::IngestProgress,
    say,
};
use crate::{
    archive::{Archive, document_files::InputDocument, web_archive::PageFilter},
    article::{Instant, canonical_language_tag},
    search::indexer::Indexer,
};
use clap::Args;
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The exit code of a command that Ctrl-C ended, as shells report it.
const INTERRUPTED: u8 = 130;

#[derive(Clone, Debug, Args)]
pub struct IngestOptions {
    /// Files, folders, or - for standard input. Of a folder, links and files such as .csv are left alone. A .json file
    /// is one document with its metadata, a .ndjson or .jsonl file has one per line, a .warc or .warc.gz file has the
    /// pages of a crawl
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Of web archives, only pages of this host and its subdomains; may be repeated
    #[arg(long, value_name = "HOST", value_parser = host)]
    host: Vec<String>,
    /// Of web archives, only pages whose Content-Language is this one or a variety of it; may be repeated
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    language: Vec<String>,
    /// Of web archives, only pages retrieved from this day or time on
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    retrieved_from: Option<Instant>,
    /// Of web archives, only pages retrieved before this day or time
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    retrieved_to: Option<Instant>,
}

/// Pages of a web archive that are ingested at once: more than processors, because a commit waits for the disk.
const PAGES_AT_ONCE: usize = 8;

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
    let filter = PageFilter {
        hosts: options.host,
        languages: options.language,
        retrieved_from: options.retrieved_from,
        retrieved_to: options.retrieved_to,
    };
    let passed_over = Arc::default();
    let is_interrupted = || interrupted.load(Ordering::Relaxed);
    for path in &files.documents {
        match files::content(path, &filter, &passed_over) {
            // Sequential: a folder may hold two versions of one article, and the later name is the later version.
            FileContent::Documents(documents) => {
                for input in documents.into_iter().take_while(|_| !is_interrupted()) {
                    report.take(&archive, input).await;
                }
            }
            FileContent::Pages(pages) => {
                let mut batch = Vec::with_capacity(PAGES_AT_ONCE);
                for page in pages.take_while(|_| !is_interrupted()) {
                    // Two captures of a page are ingested one after the other, so that both are revisions.
                    if batch.len() == PAGES_AT_ONCE || batch.iter().any(|other| is_of_same_page(other, &page)) {
                        report.take_all(&archive, std::mem::take(&mut batch)).await;
                    }
                    batch.push(page);
                }
                report.take_all(&archive, batch).await;
            }
        }
        if is_interrupted() {
            report.print();
            say(format_args!("interrupted after {} of {count} documents; the same command continues", report.taken()));
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
    report.set_passed_over(&passed_over.lock().unwrap_or_else(PoisonError::into_inner));
    // Before indexing, which may fail although every document is stored.
    report.print();
    // On AWS a function follows the archive, and a server follows its own.
    if open.is_alone() {
        Indexer::new(open.store.clone()).run(Duration::MAX).await?;
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_of_same_page(a: &InputDocument, b: &InputDocument) -> bool {
    let url = |input: &InputDocument| input.document.as_ref().ok().and_then(|document| document.url.clone());
    url(a).is_some_and(|of_a| url(b) == Some(of_a))
}

/// Parses a host as URLs have it: in lower case, and in ASCII.
fn host(text: &str) -> Result<String, String> {
    let host = url::Host::parse(text).map_err(|error| format!("expected a host such as news.example: {error}"))?;
    Ok(host.to_string())
}

fn language(text: &str) -> Result<String, String> {
    canonical_language_tag(text).ok_or_else(|| "expected a language tag of BCP 47, such as pt or pt-BR".to_owned())
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
