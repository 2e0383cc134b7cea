//! The `dateline` command, for one machine.
//!
//! | subcommand | file |
//! | --- | --- |
//! | `serve` | [`serve`], what is dropped into a folder meanwhile: [`inbox`] |
//! | `ingest` | [`ingest`], what there is to ingest: [`files`], how it went: [`report`] |
//! | `read` | [`read`], for people: [`explain`] |
//! | `follow` | [`follow`] |
//! | `replay` | [`replay`] |
//! | `search`, `reindex` | [`search`] |
//! | `sources` | [`sources`] |
//! | `redrive` | [`redrive`] |
//! | `keys` | [`keys`] |
//! | `failures` | [`failures`] |
//! | `bench` | [`bench`] |

mod bench;
mod explain;
mod failures;
mod files;
mod follow;
mod inbox;
mod ingest;
mod keys;
mod read;
mod redrive;
mod replay;
mod report;
mod search;
mod serve;
mod sources;

pub use bench::{engine, lambda::event, runtime};

use crate::{
    search::SearchError,
    store::{Store, StoreError, aws, embedded},
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// A news archive and API that you own.
///
/// Raw news goes in: pages flattened to text, HTML, Markdown, or JSON with what is known about a document. Out comes an
/// archive over HTTP in which every fact tells where it was read, nothing is silently dropped, and paging never loses a
/// row.
#[derive(Debug, Parser)]
#[command(name = "dateline", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Options,
}

const EXAMPLES: &str = "\
Examples:
  dateline                                   serve the archive in .dateline, with the bundled seeds
  dateline serve --memory --listen 127.0.0.1:0
  dateline ingest ~/scrapes wire.ndjson      take in a folder and a file of JSON lines
  curl -s page.example | dateline ingest -   take in what a pipe brings
  dateline read --evidence page.html         show what reading keeps, mines and removes
  dateline read --explain page.html          the same, with the place and the reasoning of every field
  dateline follow mirror | while read change; do …; done
  dateline replay --dry-run                  what today's rules would make of the articles that are archived
  dateline read page.html | jq .article.dateline

DATELINE_LOG says how much is logged: warn, info, debug, or a filter such as warn,dateline=debug.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the archive over HTTP (the default)
    Serve(serve::Options),
    /// Take documents into the archive
    Ingest(ingest::Options),
    /// Show what reading makes of documents, without storing them
    Read(read::Options),
    /// Search the archive's texts
    Search(search::Options),
    /// Build the search index anew from the archive
    Reindex(search::ReindexOptions),
    /// Add, list, show, remove and poll the feeds that the archive is filled from
    Sources(sources::Options),
    /// List the documents that were polled or dropped and failed; try them again
    Failures(failures::Options),
    /// Send the messages that failed too often round again
    Redrive(redrive::Options),
    /// Make, list and revoke the keys of those who use the archive over HTTP
    Keys(keys::Options),
    /// Print what changed since the last time, as JSON lines
    Follow(follow::Options),
    /// Read the archive's raw documents again with today's rules
    Replay(replay::Options),
    /// Count and measure what things cost
    #[command(subcommand)]
    Bench(bench::Bench),
}

/// Where the archive is, and what it survives.
#[derive(Clone, Debug, Args)]
struct Data {
    /// The folder that holds the archive
    #[arg(long, value_name = "DIR", default_value = ".dateline")]
    data: PathBuf,
    /// What a stored article survives: the sudden end of the process, or also a loss of power (slower)
    #[arg(long, value_enum, default_value_t = Durability::Process)]
    durability: Durability,
}

/// Which archive: a folder's, or the one in the owner's AWS account.
#[derive(Clone, Debug, Args)]
struct Place {
    #[command(flatten)]
    data: Data,
    /// The deployed archive that the environment names as it does for the functions: DATELINE_TABLE, DATELINE_OBJECTS,
    /// AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
    #[arg(long, conflicts_with_all = ["data", "durability"])]
    aws: bool,
}

/// An archive that was opened. A folder's is held until it is dropped.
struct Opened {
    store: Store,
    _folder: Option<embedded::DataFolder>,
}

impl Place {
    async fn open(&self) -> Result<Opened, StoreError> {
        if self.aws {
            return Ok(Opened { store: aws::open(&aws::Settings::from_env()?)?, _folder: None });
        }
        let folder = self.data.open().await?;
        Ok(Opened { store: folder.store.clone(), _folder: Some(folder) })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Durability {
    Process,
    Power,
}

impl Data {
    async fn open(&self) -> Result<embedded::DataFolder, StoreError> {
        let durability = match self.durability {
            Durability::Process => embedded::Durability::Process,
            Durability::Power => embedded::Durability::Power,
        };
        embedded::open(&self.data, durability).await
    }
}

/// Why a command ended without doing its work, for a person at a terminal.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
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

impl Failure {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        |source| Self::Io { what, source }
    }
}

/// A line on standard output. Whoever stops reading it, as `head` does, ends no server and no ingest.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// A document must not steer the terminal that shows it.
fn harmless(text: &str) -> String {
    text.chars().map(|it| if it.is_control() && it != '\t' { '\u{fffd}' } else { it }).collect()
}

/// Exit codes: 0 all is well, 1 some document failed or the command could not do its work, 2 the command line is wrong.
pub async fn run(cli: Cli) -> ExitCode {
    let command = cli.command.unwrap_or(Command::Serve(cli.serve));
    crate::logs::plain(match command {
        Command::Serve(_) => "warn,dateline=info,trafilatura=off",
        // What misbehaves there does so on purpose.
        Command::Bench(_) => "error,trafilatura=off",
        _ => "warn,trafilatura=off",
    });
    let ended = match command {
        Command::Serve(options) => serve::run(options).await,
        Command::Ingest(options) => ingest::run(options).await,
        Command::Read(options) => read::run(options),
        Command::Search(options) => search::run(options).await,
        Command::Reindex(options) => search::reindex(options).await,
        Command::Sources(options) => sources::run(options).await,
        Command::Redrive(options) => redrive::run(options).await,
        Command::Keys(options) => keys::run(options).await,
        Command::Failures(options) => failures::run(options).await,
        Command::Follow(options) => follow::run(options).await,
        Command::Replay(options) => replay::run(options).await,
        Command::Bench(bench) => bench::run(bench).await,
    };
    ended.unwrap_or_else(|failure| {
        anstream::eprintln!("dateline: {}", crate::logs::chain(&failure));
        ExitCode::FAILURE
    })
}
