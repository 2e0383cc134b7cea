//! `dateline read`: prints the articles read from documents, as JSON or as the labelled document. It stores nothing,
//! and the same file gives the same output.

use super::{
    CommandError,
    explain::{self, ReadOutput, Spans},
    files::InputFiles,
    report, say,
};
use crate::{
    archive::{IngestError, document_files::InputDocument, previews},
    article::{Article, Evidence, RawDocument},
};
use anstream::eprintln;
use clap::Args;
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, PoisonError},
};

#[derive(Clone, Debug, Args)]
pub struct ReadOptions {
    /// Files, folders, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show the document with a coloured label for each piece, instead of JSON
    #[arg(long)]
    evidence: bool,
    /// Like --evidence, with the spans of each field in a different colour and the reasoning behind each field
    #[arg(long, conflicts_with = "evidence")]
    explain: bool,
}

pub fn run(options: ReadOptions) -> Result<ExitCode, CommandError> {
    let mut code = ExitCode::SUCCESS;
    let passed_over = Arc::default();
    let documents = InputFiles::of(&options.files)?.into_documents(Arc::clone(&passed_over));
    for InputDocument { name, document, .. } in documents {
        for read in document.map_or_else(|error| vec![Err(error)], |document| read(&document)) {
            match read {
                Ok(output) if options.evidence => explain::show(&name, &output, Spans::Plain),
                Ok(output) if options.explain => explain::show(&name, &output, Spans::Coloured),
                Ok(output) => {
                    say(format_args!("{}", serde_json::to_string_pretty(&output).expect("an article has string keys")))
                }
                Err(error) => {
                    eprintln!("dateline: {name}: {}: {}", error.code(), error.chain());
                    code = ExitCode::FAILURE;
                }
            }
        }
    }
    let passed_over = passed_over.lock().unwrap_or_else(PoisonError::into_inner);
    if !passed_over.is_empty() {
        eprintln!("{}", report::passed_over(&passed_over));
    }
    Ok(code)
}

/// Reads one article, or one per entry of a feed.
fn read(document: &RawDocument) -> Vec<Result<ReadOutput, IngestError>> {
    let read = |(article, evidence): (Article, Evidence)| ReadOutput { article, evidence };
    previews(document).into_iter().map(|preview| preview.map(read)).collect()
}
