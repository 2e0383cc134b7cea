//! Ingest: a raw document in, one outcome out, written whole or not at all.
//!
//! 1. The same bytes under the same name as last time: unchanged, and nothing is read.
//! 2. Reading makes a draft; its identity names the article.
//! 3. The same content as the archive holds: unchanged. None held: created. Other content: revised.
//! 4. The raw bytes go to the objects, then everything else in one transaction, conditional on the revision that was
//!    decided upon. Whoever loses that race decides again.
//!
//! A process that ends anywhere in between leaves at most raw bytes that no article names, under the name that the next
//! attempt gives them again.

mod content;
pub mod envelope;
mod error;
mod identity;
pub mod intake;
pub mod seeds;

pub use content::content_hash;
pub use error::IngestError;
pub use identity::{canonical_url, identify, is_tracking_parameter};

use crate::{
    article::{Article, ArticleId, Basis, Draft, Evidence, FacetValue, Has, Head, Instant, RawDocument, RawSummary},
    reading,
    store::{Change, ChangeKind, Commit, DocumentRecord, HeldArticle, List, MAX_FACET_VALUES, Store, StoreError},
};
use std::time::Duration;

/// How often a writer that lost a race decides again. Each round of a race has a winner, so this many must write one
/// article at the same moment before any of them gives up.
const ATTEMPTS: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Created,
    Revised,
    Unchanged,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Revised => "revised",
            Self::Unchanged => "unchanged",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ingested {
    pub outcome: Outcome,
    pub id: ArticleId,
    pub revision: u32,
    /// What the transaction took; zero when nothing was written.
    pub write_units: f64,
}

/// The article that a document would become in an empty archive, with its evidence. Nothing is stored.
pub fn preview(document: &RawDocument) -> Result<(Article, Evidence), IngestError> {
    let sha256 = document.sha256();
    let draft = reading::read(document)?;
    let incoming = Incoming::new(document, draft, identity::document_name(document, &sha256), sha256);
    Ok((incoming.article(None, document.retrieved_at), incoming.draft.evidence))
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

    pub async fn ingest(&self, document: RawDocument) -> Result<Ingested, IngestError> {
        let sha256 = document.sha256();
        let name = identity::document_name(&document, &sha256);
        if let Some(known) = self.store.document(&name).await?.filter(|it| it.sha256 == sha256) {
            let (id, revision) = (known.article, known.revision);
            return Ok(Ingested { outcome: Outcome::Unchanged, id, revision, write_units: 0.0 });
        }
        // Reading is work for a processor, up to a second of it on a huge page.
        let (document, draft) = tokio::task::spawn_blocking(move || {
            let draft = reading::read(&document);
            (document, draft)
        })
        .await
        .map_err(|_| IngestError::ReaderFailed)?;
        let incoming = Incoming::new(&document, draft?, name, sha256);
        self.decide(document, incoming).await
    }

    async fn decide(&self, document: RawDocument, incoming: Incoming) -> Result<Ingested, IngestError> {
        let mut unstored = Some(document.content);
        for attempt in 0..ATTEMPTS {
            let held = self.store.article(&incoming.id).await?;
            if let Some(held) = held.as_ref().filter(|it| it.content_hash == incoming.content_hash) {
                let revision = held.article.head.revision;
                return Ok(Ingested { outcome: Outcome::Unchanged, id: incoming.id, revision, write_units: 0.0 });
            }
            if let Some(content) = unstored.take() {
                self.store.objects().put_raw(&incoming.raw.sha256, content).await?;
            }
            match self.write(&incoming, held.as_ref()).await {
                Err(StoreError::Conflict) => tokio::time::sleep(pause(attempt, &incoming.id)).await,
                written => return Ok(written?),
            }
        }
        Err(IngestError::Contended { id: incoming.id })
    }

    async fn write(&self, incoming: &Incoming, held: Option<&HeldArticle>) -> Result<Ingested, StoreError> {
        let article = incoming.article(held, Instant::now());
        let mut values = FacetValue::of(&article);
        let mut evidence = incoming.draft.evidence.clone().without_text();
        for beyond in values.drain(values.len().min(MAX_FACET_VALUES)..) {
            evidence.left_out.push(format!("{beyond}: an article is filed under {MAX_FACET_VALUES} facet values"));
        }
        let codes = values.iter().map(FacetValue::to_string);
        let codes = codes.chain(Has::of(&article).iter().map(|it| format!("has:{}", it.name()))).collect();
        let lists: Vec<List> =
            [List::All, List::Changed].into_iter().chain(values.into_iter().map(List::Facet)).collect();
        let Head { id, revision, changed_at, .. } = article.head.clone();
        let next = HeldArticle {
            article,
            content_hash: incoming.content_hash.clone(),
            lists: lists.iter().map(List::pk).collect(),
        };
        let (kind, outcome) = match held {
            None => (ChangeKind::Created, Outcome::Created),
            Some(_) => (ChangeKind::Revised, Outcome::Revised),
        };
        let write_units = self
            .store
            .commit(&Commit {
                previous: held,
                next: &next,
                lists,
                codes,
                evidence: &evidence,
                change: Change { at: changed_at, id: id.clone(), revision, kind },
                document: DocumentRecord {
                    key: incoming.name.clone(),
                    sha256: incoming.raw.sha256.clone(),
                    article: id.clone(),
                    revision,
                },
            })
            .await?;
        Ok(Ingested { outcome, id, revision, write_units })
    }
}

/// A draft that knows which article it is.
struct Incoming {
    id: ArticleId,
    draft: Draft,
    /// The name that the document goes by in the record of documents.
    name: String,
    source: Option<String>,
    raw: RawSummary,
    content_hash: String,
}

impl Incoming {
    fn new(document: &RawDocument, mut draft: Draft, name: String, sha256: String) -> Self {
        draft.facts.url = draft.facts.url.as_deref().and_then(canonical_url);
        let content_hash = content_hash(&draft);
        Self {
            id: ArticleId::of_identity(&identify(document, draft.facts.url.as_deref(), &content_hash)),
            name,
            source: document.source.clone(),
            raw: RawSummary { sha256, bytes: document.content.len() as u64, media_type: draft.media_type.clone() },
            content_hash,
            draft,
        }
    }

    /// The next revision after the one that is held.
    fn article(&self, held: Option<&HeldArticle>, now: Instant) -> Article {
        let held = held.map(|it| &it.article.head);
        // A clock that stands behind the one that wrote the last revision must not move the article back in time.
        let changed_at = held.map_or(now, |it| now.max(it.changed_at));
        let first_seen_at = held.map_or(now, |it| it.first_seen_at);
        let mut facts = self.draft.facts.clone();
        if facts.published.basis == Some(Basis::Inferred) {
            // What was seen cannot be published later.
            facts.published.latest = Some(facts.published.latest.map_or(first_seen_at, |it| it.min(first_seen_at)));
        }
        let head = Head {
            id: self.id.clone(),
            revision: held.map_or(1, |it| it.revision + 1),
            story: None,
            source: self.source.clone(),
            first_seen_at,
            changed_at,
            raw: self.raw.clone(),
            rules_version: reading::RULES_VERSION.to_owned(),
        };
        Article { head, facts, detail: self.draft.detail.clone() }
    }
}

/// Longer after each lost race, and not the same for every writer in it.
fn pause(attempt: u32, id: &ArticleId) -> Duration {
    let nanoseconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let spread = (nanoseconds.subsec_nanos() ^ u32::from(id.as_str().as_bytes()[0])) % 10;
    Duration::from_millis(u64::from((1 << attempt) * 5 + spread))
}
