//! Reprocessing: reads the stored raw bytes of an article again with the current rules.
//!
//! A different result becomes a revision of kind [`Reprocessed`](crate::store::RevisionKind::Reprocessed), because the
//! publisher changed nothing. An equal result adds no revision, and the article keeps the version of the rules that
//! read it.

use super::{
    Archive, IngestError,
    incoming::{Incoming, Origin},
    reading_pool,
};
use crate::{
    article::{Article, ArticleId, Draft, RawDocument},
    reading::{self, ReadError, feed},
    store::{ArticleRecord, RetryOnConflict, StoreError, StoredArticle},
};
use serde_json::Value;

/// The result of reading an article with the current rules.
#[derive(Debug)]
pub enum Reprocessed {
    /// No field differs.
    Unchanged,
    /// The fields that differ.
    Changed(Vec<Difference>),
    /// The article is deleted or does not exist.
    Gone,
}

/// A field whose value differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

impl Archive {
    /// Reprocesses an article, and leaves it as it is if its document is missing or can no longer be read.
    pub(super) async fn reprocess_if_possible(&self, id: &ArticleId) -> Result<(), IngestError> {
        match self.reprocess(id, true).await {
            Err(IngestError::Unreadable(_) | IngestError::Store(StoreError::MissingObject(_))) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads an article again; with `apply`, a different result becomes a revision.
    pub async fn reprocess(&self, id: &ArticleId, apply: bool) -> Result<Reprocessed, IngestError> {
        let mut retries = RetryOnConflict::default();
        loop {
            let Some(StoredArticle::Article(stored)) = self.store().stored_article(id).await? else {
                return Ok(Reprocessed::Gone);
            };
            let raw = self.store().objects().raw(&stored.article.head.raw.sha256).await?;
            let document = document(&stored.article, raw.to_vec());
            let entry = stored.article.head.raw.entry.clone();
            let (document, draft) =
                reading_pool::read(document, move |document| draft(document, entry.as_deref())).await?;
            let incoming = with_stored_identity(&stored, &document, draft?);
            let differences =
                differences(&stored.article, &incoming.article(Some(&stored), stored.article.head.changed_at));
            if differences.is_empty() {
                return Ok(Reprocessed::Unchanged);
            }
            if !apply {
                return Ok(Reprocessed::Changed(differences));
            }
            match self.write(&incoming, Some(&StoredArticle::Article(stored))).await {
                Err(StoreError::Conflict) => retries.pause(IngestError::Contended { id: id.clone() }).await?,
                written => return written.map(|_| Reprocessed::Changed(differences)).map_err(IngestError::from),
            }
        }
    }
}

/// Rebuilds the ingested document from what the archive stores.
fn document(article: &Article, content: Vec<u8>) -> RawDocument {
    let head = &article.head;
    RawDocument {
        key: head.raw.entry.clone(),
        media_type: Some(head.raw.media_type.clone()),
        url: article.facts.url.clone(),
        source: head.source.clone(),
        defaults: head.raw.defaults.clone(),
        ..RawDocument::new(content, head.raw.retrieved_at)
    }
}

fn draft(document: &RawDocument, entry: Option<&str>) -> Result<Draft, ReadError> {
    let Some(name) = entry else { return reading::read(document) };
    let (entries, _) = feed::entries(document)?;
    let at = entries.iter().find(|entry| entry.name == name).map(|entry| entry.at).ok_or(ReadError::NothingToRead)?;
    feed::drafts(document, &[at])?.into_iter().next().unwrap_or(Err(ReadError::NothingToRead))
}

/// Combines the new draft with the stored article's identity and raw document.
fn with_stored_identity(stored: &ArticleRecord, document: &RawDocument, draft: Draft) -> Incoming {
    let raw = &stored.article.head.raw;
    let origin = Origin {
        name: None,
        fingerprint: String::new(),
        raw: raw.sha256.clone(),
        bytes: raw.bytes,
        entry: raw.entry.clone(),
    };
    Incoming { id: stored.article.head.id.clone(), raw: raw.clone(), ..Incoming::new(document, draft, origin) }
}

/// Returns the members of an article's JSON that reading produces and that differ.
fn differences(before: &Article, after: &Article) -> Vec<Difference> {
    let members = |article: &Article| match serde_json::to_value((&article.facts, &article.detail)) {
        Ok(Value::Array(objects)) => {
            objects.into_iter().filter_map(|object| object.as_object().cloned()).flatten().collect()
        }
        _ => serde_json::Map::new(),
    };
    let (before, mut after) = (members(before), members(after));
    let fields = before.into_iter().map(|(field, before)| {
        let after = after.remove(&field).unwrap_or_default();
        Difference { field, before, after }
    });
    fields.filter(|field| field.before != field.after).collect()
}
