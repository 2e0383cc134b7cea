//! A feed into the archive: each entry is an article of its own, written or failed by itself.
//!
//! Entries that stand as they stood last time are told by their own bytes, without being read; a feed is mostly those.

use super::{Archive, Incoming, IngestError, Ingested, Origin, identity};
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

/// How many records are looked up at once.
const LOOKUPS: usize = 16;
/// No bytes have this digest.
const PROVISIONAL: &str = "provisional";

/// What became of one article of a document.
#[derive(Debug)]
pub struct Taken {
    /// The entry's name, where the document is a feed.
    pub entry: Option<String>,
    pub ingested: Result<Ingested, IngestError>,
}

/// A feed whose entries are to be taken one by one.
pub struct OpenedFeed {
    document: RawDocument,
    /// The raw bytes, as long as they are not in the objects.
    unstored: Option<Vec<u8>>,
    raw: String,
    bytes: u64,
    seen: HashSet<ArticleId>,
    /// What a limit leaves out.
    left_out: Option<ReadError>,
}

/// An entry of it.
pub struct OpenedEntry {
    /// Within the feed.
    pub name: String,
    /// The name that it goes by in the record of documents.
    record: String,
    fingerprint: String,
    pub state: EntryState,
}

pub enum EntryState {
    /// It stands as it stood.
    Known(Ingested),
    /// It is new, or another.
    Read(Box<Draft>),
    Unreadable(ReadError),
}

impl Archive {
    pub(super) async fn take_feed(&self, document: RawDocument) -> Vec<Taken> {
        let (mut feed, entries) = match self.open_feed(document).await {
            Ok(opened) => opened,
            Err(error) => return vec![Taken { entry: None, ingested: Err(error) }],
        };
        let mut taken = Vec::with_capacity(entries.len());
        for entry in entries {
            taken.push(self.take_entry(&mut feed, entry).await);
        }
        taken.extend(feed.left_out());
        taken
    }

    /// Its entries, read where they do not stand as they stood. Nothing is written.
    pub async fn open_feed(&self, document: RawDocument) -> Result<(OpenedFeed, Vec<OpenedEntry>), IngestError> {
        let (document, entries) = reading(document, feed::entries).await?;
        let (entries, left_out) = entries?;
        let raw = document.sha256();
        let mut known: Vec<Option<Ingested>> = Vec::with_capacity(entries.len());
        let names: Vec<String> = entries.iter().map(|it| record_name(&document, it)).collect();
        for some in entries.chunks(LOOKUPS).zip(names.chunks(LOOKUPS)) {
            let lookups = some.0.iter().zip(some.1).map(|(entry, name)| self.known(name, &entry.sha256));
            known.extend(try_join_all(lookups).await?);
        }
        let wanted: Vec<usize> = (0..entries.len()).filter(|at| known[*at].is_none()).collect();
        let (mut document, drafts) = reading(document, move |it| feed::drafts(it, &wanted)).await?;
        let mut drafts = drafts?.into_iter();
        let mut opened = Vec::with_capacity(entries.len());
        for ((entry, record), known) in entries.into_iter().zip(names).zip(known) {
            let state = match known {
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

    pub async fn take_entry(&self, feed: &mut OpenedFeed, entry: OpenedEntry) -> Taken {
        let ingested = match entry.state {
            EntryState::Known(unchanged) => first(&mut feed.seen, unchanged.id.clone()).map(|()| unchanged),
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
                match first(&mut feed.seen, incoming.id.clone()) {
                    Ok(()) => self.decide(&mut feed.unstored, incoming).await,
                    Err(error) => Err(error),
                }
            }
        };
        Taken { entry: Some(entry.name), ingested }
    }
}

impl OpenedFeed {
    /// What a limit leaves out, as an answer of its own.
    pub fn left_out(self) -> Option<Taken> {
        self.left_out.map(|error| Taken { entry: None, ingested: Err(error.into()) })
    }
}

impl OpenedEntry {
    /// Has the entry read anew the next time, whatever it is then.
    pub fn provisional(mut self) -> Self {
        self.fingerprint = PROVISIONAL.to_owned();
        self
    }

    /// What it is once its article was read elsewhere.
    pub fn document_record(&self, of: &Ingested) -> DocumentRecord {
        DocumentRecord {
            key: self.record.clone(),
            sha256: self.fingerprint.clone(),
            article: of.id.clone(),
            revision: of.revision,
        }
    }
}

/// A feed may hold an article twice, in two versions. Taking both would make a revision of it at every visit.
fn first(seen: &mut HashSet<ArticleId>, id: ArticleId) -> Result<(), IngestError> {
    if seen.insert(id) { Ok(()) } else { Err(ReadError::RepeatedEntry.into()) }
}

/// Reading is work for a processor.
async fn reading<T: Send + 'static>(
    document: RawDocument,
    read: impl FnOnce(&RawDocument) -> T + Send + 'static,
) -> Result<(RawDocument, T), IngestError> {
    let read = tokio::task::spawn_blocking(move || {
        let found = read(&document);
        (document, found)
    });
    read.await.map_err(|_| IngestError::ReaderFailed)
}

/// Within its source an entry has one name, wherever the feed is; a feed of no source goes by its own name.
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
        let wanted: Vec<usize> = entries.iter().map(|it| it.at).collect();
        let drafts = feed::drafts(document, &wanted)?;
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
    previews.extend(left_out.map(|it| Err(it.into())));
    previews
}
