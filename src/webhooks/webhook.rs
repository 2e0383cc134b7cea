//! A webhook: where changes are delivered, which ones, and how that goes.
//!
//! It keeps its own place in the change feed. So nothing is lost while it fails, is disabled or paused: it goes on where
//! it was.

use super::message;
use crate::{
    article::Instant,
    query::{BadParameter, Filter, ListQuery},
    sources::RemoteError,
    store::{FeedPosition, Kind, Record, SHARDS, Store, StoreError},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use url::Url;
use utoipa::ToSchema;

/// Failures in a row after which it is disabled: with the waits between them, 27 hours.
pub const DISABLED_AFTER: u32 = 12;
pub const WEBHOOKS: usize = 50;
const ID_BYTES: usize = 6;
const URL_BYTES: usize = 2_000;
const FILTER_BYTES: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    Created,
    Revised,
    Deleted,
}

/// As it is kept. The secret is shown once, to whoever makes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Webhook {
    pub id: String,
    pub url: String,
    /// A query string as `GET /v1/articles` takes it.
    pub filter: String,
    pub events: BTreeSet<Event>,
    pub enabled: bool,
    pub secret: message::Secret,
    position: [u64; SHARDS],
    /// Failures in a row.
    pub failures: u32,
    pub delivered: u64,
    pub last_delivery_at: Option<Instant>,
    pub last_error: Option<RemoteError>,
    /// Before this nobody calls it: it failed, or somebody has it.
    pub not_before: Option<Instant>,
    pub created_at: Instant,
    #[serde(skip)]
    pub record: Option<Record>,
}

/// What is wrong with what it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadWebhook {
    pub member: &'static str,
    pub detail: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Webhook {
    /// One that is told of what changes from now on.
    pub async fn new(store: &Store, now: Instant) -> Result<Self, CreateError> {
        let mut id = [0; ID_BYTES];
        getrandom::fill(&mut id).map_err(CreateError::Random)?;
        Ok(Self {
            id: id.iter().map(|it| format!("{it:02x}")).collect(),
            url: String::new(),
            filter: String::new(),
            events: BTreeSet::from([Event::Created, Event::Revised, Event::Deleted]),
            enabled: true,
            secret: message::Secret::random().map_err(CreateError::Random)?,
            position: store.last_changes().await?.0,
            failures: 0,
            delivered: 0,
            last_delivery_at: None,
            last_error: None,
            not_before: None,
            created_at: now,
            record: None,
        })
    }

    /// Every fault, or the webhook with its URL as it will be called.
    pub fn checked(mut self) -> Result<Self, Vec<BadWebhook>> {
        let mut bad = Vec::new();
        let mut refuse = |member, detail: String| bad.push(BadWebhook { member, detail });
        match Url::parse(&self.url) {
            _ if self.url.len() > URL_BYTES => refuse("url", format!("expected at most {URL_BYTES} bytes")),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                refuse("url", "expected no name and no password in it: a call is told by its signature".to_owned());
            }
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => self.url = url.to_string(),
            _ => refuse("url", format!("expected a URL of http or https, found {:?}", self.url)),
        }
        if self.filter.len() > FILTER_BYTES {
            refuse("filter", format!("expected at most {FILTER_BYTES} bytes"));
        }
        if let Err(faults) = filter(&self.filter) {
            faults.into_iter().for_each(|it| refuse("filter", format!("{}: {}", it.parameter, it.detail)));
        }
        if self.events.is_empty() {
            refuse("events", "expected one of created, revised, deleted".to_owned());
        }
        if bad.is_empty() { Ok(self) } else { Err(bad) }
    }

    /// It was legal when it was set; if it no longer is, nobody is told what was not asked for.
    pub fn filter(&self) -> Result<Filter, StoreError> {
        filter(&self.filter).map_err(|bad| StoreError::Item {
            key: format!("the webhook {}", self.id),
            problem: format!("its filter is not legal: {}", bad.first().map_or("", |it| &it.parameter)),
        })
    }

    pub fn position(&self) -> FeedPosition {
        FeedPosition(self.position)
    }

    pub fn move_to(&mut self, position: FeedPosition) {
        self.position = position.0;
    }

    pub async fn all(store: &Store) -> Result<Vec<Self>, StoreError> {
        store.all_records(Kind::Webhook).await?.into_iter().map(Self::read).collect()
    }

    pub async fn find(store: &Store, id: &str) -> Result<Option<Self>, StoreError> {
        store.record(Kind::Webhook, id).await?.map(Self::read).transpose()
    }

    fn read(record: Record) -> Result<Self, StoreError> {
        Ok(Self { record: Some(record.clone()), ..record.read()? })
    }

    /// Refused if somebody put it since it was read.
    pub async fn put(&mut self, store: &Store) -> Result<(), StoreError> {
        let next = Record::next(self.record.as_ref(), &self.id, None, self);
        store.put_record(Kind::Webhook, self.record.as_ref(), &next).await?;
        self.record = Some(next);
        Ok(())
    }
}

/// The filters of a list, without what depends on when they are asked.
fn filter(text: &str) -> Result<Filter, Vec<BadParameter>> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let is_filter = |name: &str| crate::query::parameters::filter_names().any(|it| it == name);
    let refused = pairs.iter().filter(|(name, _)| !is_filter(name) || matches!(name.as_str(), "q" | "story"));
    let refused: Vec<BadParameter> = refused
        .map(|(name, _)| BadParameter { parameter: name.clone(), detail: "no webhook is filtered by it".to_owned() })
        .collect();
    if refused.is_empty() { ListQuery::parse(&pairs).map(|it| it.filter) } else { Err(refused) }
}
