//! `dateline read`: what reading makes of documents, as JSON or as the labelled document itself. Nothing is stored, and
//! the same file gives the same answer.

use super::{
    Failure,
    explain::{self, Spans},
    files, say,
};
use crate::{
    archive::{IngestError, intake::Arrival, previews},
    article::{Article, Evidence, RawDocument},
    reading,
};
use anstream::eprintln;
use clap::Args;
use serde::Serialize;
use std::{path::PathBuf, process::ExitCode};

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Files, folders, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show the document with what became of each part of it, in colour, instead of JSON
    #[arg(long)]
    evidence: bool,
    /// The same with the spans of every field in a colour of its own, and the reasoning behind each field
    #[arg(long, conflicts_with = "evidence")]
    explain: bool,
}

#[derive(Serialize)]
pub(super) struct Read {
    pub article: Article,
    pub evidence: Evidence,
}

pub fn run(options: Options) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::SUCCESS;
    for Arrival { name, document, .. } in files::arriving(&options.files)?.1 {
        for read in document.map_or_else(|error| vec![Err(error)], |it| read(&it)) {
            match read {
                Ok(it) if options.evidence => explain::show(&name, &it, Spans::Plain),
                Ok(it) if options.explain => explain::show(&name, &it, Spans::Coloured),
                Ok(it) => {
                    say(format_args!("{}", serde_json::to_string_pretty(&it).expect("an article has string keys")))
                }
                Err(error) => {
                    eprintln!("dateline: {name}: {}: {}", error.code(), error.chain());
                    code = ExitCode::FAILURE;
                }
            }
        }
    }
    Ok(code)
}

/// One article, or one of each entry of a feed.
fn read(document: &RawDocument) -> Vec<Result<Read, IngestError>> {
    let text = reading::decode(document).map(|it| it.text).unwrap_or_default();
    let read = |(article, evidence): (Article, Evidence)| Read { article, evidence: evidence.with_text(&text) };
    previews(document).into_iter().map(|it| it.map(read)).collect()
}
