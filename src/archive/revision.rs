//! How a revision is decided: what a document that was read changes of the article that is stored.
//!
//! | stored | read | outcome |
//! | --- | --- | --- |
//! | nothing | anything | created |
//! | an article | the same content | unchanged, nothing is written |
//! | an article | other content | revised |
//! | an article | other content, retrieved earlier | outdated, nothing is written: queues deliver late |
//! | an article read by other rules | other content | reprocessed first, then decided again: its history separates changes of the rules from changes by the publisher |
//! | a tombstone | anything | deleted, nothing is written: ingest never recreates a deleted article |
//!
//! The raw bytes go to the object store first, then everything else into one transaction, conditional on the stored
//! revision. A writer that loses this race decides again.

use super::{Archive, IngestError, Ingested, Outcome, compare, incoming::Incoming};
use crate::{
    article::{Article, Evidence, Filed, Head, Instant},
    reading,
    store::{
        ArticleRecord, Commit, DocumentRecord, MAX_FACET_VALUES, Next, PostingList, RetryOnConflict, Revision,
        RevisionKind, StoreError, StoredArticle,
    },
};

impl Archive {
    /// `unstored`: the raw bytes, until they are in the object store.
    pub(super) async fn write_if_changed(
        &self,
        unstored: &mut Option<Vec<u8>>,
        incoming: Incoming,
    ) -> Result<Ingested, IngestError> {
        let (mut reprocessed, mut retries) = (false, RetryOnConflict::default());
        loop {
            let stored = self.store.stored_article(&incoming.id).await?;
            let settled = match &stored {
                Some(StoredArticle::Article(stored)) if stored.content_hash == incoming.content_hash => {
                    Some(Outcome::Unchanged)
                }
                // Ingest never recreates a deleted article, even if its publisher changes it.
                Some(StoredArticle::Tombstone(_)) => Some(Outcome::Deleted),
                Some(StoredArticle::Article(stored)) if incoming.is_outdated(stored) => Some(Outcome::Outdated),
                _ => None,
            };
            if let Some((outcome, stored)) = settled.zip(stored.as_ref()) {
                return Ok(Ingested { outcome, id: incoming.id, revision: stored.revision(), write_units: 0.0 });
            }
            // Reprocess first, so that a change of the rules is not recorded as a change by the publisher.
            if !reprocessed && stored.as_ref().is_some_and(was_read_by_other_rules) {
                reprocessed = true;
                self.reprocess_if_possible(&incoming.id).await?;
                continue;
            }
            if let Some(content) = unstored.take() {
                self.store.objects().put_raw(&incoming.raw.sha256, content).await?;
            }
            match self.write(&incoming, stored.as_ref()).await {
                Err(StoreError::Conflict) => {
                    retries.pause(IngestError::Contended { id: incoming.id.clone() }).await?;
                }
                written => return Ok(written?),
            }
        }
    }

    pub(super) async fn write(
        &self,
        incoming: &Incoming,
        stored: Option<&StoredArticle>,
    ) -> Result<Ingested, StoreError> {
        let before = match stored {
            Some(StoredArticle::Article(stored)) => Some(stored),
            _ => None,
        };
        let article = incoming.article(before, Instant::now());
        let (kind, outcome) = match (before, &incoming.name) {
            (None, _) => (RevisionKind::Created, Outcome::Created),
            (Some(_), Some(_)) => (RevisionKind::Revised, Outcome::Revised),
            (Some(_), None) => (RevisionKind::Reprocessed, Outcome::Revised),
        };
        let reason = before.filter(|_| kind == RevisionKind::Reprocessed).map(|record| {
            format!("read by rules {}, before by rules {}", reading::RULES_VERSION, record.article.head.rules_version)
        });
        let Head { id, revision, changed_at, .. } = article.head.clone();
        let changed = before.map(|record| compare::changed(&record.article, &article)).unwrap_or_default();
        let (next, terms) = index_terms(article, incoming.content_hash.clone(), incoming.draft.evidence.clone());
        let write_units = self
            .store
            .commit(&Commit {
                previous: stored,
                revision: &Revision {
                    number: revision,
                    at: changed_at,
                    kind,
                    changed: changed.into_iter().map(|changed| changed.name().to_owned()).collect(),
                    reason,
                    request_id: crate::logs::request_id(),
                },
                next: Next::Article {
                    stored: &next,
                    lists: terms.lists,
                    codes: terms.codes,
                    evidence: &terms.evidence,
                },
                document: incoming.name.clone().map(|key| DocumentRecord {
                    key,
                    sha256: incoming.fingerprint.clone(),
                    article: id.clone(),
                    revision,
                }),
            })
            .await?;
        Ok(Ingested { outcome, id, revision, write_units })
    }
}

fn was_read_by_other_rules(stored: &StoredArticle) -> bool {
    matches!(stored, StoredArticle::Article(record) if record.article.head.rules_version != reading::RULES_VERSION)
}

/// The posting lists and codes under which an article is indexed.
pub(super) struct IndexTerms {
    pub lists: Vec<PostingList>,
    pub codes: Vec<String>,
    /// Includes the facet values that the limit left out.
    pub evidence: Evidence,
}

pub(super) fn index_terms(article: Article, content_hash: String, evidence: Evidence) -> (ArticleRecord, IndexTerms) {
    let Filed { values, codes, left_out } = Filed::of(&article, MAX_FACET_VALUES);
    let mut evidence = evidence.without_text();
    evidence.left_out.extend(left_out);
    let lists: Vec<PostingList> = [PostingList::All, PostingList::Changed]
        .into_iter()
        .chain(values.into_iter().map(PostingList::Facet))
        .collect();
    let listed_at = article.listed_at();
    let stored = ArticleRecord { article, content_hash, lists: lists.iter().map(PostingList::pk).collect(), listed_at };
    (stored, IndexTerms { lists, codes, evidence })
}
