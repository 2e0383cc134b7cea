//! Ingest progress: a progress bar or a line per document, then a summary.

use super::say;
use crate::archive::{
    Archive, IngestError, IngestReport, Ingested, Outcome, document_files::InputDocument, web_archive::PassedOver,
};
use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use futures::future::join_all;
use indicatif::{ProgressBar, ProgressStyle};
use std::{collections::BTreeMap, io::IsTerminal};

const BAR: &str = "{bar:30} {pos}/{len} documents  {msg}";
const FAILED: Style = AnsiColor::Red.on_default();

#[derive(Default)]
pub struct IngestProgress {
    outcomes: BTreeMap<&'static str, usize>,
    failed: Vec<(String, IngestError)>,
    passed_over: PassedOver,
    documents: usize,
    /// Whether to print a line per document.
    lines: bool,
    bar: Option<ProgressBar>,
}

/// Ingests a document; returns its name too.
async fn ingest(archive: &Archive, input: InputDocument) -> (String, Vec<IngestReport>) {
    let InputDocument { name, document, .. } = input;
    let reports = match document {
        Ok(document) => archive.ingest_all(document).await,
        Err(error) => vec![IngestReport { entry: None, ingested: Err(error) }],
    };
    (name, reports)
}

/// Says which records of web archives were passed over, and why.
pub fn passed_over(records: &PassedOver) -> String {
    let records: Vec<String> = records.iter().map(|(reason, number)| format!("{number} ({reason})")).collect();
    format!("records passed over: {}", records.join(", "))
}

impl IngestProgress {
    /// Prints only the summary.
    pub fn quiet() -> Self {
        Self::default()
    }

    /// Shows a progress bar on a terminal, otherwise a line per document.
    pub fn watched(documents: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { lines: true, ..Self::default() };
        }
        let style = ProgressStyle::with_template(BAR).expect("the template is well formed");
        Self { bar: Some(ProgressBar::new(documents as u64).with_style(style)), ..Self::default() }
    }

    pub async fn take(&mut self, archive: &Archive, input: InputDocument) {
        let (name, reports) = ingest(archive, input).await;
        self.note(name, reports);
    }

    /// Ingests documents at once, which were not counted before.
    pub async fn take_all(&mut self, archive: &Archive, inputs: Vec<InputDocument>) {
        if let Some(bar) = &self.bar {
            bar.inc_length(inputs.len() as u64);
        }
        for (name, reports) in join_all(inputs.into_iter().map(|input| ingest(archive, input))).await {
            self.note(name, reports);
        }
    }

    /// The documents so far.
    pub fn taken(&self) -> usize {
        self.documents
    }

    /// Notes the result of a document.
    fn note(&mut self, name: String, reports: Vec<IngestReport>) {
        self.documents += 1;
        if let Some(bar) = &self.bar {
            bar.set_message(name.clone());
            bar.inc(1);
        }
        for IngestReport { entry, ingested } in reports {
            let name = entry.map_or_else(|| name.clone(), |entry| format!("{name}#{entry}"));
            self.count(name, ingested);
        }
    }

    /// States the records of web archives that were passed over.
    pub fn set_passed_over(&mut self, records: &PassedOver) {
        self.passed_over = records.clone();
    }

    fn count(&mut self, name: String, ingested: Result<Ingested, IngestError>) {
        match ingested {
            Ok(ingested) => {
                if self.lines {
                    say(format_args!("{:9} {} {name}", ingested.outcome.name(), ingested.id));
                }
                *self.outcomes.entry(ingested.outcome.name()).or_default() += 1;
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
        let count = |outcome: Outcome| self.outcomes.get(outcome.name()).copied().unwrap_or_default();
        let skipped = |outcome: Outcome, reason: &str| match count(outcome) {
            0 => String::new(),
            number => format!(", {number} skipped as {reason}"),
        };
        let deleted = skipped(Outcome::Deleted, "deleted earlier");
        let outdated = skipped(Outcome::Outdated, "older than the stored revision");
        say(format_args!(
            "{} created, {} revised, {} unchanged{deleted}{outdated}, {} failed",
            count(Outcome::Created),
            count(Outcome::Revised),
            count(Outcome::Unchanged),
            self.failed.len()
        ));
        if !self.passed_over.is_empty() {
            say(format_args!("{}", passed_over(&self.passed_over)));
        }
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
