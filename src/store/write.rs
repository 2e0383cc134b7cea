//! The one transaction: everything of an article that must agree is written together or not at all.

use super::{
    Change, DocumentRecord, HeldArticle, PackedCard, Posting, Store, StoreError,
    items::{self, Item, number, text},
    keys::{self, List, Position},
};
use crate::article::Evidence;
use aws_sdk_dynamodb::types::{Delete, Put, ReturnConsumedCapacity, TransactWriteItem};
use std::collections::BTreeMap;

/// What `TransactWriteItems` takes.
pub const TRANSACTION_ACTIONS: usize = 100;
/// Article, revision, evidence, change, document.
const FIXED_ACTIONS: usize = 5;
/// The lists that every article is in: all, and changed.
const FIXED_LISTS: usize = 2;
/// The facet values an article is filed under. A revision that moves in time deletes every old posting and puts every
/// new one, so both must fit beside the fixed actions.
pub const MAX_FACET_VALUES: usize = (TRANSACTION_ACTIONS - FIXED_ACTIONS) / 2 - FIXED_LISTS;

/// One outcome of ingest, to be written whole.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// What the archive holds now; the commit is refused if that has changed.
    pub previous: Option<&'a HeldArticle>,
    pub next: &'a HeldArticle,
    pub lists: Vec<List>,
    pub codes: Vec<String>,
    pub evidence: &'a Evidence,
    pub change: Change,
    pub document: DocumentRecord,
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
        let mut actions = vec![self.put_head(commit)?];
        let head = &commit.next.article.head;
        let mut items = vec![
            items::revision_item(commit.next)?,
            items::evidence_item(&head.id, head.revision, commit.evidence)?,
            items::change_item(&commit.change),
            items::document_item(&commit.document),
        ];
        let postings = postings(commit);
        items.extend(postings.iter().map(|((pk, _), posting)| items::posting_item(pk, posting)));
        for item in items {
            actions.push(TransactWriteItem::builder().put(self.put(item)?).build());
        }
        for (pk, sk) in commit.previous.map(posting_keys).unwrap_or_default() {
            if !postings.contains_key(&(pk.clone(), sk.clone())) {
                let delete = Delete::builder().table_name(&self.table).set_key(Some(items::item(pk, sk))).build()?;
                actions.push(TransactWriteItem::builder().delete(delete).build());
            }
        }
        Ok(actions)
    }

    /// The condition on the article's revision is what makes two writers take turns.
    fn put_head(&self, commit: &Commit<'_>) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(items::head_item(commit.next)?));
        let put = match commit.previous {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(previous) => put
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(previous.article.head.revision)),
        };
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    fn put(&self, item: Item) -> Result<Put, StoreError> {
        Ok(Put::builder().table_name(&self.table).set_item(Some(item)).build()?)
    }

    /// The answer once given to an idempotency key, with the fingerprint of the request that it answered.
    pub async fn remembered_answer(&self, key: &str) -> Result<Option<(String, String)>, StoreError> {
        let Some(item) = self.get(keys::idempotency(key), keys::IDEMPOTENCY).await? else { return Ok(None) };
        let attributes = items::Attributes(&item);
        Ok(Some((attributes.text("fingerprint")?.to_owned(), attributes.text("answer")?.to_owned())))
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

fn lost_a_race(error: &aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError) -> bool {
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
fn postings(commit: &Commit<'_>) -> BTreeMap<(String, String), Posting> {
    let article = &commit.next.article;
    let card = PackedCard::pack(&article.card());
    let posting = |list: &List| Posting {
        position: Position {
            at: if *list == List::Changed { article.head.changed_at } else { article.listed_at() },
            id: article.head.id.clone(),
        },
        listed_at: article.listed_at(),
        changed_at: article.head.changed_at,
        codes: commit.codes.clone(),
        card: card.clone(),
    };
    commit
        .lists
        .iter()
        .map(|list| (list, posting(list)))
        .map(|(list, it)| ((list.pk(), it.position.to_string()), it))
        .collect()
}

/// The keys of the postings that a held article has in the table.
fn posting_keys(held: &HeldArticle) -> Vec<(String, String)> {
    let article = &held.article;
    let changed = List::Changed.pk();
    let key = |pk: &String| {
        let at = if *pk == changed { article.head.changed_at } else { article.listed_at() };
        (pk.clone(), Position { at, id: article.head.id.clone() }.to_string())
    };
    held.lists.iter().map(key).collect()
}
