//! A poll: leases a source, fetches it, archives its entries, and stores the source with the result.
//!
//! A lease postpones a source's due time by the maximum duration of a poll, on condition that the source has not
//! changed since it was read: two pollers never poll one source at once, and a source whose poller crashed comes due
//! again. Entries that were archived by then are recognised by their bytes the next time.

use super::{
    detect::{Listing, listing},
    entries::Entries,
    outcome::PollError,
    schedule,
    settings::SourceSettings,
    source::{RemoteError, Source},
    urls, websub,
};
use crate::{
    archive::Archive,
    article::Instant,
    fetch::{FetchRequest, Fetched, Fetcher, PoliteClient},
    reading::feed,
    store::{RecordKind, StoreError},
};
use futures::{StreamExt, stream};
use std::{collections::BTreeMap, time::Duration};

/// A leased source that was not put back is due again after this time.
const LEASE: Duration = Duration::from_secs(300);
/// Maximum sources of one round.
const BATCH: usize = 200;
/// Hosts that are polled concurrently.
const HOSTS: usize = 8;
/// How long a poll continues to fetch pages: well within the lease, and within the time that is left to the last round
/// of a function.
const PAGES_UNTIL: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct Poller {
    archive: Archive,
    web: PoliteClient,
    /// The archive's public URL, which hubs notify. Without it no subscription is requested.
    public_url: Option<String>,
}

/// The result of a round of polls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct PollReport {
    pub polled: usize,
    pub failed: usize,
    /// Entries that created or revised an article.
    pub ingested: usize,
}

impl PollReport {
    pub fn and(self, other: Self) -> Self {
        Self {
            polled: self.polled + other.polled,
            failed: self.failed + other.failed,
            ingested: self.ingested + other.ingested,
        }
    }
}

impl Poller {
    /// `pace`: the delay between two requests to one host.
    pub fn new(archive: Archive, fetcher: Fetcher, pace: Duration) -> Self {
        Self { archive, web: PoliteClient::new(fetcher, pace), public_url: None }
    }

    pub fn reached_at(self, public_url: Option<String>) -> Self {
        Self { public_url, ..self }
    }

    /// Polls every source that is due now once. Sources of one host are polled one after another, at the host's pace.
    pub async fn round(&self) -> Result<PollReport, StoreError> {
        let store = self.archive.store();
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for id in store.due(RecordKind::Source, Instant::now(), BATCH).await? {
            if let Some(record) = store.record(RecordKind::Source, &id).await? {
                hosts.entry(Source::read(record)?.host()).or_default().push(id);
            }
        }
        let polls = stream::iter(hosts.into_values()).map(|ids| self.host(ids)).buffer_unordered(HOSTS);
        let rounds: Vec<Result<PollReport, StoreError>> = polls.collect().await;
        rounds.into_iter().try_fold(PollReport::default(), |all, round| Ok(all.and(round?)))
    }

    async fn host(&self, ids: Vec<String>) -> Result<PollReport, StoreError> {
        let mut round = PollReport::default();
        for id in &ids {
            let Some(mut source) = self.lease(id).await? else { continue };
            let before = (source.health.entries_ingested, source.health.failures);
            let polled_settings = source.settings.clone();
            let should_subscribe = self.poll(&mut source).await;
            round.polled += 1;
            round.ingested += usize::try_from(source.health.entries_ingested - before.0).unwrap_or_default();
            round.failed += usize::from(source.health.failures > before.1);
            let hub = source.subscription.clone().filter(|_| should_subscribe);
            self.put_back(source, &polled_settings).await?;
            if let Some((hub, public_url)) = hub.zip(self.public_url.as_ref()) {
                // A hub that does not answer must not stop the feed from being polled.
                if let Err(error) = websub::ask(&hub, id, self.web.fetcher(), public_url).await {
                    let cause = crate::logs::chain(&error);
                    tracing::warn!(source = id, hub = hub.hub, cause, "WebSub subscription request failed");
                }
            }
        }
        Ok(round)
    }

    /// Leases the source, if it is due and not leased by another poller.
    async fn lease(&self, id: &str) -> Result<Option<Source>, StoreError> {
        let store = self.archive.store();
        let now = Instant::now();
        let Some(record) =
            store.record(RecordKind::Source, id).await?.filter(|record| record.at.is_some_and(|due| due <= now))
        else {
            return Ok(None);
        };
        let mut source = Source::read(record)?;
        source.next_poll_at = Some(now.after(LEASE));
        let leased = source.to_record();
        match store.put_record(RecordKind::Source, source.record.as_ref(), &leased).await {
            Ok(()) => {
                source.record = Some(leased);
                Ok(Some(source))
            }
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Stores the source after a poll. Settings that were changed meanwhile are kept; the result is stored if the URL
    /// is still the one that was polled.
    async fn put_back(&self, source: Source, polled_settings: &SourceSettings) -> Result<(), StoreError> {
        let store = self.archive.store();
        match store.put_record(RecordKind::Source, source.record.as_ref(), &source.to_record()).await {
            Err(StoreError::Conflict) => {
                let Some(record) = store.record(RecordKind::Source, &source.id).await? else { return Ok(()) };
                let mut changed = Source::read(record)?;
                if changed.settings.url != polled_settings.url {
                    return Ok(());
                }
                changed.health = source.health;
                if !changed.settings.take_the_same_as(polled_settings) {
                    (changed.health.etag, changed.health.last_modified) = (None, None);
                }
                match store.put_record(RecordKind::Source, changed.record.as_ref(), &changed.to_record()).await {
                    Err(StoreError::Conflict) => Ok(()),
                    put => put,
                }
            }
            put => put,
        }
    }

    /// Fetches a source and archives its entries, and records the result in the source. Returns whether to subscribe at
    /// the hub that its feed names.
    async fn poll(&self, source: &mut Source) -> bool {
        let now = Instant::now();
        source.health.polls += 1;
        source.health.last_polled_at = Some(now);
        let request = FetchRequest {
            etag: source.health.etag.clone(),
            last_modified: source.health.last_modified.clone(),
            headers: source.settings.headers(),
        };
        let polled_url = source.settings.url.clone();
        let polled = async {
            let (fetched, listing) = listing(&self.web, source, &request).await?;
            self.claim(source, polled_url).await?;
            self.archive_entries(source, fetched, listing).await
        };
        let polled = polled.await;
        let now = Instant::now();
        let should_subscribe = matches!(polled, Ok(true));
        if let Err(PollError { code, detail, wait, gone }) = polled {
            tracing::warn!(source = source.id, code, detail, "poll failed");
            source.health.failures += 1;
            source.retired |= gone;
            source.health.last_error = Some(RemoteError { at: now, code, detail });
            schedule::after_failure(source, wait, now);
        }
        // A poll of such a source may have been requested by hand.
        if source.retired || source.settings.paused {
            source.next_poll_at = None;
        }
        should_subscribe
    }

    /// Claims the URL that the source adopted. If another source has it, this one would archive the same entries: it
    /// keeps the URL that it was polled at, and is retired.
    async fn claim(&self, source: &mut Source, polled_url: String) -> Result<(), PollError> {
        if source.settings.url == polled_url {
            return Ok(());
        }
        match urls::claim(self.archive.store(), &source.settings.url, &source.id).await? {
            None => Ok(()),
            Some(other) => {
                let adopted = std::mem::replace(&mut source.settings.url, polled_url);
                let detail = format!("it leads to {adopted}, which source {other} polls");
                Err(PollError { gone: true, ..PollError::new("duplicate_source", &detail) })
            }
        }
    }

    async fn archive_entries(
        &self,
        source: &mut Source,
        fetched: Fetched,
        listing: Listing,
    ) -> Result<bool, PollError> {
        let until = tokio::time::Instant::now() + PAGES_UNTIL;
        let mut entries = Entries::new(&self.archive, &self.web, source, until)?;
        let (mut polling, mut keep_validators) = (None, true);
        match listing {
            Listing::AsItWas => {}
            Listing::Feed(document) => {
                polling = Some(feed::polling(&document).unwrap_or_default());
                entries.feed(document).await?;
            }
            Listing::Sitemap { pages, of_index } => {
                keep_validators = !of_index;
                entries.sitemap(pages).await?;
            }
        }
        let Entries { new, unfinished, again, .. } = entries;
        if let Some(failed) = again {
            return Err(failed);
        }
        let now = Instant::now();
        let mut should_subscribe = false;
        if let Some(polling) = polling {
            source.stays_seconds = polling.stays.map(|stay| stay.as_secs());
            should_subscribe = self.public_url.is_some() && websub::note(source, &polling, now);
        }
        source.health.last_success_at = Some(now);
        source.health.failures = 0;
        if unfinished {
            (source.health.etag, source.health.last_modified) = (None, None);
            source.next_poll_at = Some(schedule::soon(source, now));
            return Ok(should_subscribe);
        }
        let validators = if keep_validators { (fetched.etag, fetched.last_modified) } else { (None, None) };
        (source.health.etag, source.health.last_modified) = validators;
        let stays = source.stays_seconds.map(Duration::from_secs);
        schedule::after_success(source, new, fetched.max_age.max(stays), now);
        Ok(should_subscribe)
    }
}
