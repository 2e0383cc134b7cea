//! Replay: the stored raw bytes of an article, read again with today's rules.
//!
//! What comes out differently is a revision that says so ([`RevisionKind::Reread`]): the publisher changed nothing. An
//! article that reads as it did gets none, and keeps the version of the rules that read it.

use super::{ATTEMPTS, Archive, Incoming, IngestError, Origin, pause};
use crate::{
    article::{Article, ArticleId, Draft, RawDocument},
    reading::{self, ReadError, feed},
    store::{Held, HeldArticle, StoreError},
};
use serde_json::Value;

/// What today's rules make of an article.
#[derive(Debug)]
pub enum Reread {
    /// The same.
    Unchanged,
    /// Something else, field by field.
    Changed(Vec<Difference>),
    /// It is deleted, or never was.
    Gone,
}

/// A field that reads differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

impl Archive {
    /// The same, where the stored document may be gone or may not be read any more: then the article stays as it is.
    pub(super) async fn reread_if_possible(&self, id: &ArticleId) -> Result<(), IngestError> {
        match self.reread(id, true).await {
            Err(IngestError::Unreadable(_) | IngestError::Store(StoreError::MissingObject(_))) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads an article again; with `apply`, what differs becomes a revision.
    pub async fn reread(&self, id: &ArticleId, apply: bool) -> Result<Reread, IngestError> {
        for attempt in 0..ATTEMPTS {
            let Some(Held::Article(held)) = self.store().held(id).await? else { return Ok(Reread::Gone) };
            let raw = self.store().objects().raw(&held.article.head.raw.sha256).await?;
            let document = document(&held.article, raw.to_vec());
            let entry = held.article.head.raw.entry.clone();
            let read = tokio::task::spawn_blocking(move || {
                let draft = draft(&document, entry.as_deref());
                (document, draft)
            });
            let (document, draft) = read.await.map_err(|_| IngestError::ReaderFailed)?;
            let incoming = again(&held, &document, draft?);
            let differences = differences(&held.article, &incoming.article(Some(&held), held.article.head.changed_at));
            if differences.is_empty() {
                return Ok(Reread::Unchanged);
            }
            if !apply {
                return Ok(Reread::Changed(differences));
            }
            match self.write(&incoming, Some(&Held::Article(held))).await {
                Err(StoreError::Conflict) => tokio::time::sleep(pause(attempt, id)).await,
                written => return written.map(|_| Reread::Changed(differences)).map_err(IngestError::from),
            }
        }
        Err(IngestError::Contended { id: id.clone() })
    }
}

/// The document as it came, as far as the archive knows.
fn document(article: &Article, content: Vec<u8>) -> RawDocument {
    let head = &article.head;
    RawDocument {
        content,
        key: head.raw.entry.clone(),
        media_type: Some(head.raw.media_type.clone()),
        url: article.facts.url.clone(),
        source: head.source.clone(),
        defaults: head.raw.defaults.clone(),
        retrieved_at: head.raw.retrieved_at,
    }
}

fn draft(document: &RawDocument, entry: Option<&str>) -> Result<Draft, ReadError> {
    let Some(name) = entry else { return reading::read(document) };
    let (entries, _) = feed::entries(document)?;
    let at = entries.iter().find(|it| it.name == name).map(|it| it.at).ok_or(ReadError::NothingToRead)?;
    feed::drafts(document, &[at])?.into_iter().next().unwrap_or(Err(ReadError::NothingToRead))
}

/// The article that is held, with what was read now.
fn again(held: &HeldArticle, document: &RawDocument, draft: Draft) -> Incoming {
    let raw = &held.article.head.raw;
    let origin = Origin {
        name: None,
        fingerprint: String::new(),
        raw: raw.sha256.clone(),
        bytes: raw.bytes,
        entry: raw.entry.clone(),
    };
    Incoming { id: held.article.head.id.clone(), raw: raw.clone(), ..Incoming::new(document, draft, origin) }
}

/// The members of an article's JSON that reading tells, where they differ.
fn differences(before: &Article, after: &Article) -> Vec<Difference> {
    let members = |it: &Article| match serde_json::to_value((&it.facts, &it.detail)) {
        Ok(Value::Array(parts)) => parts.into_iter().filter_map(|it| it.as_object().cloned()).flatten().collect(),
        _ => serde_json::Map::new(),
    };
    let (before, mut after) = (members(before), members(after));
    let pairs = before.into_iter().map(|(field, before)| {
        let after = after.remove(&field).unwrap_or_default();
        Difference { field, before, after }
    });
    pairs.filter(|it| it.before != it.after).collect()
}
