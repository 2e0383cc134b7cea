//! The inbox: a folder whose files are taken in as they are dropped, as the bucket's `inbox/` is on AWS.
//!
//! A file is taken once it has stood still for a while, so that one that is still being copied is not; then it is moved
//! to `.taken` within the folder. What in it cannot be read is kept among the failures. One that the archive could not take
//! stays where it is, and is tried again.

use super::files;
use crate::{
    archive::{Archive, Taken, intake::arrivals},
    article::Instant,
};
use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

const TAKEN: &str = ".taken";
/// What nobody wrote to for as long is whole.
const STILL: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Files that were taken under one name.
const NAMESAKES: usize = 10_000;

pub async fn keep_emptied(archive: Archive, folder: PathBuf) {
    loop {
        if let Err(error) = empty(&archive, &folder).await {
            tracing::warn!(folder = %folder.display(), cause = %error, "the inbox cannot be emptied");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn empty(archive: &Archive, folder: &Path) -> io::Result<()> {
    let mut found = Vec::new();
    files::walk(folder, &mut found).map_err(io::Error::other)?;
    for file in found {
        let about = file.metadata()?;
        let written = about.modified()?;
        if SystemTime::now().duration_since(written).is_ok_and(|it| it >= STILL) && take(archive, folder, &file).await?
        {
            put_away(folder, &file)?;
        }
    }
    Ok(())
}

/// Whether everything in it is in the archive or among the failures.
async fn take(archive: &Archive, folder: &Path, file: &Path) -> io::Result<bool> {
    let within = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned();
    // As the bucket has it.
    let key = format!("inbox/{within}");
    let opened = File::open(file)?;
    let written = jiff::Timestamp::try_from(opened.metadata()?.modified()?).ok().and_then(Instant::from_timestamp);
    let now = Instant::now();
    let at = written.map_or(now, |it| it.min(now));
    let mut whole = true;
    let arriving: Vec<_> = arrivals(&key, None, BufReader::new(opened), at).collect();
    for arrival in arriving {
        let name = arrival.name.clone();
        let taken = match archive.take_or_keep(arrival).await {
            Ok(taken) => taken,
            Err(error) => vec![Taken { entry: None, ingested: Err(error.into()) }],
        };
        for Taken { entry, ingested } in taken {
            match ingested {
                Ok(it) => tracing::info!(document = name, entry, outcome = it.outcome.name(), "document taken"),
                Err(error) => {
                    tracing::warn!(
                        document = name,
                        entry,
                        code = error.code(),
                        cause = error.chain(),
                        "document failed"
                    );
                    whole &= error.is_the_documents();
                }
            }
        }
    }
    Ok(whole)
}

fn put_away(folder: &Path, file: &Path) -> io::Result<()> {
    let within = file.strip_prefix(folder).unwrap_or(file);
    for number in 0..NAMESAKES {
        let mut target = folder.join(TAKEN).join(within).into_os_string();
        if number > 0 {
            target.push(format!(".{number}"));
        }
        let target = PathBuf::from(target);
        if !target.exists() {
            target.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            return std::fs::rename(file, target);
        }
    }
    Err(io::Error::other(format!("{NAMESAKES} files of the name {} were taken", within.display())))
}
