//! The `dateline` command, which runs the archive on one machine.
//!
//! | subcommand | file |
//! | --- | --- |
//! | `serve` | [`serve`], its inbox folder: [`inbox`] |
//! | `ingest` | [`ingest`], input files: [`files`], progress and summary: [`report`] |
//! | `read` | [`read`], terminal output: [`explain`] |
//! | `follow` | [`follow`] |
//! | `reprocess` | [`reprocess`] |
//! | `search`, `reindex` | [`search`] |
//! | `sources` | [`sources`] |
//! | `redrive` | [`redrive`] |
//! | `keys` | [`keys`] |
//! | `failures` | [`failures`] |
//! | `doctor` | [`doctor`] |
//!
//! [`location`] decides on which archive a command works, [`memory`] how much memory it keeps.

mod connections;
mod doctor;
mod explain;
mod export;
mod failures;
mod files;
mod follow;
mod inbox;
mod ingest;
mod keys;
mod list;
mod location;
mod mcp;
pub mod memory;
mod parse_errors;
mod read;
mod redrive;
mod report;
mod reprocess;
mod search;
mod serve;
mod sources;

use crate::{config::Config, query::BadParameter, search::SearchError, store::StoreError};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind, parser::ValueSource};
use location::ArchiveLocation;
use std::{io::Write, process::ExitCode};

/// A news archive and API that you own.
///
/// Input is raw news: pages flattened to text, HTML, Markdown, or JSON with a document's metadata. Output is an archive
/// over HTTP in which every fact names its evidence, nothing is silently dropped, and paging never loses a row.
#[derive(Debug, Parser)]
#[command(name = "dateline", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    location: ArchiveLocation,
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::ServeOptions,
}

impl Cli {
    /// Parses the command line; exits with 2 if it is invalid.
    pub fn from_command_line() -> Self {
        let mut command = Self::command();
        let matches = command.get_matches_mut();
        // Without a subcommand the options are those of `serve`; before one, only the archive's location is accepted.
        let serve = serve::ServeOptions::augment_args(clap::Command::new("serve"));
        let misplaced = serve.get_arguments().find(|argument| {
            let id = argument.get_id().as_str();
            matches.subcommand_name().is_some() && matches.value_source(id) == Some(ValueSource::CommandLine)
        });
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let contradiction = match misplaced {
            Some(argument) => {
                let option = argument.get_long().unwrap_or_else(|| argument.get_id().as_str());
                Some(format!("--{option} is an option of `serve`, and follows that word"))
            }
            None => cli.location.contradiction(),
        };
        if let Some(message) = contradiction {
            command.error(ErrorKind::ArgumentConflict, message).exit();
        }
        cli
    }
}

const EXAMPLES: &str = "\
Examples:
  dateline                                   serve the archive in .dateline, with the bundled seeds
  dateline serve --memory --listen 127.0.0.1:0
  dateline ingest ~/scrapes wire.ndjson      ingest a folder and a JSON Lines file
  curl -s page.example | dateline ingest -   ingest from standard input
  dateline read --evidence page.html         show which text is kept, mined and removed
  dateline read --explain page.html          the same, with the spans and the reasoning of every field
  dateline follow mirror | while read change; do …; done
  dateline reprocess --dry-run               preview what the current rules change in archived articles
  dateline read page.html | jq .article.dateline

DATELINE_LOG sets the log level: warn, info, debug, or a filter such as warn,dateline=debug.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the archive over HTTP (the default)
    Serve(serve::ServeOptions),
    /// Ingest documents into the archive
    Ingest(ingest::IngestOptions),
    /// Print the articles read from documents, without storing them
    Read(read::ReadOptions),
    /// List articles, a line each
    List(list::ListOptions),
    /// Print an article as JSON
    Show(list::ShowOptions),
    /// Search the archive
    Search(search::SearchOptions),
    /// Write all articles that match to a file: JSON Lines, CSV or Parquet
    Export(export::ExportOptions),
    /// Answer an agent over standard input and output (Model Context Protocol)
    Mcp,
    /// Rebuild the search index from the archive
    Reindex,
    /// Add, list, show, remove and poll the feeds that fill the archive
    Sources(sources::SourcesOptions),
    /// List or retry the polled or dropped documents that failed
    Failures(failures::FailuresOptions),
    /// Move messages from the dead-letter queue back to the ingest queue
    Redrive(redrive::RedriveOptions),
    /// Create, list and revoke API keys
    Keys(keys::KeysOptions),
    /// Print the changes since the last call, as JSON Lines
    Follow(follow::FollowOptions),
    /// Check the archive, and mend what can be derived
    Doctor(doctor::DoctorOptions),
    /// Reprocess the archived raw documents with the current rules
    #[command(alias = "replay")]
    Reprocess(reprocess::ReprocessOptions),
}

/// Why a command failed, worded for the terminal.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{0}")]
    Other(String),
}

impl CommandError {
    /// Names every refused query parameter.
    pub fn parameters(bad: Vec<BadParameter>) -> Self {
        let fault = |bad: BadParameter| format!("{}: {}", bad.parameter, bad.detail);
        Self::Other(bad.into_iter().map(fault).collect::<Vec<_>>().join("; "))
    }

    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        |source| Self::Io { what, source }
    }
}

/// Prints a line to standard output. Ignores write errors: a pipe closed by `head` must not end a server or an ingest.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// Replaces control characters, so that a document cannot control the terminal.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() && character != '\t' { '\u{fffd}' } else { character })
        .collect()
}

/// Runs the command. Exit codes: 0 success, 1 a document or the command failed, 2 invalid command line.
pub async fn run(cli: Cli) -> ExitCode {
    memory::configure();
    let command = cli.command.unwrap_or(Command::Serve(cli.serve));
    let config = Config::from_env();
    let default = match command {
        Command::Serve(_) => "warn,dateline=info,trafilatura=off",
        _ => "warn,trafilatura=off",
    };
    crate::logs::plain(&config, default);
    let location = cli.location;
    let result = match command {
        Command::Serve(options) => serve::run(options, location).await,
        Command::Ingest(options) => ingest::run(options, location).await,
        Command::List(options) => list::list(options, location).await,
        Command::Show(options) => list::show(options, location).await,
        Command::Search(options) => search::run(options, location).await,
        Command::Export(options) => export::run(options, location).await,
        Command::Mcp => mcp::run(location).await,
        Command::Reindex => search::reindex(location).await,
        Command::Sources(options) => sources::run(options, location).await,
        Command::Keys(options) => keys::run(options, location).await,
        Command::Failures(options) => failures::run(options, location).await,
        Command::Follow(options) => follow::run(options, location).await,
        Command::Doctor(options) => doctor::run(options, location).await,
        Command::Reprocess(options) => reprocess::run(options, location).await,
        Command::Read(options) => without_archive(&location).and_then(|()| read::run(options)),
        Command::Redrive(options) => match without_archive(&location) {
            Ok(()) => redrive::run(options, &config).await,
            Err(error) => Err(error),
        },
    };
    result.unwrap_or_else(|failure| {
        anstream::eprintln!("dateline: {}", crate::logs::chain(&failure));
        ExitCode::FAILURE
    })
}

/// Refuses options that would have no effect: the command opens no archive.
fn without_archive(location: &ArchiveLocation) -> Result<(), CommandError> {
    let refuse = |option| Err(CommandError::Other(format!("{option}: this command opens no archive")));
    location.given().map_or(Ok(()), refuse)
}
