//! Records: what the archive stores besides articles, each as JSON under an id, some with a time.
//!
//! A record is one item; a record with a time has a second item, in the list of its kind by time. Both are written in
//! one transaction, on the condition that the record did not change since it was read. So only one of two pollers can
//! claim a source by postponing its time; if that poller dies before it is done, the source is due again at that time.
//! The store does not interpret a record's JSON.

use super::{
    RetryOnConflict, Store, StoreError,
    items::{Attributes, at_version},
    table::{Action, Item, ItemKey, KeyRange, Write},
    table_keys,
};
use crate::{article::Instant, json::to_json};
use futures::future::try_join_all;
use serde::{Serialize, de::DeserializeOwned};

#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub enum RecordKind {
    /// Its time: when it is due to be polled.
    Source,
    /// Which source has a URL, by the URL's digest. Has no time.
    SourceUrl,
    /// Its time: when it first failed.
    Failure,
    /// Has no time.
    Key,
    /// Has no time.
    Webhook,
    /// Of the hub. Has no time.
    Subscriber,
}

impl RecordKind {
    pub(super) fn partition(self) -> &'static str {
        match self {
            Self::Source => table_keys::SOURCES,
            Self::SourceUrl => table_keys::SOURCE_URLS,
            Self::Failure => table_keys::FAILURES,
            Self::Key => table_keys::KEYS,
            Self::Webhook => table_keys::WEBHOOKS,
            Self::Subscriber => table_keys::SUBSCRIBERS,
        }
    }

    pub(super) fn by_time(self) -> String {
        format!("{}#time", self.partition())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub id: String,
    /// Its time in the list of its kind; `None` if it is not listed there.
    pub at: Option<Instant>,
    /// Number of times it was put; zero before the first.
    pub version: u64,
    pub json: String,
}

impl Record {
    /// Builds the next version of a record, or its first.
    pub fn next(before: Option<&Self>, id: &str, at: Option<Instant>, value: &impl Serialize) -> Self {
        Self { id: id.to_owned(), at, version: before.map_or(0, |record| record.version) + 1, json: to_json(value) }
    }

    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_str(&self.json)
            .map_err(|error| StoreError::Item { key: format!("the record {}", self.id), problem: error.to_string() })
    }
}

impl Store {
    pub async fn record(&self, kind: RecordKind, id: &str) -> Result<Option<Record>, StoreError> {
        let item = self.get(kind.partition(), id).await?;
        item.map(|item| read(&item)).transpose()
    }

    /// Returns the records after an id, in order of ids, and whether there are more.
    pub async fn records(
        &self,
        kind: RecordKind,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<Record>, bool), StoreError> {
        // The lower bound is above the id and below any id that follows it.
        let range = (format!("{after}\u{1}"), "~".to_owned());
        let (items, more) = self.range(kind.partition().to_owned(), range, true, limit).await?;
        Ok((items.iter().map(read).collect::<Result<_, _>>()?, more))
    }

    /// Returns every record of a kind, in order of ids.
    pub async fn all_records(&self, kind: RecordKind) -> Result<Vec<Record>, StoreError> {
        const PAGE: usize = 200;
        let mut found: Vec<Record> = Vec::new();
        loop {
            let after = found.last().map(|record| record.id.clone()).unwrap_or_default();
            let (records, more) = self.records(kind, &after, PAGE).await?;
            found.extend(records);
            if !more {
                return Ok(found);
            }
        }
    }

    /// Returns the ids of the records that are due, the longest overdue first.
    pub async fn due(&self, kind: RecordKind, now: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
        let (items, _) = self.range(kind.by_time(), ("#".to_owned(), format!("{now}~")), true, limit).await?;
        items.iter().map(|item| Attributes(item).text("id").map(str::to_owned)).collect()
    }

    /// Returns the records before a position in the list of their kind, latest first, each with its position, and
    /// whether there are more. Without a position, it starts at the end of the list.
    pub async fn latest(
        &self,
        kind: RecordKind,
        before: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(String, Record)>, bool), StoreError> {
        let high = before.map_or_else(|| "~".to_owned(), str::to_owned);
        let (items, more) = self.range(kind.by_time(), ("#".to_owned(), high), false, limit).await?;
        let read = items.iter().map(async |item| {
            let attributes = Attributes(item);
            let (position, id) = (&*item.key.sk, attributes.text("id")?);
            let record = if Some(position) == before { None } else { self.record(kind, id).await? };
            Ok::<_, StoreError>(record.map(|record| (position.to_owned(), record)))
        });
        Ok((try_join_all(read).await?.into_iter().flatten().collect(), more))
    }

    /// Puts the next version of a record; returns `Conflict` if it changed since `before` was read.
    pub async fn put_record(&self, kind: RecordKind, before: Option<&Record>, next: &Record) -> Result<(), StoreError> {
        let version = before.map_or(0, |record| record.version);
        let item = Item::new(kind.partition(), &*next.id)
            .with("version", version + 1)
            .with("json", &*next.json)
            .with_some("at", next.at.map(|at| at.to_string()));
        let mut writes = vec![Action::Put(item).only_if(at_version(version))];
        let previous = before.and_then(|record| record.at).filter(|at| Some(*at) != next.at);
        writes.extend(previous.map(|at| unlist(kind, &next.id, at)));
        if let Some(at) = next.at {
            let entry = Item::new(kind.by_time(), table_keys::by_time(at, &next.id)).with("id", &*next.id);
            writes.push(Action::Put(entry).always());
        }
        self.transact(writes).await.map(|_| ())
    }

    /// Deletes a record, whatever its version; returns `false` if it does not exist.
    pub async fn remove_record(&self, kind: RecordKind, id: &str) -> Result<bool, StoreError> {
        let mut retries = RetryOnConflict::default();
        loop {
            let Some(record) = self.record(kind, id).await? else { return Ok(false) };
            match self.delete_record(kind, &record).await {
                Err(conflict @ StoreError::Conflict) => retries.pause(conflict).await?,
                deleted => return deleted.map(|()| true),
            }
        }
    }

    /// Deletes a record; returns `Conflict` if it changed since it was read.
    async fn delete_record(&self, kind: RecordKind, record: &Record) -> Result<(), StoreError> {
        let delete = Action::Delete(ItemKey::new(kind.partition(), &*record.id));
        let mut writes = vec![delete.only_if(at_version(record.version))];
        writes.extend(record.at.map(|at| unlist(kind, &record.id, at)));
        self.transact(writes).await.map(|_| ())
    }

    /// Returns the items of a range, and whether there are more.
    async fn range(
        &self,
        pk: String,
        (low, high): (String, String),
        forward: bool,
        limit: usize,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let query = KeyRange::new(pk, (low, high), limit + 1).newest_first(!forward);
        let answer = self.query_range(query).await?;
        let mut items = answer.items;
        let more = items.len() > limit || answer.more;
        items.truncate(limit);
        Ok((items, more))
    }
}

/// Deletes a record's entry in the list of its kind by time.
fn unlist(kind: RecordKind, id: &str, at: Instant) -> Write {
    Action::Delete(ItemKey::new(kind.by_time(), table_keys::by_time(at, id))).always()
}

pub(super) fn read(item: &Item) -> Result<Record, StoreError> {
    let attributes = Attributes(item);
    Ok(Record {
        id: item.key.sk.clone(),
        at: attributes.optional("at").and_then(|at| Instant::parse(at).ok()),
        version: attributes.number("version")?,
        json: attributes.text("json")?.to_owned(),
    })
}
