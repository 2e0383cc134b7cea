//! `dateline follow NAME`: prints the changes since this consumer's last call, one JSON object per line.

use super::{ArchiveLocation, CommandError};
use crate::{
    archive::{Archive, consumer::Consumer},
    json::to_json,
};
use clap::Args;
use std::{
    io::{Write, stdout},
    process::ExitCode,
};

#[derive(Clone, Debug, Args)]
pub struct FollowOptions {
    /// Name of the consumer; the archive stores each consumer's position
    #[arg(value_name = "NAME")]
    name: String,
}

const BATCH: usize = 500;

pub async fn run(options: FollowOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    let follower = Consumer::new(Archive::new(open.store.clone()), options.name);
    loop {
        let batch = follower.next(BATCH).await?;
        // A batch is acknowledged only after it was written and flushed: after a broken pipe it is sent again.
        let mut out = stdout().lock();
        for change in &batch.changes {
            let line = to_json(change);
            writeln!(out, "{line}").map_err(CommandError::io("standard output"))?;
        }
        out.flush().map_err(CommandError::io("standard output"))?;
        drop(out);
        follower.done(&batch).await?;
        if !batch.more {
            return Ok(ExitCode::SUCCESS);
        }
    }
}
