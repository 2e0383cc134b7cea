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
    store::{Kind, StoreError},
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

impl Round {
    pub fn and(self, other: Self) -> Self {
        Self {
            polled: self.polled + other.polled,
            failed: self.failed + other.failed,
            ingested: self.ingested + other.ingested,
        }
    }
}

/// Why a poll failed, and how long the server asks to wait.
struct Failed {
    code: String,
    detail: String,
    wait: Option<Duration>,
    gone: bool,
}

impl From<FetchError> for Failed {
    fn from(error: FetchError) -> Self {
        let (wait, gone) = match &error {
            FetchError::Status { status, retry_after } => (*retry_after, *status == StatusCode::GONE),
            _ => (None, false),
        };
        Self { code: error.code().to_owned(), detail: crate::logs::chain(&error), wait, gone }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        IngestError::from(error).into()
    }
}

impl From<IngestError> for Failed {
    fn from(error: IngestError) -> Self {
        Self { code: error.code().to_owned(), detail: error.chain(), wait: None, gone: false }
    }
}

impl Poller {
    pub fn new(archive: Archive, fetcher: Fetcher) -> Self {
        Self { archive, fetcher }
    }

    /// Every source that is due now, once. Those of one host one after another, at its pace.
    pub async fn round(&self) -> Result<Round, StoreError> {
        let store = self.archive.store();
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for id in store.due(Kind::Source, Instant::now(), BATCH).await? {
            if let Some(record) = store.record(Kind::Source, &id).await? {
                hosts.entry(Source::read(record)?.host()).or_default().push(id);
            }
        }
        let polls = stream::iter(hosts.into_values()).map(|ids| self.host(ids)).buffer_unordered(HOSTS);
        let rounds: Vec<Result<Round, StoreError>> = polls.collect().await;
        rounds.into_iter().try_fold(Round::default(), |all, round| Ok(all.and(round?)))
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
        let Some(record) = store.record(Kind::Source, id).await?.filter(|it| it.at.is_some_and(|due| due <= now))
        else {
            return Ok(None);
        };
        let mut source = Source::read(record)?;
        source.next_poll_at = now.timestamp().checked_add(LEASE).ok().and_then(Instant::from_timestamp);
        let taken = source.to_record();
        match store.put_record(Kind::Source, source.record.as_ref(), &taken).await {
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
        match store.put_record(Kind::Source, source.record.as_ref(), &source.to_record()).await {
            Err(StoreError::Conflict) => {
                let Some(record) = store.record(Kind::Source, &source.id).await? else { return Ok(()) };
                let mut changed = Source::read(record)?;
                if changed.settings.url != asked {
                    return Ok(());
                }
                changed.health = source.health;
                match store.put_record(Kind::Source, changed.record.as_ref(), &changed.to_record()).await {
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
        let polled = match self.feed(source, &request).await {
            Ok((fetched, document)) => self.archive_entries(source, fetched, document).await,
            Err(failed) => Err(failed),
        };
        let now = Instant::now();
        if let Err(Failed { code, detail, wait, gone }) = polled {
            tracing::warn!(source = source.id, code, detail, "a poll failed");
            source.health.failures += 1;
            source.retired |= gone;
            source.health.last_error = Some(SourceError { at: now, code, detail });
            schedule::after_failure(source, wait, now);
        }
        // It may have been asked for once all the same.
        if source.retired || source.settings.paused {
            source.next_poll_at = None;
        }
    }

    /// What the source's URL leads to: a feed, or the one that the page there names. Where it stands is taken over. No
    /// document, where it is as it was.
    async fn feed(&self, source: &mut Source, request: &Request) -> Result<(Fetched, Option<RawDocument>), Failed> {
        let mut fetched = self.fetcher.fetch(&source.settings.url, request).await?;
        let page = match document(source, &mut fetched) {
            Some(page) if !is_feed(&page) => page,
            document => {
                source.found_at(fetched.moved.as_ref());
                return Ok((fetched, document));
            }
        };
        let none = || Failed {
            code: "not_a_feed".to_owned(),
            detail: "the document is no feed and names none".to_owned(),
            wait: None,
            gone: false,
        };
        let named = discover::feed(&page.content, &fetched.url).ok_or_else(none)?;
        let request = Request { headers: source.headers_for(&named), ..Request::default() };
        let mut fetched = self.fetcher.fetch(named.as_str(), &request).await?;
        // One that names another in its turn is followed no further.
        let feed = document(source, &mut fetched).filter(is_feed).ok_or_else(none)?;
        source.found_at(Some(&named));
        if source.settings.url != named.as_str() {
            // They are the feed's, and the page is asked again.
            (fetched.etag, fetched.last_modified) = (None, None);
        }
        Ok((fetched, Some(feed)))
    }

    async fn archive_entries(
        &self,
        source: &mut Source,
        fetched: Fetched,
        document: Option<RawDocument>,
    ) -> Result<(), Failed> {
        let now = Instant::now();
        let Some(document) = document else {
            succeeded(source, now);
            schedule::after_success(source, false, fetched.max_age, now);
            return Ok(());
        };
        let mut taken = self.archive.take(document.clone()).await;
        // A feed may be without entries for a while.
        let is_empty = |it: &Taken| matches!(it.ingested, Err(IngestError::Unreadable(ReadError::NothingToRead)));
        taken.retain(|it| it.entry.is_some() || !is_empty(it));
        self.archive.keep_failed(document, false, &taken).await?;
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
                Err(error) => {
                    source.health.entries_failed += u64::from(entry.is_some());
                    tracing::warn!(source = source.id, entry, code = error.code(), "an entry failed");
                    // The feed as a whole, or the archive: it is to be asked for again, whatever its validators say.
                    if entries == 0 || !error.is_the_documents() {
                        again = Some(Failed::from(error));
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

/// Takes the document out of what was fetched, if it came at all. A feed is one whatever its server calls it.
fn document(source: &Source, fetched: &mut Fetched) -> Option<RawDocument> {
    let content = fetched.content.take()?;
    let start = String::from_utf8_lossy(&content[..content.len().min(START_BYTES)]).to_lowercase();
    let told = feed::begins_like_one(start.trim_start_matches('\u{feff}').trim_start());
    Some(RawDocument {
        media_type: fetched.media_type.clone().filter(|_| !told),
        content,
        key: None,
        url: Some(fetched.url.to_string()),
        source: Some(source.id.clone()),
        retrieved_at: fetched.at,
    })
}

fn is_feed(document: &RawDocument) -> bool {
    matches!(reading::form(document), Ok(Form::Feed))
}

fn succeeded(source: &mut Source, now: Instant) {
    source.health.last_success_at = Some(now);
    source.health.failures = 0;
}
