//! Ingests a feed: each entry is one article, written or failed independently of the others.
//!
//! Entries that did not change since last time are recognised by the hash of their bytes and not read; most entries of
//! a feed are unchanged.

use super::{
    Archive, IngestError, Ingested, identity,
    incoming::{Incoming, Origin},
    reading_pool,
};
use crate::{
    article::{Article, ArticleId, Draft, Evidence, RawDocument},
    reading::{
        ReadError,
        feed::{self, EntryName},
    },
    store::DocumentRecord,
};
use futures::future::try_join_all;
use std::collections::HashSet;

/// Document records that are looked up concurrently.
const LOOKUPS: usize = 16;
/// A fingerprint that no bytes have.
const PROVISIONAL: &str = "provisional";

/// The result of ingesting one article of a document.
#[derive(Debug)]
pub struct IngestReport {
    /// The entry's name, if the document is a feed.
    pub entry: Option<String>,
    pub ingested: Result<Ingested, IngestError>,
}

/// A feed whose entries are ingested one by one.
pub struct OpenedFeed {
    document: RawDocument,
    /// The raw bytes, until they are in the object store.
    unstored: Option<Vec<u8>>,
    raw: String,
    bytes: u64,
    seen: HashSet<ArticleId>,
    /// The error for entries beyond a limit.
    left_out: Option<ReadError>,
}

/// An entry of an opened feed.
pub struct OpenedEntry {
    /// Its name within the feed.
    pub name: String,
    /// The key of its document record.
    record: String,
    fingerprint: String,
    pub state: EntryState,
}

pub enum EntryState {
    /// It is unchanged.
    Known(Ingested),
    /// It is new or changed.
    Read(Box<Draft>),
    Unreadable(ReadError),
}

impl Archive {
    pub(super) async fn ingest_feed(&self, document: RawDocument) -> Vec<IngestReport> {
        let (mut feed, entries) = match self.open_feed(document).await {
            Ok(opened) => opened,
            Err(error) => return vec![IngestReport { entry: None, ingested: Err(error) }],
        };
        let mut reports = Vec::with_capacity(entries.len());
        for entry in entries {
            reports.push(self.ingest_entry(&mut feed, entry).await);
        }
        reports.extend(feed.left_out());
        reports
    }

    /// Returns the entries of a feed, and reads those that are new or changed. Nothing is written.
    pub async fn open_feed(&self, document: RawDocument) -> Result<(OpenedFeed, Vec<OpenedEntry>), IngestError> {
        let (document, entries) = reading_pool::read(document, feed::entries).await?;
        let (entries, left_out) = entries?;
        let raw = document.sha256();
        let mut previous: Vec<Option<Ingested>> = Vec::with_capacity(entries.len());
        let names: Vec<String> = entries.iter().map(|entry| record_name(&document, entry)).collect();
        for (entries, names) in entries.chunks(LOOKUPS).zip(names.chunks(LOOKUPS)) {
            let lookups = entries.iter().zip(names).map(|(entry, name)| self.previous_result(name, &entry.sha256));
            previous.extend(try_join_all(lookups).await?);
        }
        let changed: Vec<usize> = (0..entries.len()).filter(|at| previous[*at].is_none()).collect();
        let (mut document, drafts) =
            reading_pool::read(document, move |document| feed::drafts(document, &changed)).await?;
        let mut drafts = drafts?.into_iter();
        let mut opened = Vec::with_capacity(entries.len());
        for ((entry, record), previous) in entries.into_iter().zip(names).zip(previous) {
            let state = match previous {
                Some(unchanged) => EntryState::Known(unchanged),
                None => match drafts.next().unwrap_or(Err(ReadError::NothingToRead)) {
                    Ok(draft) => EntryState::Read(Box::new(draft)),
                    Err(error) => EntryState::Unreadable(error),
                },
            };
            opened.push(OpenedEntry { name: entry.name, record, fingerprint: entry.sha256, state });
        }
        let unstored = Some(std::mem::take(&mut document.content));
        let bytes = unstored.as_ref().map_or(0, Vec::len) as u64;
        Ok((OpenedFeed { document, unstored, raw, bytes, seen: HashSet::new(), left_out }, opened))
    }

    pub async fn ingest_entry(&self, feed: &mut OpenedFeed, entry: OpenedEntry) -> IngestReport {
        let ingested = match entry.state {
            EntryState::Known(unchanged) => refuse_repeated(&mut feed.seen, unchanged.id.clone()).map(|()| unchanged),
            EntryState::Unreadable(error) => Err(error.into()),
            EntryState::Read(draft) => {
                let origin = Origin {
                    name: Some(entry.record),
                    fingerprint: entry.fingerprint,
                    raw: feed.raw.clone(),
                    bytes: feed.bytes,
                    entry: Some(entry.name.clone()),
                };
                let incoming = Incoming::new(&feed.document, *draft, origin);
                match refuse_repeated(&mut feed.seen, incoming.id.clone()) {
                    Ok(()) => self.write_if_changed(&mut feed.unstored, incoming).await,
                    Err(error) => Err(error),
                }
            }
        };
        IngestReport { entry: Some(entry.name), ingested }
    }
}

impl OpenedFeed {
    /// Returns the error for entries beyond a limit as one more report.
    pub fn left_out(self) -> Option<IngestReport> {
        self.left_out.map(|error| IngestReport { entry: None, ingested: Err(error.into()) })
    }
}

impl OpenedEntry {
    /// Makes the next visit read the entry again, even if it is unchanged.
    pub fn provisional(mut self) -> Self {
        self.fingerprint = PROVISIONAL.to_owned();
        self
    }

    /// Returns its document record, if its article was ingested from another document.
    pub fn document_record(&self, ingested: &Ingested) -> DocumentRecord {
        DocumentRecord {
            key: self.record.clone(),
            sha256: self.fingerprint.clone(),
            article: ingested.id.clone(),
            revision: ingested.revision,
        }
    }
}

/// Refuses an article that already occurred in the feed. A feed may hold two versions of one article; ingesting both
/// would write a revision at every visit.
fn refuse_repeated(seen: &mut HashSet<ArticleId>, id: ArticleId) -> Result<(), IngestError> {
    if seen.insert(id) { Ok(()) } else { Err(ReadError::RepeatedEntry.into()) }
}

/// Returns the key of an entry's document record. Within a source it does not depend on the feed's name; without a
/// source it includes that name.
fn record_name(document: &RawDocument, entry: &EntryName) -> String {
    let feed = match &document.source {
        Some(_) => String::new(),
        None => identity::document_name(document, ""),
    };
    format!("{}:{feed}#{}", document.source.as_deref().unwrap_or_default(), entry.name)
}

pub(super) fn previews(document: &RawDocument) -> Vec<Result<(Article, Evidence), IngestError>> {
    let read = || {
        let (entries, left_out) = feed::entries(document)?;
        let all: Vec<usize> = entries.iter().map(|entry| entry.at).collect();
        let drafts = feed::drafts(document, &all)?;
        Ok((entries.into_iter().zip(drafts), left_out))
    };
    let (entries, left_out) = match read() {
        Ok(read) => read,
        Err(error) => return vec![Err(IngestError::Unreadable(error))],
    };
    let raw = document.sha256();
    let mut previews: Vec<Result<_, IngestError>> = Vec::new();
    for (entry, draft) in entries {
        let name = record_name(document, &entry);
        let bytes = document.content.len() as u64;
        let origin =
            Origin { name: Some(name), fingerprint: entry.sha256, raw: raw.clone(), bytes, entry: Some(entry.name) };
        previews.push(match draft {
            Ok(draft) => Ok(Incoming::new(document, draft, origin).preview(document)),
            Err(error) => Err(error.into()),
        });
    }
    previews.extend(left_out.map(|error| Err(error.into())));
    previews
}
