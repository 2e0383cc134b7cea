//! `dateline doctor`: checks an archive, names what is wrong, and with `--repair` mends what can be derived.

use super::{ArchiveLocation, CommandError, say};
use crate::{
    archive::{Archive, doctor::Finding},
    search::{IndexDifferences, Search, SearchError, indexer::Indexer},
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::{process::ExitCode, time::Duration};

#[derive(Clone, Debug, Args)]
pub struct DoctorOptions {
    /// Mend what can be derived: postings, entries of lists by time, the search index
    #[arg(long)]
    repair: bool,
}

/// Time limit for indexing new changes before the index is compared.
const INDEXING: Duration = Duration::from_secs(600);

pub async fn run(options: DoctorOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    let progress = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {human_pos} items read ({per_sec})").expect("a valid template"),
    );
    let archive = Archive::new(open.store.clone());
    let checkup = archive.check_up(options.repair, |items| progress.set_position(items as u64)).await?;
    progress.finish_and_clear();
    let (items, articles, objects) = (checkup.items, checkup.articles.len(), checkup.objects);
    let mut findings = checkup.findings;
    let indexer = Indexer::new(open.store.clone());
    let compared = async {
        indexer.run(INDEXING).await?;
        Search::new(open.store.clone()).differences(checkup.articles).await
    };
    let problem = match compared.await {
        Ok(differences) => described(differences),
        Err(error @ SearchError::Damaged { .. }) => Some(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    if let Some(problem) = problem {
        if options.repair {
            indexer.rebuild().await?;
        }
        findings.push(Finding { at: "search index".to_owned(), problem, repaired: options.repair });
    }
    for finding in &findings {
        let state = if finding.repaired { "mended" } else { "wrong" };
        say(format_args!("{state:6} {}: {}", finding.at, finding.problem));
    }
    let left = findings.iter().filter(|finding| !finding.repaired).count();
    let checked = format!("{items} items, {articles} articles and {objects} objects checked");
    match (findings.len(), left) {
        (0, _) => say(format_args!("{checked}: nothing is wrong")),
        (found, 0) => say(format_args!("{checked}: {found} faults mended")),
        (found, left) => {
            say(format_args!("{checked}: {left} faults left, {} mended", found - left));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Describes the differences. Returns `None` if the index equals the table.
fn described(differences: IndexDifferences) -> Option<String> {
    let IndexDifferences { missing, surplus, outdated } = differences;
    let counts = [(missing, "missing"), (surplus, "surplus"), (outdated, "outdated")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = counts.map(|(count, what)| format!("{count} articles {what}")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
