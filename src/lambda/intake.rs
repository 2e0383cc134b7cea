//! Ingests the documents that events carry or refer to.

use super::metrics::Counts;
use crate::limits::ENVELOPE_BYTES;
use crate::{
    archive::{
        self, Archive, IngestError, Ingested, Outcome,
        document_files::{InputDocument, input_documents},
        envelope,
        reprocess::Reprocessed,
    },
    article::{ArticleId, Instant},
};
use aws_lambda_events::s3::{S3Event, S3EventRecord};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The outcomes of an event's documents.
#[derive(Default)]
pub struct BatchReport {
    outcomes: BTreeMap<&'static str, usize>,
    /// Transient failures, to be retried: name, code, reason.
    pub failed: Vec<(String, &'static str, String)>,
    /// Permanent failures, which are stored among the failures.
    kept: Vec<(String, &'static str, String)>,
}

impl BatchReport {
    pub fn report(&self) -> Value {
        let count = |outcome: Outcome| self.outcomes.get(outcome.name()).copied().unwrap_or_default();
        let listed = |failures: &[(String, &'static str, String)]| -> Vec<Value> {
            let listed =
                failures.iter().map(|(name, code, detail)| json!({"document": name, "code": code, "detail": detail}));
            listed.collect()
        };
        json!({
            "created": count(Outcome::Created),
            "revised": count(Outcome::Revised),
            "unchanged": count(Outcome::Unchanged),
            "deleted": count(Outcome::Deleted),
            "outdated": count(Outcome::Outdated),
            "kept": listed(&self.kept),
            "failed": listed(&self.failed),
        })
    }

    /// Adds the outcomes of another report.
    pub fn add(&mut self, other: &Self) {
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.failed.extend(other.failed.iter().cloned());
        self.kept.extend(other.kept.iter().cloned());
    }

    pub fn counts(&self) -> Counts {
        let count = |outcome: Outcome| self.outcomes.get(outcome.name()).copied().unwrap_or_default() as u64;
        vec![
            ("Created", count(Outcome::Created)),
            ("Revised", count(Outcome::Revised)),
            ("Unchanged", count(Outcome::Unchanged)),
            ("Kept", self.kept.len() as u64),
            ("Failed", self.failed.len() as u64),
        ]
    }

    async fn ingest(&mut self, archive: &Archive, input: InputDocument) {
        let name = input.name.clone();
        let report = match archive.ingest_or_keep_failed(input).await {
            Ok(report) => report,
            Err(error) => vec![archive::IngestReport { entry: None, ingested: Err(error.into()) }],
        };
        for archive::IngestReport { entry, ingested } in report {
            let name = entry.map_or_else(|| name.clone(), |entry| format!("{name}#{entry}"));
            self.count(name, ingested);
        }
    }

    fn count(&mut self, name: String, ingested: Result<Ingested, IngestError>) {
        match ingested {
            Ok(Ingested { outcome, id, .. }) => {
                tracing::info!(document = name, outcome = outcome.name(), article = %id, "document ingested");
                *self.outcomes.entry(outcome.name()).or_default() += 1;
            }
            Err(error) => {
                let kept = error.is_permanent();
                tracing::warn!(document = name, code = error.code(), cause = error.chain(), kept, "document failed");
                let failed = if kept { &mut self.kept } else { &mut self.failed };
                failed.push((name, error.code(), error.to_string()));
            }
        }
    }
}

/// Ingests the bundled seeds.
pub async fn seeds(archive: &Archive) -> BatchReport {
    let mut report = BatchReport::default();
    for input in crate::archive::seeds::seeds(Instant::now()) {
        report.ingest(archive, input).await;
    }
    report
}

/// Reprocesses archived articles with the current rules.
pub async fn reprocess(archive: &Archive, articles: Vec<ArticleId>) -> BatchReport {
    let mut report = BatchReport::default();
    for id in articles {
        match archive.reprocess(&id, true).await {
            Ok(Reprocessed::Changed(differences)) => {
                let fields: Vec<&str> = differences.iter().map(|difference| difference.field.as_str()).collect();
                tracing::info!(article = %id, fields = fields.join(", "), "article reprocessed");
                *report.outcomes.entry(Outcome::Revised.name()).or_default() += 1;
            }
            Ok(Reprocessed::Unchanged) => *report.outcomes.entry(Outcome::Unchanged.name()).or_default() += 1,
            Ok(Reprocessed::Gone) => *report.outcomes.entry(Outcome::Deleted.name()).or_default() += 1,
            Err(error) => report.count(id.to_string(), Err(error)),
        }
    }
    report
}

/// Ingests a queue message that is a raw document in its envelope.
pub async fn queued(archive: &Archive, body: &str) -> BatchReport {
    let document = envelope::parse(body.as_bytes(), Instant::now()).map_err(IngestError::BadEnvelope);
    let name = document.as_ref().ok().and_then(|document| document.key.clone()).unwrap_or_else(|| "message".to_owned());
    let mut report = BatchReport::default();
    report.ingest(archive, InputDocument { name, document, bytes: body.as_bytes().to_vec() }).await;
    report
}

/// Ingests the objects that a notification names.
pub async fn notified(archive: &Archive, event: S3Event) -> BatchReport {
    let mut report = BatchReport::default();
    for record in event.records {
        let key = decoded(record.s3.object.key.as_deref().unwrap_or_default());
        match fetch(archive, &record, &key).await {
            Ok((content, media_type, at)) => {
                let inputs: Vec<_> = input_documents(&key, media_type.as_deref(), content.as_slice(), at).collect();
                for input in inputs {
                    report.ingest(archive, input).await;
                }
            }
            Err(error) => report.ingest(archive, InputDocument::failed(key, error)).await,
        }
    }
    report
}

async fn fetch(
    archive: &Archive,
    record: &S3EventRecord,
    key: &str,
) -> Result<(Vec<u8>, Option<String>, Instant), IngestError> {
    let bucket = record.s3.bucket.name.as_deref().unwrap_or_default();
    let object = archive.store().objects().object(bucket, key, ENVELOPE_BYTES as u64).await?;
    let at = Instant::from_timestamp(object.last_modified).unwrap_or_else(Instant::now);
    Ok((object.content.to_vec(), object.media_type, at.min(Instant::now())))
}

/// Decodes an object key, which S3 encodes like a form field: spaces as `+`, other bytes as `%xx`.
fn decoded(key: &str) -> String {
    form_urlencoded::parse(format!("key={key}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_are_decoded_as_form_fields() {
        assert_eq!(super::decoded("inbox/caf%C3%A9+opening%2B1.txt"), "inbox/café opening+1.txt");
    }
}
