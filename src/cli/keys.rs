//! `dateline keys`: creates, lists and revokes the API keys of the archive.

use super::{ArchiveLocation, CommandError, harmless, say};
use crate::{
    access::{Scope, api_keys},
    article::Instant,
};
use clap::{Args, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct KeysOptions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a key and print it; it is shown only once
    Create {
        /// Owner or purpose of the key
        #[arg(value_name = "NAME")]
        name: String,
        /// What the key may do; repeat the option for several scopes
        #[arg(long, value_enum, required = true)]
        scope: Vec<Scope>,
    },
    /// List all keys with their id, scopes and last use
    List,
    /// Revoke keys
    Revoke {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

pub async fn run(options: KeysOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    match options.command {
        Command::Create { name, scope } => {
            let created = api_keys::create(&open.store, &name, scope.into_iter().collect(), Instant::now()).await;
            say(format_args!("{}", created.map_err(|error| CommandError::Other(error.to_string()))?));
        }
        Command::List => {
            for key in api_keys::all(&open.store).await? {
                let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
                let used = key.last_used_at.map_or_else(|| "never".to_owned(), |last_used_at| last_used_at.to_string());
                let (id, name) = (&key.id, harmless(&key.name));
                say(format_args!("{id}  {}  created {}  used {used}  {name}", scopes.join(","), key.created_at));
            }
        }
        Command::Revoke { ids } => {
            for id in ids {
                if !api_keys::revoke(&open.store, &id).await? {
                    return Err(CommandError::Other(format!("key {id} not found")));
                }
                say(format_args!("revoked {id}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
