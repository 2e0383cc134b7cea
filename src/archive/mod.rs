//! Ingest: turns a raw document into one outcome, written in one transaction or not at all.
//!
//! 1. The same bytes under the same name as last time: unchanged; the document is not read.
//! 2. Reading produces a draft, whose identity determines the article's id.
//! 3. [`revision`] compares it with what is stored, and writes what differs.
//!
//! A process that ends in between leaves at most raw bytes that no article refers to; the next attempt stores them
//! under the same name.

pub mod compare;
pub mod consumer;
mod content;
mod deletion;
pub mod diff;
pub mod doctor;
pub mod document_files;
pub mod envelope;
mod error;
pub mod failures;
mod feed;
mod identity;
mod incoming;
mod joining;
mod reading_pool;
pub mod reprocess;
mod revision;
pub mod seeds;
pub mod stories;
#[cfg(feature = "local")]
pub mod web_archive;

pub use content::content_hash;
pub use deletion::{Deletion, DeletionError};
pub use error::IngestError;
pub use feed::{EntryState, IngestReport, OpenedEntry, OpenedFeed};
pub use identity::{canonical_url, identify, is_tracking_parameter};

use crate::{
    article::{Article, ArticleId, Evidence, RawDocument},
    reading::{self, DocumentFormat},
    store::Store,
};
use incoming::{Incoming, Origin};

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Outcome {
    Created,
    Revised,
    Unchanged,
    /// The article is deleted and stays deleted; nothing was written.
    Deleted,
    /// The stored content was retrieved later; nothing was written.
    Outdated,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ingested {
    pub outcome: Outcome,
    pub id: ArticleId,
    pub revision: u32,
    /// Write units of the transaction; zero if nothing was written.
    pub write_units: f64,
}

/// Returns the article that a document would become in an empty archive, with its evidence. Nothing is stored.
pub fn preview(document: &RawDocument) -> Result<(Article, Evidence), IngestError> {
    let sha256 = document.sha256();
    let draft = reading::read(document)?;
    let name = identity::document_name(document, &sha256);
    let bytes = document.content.len() as u64;
    let origin = Origin { name: Some(name), fingerprint: sha256.clone(), raw: sha256, bytes, entry: None };
    Ok(Incoming::new(document, draft, origin).preview(document))
}

/// Previews each entry of a feed, or the one article of any other document. The evidence has the document's text.
pub fn previews(document: &RawDocument) -> Vec<Result<(Article, Evidence), IngestError>> {
    let text = reading::decode(document).map(|decoded| decoded.text).unwrap_or_default();
    let previews = match reading::form(document) {
        Ok(DocumentFormat::Feed) => feed::previews(document),
        _ => vec![preview(document)],
    };
    let with_text = |(article, evidence): (Article, Evidence)| (article, evidence.with_text(&text));
    previews.into_iter().map(|preview| preview.map(with_text)).collect()
}

/// Previews a document as soon as the pool has a place.
pub async fn read_previews(
    document: RawDocument,
) -> Result<Vec<Result<(Article, Evidence), IngestError>>, IngestError> {
    Ok(reading_pool::read(document, previews).await?.1)
}

#[derive(Clone, Debug)]
pub struct Archive {
    store: Store,
}

impl Archive {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Ingests every article of a document: one for each entry of a feed, else the only one.
    pub async fn ingest_all(&self, document: RawDocument) -> Vec<IngestReport> {
        match reading::form(&document) {
            Ok(DocumentFormat::Feed) => self.ingest_feed(document).await,
            _ => vec![IngestReport { entry: None, ingested: self.ingest(document).await }],
        }
    }

    /// Ingests a document that holds one article.
    pub async fn ingest(&self, document: RawDocument) -> Result<Ingested, IngestError> {
        let sha256 = document.sha256();
        let name = identity::document_name(&document, &sha256);
        if let Some(unchanged) = self.previous_result(&name, &sha256).await? {
            return Ok(unchanged);
        }
        let (document, draft) = reading_pool::read(document, reading::read).await?;
        let origin = Origin {
            name: Some(name),
            fingerprint: sha256.clone(),
            raw: sha256,
            bytes: document.content.len() as u64,
            entry: None,
        };
        let incoming = Incoming::new(&document, draft?, origin);
        self.write_if_changed(&mut Some(document.content), incoming).await
    }

    /// Returns the previous result, if the same bytes were ingested under this name.
    pub(crate) async fn previous_result(&self, name: &str, fingerprint: &str) -> Result<Option<Ingested>, IngestError> {
        let previous = self.store.document(name).await?.filter(|record| record.sha256 == fingerprint);
        Ok(previous.map(|record| Ingested {
            outcome: Outcome::Unchanged,
            id: record.article,
            revision: record.revision,
            write_units: 0.0,
        }))
    }
}
