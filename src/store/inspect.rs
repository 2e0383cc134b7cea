//! Inspection: every item of the table, with what must exist because of it, and the repair of what is derived.
//!
//! An item that can be built from another is *derived*: a posting from its article, an entry of a list by time from its
//! story or record. A derived item without its origin, or an origin without its derived item, is a fault that can be
//! repaired. Each repair is a transaction on the condition that the origin did not change, so it never undoes a write.

use super::{
    ArticleRecord, PackedCard, Posting, Record, RecordKind, Store, StoreError, StoredArticle, changes,
    items::{self, Attributes, Item, text},
    records, stories, table_keys,
    table_keys::ListPosition,
    transaction::{MAX_FACET_VALUES, posting_keys},
};
use crate::article::{ArticleId, Filed};
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, ReturnConsumedCapacity, TransactWriteItem};
use std::collections::HashMap;
use strum::VariantArray;

/// Items of one page of a scan.
const PAGE: i32 = 500;

/// The key of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    pub pk: String,
    pub sk: String,
}

impl ItemKey {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    fn of(item: &Item) -> Self {
        let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        Self { pk: part(table_keys::PK), sk: part(table_keys::SK) }
    }
}

impl std::fmt::Display for ItemKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.pk, self.sk)
    }
}

/// An object that an item refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReferredObject {
    /// A raw document, by its SHA-256.
    Raw(String),
    /// A failed document, by the failure's id.
    Failed(String),
}

/// An item as the inspection sees it.
#[derive(Debug)]
pub struct InspectedItem {
    pub key: ItemKey,
    /// The item from which this one is derived.
    pub origin: Option<ItemKey>,
    pub content: Result<Implications, StoreError>,
}

/// What must exist because an item does.
#[derive(Debug, Default)]
pub struct Implications {
    /// Items that are derived from it.
    pub derived: Vec<ItemKey>,
    /// Items that cannot be derived.
    pub required: Vec<ItemKey>,
    pub objects: Vec<ReferredObject>,
    /// The article, if the item is the current version of one, and when it changed.
    pub article: Option<(ArticleId, crate::article::Instant)>,
}

#[derive(Debug)]
pub struct InspectedPage {
    pub items: Vec<InspectedItem>,
    pub next: Option<ScanPosition>,
}

/// Where the next page of a scan begins.
#[derive(Clone, Debug)]
pub struct ScanPosition(HashMap<String, aws_sdk_dynamodb::types::AttributeValue>);

impl Store {
    /// Returns a page of all items, in no particular order.
    pub async fn inspect(&self, after: Option<ScanPosition>) -> Result<InspectedPage, StoreError> {
        let page = self
            .client()
            .scan()
            .table_name(self.table())
            .consistent_read(true)
            .limit(PAGE)
            .set_exclusive_start_key(after.map(|position| position.0))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| StoreError::call("Scan", error))?;
        self.usage.read(&page.consumed_capacity);
        let items = page.items.unwrap_or_default().iter().map(inspected).collect();
        Ok(InspectedPage { items, next: page.last_evaluated_key.map(ScanPosition) })
    }

    /// Whether an item exists now.
    pub async fn has_item(&self, key: &ItemKey) -> Result<bool, StoreError> {
        Ok(self.get(&*key.pk, &*key.sk).await?.is_some())
    }

    /// Whether an origin has a derived item now. An origin that does not exist or cannot be read has none.
    pub async fn derives(&self, origin: &ItemKey, derived: &ItemKey) -> Result<bool, StoreError> {
        let item = self.get(&*origin.pk, &*origin.sk).await?;
        let implications = item.as_ref().and_then(|item| implications(item).ok());
        Ok(implications.is_some_and(|implications| implications.derived.contains(derived)))
    }

    /// Whether an origin does not have a derived item now. What an unreadable origin has is unknown.
    pub async fn lacks(&self, origin: &ItemKey, derived: &ItemKey) -> Result<bool, StoreError> {
        Ok(lacks(self.get(&*origin.pk, &*origin.sk).await?.as_ref(), derived))
    }

    /// Builds a derived item from its origin and puts it; returns `Conflict` if the origin changed meanwhile.
    pub async fn restore_derived(&self, origin: &ItemKey, derived: &ItemKey) -> Result<(), StoreError> {
        let Some(item) = self.get(&*origin.pk, &*origin.sk).await? else { return Err(StoreError::Conflict) };
        let put = self.put_builder(derived_item(&item, derived)?).build()?;
        self.repair(origin, Some(&item), TransactWriteItem::builder().put(put).build()).await
    }

    /// Deletes a derived item whose origin does not have it; returns `Conflict` if the origin changed meanwhile.
    pub async fn delete_derived(&self, origin: &ItemKey, derived: &ItemKey) -> Result<(), StoreError> {
        let item = self.get(&*origin.pk, &*origin.sk).await?;
        if !lacks(item.as_ref(), derived) {
            return Err(StoreError::Conflict);
        }
        let key = items::item(derived.pk.clone(), derived.sk.clone());
        let delete = Delete::builder().table_name(self.table()).set_key(Some(key)).build()?;
        self.repair(origin, item.as_ref(), TransactWriteItem::builder().delete(delete).build()).await
    }

    async fn repair(
        &self,
        origin: &ItemKey,
        as_read: Option<&Item>,
        action: TransactWriteItem,
    ) -> Result<(), StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.table())
            .set_key(Some(items::item(origin.pk.clone(), origin.sk.clone())));
        // Articles count revisions, stories and records versions.
        let counter =
            as_read.and_then(|item| ["revision", "version"].into_iter().find_map(|name| item.get_key_value(name)));
        let check = match counter {
            None => check.condition_expression("attribute_not_exists(pk)"),
            Some((name, value)) => check
                .condition_expression("#counter = :counter")
                .expression_attribute_names("#counter", name)
                .expression_attribute_values(":counter", value.clone()),
        };
        let actions = vec![TransactWriteItem::builder().condition_check(check.build()?).build(), action];
        self.transact(actions).await.map(|_| ())
    }
}

fn lacks(origin: Option<&Item>, derived: &ItemKey) -> bool {
    origin.is_none_or(|item| implications(item).is_ok_and(|found| !found.derived.contains(derived)))
}

fn inspected(item: &Item) -> InspectedItem {
    let key = ItemKey::of(item);
    InspectedItem { origin: origin(&key), content: implications(item), key }
}

/// Returns the item from which an item with this key is derived.
fn origin(key: &ItemKey) -> Option<ItemKey> {
    let (_, id) = key.sk.split_once('#')?;
    if key.pk.starts_with(table_keys::POSTINGS) {
        return Some(ItemKey::new(format!("{}{id}", table_keys::ARTICLE), table_keys::HEAD));
    }
    if key.pk == table_keys::STORIES {
        return Some(ItemKey::new(format!("{}{id}", table_keys::STORY), table_keys::HEAD));
    }
    let kind = RecordKind::VARIANTS.iter().find(|kind| kind.by_time() == key.pk)?;
    Some(ItemKey::new(kind.partition(), id))
}

/// Parses an item whole, and returns what it implies.
fn implications(item: &Item) -> Result<Implications, StoreError> {
    let attributes = Attributes(item);
    let ItemKey { pk, sk } = ItemKey::of(item);
    if let Some(kind) = RecordKind::VARIANTS.iter().find(|kind| kind.partition() == pk) {
        return records::read(item).map(|record| of_record(*kind, &record));
    }
    if pk == table_keys::STORIES || pk.starts_with(table_keys::POSTINGS) {
        match pk == table_keys::STORIES {
            true => attributes.parsed(table_keys::SK, ListPosition::parse).map(|_| ())?,
            false => attributes.posting().map(|_| ())?,
        }
        return Ok(Implications::default());
    }
    if RecordKind::VARIANTS.iter().any(|kind| kind.by_time() == pk) {
        return attributes.text("id").map(|_| Implications::default());
    }
    match (pk.split('#').next().unwrap_or_default(), sk.as_str()) {
        ("A", table_keys::HEAD) => attributes.stored_article().map(of_article),
        ("A", _) if sk.starts_with(table_keys::REVISIONS) => {
            let number = attributes.revision()?.number;
            let Some((article, _)) = attributes.revised_article()? else { return Ok(Implications::default()) };
            Ok(Implications {
                required: vec![ItemKey::new(pk, table_keys::evidence(number))],
                objects: vec![ReferredObject::Raw(article.head.raw.sha256)],
                ..Implications::default()
            })
        }
        ("A", _) => attributes.evidence().map(|_| Implications::default()),
        ("B", _) => stories::read_band(item).map(|_| Implications::default()),
        ("S", _) => stories::read_story(item).map(|story| of_story(&story)),
        ("C", _) => of_change(item),
        ("P", _) => attributes.text("name").map(|_| Implications::default()),
        ("D", _) => attributes.document_record().map(|record| Implications {
            required: vec![ItemKey::new(table_keys::article(&record.article), table_keys::HEAD)],
            ..Implications::default()
        }),
        ("I", _) => attributes.text("answer").map(|_| Implications::default()),
        _ => Err(attributes.problem("no kind of item has such a key")),
    }
}

fn of_article(stored: StoredArticle) -> Implications {
    let derived = posting_keys(Some(&stored)).into_iter().map(|(pk, sk)| ItemKey::new(pk, sk)).collect();
    match stored {
        StoredArticle::Article(ArticleRecord { article, .. }) => {
            let head = article.head;
            let pk = table_keys::article(&head.id);
            Implications {
                derived,
                required: vec![
                    ItemKey::new(&*pk, table_keys::revision(head.revision)),
                    ItemKey::new(&*pk, table_keys::evidence(head.revision)),
                ],
                objects: vec![ReferredObject::Raw(head.raw.sha256)],
                article: Some((head.id, head.changed_at)),
            }
        }
        StoredArticle::Tombstone(_) => Implications { derived, ..Implications::default() },
    }
}

fn of_story(story: &stories::Story) -> Implications {
    let entry = story.is_listed().then(|| ItemKey::new(table_keys::STORIES, story.position().to_string()));
    let target = story.merged_into.as_ref().map(|id| ItemKey::new(table_keys::story(id), table_keys::HEAD));
    let members = story.members.iter().filter(|_| target.is_none());
    let members = members.map(|id| ItemKey::new(table_keys::article(id), table_keys::HEAD));
    Implications {
        derived: entry.into_iter().collect(),
        required: target.clone().into_iter().chain(members).collect(),
        ..Implications::default()
    }
}

fn of_record(kind: RecordKind, record: &Record) -> Implications {
    let entry = record.at.map(|at| ItemKey::new(kind.by_time(), table_keys::by_time(at, &record.id)));
    let failed = (kind == RecordKind::Failure).then(|| ReferredObject::Failed(record.id.clone()));
    Implications {
        derived: entry.into_iter().collect(),
        objects: failed.into_iter().collect(),
        ..Implications::default()
    }
}

/// The numbers of a shard have no gaps, so each change requires the one before it.
fn of_change(item: &Item) -> Result<Implications, StoreError> {
    let (number, change) = changes::read(item)?;
    let pk = ItemKey::of(item).pk;
    let mut required = Vec::new();
    if number > 1 {
        required.push(ItemKey::new(pk, table_keys::change(number - 1)));
    }
    // A deleted article leaves a tombstone under the same key.
    required.push(ItemKey::new(table_keys::article(&change.id), table_keys::HEAD));
    Ok(Implications { required, ..Implications::default() })
}

/// Builds a derived item from its origin.
fn derived_item(origin: &Item, derived: &ItemKey) -> Result<Item, StoreError> {
    let attributes = Attributes(origin);
    let mut item = items::item(derived.pk.clone(), derived.sk.clone());
    if derived.pk.starts_with(table_keys::POSTINGS) {
        let ArticleRecord { article, listed_at, .. } = attributes.article_record()?;
        let position = ListPosition::parse(&derived.sk).ok_or_else(|| attributes.problem("malformed position"))?;
        let posting = Posting {
            position,
            listed_at,
            changed_at: article.head.changed_at,
            codes: Filed::of(&article, MAX_FACET_VALUES).codes,
            card: PackedCard::pack(&article.card()),
        };
        return Ok(items::posting_item(&derived.pk, &posting));
    }
    if derived.pk != table_keys::STORIES {
        item.insert("id".to_owned(), text(attributes.text(table_keys::SK)?));
    }
    Ok(item)
}
