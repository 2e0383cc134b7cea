//! `dateline sources`: the feeds that are polled, for a person at a terminal.

use super::{Failure, Place, harmless, say};
use crate::{
    archive::Archive,
    article::Instant,
    sources::{
        BadSetting, PACE, Rule, RuleField, Settings, Source,
        fetch::{Fetcher, Reach},
        opml,
        poll::Poller,
    },
    store::{Kind, Store},
};
use clap::{Args, Subcommand};
use std::{net::IpAddr, path::PathBuf, process::ExitCode, time::Duration};

#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add feeds, or pages that name one
    Add {
        #[arg(required = true, value_name = "URL")]
        urls: Vec<String>,
        /// What it is called
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        /// The publisher's name, where a document states none
        #[arg(long, value_name = "TEXT")]
        publisher: Option<String>,
        /// The language, where a text proves none and its document states none: en, pt-BR
        #[arg(long, value_name = "CODE")]
        language: Option<String>,
        /// Where it is published: PK
        #[arg(long, value_name = "CODE")]
        country: Option<String>,
        /// Fetch and archive each entry's page, where its site lets robots
        #[arg(long)]
        full_text: bool,
        /// Take only what fits one of these: url=REGEX or title=REGEX
        #[arg(long, value_name = "RULE", value_parser = rule)]
        include: Vec<Rule>,
        /// Leave out what fits one of these
        #[arg(long, value_name = "RULE", value_parser = rule)]
        exclude: Vec<Rule>,
    },
    /// Every source, how it is and when it is polled next
    List,
    /// All that is known of one
    Show {
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Take sources away; their articles stay
    Remove {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Add the feeds of a list, OPML 2.0, as other readers export it
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the sources as such a list
    Export,
    /// Poll what is due, or these whether they are due or not
    Poll {
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        reach: ReachOptions,
    },
}

/// Which addresses are reached beside those of the public internet.
#[derive(Clone, Debug, Args)]
pub struct ReachOptions {
    /// Also reach this machine and its network, or of these one address. For tests on one machine
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1)]
    allow_private: Option<Option<IpAddr>>,
    /// Between two requests to one host
    #[arg(long, value_name = "MILLISECONDS", default_value_t = PACE.as_millis() as u64)]
    pace: u64,
    /// Where others reach this archive: feeds that name a WebSub hub are pushed there
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl ReachOptions {
    pub fn poller(&self, archive: Archive) -> Result<Poller, Failure> {
        let poller = Poller::new(archive, self.fetcher()?, Duration::from_millis(self.pace));
        Ok(poller.reached_at(self.public_url.clone()))
    }

    pub fn fetcher(&self) -> Result<Fetcher, Failure> {
        let reach = match self.allow_private {
            None => Reach::Public,
            Some(None) => Reach::Private,
            Some(Some(address)) => Reach::Also(address),
        };
        Fetcher::new(reach).map_err(|error| Failure::Other(error.to_string()))
    }
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let place = options.place.open().await?;
    let store = &place.store;
    match options.command {
        Command::Add { urls, title, publisher, language, country, full_text, include, exclude } => {
            let like = Settings::new(String::new());
            let like = Settings { title, publisher, language, country, full_text, include, exclude, ..like };
            for url in urls {
                let settings = Settings { url, ..like.clone() }.checked();
                add(store, settings.map_err(|bad| Failure::Other(faults(bad)))?).await?;
            }
        }
        Command::List => {
            for source in Source::all(store).await? {
                let failed = source.health.last_error.as_ref().filter(|_| source.health.failures > 0);
                let next = source.next_poll_at.map_or_else(|| "never".to_owned(), |it| it.to_string());
                say(format_args!(
                    "{:8} {}  next {next}  {} polls, {} articles  {}",
                    source.state().name(),
                    source.id,
                    source.health.polls,
                    source.health.entries_ingested,
                    failed.map(|it| harmless(&it.detail)).unwrap_or_default(),
                ));
            }
        }
        Command::Show { id } => {
            let source = one(store, &id).await?;
            let health = serde_json::to_string_pretty(&source.health).expect("health has string keys and cannot fail");
            say(format_args!("{}  {}  {}", source.id, source.state().name(), source.settings.url));
            say(format_args!("{health}"));
        }
        Command::Remove { ids } => {
            for id in ids {
                if !store.remove_record(Kind::Source, &id).await? {
                    return Err(not_there(&id));
                }
                say(format_args!("removed {id}"));
            }
        }
        Command::Import { file } => {
            let list = std::fs::read_to_string(&file).map_err(Failure::io(file.display().to_string()))?;
            let list = opml::read(&list).map_err(|error| Failure::Other(format!("{}: {error}", file.display())))?;
            let mut refused = false;
            for opml::Entry { name, settings } in list {
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
            let list = opml::write(&Source::all(store).await?).map_err(|error| Failure::Other(error.to_string()))?;
            say(format_args!("{list}"));
        }
        Command::Poll { ids, reach } => {
            for id in ids {
                let mut source = one(store, &id).await?;
                source.next_poll_at = Some(Instant::now());
                store.put_record(Kind::Source, source.record.as_ref(), &source.to_record()).await?;
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

fn rule(text: &str) -> Result<Rule, String> {
    let (field, matches) = text.split_once('=').ok_or("expected url=REGEX or title=REGEX")?;
    let field = match field {
        "url" => RuleField::Url,
        "title" => RuleField::Title,
        _ => return Err(format!("expected url or title, found {field:?}")),
    };
    Ok(Rule { field, matches: matches.to_owned() })
}

fn faults(bad: Vec<BadSetting>) -> String {
    bad.into_iter().map(|it| format!("{}: {}", it.member, it.detail)).collect::<Vec<_>>().join("; ")
}

async fn add(store: &Store, settings: Settings) -> Result<(), Failure> {
    let mut source = Source::new(settings, Instant::now());
    let added = source.add(store).await?;
    say(format_args!("{} {}", if added { "added" } else { "there already:" }, source.id));
    Ok(())
}

async fn one(store: &Store, id: &str) -> Result<Source, Failure> {
    let record = store.record(Kind::Source, id).await?.ok_or_else(|| not_there(id))?;
    Ok(Source::read(record)?)
}

fn not_there(id: &str) -> Failure {
    Failure::Other(format!("there is no source {id}"))
}
