//! The write transaction: all items of an article that must agree are written atomically.

use super::{
    ArticleRecord, DocumentRecord, PackedCard, Posting, Revision, Store, StoreError, StoredArticle, StoryChanges,
    Tombstone,
    changes::{self, Change},
    items::{self, Item, number, text},
    table_keys::{self, ListPosition, PostingList},
};
use crate::article::{ArticleId, Evidence};
use aws_sdk_dynamodb::types::{Delete, Put, ReturnConsumedCapacity, TransactWriteItem, builders::PutBuilder};
use std::collections::BTreeMap;

/// Maximum actions of `TransactWriteItems`.
pub const TRANSACTION_ACTIONS: usize = 100;
/// Article, change, revision, document, evidence.
const FIXED_ACTIONS: usize = 5;
/// The lists that every article is in: all, and changed.
const FIXED_LISTS: usize = 2;
/// For the joined story and those merged into it: each with its entry in the list of stories.
const STORY_ACTIONS: usize = 2 * (1 + MERGES_MAX);
/// Maximum stories that one article may merge into another at once.
pub const MERGES_MAX: usize = 2;
/// Maximum facet values that an article is indexed under. A revision that changes the listing time deletes every old
/// posting and puts every new one, so both must fit in the transaction with the fixed actions.
pub const MAX_FACET_VALUES: usize = (TRANSACTION_ACTIONS - FIXED_ACTIONS - STORY_ACTIONS) / 2 - FIXED_LISTS;

/// One change to an article, to be written atomically.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// What is stored now; the commit conflicts if that has changed.
    pub previous: Option<&'a StoredArticle>,
    pub revision: &'a Revision,
    pub next: Next<'a>,
    /// The number of the last change in the article's shard; the commit conflicts if there is a later one.
    pub after_change: u64,
    /// Changes to the stories that the article is, or was, in.
    pub story: &'a StoryChanges,
    /// The ingested document, if there is one.
    pub document: Option<DocumentRecord>,
}

/// What is stored under the article's id after the commit.
#[derive(Clone, Debug)]
pub enum Next<'a> {
    Article { stored: &'a ArticleRecord, lists: Vec<PostingList>, codes: Vec<String>, evidence: &'a Evidence },
    Tombstone(&'a Tombstone),
}

impl Next<'_> {
    fn id(&self) -> &ArticleId {
        match self {
            Self::Article { stored, .. } => &stored.article.head.id,
            Self::Tombstone(tombstone) => &tombstone.id,
        }
    }
}

impl Store {
    /// Writes everything in one transaction; returns the write units consumed.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<f64, StoreError> {
        self.transact(self.actions(commit)?).await
    }

    /// Writes actions atomically, and returns the write units consumed; returns `Conflict` if a condition fails.
    pub(super) async fn transact(&self, actions: Vec<TransactWriteItem>) -> Result<f64, StoreError> {
        let write = self.client.transact_write_items().set_transact_items(Some(actions));
        match write.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
            Ok(answer) => Ok(self.usage.written(answer.consumed_capacity())),
            Err(error) if error.as_service_error().is_some_and(is_conflict) => Err(StoreError::Conflict),
            Err(error) => Err(StoreError::call("TransactWriteItems", error)),
        }
    }

    /// Puts one item; returns `Conflict` if the condition fails.
    async fn put(&self, item: Item, (condition, values): (Option<&str>, Option<Item>)) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.set_condition_expression(condition.map(str::to_owned)).set_expression_attribute_values(values);
        match put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
            Ok(answer) => {
                self.usage.written(&answer.consumed_capacity);
                Ok(())
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|service_error| service_error.is_conditional_check_failed_exception()) =>
            {
                Err(StoreError::Conflict)
            }
            Err(error) => Err(StoreError::call("PutItem", error)),
        }
    }

    fn actions(&self, commit: &Commit<'_>) -> Result<Vec<TransactWriteItem>, StoreError> {
        let id = commit.next.id();
        let revision = commit.revision;
        let (head, stored) = match &commit.next {
            Next::Article { stored, .. } => (items::head_item(stored)?, Some(*stored)),
            Next::Tombstone(tombstone) => (items::tombstone_item(tombstone), None),
        };
        let change =
            Change { at: revision.at, id: id.clone(), revision: revision.number, kind: revision.kind.change() };
        // The conditions serialise writers: those of one article by its revision, those of one shard of the change log
        // by its number.
        let change = self.put_builder(changes::item(&change, commit.after_change));
        let change = change.condition_expression("attribute_not_exists(pk)").build()?;
        let mut actions = vec![self.put_head(head, commit.previous)?, TransactWriteItem::builder().put(change).build()];
        let mut items = vec![items::revision_item(id, revision, stored)?];
        items.extend(commit.document.as_ref().map(items::document_item));
        let mut postings = BTreeMap::new();
        if let Next::Article { stored, lists, codes, evidence } = &commit.next {
            items.push(items::evidence_item(id, revision.number, evidence)?);
            postings = self::postings(stored, lists, codes);
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

    fn put_head(&self, head: Item, previous: Option<&StoredArticle>) -> Result<TransactWriteItem, StoreError> {
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

    /// Puts a versioned item; returns `Conflict` if its version changed since it was read.
    pub(super) async fn put_if_version(&self, item: Item, version: u64) -> Result<(), StoreError> {
        let (condition, values) = version_condition(version);
        self.put(item, (Some(condition), values)).await
    }

    /// Deletes every item of an article except its head: revisions and evidence.
    pub async fn purge(&self, id: &ArticleId) -> Result<(), StoreError> {
        loop {
            let keys = self.article_sort_keys(id).await?;
            let keys: Vec<String> = keys.into_iter().filter(|key| key != table_keys::HEAD).collect();
            if keys.is_empty() {
                return Ok(());
            }
            for sk in keys {
                let (pk, sk) = (text(table_keys::article(id)), text(sk));
                let delete =
                    self.client.delete_item().table_name(&self.table).key(table_keys::PK, pk).key(table_keys::SK, sk);
                let deleted = delete.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
                self.usage.written(&deleted.map_err(|error| StoreError::call("DeleteItem", error))?.consumed_capacity);
            }
        }
    }

    /// Returns the response stored for an idempotency key, preceded by the fingerprint of its request.
    pub async fn remembered_answer(&self, key: &str) -> Result<Option<(String, String)>, StoreError> {
        let Some(item) = self.get(table_keys::idempotency(key), table_keys::IDEMPOTENCY).await? else {
            return Ok(None);
        };
        let attributes = items::Attributes(&item);
        Ok(Some((attributes.text("fingerprint")?.to_owned(), attributes.text("answer")?.to_owned())))
    }

    /// Records the result of a document whose article was not written under its key.
    pub async fn put_document(&self, record: &DocumentRecord) -> Result<(), StoreError> {
        self.put(items::document_item(record), (None, None)).await
    }

    /// Stores a response until a time in seconds since 1970, unless the key already has one.
    pub async fn remember_answer(
        &self,
        key: &str,
        fingerprint: &str,
        answer: &str,
        until: i64,
    ) -> Result<(), StoreError> {
        let mut item = items::item(table_keys::idempotency(key), table_keys::IDEMPOTENCY.to_owned());
        item.insert("fingerprint".to_owned(), text(fingerprint));
        item.insert("answer".to_owned(), text(answer));
        item.insert(super::table::EXPIRES_AT.to_owned(), number(until));
        match self.put(item, (Some("attribute_not_exists(pk)"), None)).await {
            Err(StoreError::Conflict) => Ok(()),
            put => put,
        }
    }
}

/// Returns the condition for putting a versioned item: its version has not changed since it was read.
pub(super) fn version_condition(version: u64) -> (&'static str, Option<Item>) {
    match version {
        0 => ("attribute_not_exists(pk)", None),
        _ => ("version = :version", Some(Item::from([(":version".to_owned(), number(version))]))),
    }
}

fn is_conflict(error: &aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError) -> bool {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError as Error;
    match error {
        Error::TransactionCanceledException(canceled) => canceled
            .cancellation_reasons()
            .iter()
            .any(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))),
        Error::TransactionInProgressException(_) => true,
        _ => false,
    }
}

/// Returns the postings of the next revision by their keys. Only the list of changes is ordered by another time.
fn postings(stored: &ArticleRecord, lists: &[PostingList], codes: &[String]) -> BTreeMap<(String, String), Posting> {
    let article = &stored.article;
    let card = PackedCard::pack(&article.card());
    let posting = |list: &PostingList| Posting {
        position: list.position(article),
        listed_at: article.listed_at(),
        changed_at: article.head.changed_at,
        codes: codes.to_vec(),
        card: card.clone(),
    };
    let postings = lists.iter().map(|list| (list, posting(list)));
    postings.map(|(list, posting)| ((list.pk(), posting.position.to_string()), posting)).collect()
}

/// Returns the keys of the postings that are in the table now.
pub(super) fn posting_keys(previous: Option<&StoredArticle>) -> Vec<(String, String)> {
    let Some(StoredArticle::Article(stored)) = previous else { return Vec::new() };
    let article = &stored.article;
    let changed = PostingList::Changed.pk();
    let key = |pk: &String| {
        let at = if *pk == changed { article.head.changed_at } else { stored.listed_at };
        (pk.clone(), ListPosition { at, id: article.head.id.clone() }.to_string())
    };
    stored.lists.iter().map(key).collect()
}
