//! A draft that knows which article it is.

use super::{
    content_hash,
    identity::{canonical_url, identify},
};
use crate::{
    article::{Article, ArticleId, Basis, Draft, Evidence, Head, Instant, RawDocument, RawSummary},
    reading,
    store::ArticleRecord,
};

/// A draft with the identity of its article.
pub struct Incoming {
    pub id: ArticleId,
    pub draft: Draft,
    /// See [`Origin`].
    pub name: Option<String>,
    pub fingerprint: String,
    pub source: Option<String>,
    pub raw: RawSummary,
    pub content_hash: String,
}

/// The document or feed entry that a draft was read from.
pub struct Origin {
    /// The key of the document record of the document or entry; `None` when a stored document is reprocessed.
    pub name: Option<String>,
    /// The SHA-256 that detects the same bytes under that name next time: of the document, or of the entry alone.
    pub fingerprint: String,
    /// The SHA-256 of the raw document; `bytes` is its length.
    pub raw: String,
    pub bytes: u64,
    pub entry: Option<String>,
}

impl Incoming {
    pub fn new(document: &RawDocument, mut draft: Draft, origin: Origin) -> Self {
        draft.facts.url = draft.facts.url.as_deref().and_then(canonical_url);
        let content_hash = content_hash(&draft);
        let key = origin.entry.as_deref().or(document.key.as_deref());
        let (url, source) = (draft.facts.url.as_deref(), document.source.as_deref());
        Self {
            id: ArticleId::of_identity(&identify(url, source, key, &content_hash)),
            name: origin.name,
            fingerprint: origin.fingerprint,
            source: document.source.clone(),
            raw: RawSummary {
                sha256: origin.raw,
                bytes: origin.bytes,
                media_type: draft.media_type.clone(),
                entry: origin.entry,
                retrieved_at: document.retrieved_at,
                defaults: document.defaults.clone(),
            },
            content_hash,
            draft,
        }
    }

    /// Whether the stored content was retrieved later. A reprocessed document is never outdated.
    pub fn is_outdated(&self, stored: &ArticleRecord) -> bool {
        self.name.is_some() && self.raw.retrieved_at < stored.article.head.raw.retrieved_at
    }

    pub fn preview(self, document: &RawDocument) -> (Article, Evidence) {
        (self.article(None, document.retrieved_at), self.draft.evidence)
    }

    /// Builds the revision that follows the stored one, or the first revision.
    pub fn article(&self, stored: Option<&ArticleRecord>, now: Instant) -> Article {
        let stored = stored.map(|record| &record.article.head);
        // A clock behind that of the last revision's writer must not move the article back in time.
        let changed_at = stored.map_or(now, |stored| now.max(stored.changed_at));
        let first_seen_at = stored.map_or(now, |stored| stored.first_seen_at);
        let mut facts = self.draft.facts.clone();
        if facts.published.basis == Some(Basis::Inferred) {
            // An article cannot be published after it was first seen.
            facts.published.latest =
                Some(facts.published.latest.map_or(first_seen_at, |latest| latest.min(first_seen_at)));
        }
        let head = Head {
            id: self.id.clone(),
            revision: stored.map_or(1, |stored| stored.revision + 1),
            story: stored.map_or_else(|| self.id.clone(), |stored| stored.story.clone()),
            source: self.source.clone(),
            first_seen_at,
            changed_at,
            raw: self.raw.clone(),
            rules_version: reading::RULES_VERSION.to_owned(),
        };
        Article { head, facts, detail: self.draft.detail.clone() }
    }
}
