//! Inspection: every item of the table, with what must exist because of it, and the repair of what is derived.
//!
//! An item that can be built from another is *derived*: a posting from its article, an entry of a list by time from its
//! story or record. A derived item without its origin, or an origin without its derived item, is a fault that can be
//! repaired. Each repair is a transaction on the condition that the origin did not change, so it never undoes a write.

use super::{
    ArticleRecord, PackedCard, Posting, Record, RecordKind, Store, StoreError, StoredArticle, changes,
    items::{self, Attributes},
    records, stories,
    table::{Action, Condition, Item, ItemKey, Write},
    table_keys,
    table_keys::ListPosition,
    transaction::{MAX_FACET_VALUES, posting_keys},
};
use crate::article::{ArticleId, Filed};
use strum::VariantArray;

/// Items of one page of a scan.
const PAGE: usize = 500;

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
    /// The key after which the next page begins.
    pub next: Option<ItemKey>,
}

impl Store {
    /// Returns a page of all items, in no particular order.
    pub async fn inspect(&self, after: Option<&ItemKey>) -> Result<InspectedPage, StoreError> {
        let read = self.table.scan(after, PAGE).await?;
        self.usage.read(read.units);
        let page = read.content;
        let next = page.items.last().filter(|_| page.more).map(|item| item.key.clone());
        Ok(InspectedPage { items: page.items.iter().map(inspected).collect(), next })
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
        self.repair(origin, Some(&item), Action::Put(derived_item(&item, derived)?)).await
    }

    /// Deletes a derived item whose origin does not have it; returns `Conflict` if the origin changed meanwhile.
    pub async fn delete_derived(&self, origin: &ItemKey, derived: &ItemKey) -> Result<(), StoreError> {
        let item = self.get(&*origin.pk, &*origin.sk).await?;
        if !lacks(item.as_ref(), derived) {
            return Err(StoreError::Conflict);
        }
        self.repair(origin, item.as_ref(), Action::Delete(derived.clone())).await
    }

    async fn repair(&self, origin: &ItemKey, as_read: Option<&Item>, action: Action) -> Result<(), StoreError> {
        // Articles count revisions, stories and records versions.
        let counter = as_read
            .and_then(|item| ["revision", "version"].into_iter().find_map(|name| Some((name, item.number(name)?))));
        let unchanged = counter.map_or(Condition::Absent, |(name, number)| Condition::equals(name, number));
        let writes: Vec<Write> = vec![Action::Check(origin.clone()).only_if(unchanged), action.always()];
        self.transact(writes).await.map(|_| ())
    }
}

fn lacks(origin: Option<&Item>, derived: &ItemKey) -> bool {
    origin.is_none_or(|item| implications(item).is_ok_and(|found| !found.derived.contains(derived)))
}

fn inspected(item: &Item) -> InspectedItem {
    InspectedItem { origin: origin(&item.key), content: implications(item), key: item.key.clone() }
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
    let ItemKey { pk, sk } = &item.key;
    if let Some(kind) = RecordKind::VARIANTS.iter().find(|kind| kind.partition() == pk) {
        return records::read(item).map(|record| of_record(*kind, &record));
    }
    if pk == table_keys::STORIES || pk.starts_with(table_keys::POSTINGS) {
        match pk == table_keys::STORIES {
            true => attributes.parsed_key(sk, ListPosition::parse).map(|_| ())?,
            false => items::posting(item.clone()).map(|_| ())?,
        }
        return Ok(Implications::default());
    }
    if RecordKind::VARIANTS.iter().any(|kind| kind.by_time() == *pk) {
        return attributes.text("id").map(|_| Implications::default());
    }
    match (pk.split('#').next().unwrap_or_default(), sk.as_str()) {
        ("A", table_keys::HEAD) => attributes.stored_article().map(of_article),
        ("A", _) if sk.starts_with(table_keys::REVISIONS) || sk.starts_with(table_keys::SUPERSEDED) => {
            if sk.starts_with(table_keys::REVISIONS) {
                attributes.revision()?;
            }
            let Some((article, _)) = attributes.revised_article()? else { return Ok(Implications::default()) };
            Ok(Implications {
                required: vec![ItemKey::new(&**pk, table_keys::evidence(article.head.revision))],
                objects: vec![ReferredObject::Raw(article.head.raw.sha256)],
                ..Implications::default()
            })
        }
        ("A", _) => attributes.evidence().map(|_| Implications::default()),
        ("S", _) => stories::read_story(item).map(|story| of_story(&story)),
        ("C", _) if pk == table_keys::LAST_CHANGES => changes::read_last(item).map(|(shard, number)| Implications {
            required: vec![ItemKey::new(table_keys::changes(shard), table_keys::change(number))],
            ..Implications::default()
        }),
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
    let derived = posting_keys(Some(&stored));
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
    let last = table_keys::last_change(changes::shard(&change.id));
    let mut required = vec![ItemKey::new(table_keys::LAST_CHANGES, last)];
    if number > 1 {
        required.push(ItemKey::new(&*item.key.pk, table_keys::change(number - 1)));
    }
    // A deleted article leaves a tombstone under the same key.
    required.push(ItemKey::new(table_keys::article(&change.id), table_keys::HEAD));
    Ok(Implications { required, ..Implications::default() })
}

/// Builds a derived item from its origin.
fn derived_item(origin: &Item, derived: &ItemKey) -> Result<Item, StoreError> {
    let attributes = Attributes(origin);
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
    let entry = Item { key: derived.clone(), attributes: Default::default() };
    Ok(if derived.pk == table_keys::STORIES { entry } else { entry.with("id", &*origin.key.sk) })
}
