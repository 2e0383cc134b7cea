//! `dateline sources`: manages the feeds that are polled.

use super::{ArchiveLocation, CommandError, harmless, say};
use crate::{
    archive::Archive,
    article::Instant,
    fetch::{AddressPolicy, Fetcher, HOST_DELAY},
    sources::{BadSetting, EntryRule, RuleField, Source, SourceSettings, opml, poll::Poller},
    store::{RecordKind, Store},
};
use clap::{Args, Subcommand};
use std::{net::IpAddr, path::PathBuf, process::ExitCode, time::Duration};

#[derive(Debug, Args)]
pub struct SourcesOptions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add feeds, or pages that link to one
    Add {
        #[arg(required = true, value_name = "URL")]
        urls: Vec<String>,
        /// Title of the source
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        /// Publisher of documents that name none
        #[arg(long, value_name = "TEXT")]
        publisher: Option<String>,
        /// Language of documents that state none and whose text does not reveal it: en, pt-BR
        #[arg(long, value_name = "CODE")]
        language: Option<String>,
        /// Country of publication: PK
        #[arg(long, value_name = "CODE")]
        country: Option<String>,
        /// Fetch and archive each entry's page, if its site allows robots
        #[arg(long)]
        full_text: bool,
        /// Ingest only entries that match one of these rules: url=REGEX or title=REGEX
        #[arg(long, value_name = "RULE", value_parser = rule)]
        include: Vec<EntryRule>,
        /// Skip entries that match one of these rules
        #[arg(long, value_name = "RULE", value_parser = rule)]
        exclude: Vec<EntryRule>,
    },
    /// List all sources with their state and next poll
    List,
    /// Show a source and its health
    Show {
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Remove sources; their articles stay
    Remove {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Add the feeds of an OPML 2.0 list, as exported by feed readers
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the sources as an OPML 2.0 list
    Export,
    /// Poll due sources, and the given ones even if they are not due
    Poll {
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        reach: ReachOptions,
    },
}

/// Network access: reachable addresses, request delay, public URL.
#[derive(Clone, Debug, Args)]
pub struct ReachOptions {
    /// Also allow private addresses, or only the given one. For tests on one machine
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1)]
    allow_private: Option<Option<IpAddr>>,
    /// Delay between two requests to one host
    #[arg(long, value_name = "MILLISECONDS", default_value_t = HOST_DELAY.as_millis() as u64)]
    pace: u64,
    /// Public URL of this archive: hubs push updates to it, and feeds link to it
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl ReachOptions {
    pub fn poller(&self, archive: Archive) -> Result<Poller, CommandError> {
        let poller = Poller::new(archive, self.fetcher()?, Duration::from_millis(self.pace));
        Ok(poller.reached_at(self.public_url.clone()))
    }

    pub fn public_url(&self) -> Option<String> {
        self.public_url.clone()
    }

    pub fn addresses(&self) -> AddressPolicy {
        match self.allow_private {
            None => AddressPolicy::Public,
            Some(None) => AddressPolicy::Private,
            Some(Some(address)) => AddressPolicy::Also(address),
        }
    }

    pub fn fetcher(&self) -> Result<Fetcher, CommandError> {
        Fetcher::new(self.addresses()).map_err(|error| CommandError::Other(error.to_string()))
    }
}

pub async fn run(options: SourcesOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    let store = &open.store;
    match options.command {
        Command::Add { urls, title, publisher, language, country, full_text, include, exclude } => {
            let base = SourceSettings::new(String::new());
            let base = SourceSettings { title, publisher, language, country, full_text, include, exclude, ..base };
            for url in urls {
                let settings = SourceSettings { url, ..base.clone() }.checked();
                add(store, settings.map_err(|bad| CommandError::Other(faults(bad)))?).await?;
            }
        }
        Command::List => {
            for source in Source::all(store).await? {
                let failed = source.health.last_error.as_ref().filter(|_| source.health.failures > 0);
                let next =
                    source.next_poll_at.map_or_else(|| "never".to_owned(), |next_poll_at| next_poll_at.to_string());
                say(format_args!(
                    "{:8} {}  next {next}  {} polls, {} articles  {}",
                    source.state().name(),
                    source.id,
                    source.health.polls,
                    source.health.entries_ingested,
                    failed.map(|failed| harmless(&failed.detail)).unwrap_or_default(),
                ));
            }
        }
        Command::Show { id } => {
            let source = source_by_id(store, &id).await?;
            let health = serde_json::to_string_pretty(&source.health).expect("health has string keys and cannot fail");
            say(format_args!("{}  {}  {}", source.id, source.state().name(), source.settings.url));
            say(format_args!("{health}"));
        }
        Command::Remove { ids } => {
            for id in ids {
                if !Source::remove(store, &id).await? {
                    return Err(not_found(&id));
                }
                say(format_args!("removed {id}"));
            }
        }
        Command::Import { file } => {
            let list = std::fs::read_to_string(&file).map_err(CommandError::io(file.display().to_string()))?;
            let list =
                opml::read(&list).map_err(|error| CommandError::Other(format!("{}: {error}", file.display())))?;
            let mut refused = false;
            for opml::OpmlEntry { name, settings } in list {
                match settings {
                    Ok(settings) => add(store, settings).await?,
                    Err(bad) => {
                        say(format_args!("refused {}: {}", harmless(&name), faults(bad)));
                        refused = true;
                    }
                }
            }
            return Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
        Command::Export => {
            let list =
                opml::write(&Source::all(store).await?).map_err(|error| CommandError::Other(error.to_string()))?;
            say(format_args!("{list}"));
        }
        Command::Poll { ids, reach } => {
            for id in ids {
                let mut source = source_by_id(store, &id).await?;
                source.next_poll_at = Some(Instant::now());
                store.put_record(RecordKind::Source, source.record.as_ref(), &source.to_record()).await?;
            }
            let round = reach.poller(Archive::new(store.clone()))?.round().await?;
            say(format_args!(
                "{} polled, {} failed, {} articles new or revised",
                round.polled, round.failed, round.ingested
            ));
            return Ok(if round.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rule(text: &str) -> Result<EntryRule, String> {
    let (field, matches) = text.split_once('=').ok_or("expected url=REGEX or title=REGEX")?;
    let field = match field {
        "url" => RuleField::Url,
        "title" => RuleField::Title,
        _ => return Err(format!("expected url or title, found {field:?}")),
    };
    Ok(EntryRule { field, matches: matches.to_owned() })
}

fn faults(bad: Vec<BadSetting>) -> String {
    bad.into_iter().map(|bad| format!("{}: {}", bad.member, bad.detail)).collect::<Vec<_>>().join("; ")
}

async fn add(store: &Store, settings: SourceSettings) -> Result<(), CommandError> {
    let mut source = Source::new(settings, Instant::now());
    let added = source.add(store).await?;
    say(format_args!("{} {}", if added { "added" } else { "already exists:" }, source.id));
    Ok(())
}

async fn source_by_id(store: &Store, id: &str) -> Result<Source, CommandError> {
    let record = store.record(RecordKind::Source, id).await?.ok_or_else(|| not_found(id))?;
    Ok(Source::read(record)?)
}

fn not_found(id: &str) -> CommandError {
    CommandError::Other(format!("source {id} not found"))
}
