//! A source: a feed that is polled, how often, and how it is.

use crate::{
    article::{Instant, slug},
    store::{Kind, Record, Store, StoreError},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::Duration};
use url::Url;
use utoipa::ToSchema;

/// Between two polls, where a source does not say otherwise; and what it may say.
pub const MINIMUM_SECONDS: u64 = 300;
pub const MAXIMUM_SECONDS: u64 = 86_400;
pub const LOWEST_SECONDS: u64 = 60;
pub const HIGHEST_SECONDS: u64 = 7 * 86_400;
/// Of a source that is new.
const FIRST_INTERVAL_SECONDS: u64 = 3_600;
const TITLE_BYTES: usize = 200;
const URL_BYTES: usize = 2_000;
const HEADERS: usize = 10;
const HEADER_BYTES: usize = 4_000;
/// Of a host and a path, what makes an id; a digest tells longer ones apart.
const ID_BYTES: usize = 80;

/// What a source is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub url: String,
    pub title: Option<String>,
    pub minimum_interval_seconds: u64,
    pub maximum_interval_seconds: u64,
    /// Sent with every request to its host. They may hold credentials, and are shown to nobody.
    pub headers: BTreeMap<String, String>,
    pub paused: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    pub last_polled_at: Option<Instant>,
    pub last_success_at: Option<Instant>,
    /// The last one, also where it went well since.
    pub last_error: Option<SourceError>,
    /// Failures since the last success.
    pub failures: u32,
    pub polls: u64,
    pub entries_seen: u64,
    /// Entries that made an article or revised one.
    pub entries_ingested: u64,
    /// Entries that could not be read or archived.
    pub entries_failed: u64,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceError {
    pub at: Instant,
    /// `dns`, `connect`, `tls`, `timeout`, `status`, `refused_address`, `too_large`, `too_many_redirects`, `bad_redirect`,
    /// `broken`, `bad_url`, or why the document cannot be read.
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
    created_at: Instant,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    pub member: &'static str,
    pub detail: String,
}

impl Settings {
    pub fn new(url: String) -> Self {
        Self {
            url,
            title: None,
            minimum_interval_seconds: MINIMUM_SECONDS,
            maximum_interval_seconds: MAXIMUM_SECONDS,
            headers: BTreeMap::new(),
            paused: false,
        }
    }

    /// Every fault, or the settings with their URL as it will be asked for.
    pub fn checked(mut self) -> Result<Self, Vec<BadSetting>> {
        let mut bad = Vec::new();
        let mut refuse = |member, detail: String| bad.push(BadSetting { member, detail });
        match Url::parse(&self.url) {
            _ if self.url.len() > URL_BYTES => refuse("url", format!("expected at most {URL_BYTES} bytes")),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                refuse(
                    "url",
                    "expected no name and no password in it: they belong in headers, which are not shown".to_owned(),
                );
            }
            Ok(mut url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                url.set_fragment(None);
                self.url = url.to_string();
            }
            _ => refuse("url", format!("expected a URL of http or https, found {:?}", self.url)),
        }
        if self.title.as_ref().is_some_and(|it| it.trim().is_empty() || it.len() > TITLE_BYTES) {
            refuse("title", format!("expected 1 to {TITLE_BYTES} bytes"));
        }
        let legal = LOWEST_SECONDS..=HIGHEST_SECONDS;
        for (member, seconds) in [
            ("minimum_interval_seconds", self.minimum_interval_seconds),
            ("maximum_interval_seconds", self.maximum_interval_seconds),
        ] {
            if !legal.contains(&seconds) {
                refuse(member, format!("expected {LOWEST_SECONDS} to {HIGHEST_SECONDS}, found {seconds}"));
            }
        }
        if self.minimum_interval_seconds > self.maximum_interval_seconds {
            refuse("maximum_interval_seconds", "expected no less than the minimum".to_owned());
        }
        let bytes: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if self.headers.len() > HEADERS || bytes > HEADER_BYTES {
            refuse("headers", format!("expected at most {HEADERS} headers and {HEADER_BYTES} bytes"));
        }
        if let Err(name) = headers(&self.headers) {
            refuse("headers", format!("expected a name and a value as HTTP has them, found {name:?}"));
        }
        if bad.is_empty() { Ok(self) } else { Err(bad) }
    }

    pub fn headers(&self) -> HeaderMap {
        headers(&self.headers).unwrap_or_default()
    }
}

/// Or the name of the first that is none.
fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let pair = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
        let (header, mut value) = pair.ok_or_else(|| name.clone())?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
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
                etag: None,
                last_modified: None,
            },
            retired: false,
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

    #[test]
    fn every_bad_setting_is_named() {
        let mut settings = Settings::new("ftp://a.example/feed".to_owned());
        settings.title = Some(" ".to_owned());
        settings.minimum_interval_seconds = 1;
        settings.headers.insert("bad name".to_owned(), "x".to_owned());
        let named: Vec<&str> = settings.checked().expect_err("bad").into_iter().map(|it| it.member).collect();
        assert_eq!(named, ["url", "title", "minimum_interval_seconds", "headers"]);
        let secret = Settings::new("https://user:secret@a.example/feed".to_owned());
        assert_eq!(secret.checked().expect_err("bad")[0].member, "url");
        assert!(Settings::new("https://a.example/feed#top".to_owned()).checked().is_ok_and(|it| !it.url.contains('#')));
    }
}
