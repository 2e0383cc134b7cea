//! `dateline replay`: the archive's raw documents read again, to see and to take over what today's rules make of them.

use super::{Data, Failure, say};
use crate::{
    archive::{
        Archive, IngestError,
        replay::{Difference, Reread},
    },
    article::ArticleId,
    query::{self, ListQuery},
};
use anstyle::Style;
use clap::Args;
use serde_json::Value;
use std::{collections::BTreeMap, process::ExitCode};

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Which articles, as in the query of GET /v1/articles: `source=gazette&language=en`. Without it, all
    #[arg(long, value_name = "QUERY", default_value = "")]
    filter: String,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How many examples of each field are shown
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    examples: usize,
    #[command(flatten)]
    data: Data,
}

/// How much of a value is shown.
const SHOWN_CHARS: usize = 200;

#[derive(Default)]
struct Report {
    unchanged: usize,
    changed: usize,
    /// How often each field differs, and the first examples.
    fields: BTreeMap<String, (usize, Vec<(ArticleId, Difference)>)>,
    failed: Vec<(ArticleId, IngestError)>,
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let folder = options.data.open().await?;
    let archive = Archive::new(folder.store.clone());
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(options.filter.as_bytes()).into_owned().collect();
    pairs.push(("fields".to_owned(), "id".to_owned()));
    let bad = |bad: Vec<query::BadParameter>| {
        let faults: Vec<String> = bad.into_iter().map(|it| format!("{}: {}", it.parameter, it.detail)).collect();
        Failure::Other(format!("--filter: {}", faults.join("; ")))
    };
    let mut query = ListQuery::parse(&pairs).map_err(bad)?;
    query.limit = query::parameters::LIMIT_MAX;
    let mut report = Report::default();
    loop {
        let page = query::page(archive.store(), &query).await?;
        for (id, _) in page.cards {
            report.take(&id, archive.reread(&id, !options.dry_run).await, options.examples);
        }
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    report.print(options.dry_run);
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Report {
    fn take(&mut self, id: &ArticleId, reread: Result<Reread, IngestError>, examples: usize) {
        match reread {
            Ok(Reread::Unchanged) => self.unchanged += 1,
            Ok(Reread::Changed(differences)) => {
                self.changed += 1;
                for it in differences {
                    let (count, shown) = self.fields.entry(it.field.clone()).or_default();
                    *count += 1;
                    if shown.len() < examples {
                        shown.push((id.clone(), it));
                    }
                }
            }
            // It was deleted while the list was walked.
            Ok(Reread::Gone) => {}
            Err(error) => self.failed.push((id.clone(), error)),
        }
    }

    fn print(&self, dry_run: bool) {
        let bold = Style::new().bold();
        for (field, (count, examples)) in &self.fields {
            say(format_args!("{bold}{field}{bold:#}  {count}"));
            for (id, it) in examples {
                say(format_args!("  {id}  before  {}", shown(&it.before)));
                say(format_args!("  {:26}  after   {}", "", shown(&it.after)));
            }
        }
        for (id, error) in &self.failed {
            say(format_args!("{id}  {}: {}", error.code(), error.chain()));
        }
        let verb = if dry_run { "would change" } else { "changed" };
        let (changed, unchanged, failed) = (self.changed, self.unchanged, self.failed.len());
        say(format_args!("{changed} {verb}, {unchanged} read as before, {failed} failed"));
    }
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
