//! `dateline reprocess`: reprocesses the archived raw documents with the current rules, or shows what would change.

use super::{ArchiveLocation, CommandError, say};
use crate::{
    archive::{
        Archive, IngestError,
        reprocess::{Difference, Reprocessed},
    },
    article::ArticleId,
    query::{self, ListQuery},
};
use anstyle::Style;
use clap::Args;
use serde_json::Value;
use std::{collections::BTreeMap, process::ExitCode};

#[derive(Clone, Debug, Args)]
pub struct ReprocessOptions {
    /// Select articles with query parameters of GET /v1/articles: `source=gazette&language=en`. Default: all
    #[arg(long, value_name = "QUERY", default_value = "")]
    filter: String,
    /// Show what would change without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Number of examples to show per field
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    examples: usize,
}

/// Maximum characters of a value to show.
const SHOWN_CHARS: usize = 200;

#[derive(Default)]
struct ReprocessSummary {
    unchanged: usize,
    changed: usize,
    /// Number of differences and the first examples, by field.
    fields: BTreeMap<String, (usize, Vec<(ArticleId, Difference)>)>,
    failed: Vec<(ArticleId, IngestError)>,
}

pub async fn run(options: ReprocessOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let open = location.open().await?;
    let archive = Archive::new(open.store.clone());
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(options.filter.as_bytes()).into_owned().collect();
    pairs.push(("fields".to_owned(), "id".to_owned()));
    let mut query = ListQuery::parse(&pairs)
        .map_err(|bad| CommandError::Other(format!("--filter: {}", CommandError::parameters(bad))))?;
    query.limit = crate::limits::PAGE_MAX;
    let mut report = ReprocessSummary::default();
    loop {
        let page = query::page(archive.store(), &query).await?;
        for (id, _) in page.cards {
            report.take(&id, archive.reprocess(&id, !options.dry_run).await, options.examples);
        }
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    report.print(options.dry_run);
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl ReprocessSummary {
    fn take(&mut self, id: &ArticleId, reprocessed: Result<Reprocessed, IngestError>, examples: usize) {
        match reprocessed {
            Ok(Reprocessed::Unchanged) => self.unchanged += 1,
            Ok(Reprocessed::Changed(differences)) => {
                self.changed += 1;
                for difference in differences {
                    let (count, shown) = self.fields.entry(difference.field.clone()).or_default();
                    *count += 1;
                    if shown.len() < examples {
                        shown.push((id.clone(), difference));
                    }
                }
            }
            // Deleted while the list was read.
            Ok(Reprocessed::Gone) => {}
            Err(error) => self.failed.push((id.clone(), error)),
        }
    }

    fn print(&self, dry_run: bool) {
        let bold = Style::new().bold();
        for (field, (count, examples)) in &self.fields {
            say(format_args!("{bold}{field}{bold:#}  {count}"));
            for (id, example) in examples {
                say(format_args!("  {id}  before  {}", shown(&example.before)));
                say(format_args!("  {:26}  after   {}", "", shown(&example.after)));
            }
        }
        for (id, error) in &self.failed {
            say(format_args!("{id}  {}: {}", error.code(), error.chain()));
        }
        let verb = if dry_run { "would change" } else { "changed" };
        let (changed, unchanged, failed) = (self.changed, self.unchanged, self.failed.len());
        say(format_args!("{changed} {verb}, {unchanged} unchanged, {failed} failed"));
    }
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
