//! `dateline read`: what reading makes of documents, as JSON or as the labelled document itself. Nothing is stored, and
//! the same file gives the same answer.

use super::{Failure, files, say};
use crate::{
    archive::{IngestError, intake::Arrival, previews},
    article::{Article, Evidence, Label, RawDocument},
    reading,
};
use anstream::eprintln;
use anstyle::{AnsiColor, Style};
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
}

#[derive(Serialize)]
struct Read {
    article: Article,
    evidence: Evidence,
}

pub fn run(options: Options) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::SUCCESS;
    for Arrival { name, document } in files::arriving(&options.files)?.1 {
        for read in document.map_or_else(|error| vec![Err(error)], |it| read(&it)) {
            match read {
                Ok(it) if options.evidence => show(&name, &it),
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

/// Each piece under its label and reason; then the fields with their rules.
fn show(name: &str, read: &Read) {
    say(format_args!("{}{name}{:#}", Style::new().bold(), Style::new().bold()));
    for piece in &read.evidence.pieces {
        let (word, style) = match piece.label {
            Label::Kept => ("kept", AnsiColor::Green.on_default()),
            Label::Mined => ("mined", AnsiColor::Yellow.on_default()),
            Label::Removed => ("removed", AnsiColor::Red.on_default().dimmed()),
        };
        let text = piece.text.trim_end_matches('\n');
        for (at, line) in text.split('\n').enumerate() {
            let margin = if at == 0 { format!("{word:7} {:24.24}", piece.reason) } else { String::new() };
            say(format_args!("{style}{margin:32}{style:#} {style}{}{style:#}", harmless(line)));
        }
    }
    say(format_args!(""));
    for field in &read.evidence.fields {
        let value = field.normalised.as_deref().unwrap_or("");
        say(format_args!("{:16} {:24} {}", field.field, field.rule, harmless(value)));
        for other in &field.others {
            say(format_args!("{:16} {:24} {}", "", "not followed", harmless(other)));
        }
    }
    for left_out in &read.evidence.left_out {
        say(format_args!("{:16} {}", "left out", harmless(left_out)));
    }
    say(format_args!(""));
}

/// A document must not steer the terminal that shows it.
fn harmless(text: &str) -> String {
    text.chars().map(|it| if it.is_control() && it != '\t' { '\u{fffd}' } else { it }).collect()
}
