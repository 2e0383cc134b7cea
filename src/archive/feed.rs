//! A feed into the archive: each entry is an article of its own, written or failed by itself.
//!
//! Entries that stand as they stood last time are told by their own bytes, without being read; a feed is mostly those.

use super::{Archive, Incoming, IngestError, Ingested, Origin, identity};
use crate::{
    article::{Article, Evidence, RawDocument},
    reading::{
        ReadError,
        feed::{self, EntryName},
    },
};
use futures::future::try_join_all;
use std::collections::HashSet;

/// How many records are looked up at once.
const LOOKUPS: usize = 16;

/// What became of one article of a document.
#[derive(Debug)]
pub struct Taken {
    /// The entry's name, where the document is a feed.
    pub entry: Option<String>,
    pub ingested: Result<Ingested, IngestError>,
}

impl Archive {
    pub(super) async fn take_feed(&self, document: RawDocument) -> Vec<Taken> {
        match self.feed(document).await {
            Ok(taken) => taken,
            Err(error) => vec![Taken { entry: None, ingested: Err(error) }],
        }
    }

    async fn feed(&self, document: RawDocument) -> Result<Vec<Taken>, IngestError> {
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
        let mut unstored = Some(std::mem::take(&mut document.content));
        let bytes = unstored.as_ref().map_or(0, Vec::len) as u64;
        let mut seen = HashSet::new();
        let mut taken = Vec::with_capacity(entries.len());
        for ((entry, name), known) in entries.into_iter().zip(names).zip(known) {
            let origin = Origin {
                name: Some(name),
                fingerprint: entry.sha256,
                raw: raw.clone(),
                bytes,
                entry: Some(entry.name.clone()),
            };
            let ingested = match known {
                Some(unchanged) => first(&mut seen, unchanged.id.clone()).map(|()| unchanged),
                None => match drafts.next().unwrap_or(Err(ReadError::NothingToRead)) {
                    Ok(draft) => {
                        let incoming = Incoming::new(&document, draft, origin);
                        match first(&mut seen, incoming.id.clone()) {
                            Ok(()) => self.decide(&mut unstored, incoming).await,
                            Err(error) => Err(error),
                        }
                    }
                    Err(error) => Err(error.into()),
                },
            };
            taken.push(Taken { entry: Some(entry.name), ingested });
        }
        taken.extend(left_out.map(|error| Taken { entry: None, ingested: Err(error.into()) }));
        Ok(taken)
    }
}

/// A feed may hold an article twice, in two versions. Taking both would make a revision of it at every visit.
fn first(seen: &mut HashSet<crate::article::ArticleId>, id: crate::article::ArticleId) -> Result<(), IngestError> {
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
