//! A subscription to a feed of this archive: who is called, for which feed, until when.

use crate::{
    article::Instant,
    store::{ChangePosition, Record, RecordKind, SHARDS, Store, StoreError},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Hexadecimal digits of an id.
const ID_DIGITS: usize = 24;

/// What the subscriber requested, until it has confirmed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Subscribe,
    Unsubscribe,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// A request of a subscriber that was not confirmed yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    pub mode: Mode,
    pub lease_seconds: u64,
    /// Signs notifications. Only a confirmed request changes it.
    pub secret: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscriber {
    pub id: String,
    pub callback: String,
    /// The URL of the feed.
    pub topic: String,
    pub secret: Option<String>,
    pub requested: Option<Request>,
    /// The end of the confirmed lease.
    pub until: Option<Instant>,
    position: [u64; SHARDS],
    /// The digest of the feed as it was last sent, or as it was when the subscription was confirmed.
    pub sent: Option<String>,
    /// Consecutive failures.
    pub failures: u32,
    /// It is not called before this time, because it failed.
    pub not_before: Option<Instant>,
    #[serde(skip)]
    record: Option<Record>,
}

impl Subscriber {
    /// Returns the subscription of a callback to a topic, new or as it is.
    pub async fn of(store: &Store, callback: &str, topic: &str) -> Result<Self, StoreError> {
        let id = hex::encode(Sha256::digest(format!("{callback}\n{topic}")))[..ID_DIGITS].to_owned();
        if let Some(record) = store.record(RecordKind::Subscriber, &id).await? {
            return Self::read(record);
        }
        Ok(Self {
            id,
            callback: callback.to_owned(),
            topic: topic.to_owned(),
            secret: None,
            requested: None,
            until: None,
            position: [0; SHARDS],
            sent: None,
            failures: 0,
            not_before: None,
            record: None,
        })
    }

    pub async fn all(store: &Store) -> Result<Vec<Self>, StoreError> {
        store.all_records(RecordKind::Subscriber).await?.into_iter().map(Self::read).collect()
    }

    fn read(record: Record) -> Result<Self, StoreError> {
        Ok(Self { record: Some(record.clone()), ..record.read()? })
    }

    pub fn is_new(&self) -> bool {
        self.record.is_none()
    }

    pub fn position(&self) -> ChangePosition {
        ChangePosition(self.position)
    }

    pub fn move_to(&mut self, position: ChangePosition) {
        self.position = position.0;
    }

    /// Stores the subscription; returns `Conflict` if it changed since it was read.
    pub async fn put(&mut self, store: &Store) -> Result<(), StoreError> {
        let next = Record::next(self.record.as_ref(), &self.id, None, self);
        store.put_record(RecordKind::Subscriber, self.record.as_ref(), &next).await?;
        self.record = Some(next);
        Ok(())
    }

    pub async fn remove(&self, store: &Store) -> Result<(), StoreError> {
        store.remove_record(RecordKind::Subscriber, &self.id).await.map(drop)
    }
}
