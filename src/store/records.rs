//! Records: what the archive keeps beside articles, each a piece of JSON under an id, and some of them a time.
//!
//! A record is one item; one that has a time has a second one, in the list of its kind by time. The two move in one
//! transaction, under the condition that nobody moved them since. So taking a source to poll it, which puts its time off,
//! is something that only one of two pollers can do; and if that one ends before it is done, the source is due again by
//! then. What a record says is not the store's business.

use super::{
    Store, StoreError,
    items::{self, Attributes, Item, number, text},
    keys,
    write::{lost_a_race, unless_put_since},
};
use crate::article::Instant;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem, builders::DeleteBuilder};
use futures::future::try_join_all;
use serde::{Serialize, de::DeserializeOwned};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By when it is to be polled.
    Source,
    /// By when it first failed.
    Failure,
    /// By no time.
    Key,
    /// By no time.
    Webhook,
}

impl Kind {
    fn partition(self) -> &'static str {
        match self {
            Self::Source => keys::SOURCES,
            Self::Failure => keys::FAILURES,
            Self::Key => keys::KEYS,
            Self::Webhook => keys::WEBHOOKS,
        }
    }

    fn by_time(self) -> String {
        format!("{}#time", self.partition())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub id: String,
    /// Where it stands in the list of its kind; `None`: not there.
    pub at: Option<Instant>,
    /// How often it was put; zero before the first time.
    pub version: u64,
    pub json: String,
}

impl Record {
    /// The next version of one, or its first.
    pub fn next(before: Option<&Self>, id: &str, at: Option<Instant>, it: &impl Serialize) -> Self {
        Self {
            id: id.to_owned(),
            at,
            version: before.map_or(0, |it| it.version) + 1,
            json: serde_json::to_string(it).expect("records have string keys and cannot fail"),
        }
    }

    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_str(&self.json)
            .map_err(|error| StoreError::Item { key: format!("the record {}", self.id), problem: error.to_string() })
    }
}

impl Store {
    pub async fn record(&self, kind: Kind, id: &str) -> Result<Option<Record>, StoreError> {
        let item = self.get(kind.partition(), id).await?;
        item.map(|it| read(&it)).transpose()
    }

    /// The records after one, by their ids, and whether there are more.
    pub async fn records(&self, kind: Kind, after: &str, limit: usize) -> Result<(Vec<Record>, bool), StoreError> {
        // Above an id, and below whatever follows it.
        let range = (format!("{after}\u{1}"), "~".to_owned());
        let (items, more) = self.range(kind.partition().to_owned(), range, true, limit).await?;
        Ok((items.iter().map(read).collect::<Result<_, _>>()?, more))
    }

    /// Every record of a kind, by their ids.
    pub async fn all_records(&self, kind: Kind) -> Result<Vec<Record>, StoreError> {
        const PAGE: usize = 200;
        let mut found: Vec<Record> = Vec::new();
        loop {
            let after = found.last().map(|it| it.id.clone()).unwrap_or_default();
            let (records, more) = self.records(kind, &after, PAGE).await?;
            found.extend(records);
            if !more {
                return Ok(found);
            }
        }
    }

    /// The ids of the records whose time has come, the longest due first.
    pub async fn due(&self, kind: Kind, now: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
        let (items, _) = self.range(kind.by_time(), ("#".to_owned(), format!("{now}~")), true, limit).await?;
        items.iter().map(|it| Attributes(it).text("id").map(str::to_owned)).collect()
    }

    /// The records before a place in the list of their kind, the latest first: each with its place, and whether there are
    /// more. The list begins at its end where no place is named.
    pub async fn latest(
        &self,
        kind: Kind,
        before: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(String, Record)>, bool), StoreError> {
        let high = before.map_or_else(|| "~".to_owned(), |it| it.to_owned());
        let (items, more) = self.range(kind.by_time(), ("#".to_owned(), high), false, limit).await?;
        let read = items.iter().map(async |item| {
            let attributes = Attributes(item);
            let (place, id) = (attributes.text(keys::SK)?, attributes.text("id")?);
            let record = if Some(place) == before { None } else { self.record(kind, id).await? };
            Ok::<_, StoreError>(record.map(|it| (place.to_owned(), it)))
        });
        Ok((try_join_all(read).await?.into_iter().flatten().collect(), more))
    }

    /// Puts the next version of a record; refused if somebody did since this one was read.
    pub async fn put_record(&self, kind: Kind, before: Option<&Record>, next: &Record) -> Result<(), StoreError> {
        let version = before.map_or(0, |it| it.version);
        let mut item = items::item(kind.partition().to_owned(), next.id.clone());
        item.insert("version".to_owned(), number(version + 1));
        item.insert("json".to_owned(), text(&next.json));
        if let Some(at) = next.at {
            item.insert("at".to_owned(), text(at.to_string()));
        }
        let (condition, values) = unless_put_since(version);
        let put =
            self.put_builder(item).condition_expression(condition).set_expression_attribute_values(values).build()?;
        let mut actions = vec![TransactWriteItem::builder().put(put).build()];
        let was = before.and_then(|it| it.at).filter(|it| Some(*it) != next.at);
        actions.extend(was.map(|it| self.unlist(kind, &next.id, it)).transpose()?);
        if let Some(at) = next.at {
            let mut item = items::item(kind.by_time(), keys::by_time(at, &next.id));
            item.insert("id".to_owned(), text(&next.id));
            actions.push(TransactWriteItem::builder().put(self.put_builder(item).build()?).build());
        }
        self.transact(actions).await
    }

    /// Takes a record away, whatever it is by then; false: there is none.
    pub async fn remove_record(&self, kind: Kind, id: &str) -> Result<bool, StoreError> {
        loop {
            let Some(record) = self.record(kind, id).await? else { return Ok(false) };
            match self.delete_record(kind, &record).await {
                Err(StoreError::Conflict) => {}
                deleted => return deleted.map(|()| true),
            }
        }
    }

    /// Refused if somebody put it since it was read.
    async fn delete_record(&self, kind: Kind, record: &Record) -> Result<(), StoreError> {
        let (condition, values) = unless_put_since(record.version);
        let delete = self.delete(kind.partition(), &record.id).condition_expression(condition);
        let delete = delete.set_expression_attribute_values(values).build()?;
        let mut actions = vec![TransactWriteItem::builder().delete(delete).build()];
        actions.extend(record.at.map(|it| self.unlist(kind, &record.id, it)).transpose()?);
        self.transact(actions).await
    }

    fn unlist(&self, kind: Kind, id: &str, at: Instant) -> Result<TransactWriteItem, StoreError> {
        let delete = self.delete(&kind.by_time(), &keys::by_time(at, id)).build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn delete(&self, pk: &str, sk: &str) -> DeleteBuilder {
        Delete::builder().table_name(&self.table).key(keys::PK, text(pk)).key(keys::SK, text(sk))
    }

    async fn transact(&self, actions: Vec<TransactWriteItem>) -> Result<(), StoreError> {
        match self.client.transact_write_items().set_transact_items(Some(actions)).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(lost_a_race) => Err(StoreError::Conflict),
            Err(error) => Err(StoreError::call("TransactWriteItems", error)),
        }
    }

    /// The items of a range, and whether there are more.
    async fn range(
        &self,
        pk: String,
        (low, high): (String, String),
        forward: bool,
        limit: usize,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .scan_index_forward(forward)
            .consistent_read(true)
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::call("Query", error))?;
        let mut items = answer.items.unwrap_or_default();
        // A page of the table is cut by its bytes too.
        let more = items.len() > limit || answer.last_evaluated_key.is_some();
        items.truncate(limit);
        Ok((items, more))
    }
}

fn read(item: &Item) -> Result<Record, StoreError> {
    let attributes = Attributes(item);
    Ok(Record {
        id: attributes.text(keys::SK)?.to_owned(),
        at: attributes.optional("at").and_then(|it| Instant::parse(&it).ok()),
        version: attributes.number("version")?,
        json: attributes.text("json")?.to_owned(),
    })
}
