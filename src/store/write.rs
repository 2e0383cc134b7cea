//! The one transaction: everything of an article that must agree is written together or not at all.

use super::{
    DocumentRecord, Held, HeldArticle, PackedCard, Posting, Revision, Store, StoreError, StoryChanges, Tombstone,
    changes::{self, Change},
    items::{self, Item, number, text},
    keys::{self, List, Position},
};
use crate::article::{ArticleId, Evidence};
use aws_sdk_dynamodb::types::{Delete, Put, ReturnConsumedCapacity, TransactWriteItem, builders::PutBuilder};
use std::collections::BTreeMap;

/// What `TransactWriteItems` takes.
pub const TRANSACTION_ACTIONS: usize = 100;
/// Article, change, revision, document, evidence.
const FIXED_ACTIONS: usize = 5;
/// The lists that every article is in: all, and changed.
const FIXED_LISTS: usize = 2;
/// Of the story that is joined, and of those that are merged into it: each with its place in the list of stories.
const STORY_ACTIONS: usize = 2 * (1 + MERGES_MAX);
/// How many stories one article may merge into another at once.
pub const MERGES_MAX: usize = 2;
/// The facet values an article is filed under. A revision that moves in time deletes every old posting and puts every
/// new one, so both must fit beside the fixed actions.
pub const MAX_FACET_VALUES: usize = (TRANSACTION_ACTIONS - FIXED_ACTIONS - STORY_ACTIONS) / 2 - FIXED_LISTS;

/// One outcome, to be written whole.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// What the archive holds now; the commit is refused if that has changed.
    pub previous: Option<&'a Held>,
    pub revision: &'a Revision,
    pub next: Next<'a>,
    /// The number of the last change in the article's shard; the commit is refused if there is a later one.
    pub after_change: u64,
    /// What it changes of the stories that it is, or was, in.
    pub story: &'a StoryChanges,
    /// What came in, where something did.
    pub document: Option<DocumentRecord>,
}

/// What stands under the article's id from now on.
#[derive(Clone, Debug)]
pub enum Next<'a> {
    Article { held: &'a HeldArticle, lists: Vec<List>, codes: Vec<String>, evidence: &'a Evidence },
    Tombstone(&'a Tombstone),
}

impl Next<'_> {
    fn id(&self) -> &ArticleId {
        match self {
            Self::Article { held, .. } => &held.article.head.id,
            Self::Tombstone(it) => &it.id,
        }
    }
}

impl Store {
    /// Returns the write units it took.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<f64, StoreError> {
        let actions = self.actions(commit)?;
        let written = self
            .client
            .transact_write_items()
            .set_transact_items(Some(actions))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match written {
            Ok(answer) => Ok(answer.consumed_capacity().iter().filter_map(|it| it.capacity_units).sum()),
            Err(error) if error.as_service_error().is_some_and(lost_a_race) => Err(StoreError::Conflict),
            Err(error) => Err(StoreError::call("TransactWriteItems", error)),
        }
    }

    fn actions(&self, commit: &Commit<'_>) -> Result<Vec<TransactWriteItem>, StoreError> {
        let id = commit.next.id();
        let revision = commit.revision;
        let (head, held) = match &commit.next {
            Next::Article { held, .. } => (items::head_item(held)?, Some(*held)),
            Next::Tombstone(it) => (items::tombstone_item(it), None),
        };
        let change =
            Change { at: revision.at, id: id.clone(), revision: revision.number, kind: revision.kind.change() };
        // The conditions make writers take turns: those of one article by its revision, those of one shard of the change
        // feed by its number.
        let change = self.put_builder(changes::item(&change, commit.after_change));
        let change = change.condition_expression("attribute_not_exists(pk)").build()?;
        let mut actions = vec![self.put_head(head, commit.previous)?, TransactWriteItem::builder().put(change).build()];
        let mut items = vec![items::revision_item(id, revision, held)?];
        items.extend(commit.document.as_ref().map(items::document_item));
        let mut postings = BTreeMap::new();
        if let Next::Article { held, lists, codes, evidence } = &commit.next {
            items.push(items::evidence_item(id, revision.number, evidence)?);
            postings = self::postings(held, lists, codes);
        }
        items.extend(postings.iter().map(|((pk, _), posting)| items::posting_item(pk, posting)));
        for item in items {
            actions.push(TransactWriteItem::builder().put(self.put_builder(item).build()?).build());
        }
        for (pk, sk) in posting_keys(commit.previous) {
            if !postings.contains_key(&(pk.clone(), sk.clone())) {
                let delete = Delete::builder().table_name(&self.table).set_key(Some(items::item(pk, sk))).build()?;
                actions.push(TransactWriteItem::builder().delete(delete).build());
            }
        }
        actions.extend(self.story_actions(commit.story, TRANSACTION_ACTIONS - actions.len())?);
        Ok(actions)
    }

    fn put_head(&self, head: Item, previous: Option<&Held>) -> Result<TransactWriteItem, StoreError> {
        let put = self.put_builder(head);
        let put = match previous {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(previous) => put
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(previous.revision())),
        };
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    pub(super) fn put_builder(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(item))
    }

    /// Puts an item that carries a version, unless somebody has put another since.
    pub(super) async fn put_if_version(&self, item: Item, version: u64) -> Result<(), StoreError> {
        let (condition, values) = unless_put_since(version);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression(condition).set_expression_attribute_values(values);
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|it| it.is_conditional_check_failed_exception()) => {
                Err(StoreError::Conflict)
            }
            Err(error) => Err(StoreError::call("PutItem", error)),
        }
    }

    /// Takes away everything of an article but what stands under its id now: revisions and evidence.
    pub async fn purge(&self, id: &ArticleId) -> Result<(), StoreError> {
        loop {
            let keys = self.keys_of_article(id).await?;
            let keys: Vec<String> = keys.into_iter().filter(|it| it != keys::HEAD).collect();
            if keys.is_empty() {
                return Ok(());
            }
            for sk in keys {
                let (pk, sk) = (text(keys::article(id)), text(sk));
                let delete = self.client.delete_item().table_name(&self.table).key(keys::PK, pk).key(keys::SK, sk);
                delete.send().await.map_err(|error| StoreError::call("DeleteItem", error))?;
            }
        }
    }

    /// The answer once given to an idempotency key, with the fingerprint of the request that it answered.
    pub async fn remembered_answer(&self, key: &str) -> Result<Option<(String, String)>, StoreError> {
        let Some(item) = self.get(keys::idempotency(key), keys::IDEMPOTENCY).await? else { return Ok(None) };
        let attributes = items::Attributes(&item);
        Ok(Some((attributes.text("fingerprint")?.to_owned(), attributes.text("answer")?.to_owned())))
    }

    /// Notes what became of a document whose article was not written under its name.
    pub async fn put_document(&self, record: &DocumentRecord) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(items::document_item(record)));
        put.send().await.map(|_| ()).map_err(|error| StoreError::call("PutItem", error))
    }

    /// Remembers an answer until a time in seconds since 1970, unless the key has one.
    pub async fn remember_answer(
        &self,
        key: &str,
        fingerprint: &str,
        answer: &str,
        until: i64,
    ) -> Result<(), StoreError> {
        let mut item = items::item(keys::idempotency(key), keys::IDEMPOTENCY.to_owned());
        item.insert("fingerprint".to_owned(), text(fingerprint));
        item.insert("answer".to_owned(), text(answer));
        item.insert(super::table::EXPIRES_AT.to_owned(), number(until));
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|it| it.is_conditional_check_failed_exception()) => {
                Ok(())
            }
            Err(error) => Err(StoreError::call("PutItem", error)),
        }
    }
}

/// The condition under which an item that carries a version may be put: nobody has since it was read.
pub(super) fn unless_put_since(version: u64) -> (&'static str, Option<Item>) {
    match version {
        0 => ("attribute_not_exists(pk)", None),
        _ => ("version = :version", Some(Item::from([(":version".to_owned(), number(version))]))),
    }
}

pub(super) fn lost_a_race(error: &aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError) -> bool {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError as Error;
    match error {
        Error::TransactionCanceledException(canceled) => canceled
            .cancellation_reasons()
            .iter()
            .any(|it| matches!(it.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))),
        Error::TransactionInProgressException(_) => true,
        _ => false,
    }
}

/// The postings of the next revision by their keys. Only the list of changes is ordered by another time.
fn postings(held: &HeldArticle, lists: &[List], codes: &[String]) -> BTreeMap<(String, String), Posting> {
    let article = &held.article;
    let card = PackedCard::pack(&article.card());
    let posting = |list: &List| Posting {
        position: list.position(article),
        listed_at: article.listed_at(),
        changed_at: article.head.changed_at,
        codes: codes.to_vec(),
        card: card.clone(),
    };
    let postings = lists.iter().map(|list| (list, posting(list)));
    postings.map(|(list, it)| ((list.pk(), it.position.to_string()), it)).collect()
}

/// The keys of the postings that are in the table now.
fn posting_keys(previous: Option<&Held>) -> Vec<(String, String)> {
    let Some(Held::Article(held)) = previous else { return Vec::new() };
    let article = &held.article;
    let changed = List::Changed.pk();
    let key = |pk: &String| {
        let at = if *pk == changed { article.head.changed_at } else { article.listed_at() };
        (pk.clone(), Position { at, id: article.head.id.clone() }.to_string())
    };
    held.lists.iter().map(key).collect()
}
