//! `dateline keys`: who may use the archive over HTTP.

use super::{Failure, Place, harmless, say};
use crate::{
    access::{Scope, key},
    article::Instant,
};
use clap::{Args, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key and print it, once
    Create {
        /// Whose it is, or what it is for
        #[arg(value_name = "NAME")]
        name: String,
        /// What it may do; several are given one by one
        #[arg(long, value_enum, required = true)]
        scope: Vec<Scope>,
    },
    /// Every key: its id, what it may do, when it was last used
    List,
    /// Take keys back
    Revoke {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let place = options.place.open().await?;
    match options.command {
        Command::Create { name, scope } => {
            let created = key::create(&place.store, &name, scope.into_iter().collect(), Instant::now()).await;
            say(format_args!("{}", created.map_err(|error| Failure::Other(error.to_string()))?));
        }
        Command::List => {
            for key in key::all(&place.store).await? {
                let scopes: Vec<&str> = key.scopes.iter().map(|it| it.name()).collect();
                let used = key.last_used_at.map_or_else(|| "never".to_owned(), |it| it.to_string());
                let (id, name) = (&key.id, harmless(&key.name));
                say(format_args!("{id}  {}  created {}  used {used}  {name}", scopes.join(","), key.created_at));
            }
        }
        Command::Revoke { ids } => {
            for id in ids {
                if !key::revoke(&place.store, &id).await? {
                    return Err(Failure::Other(format!("there is no key {id}")));
                }
                say(format_args!("revoked {id}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
