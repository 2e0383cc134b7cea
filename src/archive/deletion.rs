//! Deletes, purges and restores articles.
//!
//! A deletion is a revision: it removes the article from every list, appears in the change log, and leaves a tombstone
//! under the article's id, so that the same document does not recreate it. Only a restoration can read the old content.
//!
//! A purge is a deletion that also removes every byte: the raw documents, the revisions, their evidence. The tombstone,
//! which records the purge, is written first, and the revisions, which name the raw documents, are removed last, so
//! repeating an interrupted purge completes it. A raw document that is a feed is removed too, although other articles
//! were read from it: they lose their raw bytes and keep everything else.

use super::{Archive, IngestError, revision::index_terms};
use crate::{
    article::{ArticleId, Instant},
    store::{
        ArticleRecord, Commit, Next, RetryOnConflict, Revision, RevisionKind, StoreError, StoredArticle, Tombstone,
    },
};

/// A requested deletion.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    pub reason: Option<String>,
    pub purge: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum DeletionError {
    #[error("article {0} not found")]
    NotFound(ArticleId),
    #[error("article {0} is not deleted")]
    NotDeleted(ArticleId),
    #[error("article {0} was purged and cannot be restored")]
    Purged(ArticleId),
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl From<StoreError> for DeletionError {
    fn from(error: StoreError) -> Self {
        Self::Ingest(error.into())
    }
}

impl Archive {
    /// Deletes an article and returns its tombstone, which stays as it is if the article is already deleted. A purge of
    /// a deleted article still starts, or completes.
    pub async fn delete(&self, id: &ArticleId, deletion: &Deletion) -> Result<Tombstone, DeletionError> {
        let mut retries = RetryOnConflict::default();
        loop {
            let stored = self.store().stored_article(id).await?;
            let stored = stored.ok_or_else(|| DeletionError::NotFound(id.clone()))?;
            let tombstone = match &stored {
                StoredArticle::Tombstone(tombstone) if tombstone.purged || !deletion.purge => tombstone.clone(),
                _ => match self.write_tombstone(&stored, deletion).await {
                    Err(StoreError::Conflict) => {
                        retries.pause(IngestError::Contended { id: id.clone() }).await?;
                        continue;
                    }
                    written => written?,
                },
            };
            if tombstone.purged {
                self.purge_content(&tombstone).await?;
            }
            return Ok(tombstone);
        }
    }

    async fn write_tombstone(&self, stored: &StoredArticle, deletion: &Deletion) -> Result<Tombstone, StoreError> {
        let (id, first_seen_at, earlier) = match stored {
            StoredArticle::Article(record) => (record.article.head.id.clone(), record.article.head.first_seen_at, None),
            StoredArticle::Tombstone(tombstone) => {
                (tombstone.id.clone(), tombstone.first_seen_at, tombstone.reason.clone())
            }
        };
        let tombstone = Tombstone {
            id,
            revision: stored.revision() + 1,
            first_seen_at,
            deleted_at: Instant::now().max(stored.at()),
            reason: deletion.reason.clone().or(earlier),
            purged: deletion.purge,
        };
        let revision = Revision {
            number: tombstone.revision,
            at: tombstone.deleted_at,
            kind: RevisionKind::Deleted,
            changed: Vec::new(),
            reason: tombstone.reason.clone(),
            request_id: crate::logs::request_id(),
        };
        let next = Next::Tombstone(&tombstone);
        let commit = Commit { previous: Some(stored), revision: &revision, next, document: None };
        self.store().commit(&commit).await?;
        Ok(tombstone)
    }

    async fn purge_content(&self, tombstone: &Tombstone) -> Result<(), StoreError> {
        for number in 1..tombstone.revision {
            if let Some((_, Some((article, _)))) = self.store().revision(&tombstone.id, number).await? {
                self.store().objects().delete_raw(&article.head.raw.sha256).await?;
            }
        }
        self.store().purge(&tombstone.id).await
    }

    /// Restores the article as it was before its deletion, as a new revision.
    pub async fn restore(&self, id: &ArticleId) -> Result<ArticleRecord, DeletionError> {
        let mut retries = RetryOnConflict::default();
        loop {
            let tombstone = match self.store().stored_article(id).await? {
                None => return Err(DeletionError::NotFound(id.clone())),
                Some(StoredArticle::Article(_)) => return Err(DeletionError::NotDeleted(id.clone())),
                Some(StoredArticle::Tombstone(tombstone)) if tombstone.purged => {
                    return Err(DeletionError::Purged(id.clone()));
                }
                Some(StoredArticle::Tombstone(tombstone)) => tombstone,
            };
            match self.write_restoration(tombstone).await {
                Err(DeletionError::Ingest(IngestError::Store(StoreError::Conflict))) => {
                    retries.pause(IngestError::Contended { id: id.clone() }).await?;
                }
                restored => return restored,
            }
        }
    }

    async fn write_restoration(&self, tombstone: Tombstone) -> Result<ArticleRecord, DeletionError> {
        let id = tombstone.id.clone();
        // The tombstone's own revision holds no article; the one before it does.
        let before = self.store().revision(&id, tombstone.revision - 1).await?;
        let (mut article, content_hash) =
            before.and_then(|(_, content)| content).ok_or_else(|| DeletionError::Purged(id.clone()))?;
        let evidence = self.store().evidence(&id, article.head.revision).await?.unwrap_or_default();
        article.head.revision = tombstone.revision + 1;
        article.head.changed_at = Instant::now().max(tombstone.deleted_at);
        let revision = Revision {
            number: article.head.revision,
            at: article.head.changed_at,
            kind: RevisionKind::Restored,
            changed: Vec::new(),
            reason: None,
            request_id: crate::logs::request_id(),
        };
        let (stored, terms) = index_terms(article, content_hash, evidence);
        let next = Next::Article { stored: &stored, lists: terms.lists, codes: terms.codes, evidence: &terms.evidence };
        let previous = StoredArticle::Tombstone(tombstone);
        let commit = Commit { previous: Some(&previous), revision: &revision, next, document: None };
        self.store().commit(&commit).await?;
        Ok(stored)
    }
}
