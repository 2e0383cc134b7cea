//! The sources that are polled, and which of them are due.
//!
//! A source is one item; one that is to be polled has a second one, in the list of what is due, by its time. The two move
//! in one transaction, under the condition that nobody moved them since. So taking a source to poll it, which puts its due
//! time off, is something that only one of two pollers can do; and if that one ends before it is done, the source is due
//! again by then.

use super::{
    Store, StoreError,
    items::{self, Attributes, Item, number, text},
    keys,
    write::{lost_a_race, unless_put_since},
};
use crate::article::Instant;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem, builders::DeleteBuilder};

/// A source as it is kept: what it says is not the store's business.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRecord {
    pub id: String,
    /// When it is to be polled next; `None`: not at all.
    pub due: Option<Instant>,
    /// How often it was put; zero before the first time.
    pub version: u64,
    pub json: String,
}

impl Store {
    pub async fn source(&self, id: &str) -> Result<Option<SourceRecord>, StoreError> {
        let item = self.get(keys::SOURCES, id).await?;
        item.map(|it| read(&it)).transpose()
    }

    /// The sources after one, by their ids, and whether there are more.
    pub async fn sources(&self, after: &str, limit: usize) -> Result<(Vec<SourceRecord>, bool), StoreError> {
        // Above an id, and below whatever follows it.
        let items = self.range(keys::SOURCES, format!("{after}\u{1}"), "~".to_owned(), limit).await?;
        let more = items.len() > limit;
        Ok((items.iter().take(limit).map(read).collect::<Result<_, _>>()?, more))
    }

    /// The ids of the sources that are due, the longest due first.
    pub async fn due_sources(&self, now: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
        let items = self.range(keys::DUE, "#".to_owned(), format!("{now}~"), limit).await?;
        let id = |it: &Item| Attributes(it).text("source").map(str::to_owned);
        items.iter().take(limit).map(id).collect()
    }

    /// Puts the next version of a source; refused if somebody did since this one was read.
    pub async fn put_source(&self, before: Option<&SourceRecord>, next: &SourceRecord) -> Result<(), StoreError> {
        let version = before.map_or(0, |it| it.version);
        let mut item = items::item(keys::SOURCES.to_owned(), next.id.clone());
        item.insert("version".to_owned(), number(version + 1));
        item.insert("json".to_owned(), text(&next.json));
        if let Some(due) = next.due {
            item.insert("due".to_owned(), text(due.to_string()));
        }
        let (condition, values) = unless_put_since(version);
        let put =
            self.put_builder(item).condition_expression(condition).set_expression_attribute_values(values).build()?;
        let mut actions = vec![TransactWriteItem::builder().put(put).build()];
        let was = before.and_then(|it| it.due).filter(|it| Some(*it) != next.due);
        actions.extend(was.map(|it| self.not_due(&next.id, it)).transpose()?);
        if let Some(due) = next.due {
            let mut item = items::item(keys::DUE.to_owned(), keys::due(due, &next.id));
            item.insert("source".to_owned(), text(&next.id));
            actions.push(TransactWriteItem::builder().put(self.put_builder(item).build()?).build());
        }
        self.transact(actions).await
    }

    /// Refused if somebody put it since it was read.
    pub async fn delete_source(&self, source: &SourceRecord) -> Result<(), StoreError> {
        let (condition, values) = unless_put_since(source.version);
        let delete = self.delete(keys::SOURCES, &source.id).condition_expression(condition);
        let delete = delete.set_expression_attribute_values(values).build()?;
        let mut actions = vec![TransactWriteItem::builder().delete(delete).build()];
        actions.extend(source.due.map(|it| self.not_due(&source.id, it)).transpose()?);
        self.transact(actions).await
    }

    fn not_due(&self, id: &str, due: Instant) -> Result<TransactWriteItem, StoreError> {
        let delete = self.delete(keys::DUE, &keys::due(due, id)).build()?;
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

    /// One item more than asked for, where there is one.
    async fn range(&self, pk: &str, low: String, high: String, limit: usize) -> Result<Vec<Item>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .consistent_read(true)
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::call("Query", error))?;
        Ok(answer.items.unwrap_or_default())
    }
}

fn read(item: &Item) -> Result<SourceRecord, StoreError> {
    let attributes = Attributes(item);
    Ok(SourceRecord {
        id: attributes.text(keys::SK)?.to_owned(),
        due: attributes.optional("due").and_then(|it| Instant::parse(&it).ok()),
        version: attributes.number("version")?,
        json: attributes.text("json")?.to_owned(),
    })
}
