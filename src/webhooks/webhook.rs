//! A webhook: where changes are delivered, which ones, and the state of delivery.
//!
//! Each webhook stores its own position in the change log. So nothing is lost while it fails, is disabled or paused: it
//! resumes where it stopped.

use super::message;
use crate::{
    article::Instant,
    limits::WEBHOOK_FILTER_BYTES,
    query::{BadParameter, Filter, ListQuery},
    sources::RemoteError,
    store::{ChangePosition, Record, RecordKind, SHARDS, Store, StoreError},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use url::Url;
use utoipa::ToSchema;

const ID_BYTES: usize = 6;
const URL_BYTES: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    Created,
    Revised,
    Deleted,
}

/// A webhook as stored. The secret is shown only once, when the webhook is created.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Webhook {
    pub id: String,
    pub url: String,
    /// A query string with filters of `GET /v1/articles`.
    pub filter: String,
    pub events: BTreeSet<Event>,
    pub enabled: bool,
    pub secret: message::Secret,
    position: [u64; SHARDS],
    /// Consecutive failures.
    pub failures: u32,
    pub delivered: u64,
    pub last_delivery_at: Option<Instant>,
    pub last_error: Option<RemoteError>,
    /// It is not called before this time: it failed, or another worker has claimed it.
    pub not_before: Option<Instant>,
    pub created_at: Instant,
    #[serde(skip)]
    pub record: Option<Record>,
}

/// An invalid setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadWebhook {
    pub member: &'static str,
    pub detail: String,
}

#[derive(Debug, thiserror::Error)]
pub enum WebhookCreateError {
    #[error("the system's random number generator failed: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Webhook {
    /// Builds a webhook that receives changes from now on.
    pub async fn new(store: &Store, now: Instant) -> Result<Self, WebhookCreateError> {
        let mut id = [0; ID_BYTES];
        getrandom::fill(&mut id).map_err(WebhookCreateError::Random)?;
        Ok(Self {
            id: hex::encode(id),
            url: String::new(),
            filter: String::new(),
            events: BTreeSet::from([Event::Created, Event::Revised, Event::Deleted]),
            enabled: true,
            secret: message::Secret::random().map_err(WebhookCreateError::Random)?,
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

    /// Validates the settings. Returns every error, or the webhook with its URL as it will be called.
    pub fn checked(mut self) -> Result<Self, Vec<BadWebhook>> {
        let mut bad = Vec::new();
        let mut refuse = |member, detail: String| bad.push(BadWebhook { member, detail });
        match Url::parse(&self.url) {
            _ if self.url.len() > URL_BYTES => refuse("url", format!("expected at most {URL_BYTES} bytes")),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                refuse("url", "expected no user name or password: calls are signed instead".to_owned());
            }
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => self.url = url.to_string(),
            _ => refuse("url", format!("expected an http or https URL, found {:?}", self.url)),
        }
        if self.filter.len() > WEBHOOK_FILTER_BYTES {
            refuse("filter", format!("expected at most {WEBHOOK_FILTER_BYTES} bytes"));
        }
        if let Err(faults) = filter(&self.filter) {
            faults.into_iter().for_each(|fault| refuse("filter", format!("{}: {}", fault.parameter, fault.detail)));
        }
        if self.events.is_empty() {
            refuse("events", "expected at least one of created, revised, deleted".to_owned());
        }
        if bad.is_empty() { Ok(self) } else { Err(bad) }
    }

    /// Parses the filter. It was valid when it was set; if it no longer is, an error prevents unwanted deliveries.
    pub fn filter(&self) -> Result<Filter, StoreError> {
        filter(&self.filter).map_err(|bad| StoreError::Item {
            key: format!("the webhook {}", self.id),
            problem: format!("invalid filter: {}", bad.first().map_or("", |fault| &fault.parameter)),
        })
    }

    pub fn position(&self) -> ChangePosition {
        ChangePosition(self.position)
    }

    pub fn move_to(&mut self, position: ChangePosition) {
        self.position = position.0;
    }

    pub async fn all(store: &Store) -> Result<Vec<Self>, StoreError> {
        store.all_records(RecordKind::Webhook).await?.into_iter().map(Self::read).collect()
    }

    pub async fn find(store: &Store, id: &str) -> Result<Option<Self>, StoreError> {
        store.record(RecordKind::Webhook, id).await?.map(Self::read).transpose()
    }

    fn read(record: Record) -> Result<Self, StoreError> {
        Ok(Self { record: Some(record.clone()), ..record.read()? })
    }

    /// Stores the webhook; returns `Conflict` if it changed since it was read.
    pub async fn put(&mut self, store: &Store) -> Result<(), StoreError> {
        let next = Record::next(self.record.as_ref(), &self.id, None, self);
        store.put_record(RecordKind::Webhook, self.record.as_ref(), &next).await?;
        self.record = Some(next);
        Ok(())
    }
}

/// Parses the filters of a list, without those whose result depends on when they are applied.
fn filter(text: &str) -> Result<Filter, Vec<BadParameter>> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let is_filter = |name: &str| crate::query::parameters::filter_names().any(|filter_name| filter_name == name);
    let refused = pairs.iter().filter(|(name, _)| !is_filter(name) || matches!(name.as_str(), "q" | "story"));
    let refused: Vec<BadParameter> = refused
        .map(|(name, _)| BadParameter { parameter: name.clone(), detail: "not a webhook filter".to_owned() })
        .collect();
    if refused.is_empty() { ListQuery::parse(&pairs).map(|query| query.filter) } else { Err(refused) }
}
