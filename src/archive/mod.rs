//! Ingest: a raw document in, one outcome out, written whole or not at all.
//!
//! 1. The same bytes under the same name as last time: unchanged, and nothing is read.
//! 2. Reading makes a draft; its identity names the article.
//! 3. An article that other rules read is read again first ([`replay`]), so that what they make of it is told apart from what
//!    its publisher changed.
//! 4. The same content as the archive holds: unchanged. None held: created. Other content: revised. Deleted: left alone.
//!    Other content that was retrieved before what is held: outdated, and left alone too. Queues bring things late.
//! 5. The raw bytes go to the objects, then everything else in one transaction, conditional on the revision that was
//!    decided upon. Whoever loses that race decides again.
//!
//! A process that ends anywhere in between leaves at most raw bytes that no article names, under the name that the next
//! attempt gives them again.

pub mod compare;
mod content;
pub mod diff;
pub mod envelope;
mod error;
pub mod failures;
mod feed;
pub mod follower;
mod identity;
pub mod intake;
mod removal;
pub mod replay;
pub mod seeds;
pub mod stories;

pub use content::content_hash;
pub use error::IngestError;
pub use feed::{EntryState, OpenedEntry, OpenedFeed, Taken};
pub use identity::{canonical_url, identify, is_tracking_parameter};
pub use removal::{Deletion, RemovalError};

use crate::{
    article::{Article, ArticleId, Basis, Draft, Evidence, Filed, Head, Instant, RawDocument, RawSummary},
    reading::{self, Form},
    store::{
        Commit, DocumentRecord, Held, HeldArticle, List, MAX_FACET_VALUES, Next, Revision, RevisionKind, Store,
        StoreError,
    },
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
    /// The article was deleted and stays so; nothing was written.
    Deleted,
    /// What is held was retrieved later; nothing was written.
    Outdated,
}

impl Outcome {
    pub const ALL: [Self; 5] = [Self::Created, Self::Revised, Self::Unchanged, Self::Deleted, Self::Outdated];

    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Revised => "revised",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Outdated => "outdated",
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
    let name = identity::document_name(document, &sha256);
    let bytes = document.content.len() as u64;
    let origin = Origin { name: Some(name), fingerprint: sha256.clone(), raw: sha256, bytes, entry: None };
    Ok(Incoming::new(document, draft, origin).preview(document))
}

/// The same of every entry, where the document is a feed.
pub fn previews(document: &RawDocument) -> Vec<Result<(Article, Evidence), IngestError>> {
    match reading::form(document) {
        Ok(Form::Feed) => feed::previews(document),
        _ => vec![preview(document)],
    }
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

    /// Every article of a document: the one it holds, or one of each entry of a feed.
    pub async fn take(&self, document: RawDocument) -> Vec<Taken> {
        match reading::form(&document) {
            Ok(Form::Feed) => self.take_feed(document).await,
            _ => vec![Taken { entry: None, ingested: self.ingest(document).await }],
        }
    }

    /// The article of a document that holds one.
    pub async fn ingest(&self, document: RawDocument) -> Result<Ingested, IngestError> {
        let sha256 = document.sha256();
        let name = identity::document_name(&document, &sha256);
        if let Some(unchanged) = self.known(&name, &sha256).await? {
            return Ok(unchanged);
        }
        // Reading is work for a processor, up to a second of it on a huge page.
        let (document, draft) = tokio::task::spawn_blocking(move || {
            let draft = reading::read(&document);
            (document, draft)
        })
        .await
        .map_err(|_| IngestError::ReaderFailed)?;
        let origin = Origin {
            name: Some(name),
            fingerprint: sha256.clone(),
            raw: sha256,
            bytes: document.content.len() as u64,
            entry: None,
        };
        let incoming = Incoming::new(&document, draft?, origin);
        self.decide(&mut Some(document.content), incoming).await
    }

    /// What became of these very bytes, where they came under the same name before.
    pub(crate) async fn known(&self, name: &str, fingerprint: &str) -> Result<Option<Ingested>, IngestError> {
        let known = self.store.document(name).await?.filter(|it| it.sha256 == fingerprint);
        Ok(known.map(|it| Ingested {
            outcome: Outcome::Unchanged,
            id: it.article,
            revision: it.revision,
            write_units: 0.0,
        }))
    }

    /// `unstored`: the raw bytes, as long as they are not in the objects.
    async fn decide(&self, unstored: &mut Option<Vec<u8>>, incoming: Incoming) -> Result<Ingested, IngestError> {
        let mut reread = false;
        for attempt in 0..ATTEMPTS {
            let held = self.store.held(&incoming.id).await?;
            let settled = match &held {
                Some(Held::Article(held)) if held.content_hash == incoming.content_hash => Some(Outcome::Unchanged),
                // It does not come back by itself, whatever its publisher makes of it.
                Some(Held::Tombstone(_)) => Some(Outcome::Deleted),
                Some(Held::Article(held)) if incoming.is_outdated(held) => Some(Outcome::Outdated),
                _ => None,
            };
            if let Some((outcome, held)) = settled.zip(held.as_ref()) {
                return Ok(Ingested { outcome, id: incoming.id, revision: held.revision(), write_units: 0.0 });
            }
            // What other rules make of the same document is no change of the publisher's: that is settled first.
            if !reread && held.as_ref().is_some_and(is_of_other_rules) {
                reread = true;
                self.reread_if_possible(&incoming.id).await?;
                continue;
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

    async fn write(&self, incoming: &Incoming, held: Option<&Held>) -> Result<Ingested, StoreError> {
        let after_change = self.store.last_change(&incoming.id).await?;
        let before = match held {
            Some(Held::Article(held)) => Some(held),
            _ => None,
        };
        let mut article = incoming.article(before, Instant::now());
        let joined = self.join(&article, before.map(|it| &it.article.head.story)).await?;
        article.head.story = joined.story;
        let (kind, outcome) = match (before, &incoming.name) {
            (None, _) => (RevisionKind::Created, Outcome::Created),
            (Some(_), Some(_)) => (RevisionKind::Revised, Outcome::Revised),
            (Some(_), None) => (RevisionKind::Reread, Outcome::Revised),
        };
        let reason = before.filter(|_| kind == RevisionKind::Reread).map(|it| {
            format!("read by rules {}, before by rules {}", reading::RULES_VERSION, it.article.head.rules_version)
        });
        let Head { id, revision, changed_at, .. } = article.head.clone();
        let changed = before.map(|it| compare::changed(&it.article, &article)).unwrap_or_default();
        let mut evidence = incoming.draft.evidence.clone();
        evidence.left_out.extend(joined.left_out);
        let (next, filing) = file(article, incoming.content_hash.clone(), evidence);
        let write_units = self
            .store
            .commit(&Commit {
                previous: held,
                revision: &Revision {
                    number: revision,
                    at: changed_at,
                    kind,
                    changed: changed.into_iter().map(|it| it.name().to_owned()).collect(),
                    reason,
                },
                next: Next::Article {
                    held: &next,
                    lists: filing.lists,
                    codes: filing.codes,
                    evidence: &filing.evidence,
                },
                after_change,
                story: &joined.changes,
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

fn is_of_other_rules(held: &Held) -> bool {
    matches!(held, Held::Article(it) if it.article.head.rules_version != reading::RULES_VERSION)
}

/// How an article is filed.
struct Filing {
    lists: Vec<List>,
    codes: Vec<String>,
    /// With what the limit on facet values left out.
    evidence: Evidence,
}

fn file(article: Article, content_hash: String, evidence: Evidence) -> (HeldArticle, Filing) {
    let Filed { values, codes, left_out } = Filed::of(&article, MAX_FACET_VALUES);
    let mut evidence = evidence.without_text();
    evidence.left_out.extend(left_out);
    let lists: Vec<List> = [List::All, List::Changed].into_iter().chain(values.into_iter().map(List::Facet)).collect();
    let held = HeldArticle { article, content_hash, lists: lists.iter().map(List::pk).collect() };
    (held, Filing { lists, codes, evidence })
}

/// A draft that knows which article it is.
struct Incoming {
    id: ArticleId,
    draft: Draft,
    /// As in [`Origin`].
    name: Option<String>,
    fingerprint: String,
    source: Option<String>,
    raw: RawSummary,
    content_hash: String,
}

/// Where a draft was read from.
struct Origin {
    /// The name that the document or the entry goes by in the record of documents; none where nothing came in.
    name: Option<String>,
    /// The SHA-256 of what may be the same next time under that name: the document, or the entry alone.
    fingerprint: String,
    /// The SHA-256 of the raw document, and its length.
    raw: String,
    bytes: u64,
    entry: Option<String>,
}

impl Incoming {
    fn new(document: &RawDocument, mut draft: Draft, origin: Origin) -> Self {
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

    /// What is read again is as old as it was.
    fn is_outdated(&self, held: &HeldArticle) -> bool {
        self.name.is_some() && self.raw.retrieved_at < held.article.head.raw.retrieved_at
    }

    fn preview(self, document: &RawDocument) -> (Article, Evidence) {
        (self.article(None, document.retrieved_at), self.draft.evidence)
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
            story: self.id.clone(),
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
