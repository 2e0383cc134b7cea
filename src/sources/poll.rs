//! A poll: a source is taken, fetched, its entries archived, and put back with how it went.
//!
//! Taking a source puts its due time off by as long as a poll may take, under the condition that nobody took it since it
//! was read: two never poll one source at once, and one whose poller ended on the way comes due again. Entries that were
//! archived by then are told by their bytes the next time.

use super::{
    discover,
    fetch::{FetchError, Fetched, Fetcher, Request},
    schedule,
    source::{Source, SourceError},
};
use crate::{
    archive::{Archive, IngestError, Outcome, Taken},
    article::{Instant, RawDocument},
    reading::{self, Form, ReadError, feed},
    store::StoreError,
};
use futures::{StreamExt, stream};
use http::StatusCode;
use jiff::SignedDuration;
use std::{collections::BTreeMap, time::Duration};

/// A source that was taken is due again after this, if it was not put back.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// Sources that are looked for at once.
const BATCH: usize = 200;
/// Hosts that are asked at once, and between two requests to one of them.
const HOSTS: usize = 8;
const PACE: Duration = Duration::from_secs(1);
/// Of a document, what tells that it is a feed.
const START_BYTES: usize = 4_096;

#[derive(Clone, Debug)]
pub struct Poller {
    archive: Archive,
    fetcher: Fetcher,
}

/// What a round of polls came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Round {
    pub polled: usize,
    pub failed: usize,
    /// Entries that made an article or revised one.
    pub ingested: usize,
}

impl Poller {
    pub fn new(archive: Archive, fetcher: Fetcher) -> Self {
        Self { archive, fetcher }
    }

    /// Every source that is due now, once. Those of one host one after another, at its pace.
    pub async fn round(&self) -> Result<Round, StoreError> {
        let store = self.archive.store();
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for id in store.due_sources(Instant::now(), BATCH).await? {
            if let Some(record) = store.source(&id).await? {
                hosts.entry(Source::read(record)?.host()).or_default().push(id);
            }
        }
        let polls = stream::iter(hosts.into_values()).map(|ids| self.host(ids)).buffer_unordered(HOSTS);
        let rounds: Vec<Result<Round, StoreError>> = polls.collect().await;
        let mut all = Round::default();
        for round in rounds {
            let round = round?;
            all.polled += round.polled;
            all.failed += round.failed;
            all.ingested += round.ingested;
        }
        Ok(all)
    }

    async fn host(&self, ids: Vec<String>) -> Result<Round, StoreError> {
        let mut round = Round::default();
        for (number, id) in ids.iter().enumerate() {
            if number > 0 {
                tokio::time::sleep(PACE).await;
            }
            let Some(mut source) = self.take(id).await? else { continue };
            let before = (source.health.entries_ingested, source.health.failures);
            let asked = source.settings.url.clone();
            self.poll(&mut source).await;
            round.polled += 1;
            round.ingested += usize::try_from(source.health.entries_ingested - before.0).unwrap_or_default();
            round.failed += usize::from(source.health.failures > before.1);
            self.put_back(source, &asked).await?;
        }
        Ok(round)
    }

    /// The source, if it is due and nobody else has it.
    async fn take(&self, id: &str) -> Result<Option<Source>, StoreError> {
        let store = self.archive.store();
        let now = Instant::now();
        let Some(record) = store.source(id).await?.filter(|it| it.due.is_some_and(|due| due <= now)) else {
            return Ok(None);
        };
        let mut source = Source::read(record)?;
        source.next_poll_at = now.timestamp().checked_add(LEASE).ok().and_then(Instant::from_timestamp);
        let taken = source.to_record();
        match store.put_source(source.record.as_ref(), &taken).await {
            Ok(()) => {
                source.record = Some(taken);
                Ok(Some(source))
            }
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What was changed by hand meanwhile stays so; how it went is told if it is still the URL that was asked.
    async fn put_back(&self, source: Source, asked: &str) -> Result<(), StoreError> {
        let store = self.archive.store();
        match store.put_source(source.record.as_ref(), &source.to_record()).await {
            Err(StoreError::Conflict) => {
                let Some(record) = store.source(&source.id).await? else { return Ok(()) };
                let mut changed = Source::read(record)?;
                if changed.settings.url != asked {
                    return Ok(());
                }
                changed.health = source.health;
                match store.put_source(changed.record.as_ref(), &changed.to_record()).await {
                    Err(StoreError::Conflict) => Ok(()),
                    put => put,
                }
            }
            put => put,
        }
    }

    /// Fetches and archives, and tells the source how it went.
    async fn poll(&self, source: &mut Source) {
        let now = Instant::now();
        source.health.polls += 1;
        source.health.last_polled_at = Some(now);
        let request = Request {
            etag: source.health.etag.clone(),
            last_modified: source.health.last_modified.clone(),
            headers: source.settings.headers(),
        };
        let failed = match self.fetcher.fetch(&source.settings.url, &request).await {
            Ok(fetched) => self.archive_entries(source, fetched).await.err(),
            Err(error) => {
                let wait = match &error {
                    FetchError::Status { retry_after, .. } => *retry_after,
                    _ => None,
                };
                if matches!(&error, FetchError::Status { status, .. } if *status == StatusCode::GONE) {
                    source.retired = true;
                }
                Some((error.code().to_owned(), crate::logs::chain(&error), wait))
            }
        };
        let now = Instant::now();
        if let Some((code, detail, wait)) = failed {
            tracing::warn!(source = source.id, code, detail, "a poll failed");
            source.health.failures += 1;
            source.health.last_error = Some(SourceError { at: now, code, detail });
            schedule::after_failure(source, wait, now);
        }
        // It may have been asked for once all the same.
        if source.retired || source.settings.paused {
            source.next_poll_at = None;
        }
    }

    async fn archive_entries(
        &self,
        source: &mut Source,
        fetched: Fetched,
    ) -> Result<(), (String, String, Option<Duration>)> {
        let now = Instant::now();
        if let Some(moved) = &fetched.moved {
            source.settings.url = moved.to_string();
        }
        let Some(content) = fetched.content else {
            succeeded(source, now);
            schedule::after_success(source, false, fetched.max_age, now);
            return Ok(());
        };
        let document = RawDocument {
            media_type: fetched.media_type.filter(|_| !feed::begins_like_one(&start(&content))),
            content,
            key: None,
            url: Some(fetched.url.to_string()),
            source: Some(source.id.clone()),
            retrieved_at: fetched.at,
        };
        if !matches!(reading::form(&document), Ok(Form::Feed)) {
            let found = discover::feed(&document.content, &fetched.url);
            let Some(found) = found.filter(|it| it.as_str() != source.settings.url) else {
                return Err(("not_a_feed".to_owned(), "the document is no feed and names none".to_owned(), None));
            };
            // A page that names its feed: that is what is polled from now on, and at once.
            source.settings.url = found.to_string();
            source.next_poll_at = Some(now);
            return Ok(());
        }
        let taken = self.archive.take(document).await;
        let entries = taken.iter().filter(|it| it.entry.is_some()).count();
        let (mut new, mut again) = (false, None);
        for Taken { entry, ingested } in taken {
            source.health.entries_seen += u64::from(entry.is_some());
            match ingested {
                Ok(ingested) => {
                    let ingested = matches!(ingested.outcome, Outcome::Created | Outcome::Revised);
                    source.health.entries_ingested += u64::from(ingested);
                    new |= ingested;
                }
                // A feed may be without entries for a while.
                Err(IngestError::Unreadable(ReadError::NothingToRead)) if entry.is_none() => {}
                Err(error) => {
                    source.health.entries_failed += u64::from(entry.is_some());
                    tracing::warn!(source = source.id, entry, code = error.code(), "an entry failed");
                    // The feed as a whole, or the archive: it is to be asked for again, whatever its validators say.
                    if entries == 0 || !error.is_the_documents() {
                        again = Some((error.code().to_owned(), error.chain(), None));
                    }
                }
            }
        }
        if let Some(failed) = again {
            return Err(failed);
        }
        (source.health.etag, source.health.last_modified) = (fetched.etag, fetched.last_modified);
        succeeded(source, now);
        schedule::after_success(source, new, fetched.max_age, now);
        Ok(())
    }
}

/// How a document begins, in lower case. A feed is one whatever its server calls it.
fn start(content: &[u8]) -> String {
    let start = String::from_utf8_lossy(&content[..content.len().min(START_BYTES)]);
    start.trim_start_matches('\u{feff}').trim_start().to_lowercase()
}

fn succeeded(source: &mut Source, now: Instant) {
    source.health.last_success_at = Some(now);
    source.health.failures = 0;
}
