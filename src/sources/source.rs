//! A source: a feed, a news sitemap or a page that links to one, with its settings, schedule and health.

use super::{settings::SourceSettings, subscription::Subscription, urls};
use crate::{
    article::{Instant, slug},
    store::{Record, RecordKind, RetryOnConflict, Store, StoreError},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::VecDeque, time::Duration};
use url::Url;
use utoipa::ToSchema;

/// The poll interval of a new source.
const FIRST_INTERVAL_SECONDS: u64 = 3_600;
/// Maximum bytes of host and path in an id; a digest distinguishes longer ones.
const ID_BYTES: usize = 80;
/// Maximum pages to remember as failed for good, the latest.
const PASSED_OVER: usize = 200;

/// The health of a source: the results of its polls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    pub last_polled_at: Option<Instant>,
    pub last_success_at: Option<Instant>,
    /// The last error, even if later polls succeeded.
    pub last_error: Option<RemoteError>,
    /// Failures since the last success.
    pub failures: u32,
    pub polls: u64,
    pub entries_seen: u64,
    /// Entries that created or revised an article.
    pub entries_ingested: u64,
    /// Entries that could not be read or archived, or whose pages could not be fetched.
    pub entries_failed: u64,
    /// The last error of an entry.
    pub last_entry_error: Option<RemoteError>,
    /// Entries that its rules excluded.
    pub entries_left_out: u64,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemoteError {
    pub at: Instant,
    /// `dns`, `connect`, `tls`, `timeout`, `status`, `refused_address`, `too_large`, `too_many_redirects`,
    /// `bad_redirect`,
    /// `broken`, `bad_url`, `robots`, `not_a_feed`, `duplicate_source`, or the code of the error in reading the document.
    pub code: String,
    /// The cause as text.
    pub detail: String,
}

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum SourceState {
    /// Polled; the last poll succeeded.
    Active,
    /// Polled; the last poll failed.
    Failing,
    /// Not polled because its settings pause it.
    Paused,
    /// Not polled because the server reports that it no longer exists.
    Retired,
}

impl SourceState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub id: String,
    pub settings: SourceSettings,
    pub health: Health,
    pub retired: bool,
    /// The interval between polls, adapted to how often the feed changes.
    pub interval_seconds: u64,
    pub next_poll_at: Option<Instant>,
    /// How long its feed says that it remains unchanged.
    pub stays_seconds: Option<u64>,
    /// Digests of pages that cannot be fetched, so that they are not requested at every poll.
    pub passed_over: VecDeque<String>,
    /// The subscription at a hub that notifies us of new entries.
    pub subscription: Option<Subscription>,
    pub created_at: Instant,
    /// The record as it was read, the condition of the next write.
    pub record: Option<Record>,
}

/// The content of its record. The due time is another attribute of the record.
#[derive(Serialize, Deserialize)]
struct StoredSource {
    settings: SourceSettings,
    health: Health,
    retired: bool,
    interval_seconds: u64,
    stays_seconds: Option<u64>,
    passed_over: VecDeque<String>,
    subscription: Option<Subscription>,
    created_at: Instant,
}

impl Source {
    /// Creates a source that is due at once.
    pub fn new(settings: SourceSettings, now: Instant) -> Self {
        Self {
            id: id(&settings.url),
            next_poll_at: (!settings.paused).then_some(now),
            interval_seconds: FIRST_INTERVAL_SECONDS
                .clamp(settings.minimum_interval_seconds, settings.maximum_interval_seconds),
            settings,
            health: Health {
                last_polled_at: None,
                last_success_at: None,
                last_error: None,
                failures: 0,
                polls: 0,
                entries_seen: 0,
                entries_ingested: 0,
                entries_failed: 0,
                last_entry_error: None,
                entries_left_out: 0,
                etag: None,
                last_modified: None,
            },
            retired: false,
            stays_seconds: None,
            passed_over: VecDeque::new(),
            subscription: None,
            created_at: now,
            record: None,
        }
    }

    /// Stores a new source under a unique id; false if there already is a source with its URL, whose id it then has.
    pub async fn add(&mut self, store: &Store) -> Result<bool, StoreError> {
        if let Some(other) = store.record(RecordKind::Source, &self.id).await?
            && Self::read(other)?.settings.url != self.settings.url
        {
            self.id = unique_id(&self.settings.url);
        }
        if let Some(other) = urls::claim(store, &self.settings.url, &self.id).await? {
            self.id = other;
            return Ok(false);
        }
        match store.put_record(RecordKind::Source, None, &self.to_record()).await {
            Err(StoreError::Conflict) => Ok(false),
            put => put.map(|()| true),
        }
    }

    /// Removes a source; returns `false` if it does not exist.
    pub async fn remove(store: &Store, id: &str) -> Result<bool, StoreError> {
        if let Some(source) = Self::find(store, id).await? {
            urls::release(store, &source.settings.url, id).await?;
        }
        store.remove_record(RecordKind::Source, id).await
    }

    pub async fn find(store: &Store, id: &str) -> Result<Option<Self>, StoreError> {
        store.record(RecordKind::Source, id).await?.map(Self::read).transpose()
    }

    /// Puts the source; refused if another writer changed it since it was read.
    pub async fn put(&self, store: &Store) -> Result<(), StoreError> {
        store.put_record(RecordKind::Source, self.record.as_ref(), &self.to_record()).await
    }

    /// Changes a stored source, and decides again whenever another writer was first. `None` if there is no such source.
    pub async fn update<E: From<StoreError>>(
        store: &Store,
        id: &str,
        change: impl Fn(&mut Self) -> Result<(), E>,
    ) -> Result<Option<Self>, E> {
        let mut retries = RetryOnConflict::default();
        loop {
            let Some(mut source) = Self::find(store, id).await? else { return Ok(None) };
            change(&mut source)?;
            match source.put(store).await {
                Err(conflict @ StoreError::Conflict) => retries.pause(conflict).await?,
                put => return put.map(|()| Some(source)).map_err(E::from),
            }
        }
    }

    /// Replaces the settings. A source that was retired or paused, or whose URL changes, is due at once.
    pub fn change_settings(&mut self, settings: SourceSettings, now: Instant) {
        if !settings.take_the_same_as(&self.settings) {
            // Forces entries that were left out or read differently before to be read again.
            (self.health.etag, self.health.last_modified) = (None, None);
            self.passed_over.clear();
        }
        let again = settings.url != self.settings.url || self.retired || self.settings.paused;
        self.retired = false;
        self.next_poll_at = match (settings.paused, again) {
            (true, _) => None,
            (false, true) => Some(now),
            (false, false) => self.next_poll_at,
        };
        self.settings = settings;
    }

    /// Makes the source due, also one that is paused or retired.
    pub fn poll_now(&mut self, now: Instant) {
        self.retired = false;
        self.next_poll_at = Some(now);
    }

    /// Applies a hub's verification request (WebSub 1.0, 5.3). False if it asks for something that was not requested.
    pub fn confirm_subscription(&mut self, mode: &str, topic: &str, lease_seconds: Option<i64>, now: Instant) -> bool {
        let requested = self.subscription.as_mut().filter(|subscription| subscription.topic == topic);
        match (mode, requested) {
            ("subscribe", Some(subscription)) => subscription.confirm(lease_seconds, now),
            ("denied", Some(subscription)) => subscription.until = None,
            // A topic without a subscription may be unsubscribed.
            ("unsubscribe", None) => {}
            _ => return false,
        }
        true
    }

    /// Whether a hub's notification makes the source due: its signature is valid, and the source is being polled.
    pub fn accepts_notification(&self, signature: &str, body: &[u8]) -> bool {
        let is_signed = self.subscription.as_ref().is_some_and(|subscription| subscription.is_signed(signature, body));
        is_signed && !self.settings.paused && !self.retired
    }

    /// Returns every source, ordered by id.
    pub async fn all(store: &Store) -> Result<Vec<Self>, StoreError> {
        store.all_records(RecordKind::Source).await?.into_iter().map(Self::read).collect()
    }

    pub fn state(&self) -> SourceState {
        match self {
            _ if self.retired => SourceState::Retired,
            _ if self.settings.paused => SourceState::Paused,
            _ if self.health.failures > 0 => SourceState::Failing,
            _ => SourceState::Active,
        }
    }

    pub fn host(&self) -> String {
        Url::parse(&self.settings.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Returns its headers if the URL has the origin of the source; otherwise none.
    pub fn headers_for(&self, url: &Url) -> HeaderMap {
        if self.is_at_origin_of(url) { self.settings.headers() } else { HeaderMap::new() }
    }

    /// Adopts the URL at which it was found. Headers may hold credentials, so a source with headers adopts only a URL
    /// of the same origin, and otherwise starts from its present URL at each poll.
    pub fn found_at(&mut self, url: Option<&Url>) {
        if let Some(url) = url
            && (self.settings.headers.is_empty() || self.is_at_origin_of(url))
        {
            self.settings.url = url.to_string();
        }
    }

    fn is_at_origin_of(&self, url: &Url) -> bool {
        Url::parse(&self.settings.url).is_ok_and(|own| own.origin() == url.origin())
    }

    pub fn passed_over(&self, page: &str) -> bool {
        self.passed_over.iter().any(|digest| digest == page)
    }

    pub fn pass_over(&mut self, page: String) {
        self.passed_over.push_back(page);
        if self.passed_over.len() > PASSED_OVER {
            self.passed_over.pop_front();
        }
    }

    pub fn interval(&self) -> Duration {
        Duration::from_secs(self.interval_seconds)
    }

    pub fn read(record: Record) -> Result<Self, StoreError> {
        let kept: StoredSource = record.read()?;
        Ok(Self {
            id: record.id.clone(),
            settings: kept.settings,
            health: kept.health,
            retired: kept.retired,
            interval_seconds: kept.interval_seconds,
            stays_seconds: kept.stays_seconds,
            passed_over: kept.passed_over,
            subscription: kept.subscription,
            next_poll_at: record.at,
            created_at: kept.created_at,
            record: Some(record),
        })
    }

    /// Creates the next version of its record.
    pub fn to_record(&self) -> Record {
        let kept = StoredSource {
            settings: self.settings.clone(),
            health: self.health.clone(),
            retired: self.retired,
            interval_seconds: self.interval_seconds,
            stays_seconds: self.stays_seconds,
            passed_over: self.passed_over.clone(),
            subscription: self.subscription.clone(),
            created_at: self.created_at,
        };
        Record::next(self.record.as_ref(), &self.id, self.next_poll_at, &kept)
    }
}

/// Derives a readable id from the host and the path; deterministic for a URL.
fn id(url: &str) -> String {
    let joined = |url: Url| [url.host_str().unwrap_or_default(), url.path(), url.query().unwrap_or_default()].join(" ");
    let readable = Url::parse(url).map_or_else(|_| url.to_owned(), joined);
    let id = slug(readable.trim_start_matches("www."));
    if id.is_empty() || id.len() > ID_BYTES { unique_id(url) } else { id }
}

/// Derives an id with a digest of the URL, for URLs that are long or differ only in characters that an id omits.
fn unique_id(url: &str) -> String {
    let digest: String = hex::encode(&Sha256::digest(url.as_bytes())[..6]);
    let mut readable = slug(url.split_once("://").map_or(url, |(_, rest)| rest).trim_start_matches("www."));
    let cut = (0..=ID_BYTES.min(readable.len())).rev().find(|index| readable.is_char_boundary(*index));
    readable.truncate(cut.unwrap_or_default());
    format!("{readable}-{digest}").trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_readable_and_distinct() {
        assert_eq!(id("https://www.gazette.example/feeds/world.xml"), "gazette-example-feeds-world-xml");
        assert_ne!(id("https://a.example/feed?topic=1"), id("https://a.example/feed?topic=2"));
        let long = format!("https://a.example/{}", "x".repeat(300));
        assert!(id(&long).len() < 100 && id(&long) != id(&format!("{long}y")));
        let (a, b) = ("https://a.example/x?y", "https://a.example/x/y");
        assert!(id(a) == id(b) && unique_id(a) != unique_id(b));
    }
}
