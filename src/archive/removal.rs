//! Deleting an article, purging it, and taking a deletion back.
//!
//! A deletion is a revision: it leaves every list, stands in the change feed, and leaves a tombstone under the article's
//! id, so that the same document does not bring it back. What the article was stays readable to nobody but a restoration.
//!
//! A purge is a deletion after which every byte is taken away: the raw documents, the revisions, their evidence. The
//! tombstone, which says so, is written first, and the revisions, which name the raw documents, go last: a purge that was
//! cut off is finished by asking for it again. A raw document that is a feed goes too, though other articles were read
//! from it: they lose their raw bytes and keep everything else.

use super::{ATTEMPTS, Archive, IngestError, file, pause};
use crate::{
    article::{ArticleId, Instant},
    enrich::likeness::Shingles,
    store::{Commit, Held, HeldArticle, Next, Revision, RevisionKind, StoreError, StoryChanges, Tombstone},
};

/// A deletion to be made.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    pub reason: Option<String>,
    pub purge: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    #[error("the archive holds no article {0}")]
    NotFound(ArticleId),
    #[error("the article {0} is not deleted")]
    NotDeleted(ArticleId),
    #[error("the article {0} was purged: nothing of it is left")]
    Purged(ArticleId),
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl From<StoreError> for RemovalError {
    fn from(error: StoreError) -> Self {
        Self::Ingest(error.into())
    }
}

impl Archive {
    /// Of an article that is deleted already, its tombstone as it stands; a purge is finished or begun all the same.
    pub async fn delete(&self, id: &ArticleId, deletion: &Deletion) -> Result<Tombstone, RemovalError> {
        for attempt in 0..ATTEMPTS {
            let (held, after_change) = (self.store().held(id).await?, self.store().last_change(id).await?);
            let held = held.ok_or_else(|| RemovalError::NotFound(id.clone()))?;
            let tombstone = match &held {
                Held::Tombstone(it) if it.purged || !deletion.purge => it.clone(),
                _ => match self.bury(&held, deletion, after_change).await {
                    Err(StoreError::Conflict) => {
                        tokio::time::sleep(pause(attempt, id)).await;
                        continue;
                    }
                    buried => buried?,
                },
            };
            if tombstone.purged {
                self.take_away(&tombstone).await?;
            }
            return Ok(tombstone);
        }
        Err(IngestError::Contended { id: id.clone() }.into())
    }

    async fn bury(&self, held: &Held, deletion: &Deletion, after_change: u64) -> Result<Tombstone, StoreError> {
        let (id, first_seen_at, earlier) = match held {
            Held::Article(it) => (it.article.head.id.clone(), it.article.head.first_seen_at, None),
            Held::Tombstone(it) => (it.id.clone(), it.first_seen_at, it.reason.clone()),
        };
        let tombstone = Tombstone {
            id,
            revision: held.revision() + 1,
            first_seen_at,
            deleted_at: Instant::now().max(held.at()),
            reason: deletion.reason.clone().or(earlier),
            purged: deletion.purge,
        };
        let revision = Revision {
            number: tombstone.revision,
            at: tombstone.deleted_at,
            kind: RevisionKind::Deleted,
            changed: Vec::new(),
            reason: tombstone.reason.clone(),
        };
        let next = Next::Tombstone(&tombstone);
        let story = match held {
            Held::Article(it) => self.leave(&it.article).await?,
            Held::Tombstone(_) => StoryChanges::default(),
        };
        let story = &story;
        let commit = Commit { previous: Some(held), revision: &revision, next, after_change, story, document: None };
        self.store().commit(&commit).await?;
        Ok(tombstone)
    }

    async fn take_away(&self, tombstone: &Tombstone) -> Result<(), StoreError> {
        for number in 1..tombstone.revision {
            if let Some((_, Some((article, _)))) = self.store().revision(&tombstone.id, number).await? {
                self.store().forget_bands(&tombstone.id, &Shingles::of(&article.detail.body).bands()).await?;
                self.store().objects().delete_raw(&article.head.raw.sha256).await?;
            }
        }
        self.store().purge(&tombstone.id).await
    }

    /// The article as it was before its deletion, as a new revision.
    pub async fn restore(&self, id: &ArticleId) -> Result<HeldArticle, RemovalError> {
        for attempt in 0..ATTEMPTS {
            let (held, after_change) = (self.store().held(id).await?, self.store().last_change(id).await?);
            let tombstone = match held {
                None => return Err(RemovalError::NotFound(id.clone())),
                Some(Held::Article(_)) => return Err(RemovalError::NotDeleted(id.clone())),
                Some(Held::Tombstone(it)) if it.purged => return Err(RemovalError::Purged(id.clone())),
                Some(Held::Tombstone(it)) => it,
            };
            match self.exhume(tombstone, after_change).await {
                Err(RemovalError::Ingest(IngestError::Store(StoreError::Conflict))) => {
                    tokio::time::sleep(pause(attempt, id)).await;
                }
                restored => return restored,
            }
        }
        Err(IngestError::Contended { id: id.clone() }.into())
    }

    async fn exhume(&self, tombstone: Tombstone, after_change: u64) -> Result<HeldArticle, RemovalError> {
        let id = tombstone.id.clone();
        // The tombstone's own revision holds no article, the one before it does.
        let before = self.store().revision(&id, tombstone.revision - 1).await?;
        let (mut article, content_hash) = before.and_then(|it| it.1).ok_or_else(|| RemovalError::Purged(id.clone()))?;
        let evidence = self.store().evidence(&id, article.head.revision).await?.unwrap_or_default();
        article.head.revision = tombstone.revision + 1;
        article.head.changed_at = Instant::now().max(tombstone.deleted_at);
        let revision = Revision {
            number: article.head.revision,
            at: article.head.changed_at,
            kind: RevisionKind::Restored,
            changed: Vec::new(),
            reason: None,
        };
        let joined = self.join(&article, Some(&article.head.story)).await?;
        article.head.story = joined.story;
        let (held, filing) = file(article, content_hash, evidence);
        let next = Next::Article { held: &held, lists: filing.lists, codes: filing.codes, evidence: &filing.evidence };
        let previous = Held::Tombstone(tombstone);
        let story = &joined.changes;
        let commit =
            Commit { previous: Some(&previous), revision: &revision, next, after_change, story, document: None };
        self.store().commit(&commit).await?;
        Ok(held)
    }
}
