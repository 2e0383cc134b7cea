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

mod connections;
mod explain;
mod failures;
mod files;
mod follow;
mod inbox;
mod ingest;
mod keys;
mod list;
mod parse_errors;
mod read;
mod redrive;
mod report;
mod reprocess;
mod search;
mod serve;
mod sources;
pub mod table_endpoint;

use crate::{
    config::Config,
    search::SearchError,
    store::{Store, StoreError, aws, embedded},
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// A news archive and API that you own.
///
/// Input is raw news: pages flattened to text, HTML, Markdown, or JSON with a document's metadata. Output is an archive
/// over HTTP in which every fact names its evidence, nothing is silently dropped, and paging never loses a row.
#[derive(Debug, Parser)]
#[command(name = "dateline", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::ServeOptions,
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
    /// Rebuild the search index from the archive
    Reindex(search::ReindexOptions),
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
    /// Reprocess the archived raw documents with the current rules
    #[command(alias = "replay")]
    Reprocess(reprocess::ReprocessOptions),
}

/// Location and durability of the archive.
#[derive(Clone, Debug, Args)]
struct Data {
    /// The folder that holds the archive
    #[arg(long, value_name = "DIR", default_value = ".dateline")]
    data: PathBuf,
    /// What a stored article survives: a crash of the process, or also a power failure (slower)
    #[arg(long, value_enum, default_value_t = Durability::Process)]
    durability: Durability,
}

/// Which archive to open: the one in a folder, or the one in the owner's AWS account.
#[derive(Clone, Debug, Args)]
struct ArchiveLocation {
    #[command(flatten)]
    data: Data,
    /// Use the deployed archive, named by the same environment variables as for the functions: DATELINE_TABLE,
    /// DATELINE_OBJECTS, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
    #[arg(long, conflicts_with_all = ["data", "durability"])]
    aws: bool,
}

/// An open archive. A folder stays open until this is dropped.
struct OpenArchive {
    store: Store,
    _folder: Option<embedded::DataFolder>,
}

impl ArchiveLocation {
    async fn open(&self) -> Result<OpenArchive, StoreError> {
        if self.aws {
            return Ok(OpenArchive { store: aws::open(&Config::from_env())?, _folder: None });
        }
        let folder = self.data.open().await?;
        Ok(OpenArchive { store: folder.store.clone(), _folder: Some(folder) })
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
        if !self.data.exists() {
            let folder = std::path::absolute(&self.data).unwrap_or_else(|_| self.data.clone());
            anstream::eprintln!("a new archive is created in {}", folder.display());
        }
        embedded::open(&self.data, durability).await
    }
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
    let command = cli.command.unwrap_or(Command::Serve(cli.serve));
    let config = Config::from_env();
    let default = match command {
        Command::Serve(_) => "warn,dateline=info,trafilatura=off",
        _ => "warn,trafilatura=off",
    };
    crate::logs::plain(&config, default);
    let result = match command {
        Command::Serve(options) => serve::run(options).await,
        Command::Ingest(options) => ingest::run(options).await,
        Command::Read(options) => read::run(options),
        Command::List(options) => list::list(options).await,
        Command::Show(options) => list::show(options).await,
        Command::Search(options) => search::run(options).await,
        Command::Reindex(options) => search::reindex(options).await,
        Command::Sources(options) => sources::run(options).await,
        Command::Redrive(options) => redrive::run(options, &config).await,
        Command::Keys(options) => keys::run(options).await,
        Command::Failures(options) => failures::run(options).await,
        Command::Follow(options) => follow::run(options).await,
        Command::Reprocess(options) => reprocess::run(options).await,
    };
    result.unwrap_or_else(|failure| {
        anstream::eprintln!("dateline: {}", crate::logs::chain(&failure));
        ExitCode::FAILURE
    })
}
