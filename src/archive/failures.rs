//! Failed documents: kept with their bytes and their errors until they are read after all, or taken away.
//!
//! Whoever posts a document is told at once, and has it still. Nobody waits for one that was polled, queued or uploaded:
//! those are kept here. A feed is kept once, with the entries that failed; the ones beside them are archived. The same
//! failure again, as a feed brings it at every poll, is counted and not kept twice.

use super::{Archive, IngestError, Outcome, Taken, envelope, identity::document_name, intake::Arrival};
use crate::{
    article::{ArticleId, Defaults, Instant, RawDocument},
    reading::ReadError,
    store::{Kind, Record, StoreError},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Errors that a failure tells; of more their number.
const ERRORS_TOLD: usize = 50;
const DETAIL_CHARACTERS: usize = 300;
/// How often a change of a record is tried that meets others.
const ATTEMPTS: usize = 5;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    pub id: String,
    pub key: Option<String>,
    pub url: Option<String>,
    /// The id of the source it came from.
    pub source: Option<String>,
    /// What was said of that source.
    pub defaults: Option<Defaults>,
    pub media_type: Option<String>,
    pub retrieved_at: Instant,
    pub sha256: String,
    pub bytes: u64,
    /// Whether the bytes are an envelope that is not as it must be, and not the document itself.
    pub enveloped: bool,
    pub errors: Vec<FailedPart>,
    /// Those that `errors` does not tell.
    pub more_errors: usize,
    pub first_failed_at: Instant,
    pub last_failed_at: Instant,
    pub attempts: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedPart {
    /// Of a feed, the entry that failed; `null` is the document as a whole.
    pub entry: Option<String>,
    pub code: String,
    pub detail: String,
}

/// What became of a failure that was tried again.
#[derive(Debug)]
pub struct Retried {
    pub taken: Vec<Taken>,
    /// Whether it is none any more.
    pub settled: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    #[error("there is no failure {0}")]
    NotFound(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retried {
    /// The articles that it made or revised.
    pub fn changed(&self) -> impl Iterator<Item = &ArticleId> {
        let ingested = self.taken.iter().filter_map(|it| it.ingested.as_ref().ok());
        ingested.filter(|it| matches!(it.outcome, Outcome::Created | Outcome::Revised)).map(|it| &it.id)
    }

    pub fn errors(&self) -> Vec<FailedPart> {
        self.taken.iter().filter_map(part).collect()
    }
}

impl Archive {
    /// Takes what arrived where nobody waits for it: what fails by its own fault is kept. What fails by another is in the
    /// answer, to be tried again.
    pub async fn take_or_keep(&self, arrival: Arrival) -> Result<Vec<Taken>, StoreError> {
        let Arrival { name, document, bytes } = arrival;
        let (taken, document, enveloped) = match document {
            Ok(document) => (self.take(document.clone()).await, document, false),
            Err(error) => {
                let document = RawDocument {
                    content: bytes,
                    media_type: None,
                    key: Some(name),
                    url: None,
                    source: None,
                    defaults: None,
                    retrieved_at: Instant::now(),
                };
                (vec![Taken { entry: None, ingested: Err(error) }], document, true)
            }
        };
        self.keep_failed(document, enveloped, &taken).await?;
        Ok(taken)
    }

    /// Keeps what the document itself is to blame for, if there is such a thing.
    pub async fn keep_failed(&self, document: RawDocument, enveloped: bool, taken: &[Taken]) -> Result<(), StoreError> {
        let errors = parts(taken);
        if errors.is_empty() {
            return Ok(());
        }
        let sha256 = document.sha256();
        let id = id(&document, &sha256, &errors);
        for _ in 0..ATTEMPTS {
            let now = Instant::now();
            let before = self.store().record(Kind::Failure, &id).await?;
            let failure = match &before {
                Some(record) => {
                    let known: Failure = record.read()?;
                    Failure { last_failed_at: now, attempts: known.attempts + 1, ..known }
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
                        more_errors: errors.len().saturating_sub(ERRORS_TOLD),
                        errors: errors.iter().take(ERRORS_TOLD).cloned().collect(),
                        first_failed_at: now,
                        last_failed_at: now,
                        attempts: 1,
                    }
                }
            };
            match self.put_failure(before.as_ref(), &failure).await {
                Err(StoreError::Conflict) => {}
                put => return put,
            }
        }
        Err(StoreError::Conflict)
    }

    async fn put_failure(&self, before: Option<&Record>, failure: &Failure) -> Result<(), StoreError> {
        let next = Record::next(before, &failure.id, Some(failure.first_failed_at), failure);
        self.store().put_record(Kind::Failure, before, &next).await
    }

    pub async fn failure(&self, id: &str) -> Result<Failure, RetryError> {
        Ok(self.failed(id).await?.read()?)
    }

    async fn failed(&self, id: &str) -> Result<Record, RetryError> {
        self.store().record(Kind::Failure, id).await?.ok_or_else(|| RetryError::NotFound(id.to_owned()))
    }

    /// Takes the document again, as old as it is: what was retrieved later stays.
    pub async fn retry(&self, id: &str) -> Result<Retried, RetryError> {
        let record = self.failed(id).await?;
        let mut failure: Failure = record.read()?;
        let content = self.store().objects().failed(id).await?.to_vec();
        let document = match failure.enveloped {
            true => envelope::parse(&content, failure.retrieved_at).map_err(IngestError::BadEnvelope),
            false => Ok(RawDocument {
                content,
                media_type: failure.media_type.clone(),
                key: failure.key.clone(),
                url: failure.url.clone(),
                source: failure.source.clone(),
                defaults: failure.defaults.clone(),
                retrieved_at: failure.retrieved_at,
            }),
        };
        let taken = match document {
            Ok(document) => self.take(document).await,
            Err(error) => vec![Taken { entry: None, ingested: Err(error) }],
        };
        let settled = taken.iter().all(|it| it.ingested.is_ok() || is_no_loss(it));
        if settled {
            self.forget_failure(id).await?;
        } else {
            failure.attempts += 1;
            // Whoever changed it meanwhile tried it too.
            let put = self.put_failure(Some(&record), &failure).await;
            if !matches!(put, Err(StoreError::Conflict)) {
                put?;
            }
        }
        Ok(Retried { taken, settled })
    }

    /// Takes a failure away, with its bytes.
    pub async fn forget_failure(&self, id: &str) -> Result<(), RetryError> {
        if !self.store().remove_record(Kind::Failure, id).await? {
            return Err(RetryError::NotFound(id.to_owned()));
        }
        Ok(self.store().objects().delete_failed(id).await?)
    }
}

/// What there is to keep of an answer.
fn parts(taken: &[Taken]) -> Vec<FailedPart> {
    let of_the_document = |it: &&Taken| it.ingested.as_ref().is_err_and(IngestError::is_the_documents);
    taken.iter().filter(of_the_document).filter(|it| !is_no_loss(it)).filter_map(part).collect()
}

fn part(taken: &Taken) -> Option<FailedPart> {
    let error = taken.ingested.as_ref().err()?;
    let detail: String = error.chain().chars().take(DETAIL_CHARACTERS).collect();
    Some(FailedPart { entry: taken.entry.clone(), code: error.code().to_owned(), detail })
}

/// The article of a repeated entry was taken from the same feed, whose bytes the archive has.
fn is_no_loss(taken: &Taken) -> bool {
    matches!(taken.ingested, Err(IngestError::Unreadable(ReadError::RepeatedEntry)))
}

/// The same for the same failure: of a feed by its entries, of what a source brings by what is wrong with it, of anything
/// else by its bytes.
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
    digest.finalize().iter().take(10).map(|byte| format!("{byte:02x}")).collect()
}
