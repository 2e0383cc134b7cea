//! The inbox: a folder whose files are ingested as they are dropped, like the bucket's `inbox/` on AWS.
//!
//! A file is ingested once it has not been modified for a while, so that files still being copied are left alone. Then
//! it is moved to `.ingested` within the folder. Documents that cannot be read are stored as failures. A file that the
//! archive could not store stays where it is and is retried.

use super::files::{self, InputFiles};
use crate::{
    archive::{Archive, IngestReport, document_files::input_documents},
    article::Instant,
};
use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

const INGESTED: &str = ".ingested";
/// A file that has not been modified for this long counts as complete.
const QUIET_PERIOD: Duration = Duration::from_secs(2);
const SCAN_INTERVAL: Duration = Duration::from_secs(2);
/// Maximum number of ingested files with the same name.
const NAMESAKES: usize = 10_000;

pub async fn keep_emptied(archive: Archive, folder: PathBuf) {
    loop {
        if let Err(error) = empty(&archive, &folder).await {
            tracing::warn!(folder = %folder.display(), cause = %error, "inbox scan failed");
        }
        tokio::time::sleep(SCAN_INTERVAL).await;
    }
}

async fn empty(archive: &Archive, folder: &Path) -> io::Result<()> {
    let mut files = InputFiles::default();
    files::walk(folder, &mut files).map_err(io::Error::other)?;
    // Whatever was dropped here was meant to be ingested; what is no document becomes a failure.
    let dropped = files.left_alone.into_iter().filter(|file| !file.is_symlink());
    for file in files.documents.into_iter().chain(dropped) {
        let about = file.metadata()?;
        let written = about.modified()?;
        if SystemTime::now().duration_since(written).is_ok_and(|elapsed| elapsed >= QUIET_PERIOD)
            && ingest_file(archive, folder, &file).await?
        {
            put_away(folder, &file)?;
        }
    }
    Ok(())
}

/// Ingests a file and returns whether all its documents are archived or stored as failures.
async fn ingest_file(archive: &Archive, folder: &Path, file: &Path) -> io::Result<bool> {
    let within = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned();
    // The key that the bucket would give it.
    let key = format!("inbox/{within}");
    let opened = File::open(file)?;
    let written = jiff::Timestamp::try_from(opened.metadata()?.modified()?).ok().and_then(Instant::from_timestamp);
    let now = Instant::now();
    let at = written.map_or(now, |written| written.min(now));
    let mut settled = true;
    let input_documents: Vec<_> = input_documents(&key, None, BufReader::new(opened), at).collect();
    for input in input_documents {
        let name = input.name.clone();
        let reports = match archive.ingest_or_keep_failed(input).await {
            Ok(reports) => reports,
            Err(error) => vec![IngestReport { entry: None, ingested: Err(error.into()) }],
        };
        for IngestReport { entry, ingested } in reports {
            match ingested {
                Ok(ingested) => {
                    tracing::info!(document = name, entry, outcome = ingested.outcome.name(), "document ingested")
                }
                Err(error) => {
                    tracing::warn!(
                        document = name,
                        entry,
                        code = error.code(),
                        cause = error.chain(),
                        "document failed"
                    );
                    settled &= error.is_permanent();
                }
            }
        }
    }
    Ok(settled)
}

fn put_away(folder: &Path, file: &Path) -> io::Result<()> {
    let within = file.strip_prefix(folder).unwrap_or(file);
    for number in 0..NAMESAKES {
        let mut target = folder.join(INGESTED).join(within).into_os_string();
        if number > 0 {
            target.push(format!(".{number}"));
        }
        let target = PathBuf::from(target);
        if !target.exists() {
            target.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            return std::fs::rename(file, target);
        }
    }
    Err(io::Error::other(format!("{NAMESAKES} files named {} already exist", within.display())))
}
