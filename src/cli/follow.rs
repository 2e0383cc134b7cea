//! `dateline follow NAME`: what changed since the last time that somebody of this name asked, a line of JSON each.

use super::{Data, Failure};
use crate::archive::{Archive, follower::Follower};
use clap::Args;
use std::{
    io::{Write, stdout},
    process::ExitCode,
};

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Who follows; the archive remembers how far each has come
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    data: Data,
}

const BATCH: usize = 500;

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let folder = options.data.open().await?;
    let follower = Follower::new(Archive::new(folder.store.clone()), options.name);
    loop {
        let batch = follower.next(BATCH).await?;
        // Only what was written whole is done: a pipe that breaks gets it again.
        let mut out = stdout().lock();
        for change in &batch.changes {
            let line = serde_json::to_string(change).expect("a change has string keys and cannot fail");
            writeln!(out, "{line}").map_err(Failure::io("standard output"))?;
        }
        out.flush().map_err(Failure::io("standard output"))?;
        drop(out);
        follower.done(&batch).await?;
        if !batch.more {
            return Ok(ExitCode::SUCCESS);
        }
    }
}
