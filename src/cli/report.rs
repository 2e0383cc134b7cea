//! How an ingest went: a line or a bar while it goes, a report at the end.

use super::say;
use crate::archive::{Archive, IngestError, Ingested, Outcome, Taken, intake::Arrival};
use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use std::{collections::BTreeMap, io::IsTerminal};

const BAR: &str = "{bar:30} {pos}/{len} files  {msg}";
const FAILED: Style = AnsiColor::Red.on_default();

#[derive(Default)]
pub struct Report {
    outcomes: BTreeMap<&'static str, usize>,
    failed: Vec<(String, IngestError)>,
    /// Whether each document gets a line of its own.
    lines: bool,
    bar: Option<ProgressBar>,
}

impl Report {
    /// Nothing until the end.
    pub fn quiet() -> Self {
        Self::default()
    }

    /// A bar where a person watches, otherwise a line for each document.
    pub fn watched(files: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { lines: true, ..Self::default() };
        }
        let style = ProgressStyle::with_template(BAR).expect("the template is well formed");
        Self { bar: Some(ProgressBar::new(files as u64).with_style(style)), ..Self::default() }
    }

    pub async fn take(&mut self, archive: &Archive, arrival: Arrival) {
        let Arrival { name, document, .. } = arrival;
        let taken = match document {
            Ok(document) => archive.take(document).await,
            Err(error) => vec![Taken { entry: None, ingested: Err(error) }],
        };
        if let Some(bar) = &self.bar {
            bar.set_message(name.clone());
            bar.inc(1);
        }
        for Taken { entry, ingested } in taken {
            let name = entry.map_or_else(|| name.clone(), |entry| format!("{name}#{entry}"));
            self.count(name, ingested);
        }
    }

    fn count(&mut self, name: String, ingested: Result<Ingested, IngestError>) {
        match ingested {
            Ok(it) => {
                if self.lines {
                    say(format_args!("{:9} {} {name}", it.outcome.name(), it.id));
                }
                *self.outcomes.entry(it.outcome.name()).or_default() += 1;
            }
            Err(error) => {
                if self.lines {
                    say(format_args!("{:9} {name}: {}: {}", "failed", error.code(), error.chain()));
                }
                self.failed.push((name, error));
            }
        }
    }

    pub fn print(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let count = |it: Outcome| self.outcomes.get(it.name()).copied().unwrap_or_default();
        let left = |outcome: Outcome, why: &str| match count(outcome) {
            0 => String::new(),
            some => format!(", {some} {why}"),
        };
        let deleted = left(Outcome::Deleted, "deleted before and left so");
        let outdated = left(Outcome::Outdated, "retrieved before what is held and left out");
        say(format_args!(
            "{} created, {} revised, {} unchanged{deleted}{outdated}, {} failed",
            count(Outcome::Created),
            count(Outcome::Revised),
            count(Outcome::Unchanged),
            self.failed.len()
        ));
        if !self.lines {
            for (name, error) in &self.failed {
                eprintln!("{FAILED}failed{FAILED:#} {name}: {}: {}", error.code(), error.chain());
            }
        }
    }

    pub fn is_clean(&self) -> bool {
        self.failed.is_empty()
    }
}
