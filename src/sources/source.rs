//! A source: a feed, a news sitemap or a page that has one, how it is polled, and how it is.

use super::{settings::Settings, websub::Subscription};
use crate::{
    article::{Instant, slug},
    store::{Kind, Record, Store, StoreError},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::VecDeque, time::Duration};
use url::Url;
use utoipa::ToSchema;

/// Of a source that is new.
const FIRST_INTERVAL_SECONDS: u64 = 3_600;
/// Of a host and a path, what makes an id; a digest tells longer ones apart.
const ID_BYTES: usize = 80;
/// Pages that will not be asked for again, the latest of them.
const PASSED_OVER: usize = 200;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    pub last_polled_at: Option<Instant>,
    pub last_success_at: Option<Instant>,
    /// The last one, also where it went well since.
    pub last_error: Option<RemoteError>,
    /// Failures since the last success.
    pub failures: u32,
    pub polls: u64,
    pub entries_seen: u64,
    /// Entries that made an article or revised one.
    pub entries_ingested: u64,
    /// Entries that could not be read or archived, or whose pages could not be had.
    pub entries_failed: u64,
    /// The last of them, and why.
    pub last_entry_error: Option<RemoteError>,
    /// Entries that its rules left out.
    pub entries_left_out: u64,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemoteError {
    pub at: Instant,
    /// `dns`, `connect`, `tls`, `timeout`, `status`, `refused_address`, `too_large`, `too_many_redirects`, `bad_redirect`,
    /// `broken`, `bad_url`, `robots`, `not_a_feed`, or why the document cannot be read.
    pub code: String,
    /// The cause in words.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Polled, and well.
    Active,
    /// Polled, and the last poll failed.
    Failing,
    /// Not polled, because it was told so.
    Paused,
    /// Not polled, because the server says that it is gone for good.
    Retired,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Active, Self::Failing, Self::Paused, Self::Retired];

    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Failing => "failing",
            Self::Paused => "paused",
            Self::Retired => "retired",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub id: String,
    pub settings: Settings,
    pub health: Health,
    pub retired: bool,
    /// Between polls, as the feed's own rhythm has made it.
    pub interval_seconds: u64,
    pub next_poll_at: Option<Instant>,
    /// How long its feed says that it stays as it is.
    pub stays_seconds: Option<u64>,
    /// What told the pages that cannot be had, so that they are not asked for at every poll.
    pub passed_over: VecDeque<String>,
    /// Where a hub tells when there is something new.
    pub subscription: Option<Subscription>,
    pub created_at: Instant,
    /// As it was read, to be put again.
    pub record: Option<Record>,
}

/// What is kept of it beside its due time.
#[derive(Serialize, Deserialize)]
struct Kept {
    settings: Settings,
    health: Health,
    retired: bool,
    interval_seconds: u64,
    stays_seconds: Option<u64>,
    passed_over: VecDeque<String>,
    subscription: Option<Subscription>,
    created_at: Instant,
}

impl Source {
    /// One that is due at once.
    pub fn new(settings: Settings, now: Instant) -> Self {
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

    /// Keeps one that is new, under an id of its own; false if there is one with its URL already.
    pub async fn add(&mut self, store: &Store) -> Result<bool, StoreError> {
        if let Some(other) = store.record(Kind::Source, &self.id).await?
            && Self::read(other)?.settings.url != self.settings.url
        {
            self.id = id_apart(&self.settings.url);
        }
        match store.put_record(Kind::Source, None, &self.to_record()).await {
            Err(StoreError::Conflict) => Ok(false),
            put => put.map(|()| true),
        }
    }

    /// Every source, by their ids.
    pub async fn all(store: &Store) -> Result<Vec<Self>, StoreError> {
        store.all_records(Kind::Source).await?.into_iter().map(Self::read).collect()
    }

    pub fn state(&self) -> State {
        match self {
            _ if self.retired => State::Retired,
            _ if self.settings.paused => State::Paused,
            _ if self.health.failures > 0 => State::Failing,
            _ => State::Active,
        }
    }

    pub fn host(&self) -> String {
        Url::parse(&self.settings.url).ok().and_then(|it| it.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Its headers, for a URL of the origin that they are for.
    pub fn headers_for(&self, url: &Url) -> HeaderMap {
        if self.is_at_origin_of(url) { self.settings.headers() } else { HeaderMap::new() }
    }

    /// Takes over where it was found. Headers may hold credentials: with them it stays at the origin that they are for,
    /// and is looked for from there each time.
    pub fn found_at(&mut self, url: Option<&Url>) {
        if let Some(url) = url
            && (self.settings.headers.is_empty() || self.is_at_origin_of(url))
        {
            self.settings.url = url.to_string();
        }
    }

    fn is_at_origin_of(&self, url: &Url) -> bool {
        Url::parse(&self.settings.url).is_ok_and(|it| it.origin() == url.origin())
    }

    pub fn passed_over(&self, page: &str) -> bool {
        self.passed_over.iter().any(|it| it == page)
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
        let kept: Kept = record.read()?;
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

    /// The next version of its record.
    pub fn to_record(&self) -> Record {
        let kept = Kept {
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

/// Of the host and the path, so that one can read it; the same for the same URL.
fn id(url: &str) -> String {
    let parts = |it: Url| [it.host_str().unwrap_or_default(), it.path(), it.query().unwrap_or_default()].join(" ");
    let readable = Url::parse(url).map_or_else(|_| url.to_owned(), parts);
    let id = slug(readable.trim_start_matches("www."));
    if id.is_empty() || id.len() > ID_BYTES { id_apart(url) } else { id }
}

/// One that no other URL has, for those that are long, or that differ in what an id leaves out.
fn id_apart(url: &str) -> String {
    let digest: String = Sha256::digest(url.as_bytes()).iter().take(6).map(|it| format!("{it:02x}")).collect();
    let mut readable = slug(url.split_once("://").map_or(url, |it| it.1).trim_start_matches("www."));
    let cut = (0..=ID_BYTES.min(readable.len())).rev().find(|it| readable.is_char_boundary(*it));
    readable.truncate(cut.unwrap_or_default());
    format!("{readable}-{digest}").trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_by_people_and_told_apart() {
        assert_eq!(id("https://www.gazette.example/feeds/world.xml"), "gazette-example-feeds-world-xml");
        assert_ne!(id("https://a.example/feed?topic=1"), id("https://a.example/feed?topic=2"));
        let long = format!("https://a.example/{}", "x".repeat(300));
        assert!(id(&long).len() < 100 && id(&long) != id(&format!("{long}y")));
        let (a, b) = ("https://a.example/x?y", "https://a.example/x/y");
        assert!(id(a) == id(b) && id_apart(a) != id_apart(b));
    }
}
