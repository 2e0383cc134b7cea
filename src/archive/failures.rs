//! Failed documents: kept with their bytes and errors until a retry succeeds or they are removed.
//!
//! A client that posts a document gets its errors at once and still has the document. No client waits for a polled,
//! queued or uploaded document, so those are kept here. A feed is kept once, with its failed entries; the other entries
//! are archived. A repeated failure, as from a feed at every poll, is counted and not kept twice.

use super::{
    Archive, IngestError, IngestReport, Outcome, document_files::InputDocument, envelope, identity::document_name,
};
use crate::{
    article::{ArticleId, Defaults, Instant, RawDocument},
    limits::FAILURE_ERRORS,
    reading::ReadError,
    store::{Record, RecordKind, RetryOnConflict, StoreError},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

const DETAIL_CHARACTERS: usize = 300;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    pub id: String,
    pub key: Option<String>,
    pub url: Option<String>,
    /// The id of the source it came from.
    pub source: Option<String>,
    /// That source's defaults.
    pub defaults: Option<Defaults>,
    pub media_type: Option<String>,
    pub retrieved_at: Instant,
    pub sha256: String,
    pub bytes: u64,
    /// Whether the bytes are an invalid envelope, and not the document itself.
    pub enveloped: bool,
    pub errors: Vec<FailedPart>,
    /// Number of errors that `errors` does not list.
    pub more_errors: usize,
    pub first_failed_at: Instant,
    pub last_failed_at: Instant,
    pub attempts: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedPart {
    /// The entry of a feed that failed; `null` for the document as a whole.
    pub entry: Option<String>,
    pub code: String,
    pub detail: String,
}

/// The result of retrying a failure.
#[derive(Debug)]
pub struct Retried {
    pub reports: Vec<IngestReport>,
    /// Whether the failure is resolved and removed.
    pub settled: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    #[error("failure {0} not found")]
    NotFound(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retried {
    /// Returns the articles that the retry created or revised.
    pub fn changed(&self) -> impl Iterator<Item = &ArticleId> {
        let ingested = self.reports.iter().filter_map(|report| report.ingested.as_ref().ok());
        ingested
            .filter(|ingested| matches!(ingested.outcome, Outcome::Created | Outcome::Revised))
            .map(|ingested| &ingested.id)
    }

    pub fn errors(&self) -> Vec<FailedPart> {
        self.reports.iter().filter_map(failed_part).collect()
    }
}

impl Archive {
    /// Ingests a document that no client waits for, and keeps it if it fails permanently. The reports include the
    /// transient errors, for the caller to retry.
    pub async fn ingest_or_keep_failed(&self, input: InputDocument) -> Result<Vec<IngestReport>, StoreError> {
        let InputDocument { name, document, bytes } = input;
        let (reports, document, enveloped) = match document {
            Ok(document) => (self.ingest_all(document.clone()).await, document, false),
            Err(error) => {
                let document = RawDocument { key: Some(name), ..RawDocument::new(bytes, Instant::now()) };
                (vec![IngestReport { entry: None, ingested: Err(error) }], document, true)
            }
        };
        self.keep_failed(document, enveloped, &reports).await?;
        Ok(reports)
    }

    /// Keeps the document with its permanent errors, if it has any.
    pub async fn keep_failed(
        &self,
        document: RawDocument,
        enveloped: bool,
        reports: &[IngestReport],
    ) -> Result<(), StoreError> {
        let errors = permanent_errors(reports);
        if errors.is_empty() {
            return Ok(());
        }
        let sha256 = document.sha256();
        let id = id(&document, &sha256, &errors);
        let mut retries = RetryOnConflict::default();
        loop {
            let now = Instant::now();
            let before = self.store().record(RecordKind::Failure, &id).await?;
            let failure = match &before {
                Some(record) => {
                    let previous: Failure = record.read()?;
                    Failure { last_failed_at: now, attempts: previous.attempts + 1, ..previous }
                }
                None => {
                    self.store().objects().put_failed(&id, document.content.clone()).await?;
                    Failure {
                        id: id.clone(),
                        key: document.key.clone(),
                        url: document.url.clone(),
                        source: document.source.clone(),
                        defaults: document.defaults.clone(),
                        media_type: document.media_type.clone(),
                        retrieved_at: document.retrieved_at,
                        sha256: sha256.clone(),
                        bytes: document.content.len() as u64,
                        enveloped,
                        more_errors: errors.len().saturating_sub(FAILURE_ERRORS),
                        errors: errors.iter().take(FAILURE_ERRORS).cloned().collect(),
                        first_failed_at: now,
                        last_failed_at: now,
                        attempts: 1,
                    }
                }
            };
            match self.put_failure(before.as_ref(), &failure).await {
                Err(conflict @ StoreError::Conflict) => retries.pause(conflict).await?,
                put => return put,
            }
        }
    }

    async fn put_failure(&self, before: Option<&Record>, failure: &Failure) -> Result<(), StoreError> {
        let next = Record::next(before, &failure.id, Some(failure.first_failed_at), failure);
        self.store().put_record(RecordKind::Failure, before, &next).await
    }

    pub async fn failure(&self, id: &str) -> Result<Failure, RetryError> {
        Ok(self.failure_record(id).await?.read()?)
    }

    async fn failure_record(&self, id: &str) -> Result<Record, RetryError> {
        self.store().record(RecordKind::Failure, id).await?.ok_or_else(|| RetryError::NotFound(id.to_owned()))
    }

    /// Ingests the document again with its original time of retrieval, so that newer content stays.
    pub async fn retry(&self, id: &str) -> Result<Retried, RetryError> {
        let record = self.failure_record(id).await?;
        let mut failure: Failure = record.read()?;
        let content = self.store().objects().failed(id).await?.to_vec();
        let document = match failure.enveloped {
            true => envelope::parse(&content, failure.retrieved_at).map_err(IngestError::BadEnvelope),
            false => Ok(RawDocument {
                media_type: failure.media_type.clone(),
                key: failure.key.clone(),
                url: failure.url.clone(),
                source: failure.source.clone(),
                defaults: failure.defaults.clone(),
                ..RawDocument::new(content, failure.retrieved_at)
            }),
        };
        let reports = match document {
            Ok(document) => self.ingest_all(document).await,
            Err(error) => vec![IngestReport { entry: None, ingested: Err(error) }],
        };
        let settled = reports.iter().all(|report| report.ingested.is_ok() || is_repeated_entry(report));
        if settled {
            self.forget_failure(id).await?;
        } else {
            failure.attempts += 1;
            // A conflicting writer tried the document too.
            let put = self.put_failure(Some(&record), &failure).await;
            if !matches!(put, Err(StoreError::Conflict)) {
                put?;
            }
        }
        Ok(Retried { reports, settled })
    }

    /// Removes a failure and its bytes.
    pub async fn forget_failure(&self, id: &str) -> Result<(), RetryError> {
        if !self.store().remove_record(RecordKind::Failure, id).await? {
            return Err(RetryError::NotFound(id.to_owned()));
        }
        Ok(self.store().objects().delete_failed(id).await?)
    }
}

/// Returns the errors to keep: the permanent ones that lose an article.
fn permanent_errors(reports: &[IngestReport]) -> Vec<FailedPart> {
    let is_permanent = |report: &&IngestReport| report.ingested.as_ref().is_err_and(IngestError::is_permanent);
    reports.iter().filter(is_permanent).filter(|report| !is_repeated_entry(report)).filter_map(failed_part).collect()
}

fn failed_part(report: &IngestReport) -> Option<FailedPart> {
    let error = report.ingested.as_ref().err()?;
    let detail: String = error.chain().chars().take(DETAIL_CHARACTERS).collect();
    Some(FailedPart { entry: report.entry.clone(), code: error.code().to_owned(), detail })
}

/// Whether the failed entry is a repeated one, whose article was ingested from the same feed.
fn is_repeated_entry(report: &IngestReport) -> bool {
    matches!(report.ingested, Err(IngestError::Unreadable(ReadError::RepeatedEntry)))
}

/// Returns the same id for the same failure: derived from the entries of a feed, from the error codes of a polled
/// document, from the bytes of any other document.
fn id(document: &RawDocument, sha256: &str, errors: &[FailedPart]) -> String {
    let mut digest = Sha256::new().chain_update(document_name(document, sha256));
    let is_polled = document.source.is_some() && document.key.is_none();
    for FailedPart { entry, code, .. } in errors {
        digest.update([0]);
        match entry {
            Some(entry) => digest.update(entry),
            None if is_polled => digest.update(code),
            None => digest.update(sha256),
        }
    }
    hex::encode(&digest.finalize()[..10])
}
