//! A poll: a source is taken, fetched, its entries archived, and put back with how it went.
//!
//! Taking a source puts its due time off by as long as a poll may take, under the condition that nobody took it since it
//! was read: two never poll one source at once, and one whose poller ended on the way comes due again. Entries that were
//! archived by then are told by their bytes the next time.

use super::{
    entries::Entries,
    fetch::{Fetched, Fetcher, Request},
    listing::{Listing, listing},
    outcome::Failed,
    schedule,
    settings::Settings,
    source::{RemoteError, Source},
    web::Web,
    websub,
};
use crate::{
    archive::Archive,
    article::Instant,
    reading::feed,
    store::{Kind, StoreError},
};
use futures::{StreamExt, stream};
use std::{collections::BTreeMap, time::Duration};

/// A source that was taken is due again after this, if it was not put back.
const LEASE: Duration = Duration::from_secs(300);
/// Sources that are looked for at once.
const BATCH: usize = 200;
/// Hosts that are asked at once.
const HOSTS: usize = 8;
/// From its beginning, how long a poll goes on to fetch pages: well within the lease, and within what is left to the last
/// round of a function.
const PAGES_UNTIL: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct Poller {
    archive: Archive,
    web: Web,
    /// The archive's own address, where others reach it: hubs ring there. Without it none is asked to.
    public_url: Option<String>,
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

impl Poller {
    /// `pace`: between two requests to one host.
    pub fn new(archive: Archive, fetcher: Fetcher, pace: Duration) -> Self {
        Self { archive, web: Web::new(fetcher, pace), public_url: None }
    }

    pub fn reached_at(self, public_url: Option<String>) -> Self {
        Self { public_url, ..self }
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
        for id in &ids {
            let Some(mut source) = self.take(id).await? else { continue };
            let before = (source.health.entries_ingested, source.health.failures);
            let asked = source.settings.clone();
            let asks_hub = self.poll(&mut source).await;
            round.polled += 1;
            round.ingested += usize::try_from(source.health.entries_ingested - before.0).unwrap_or_default();
            round.failed += usize::from(source.health.failures > before.1);
            let hub = source.subscription.clone().filter(|_| asks_hub);
            self.put_back(source, &asked).await?;
            if let Some((hub, public_url)) = hub.zip(self.public_url.as_ref()) {
                // One that does not answer keeps no feed from being polled.
                if let Err(error) = websub::ask(&hub, id, self.web.fetcher(), public_url).await {
                    tracing::warn!(source = id, hub = hub.hub, cause = crate::logs::chain(&error), "no hub answered");
                }
            }
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
        source.next_poll_at = Some(now.after(LEASE));
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
    async fn put_back(&self, source: Source, asked: &Settings) -> Result<(), StoreError> {
        let store = self.archive.store();
        match store.put_record(Kind::Source, source.record.as_ref(), &source.to_record()).await {
            Err(StoreError::Conflict) => {
                let Some(record) = store.record(Kind::Source, &source.id).await? else { return Ok(()) };
                let mut changed = Source::read(record)?;
                if changed.settings.url != asked.url {
                    return Ok(());
                }
                changed.health = source.health;
                if !changed.settings.take_the_same_as(asked) {
                    (changed.health.etag, changed.health.last_modified) = (None, None);
                }
                match store.put_record(Kind::Source, changed.record.as_ref(), &changed.to_record()).await {
                    Err(StoreError::Conflict) => Ok(()),
                    put => put,
                }
            }
            put => put,
        }
    }

    /// Fetches and archives, and tells the source how it went. Whether the hub that its feed names is to be asked to push it.
    async fn poll(&self, source: &mut Source) -> bool {
        let now = Instant::now();
        source.health.polls += 1;
        source.health.last_polled_at = Some(now);
        let request = Request {
            etag: source.health.etag.clone(),
            last_modified: source.health.last_modified.clone(),
            headers: source.settings.headers(),
        };
        let polled = match listing(&self.web, source, &request).await {
            Ok((fetched, listing)) => self.archive_entries(source, fetched, listing).await,
            Err(failed) => Err(failed),
        };
        let now = Instant::now();
        let asks_hub = matches!(polled, Ok(true));
        if let Err(Failed { code, detail, wait, gone }) = polled {
            tracing::warn!(source = source.id, code, detail, "a poll failed");
            source.health.failures += 1;
            source.retired |= gone;
            source.health.last_error = Some(RemoteError { at: now, code, detail });
            schedule::after_failure(source, wait, now);
        }
        // It may have been asked for once all the same.
        if source.retired || source.settings.paused {
            source.next_poll_at = None;
        }
        asks_hub
    }

    async fn archive_entries(&self, source: &mut Source, fetched: Fetched, listing: Listing) -> Result<bool, Failed> {
        let until = tokio::time::Instant::now() + PAGES_UNTIL;
        let mut entries = Entries::new(&self.archive, &self.web, source, until)?;
        let (mut says, mut keep_validators) = (None, true);
        match listing {
            Listing::AsItWas => {}
            Listing::Feed(document) => {
                says = Some(feed::polling(&document).unwrap_or_default());
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
        let mut asks_hub = false;
        if let Some(says) = says {
            source.stays_seconds = says.stays.map(|it| it.as_secs());
            asks_hub = self.public_url.is_some() && websub::note(source, &says, now);
        }
        source.health.last_success_at = Some(now);
        source.health.failures = 0;
        if unfinished {
            (source.health.etag, source.health.last_modified) = (None, None);
            source.next_poll_at = Some(schedule::soon(source, now));
            return Ok(asks_hub);
        }
        let validators = if keep_validators { (fetched.etag, fetched.last_modified) } else { (None, None) };
        (source.health.etag, source.health.last_modified) = validators;
        let stays = source.stays_seconds.map(Duration::from_secs);
        schedule::after_success(source, new, fetched.max_age.max(stays), now);
        Ok(asks_hub)
    }
}
