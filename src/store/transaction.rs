//! The write transaction: all items of an article that must agree are written atomically.

use super::{
    ArticleRecord, DocumentRecord, PackedCard, Posting, Revision, Store, StoreError, StoredArticle, Tombstone,
    changes::{self, Change},
    items,
    table::{Action, Condition, EXPIRES_AT, Item, ItemKey, TRANSACTION_WRITES, Write},
    table_keys::{self, ListPosition, PostingList},
};
use crate::article::{ArticleId, Evidence};
use std::collections::BTreeMap;

/// Article, change, last change, revision, superseded content, document, evidence.
const FIXED_WRITES: usize = 7;
/// The lists that every article is in: all, and changed.
const FIXED_LISTS: usize = 2;
/// Maximum facet values that an article is indexed under. A revision that changes the listing time deletes every old
/// posting and puts every new one, so both must fit in the transaction with the fixed actions.
pub const MAX_FACET_VALUES: usize = (TRANSACTION_WRITES - FIXED_WRITES) / 2 - FIXED_LISTS;

/// One change to an article, to be written atomically.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// What is stored now; the commit conflicts if that has changed.
    pub previous: Option<&'a StoredArticle>,
    pub revision: &'a Revision,
    pub next: Next<'a>,
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
    pub(super) fn id(&self) -> &ArticleId {
        match self {
            Self::Article { stored, .. } => &stored.article.head.id,
            Self::Tombstone(tombstone) => &tombstone.id,
        }
    }
}

impl Store {
    /// Writes all or nothing, and returns the write units consumed; returns `Conflict` if a condition fails.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<f64, StoreError> {
        let units = self.table.transact(writes).await?;
        self.usage.written(units);
        Ok(units)
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        self.usage.written(self.table.write(write).await?);
        Ok(())
    }

    /// Puts a versioned item; returns `Conflict` if its version changed since it was read.
    pub(super) async fn put_if_version(&self, item: Item, version: u64) -> Result<(), StoreError> {
        self.write(Action::Put(item).only_if(items::at_version(version))).await
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
                self.write(Action::Delete(ItemKey::new(table_keys::article(id), sk)).always()).await?;
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
        self.write(Action::Put(items::document_item(record)).always()).await
    }

    /// Stores a response until a time in seconds since 1970, unless the key already has one.
    pub async fn remember_answer(
        &self,
        key: &str,
        fingerprint: &str,
        answer: &str,
        until: i64,
    ) -> Result<(), StoreError> {
        let item = Item::new(table_keys::idempotency(key), table_keys::IDEMPOTENCY)
            .with("fingerprint", fingerprint)
            .with("answer", answer)
            .with(EXPIRES_AT, until);
        match self.write(Action::Put(item).only_if(Condition::Absent)).await {
            Err(StoreError::Conflict) => Ok(()),
            written => written,
        }
    }
}

/// Builds the change record of a commit, after the last change in the article's shard. Its condition serialises the
/// writers of the shard.
pub(super) fn numbered(commit: &Commit<'_>, after_change: u64) -> [Write; 2] {
    let (id, revision) = (commit.next.id(), commit.revision);
    let change = Change { at: revision.at, id: id.clone(), revision: revision.number, kind: revision.kind.change() };
    [
        Action::Put(changes::item(&change, after_change)).only_if(Condition::Absent),
        Action::Put(changes::last_item(changes::shard(id), after_change + 1)).always(),
    ]
}

/// Builds the writes of a commit, except its change record. The condition on the head serialises the article's writers.
pub(super) fn writes(commit: &Commit<'_>) -> Result<Vec<Write>, StoreError> {
    let id = commit.next.id();
    let revision = commit.revision;
    let head = match &commit.next {
        Next::Article { stored, .. } => items::head_item(stored)?,
        Next::Tombstone(tombstone) => items::tombstone_item(tombstone),
    };
    let as_read = match commit.previous {
        None => Condition::Absent,
        Some(previous) => Condition::equals("revision", previous.revision().into()),
    };
    let mut writes = vec![Action::Put(head).only_if(as_read)];
    let mut items = vec![items::revision_item(id, revision)];
    if let Some(StoredArticle::Article(superseded)) = commit.previous {
        items.push(items::superseded_item(superseded)?);
    }
    items.extend(commit.document.as_ref().map(items::document_item));
    let mut postings = BTreeMap::new();
    if let Next::Article { stored, lists, codes, evidence } = &commit.next {
        items.push(items::evidence_item(id, revision.number, evidence)?);
        postings = self::postings(stored, lists, codes);
    }
    items.extend(postings.iter().map(|(key, posting)| items::posting_item(&key.pk, posting)));
    writes.extend(items.into_iter().map(|item| Action::Put(item).always()));
    let stale = posting_keys(commit.previous).into_iter().filter(|key| !postings.contains_key(key));
    writes.extend(stale.map(|key| Action::Delete(key).always()));
    Ok(writes)
}

/// Returns the postings of the next revision by their keys. Only the list of changes is ordered by another time.
fn postings(stored: &ArticleRecord, lists: &[PostingList], codes: &[String]) -> BTreeMap<ItemKey, Posting> {
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
    postings.map(|(list, posting)| (ItemKey::new(list.pk(), posting.position.to_string()), posting)).collect()
}

/// Returns the keys of the postings that are in the table now.
pub(super) fn posting_keys(previous: Option<&StoredArticle>) -> Vec<ItemKey> {
    let Some(StoredArticle::Article(stored)) = previous else { return Vec::new() };
    let article = &stored.article;
    let changed = PostingList::Changed.pk();
    let key = |pk: &String| {
        let at = if *pk == changed { article.head.changed_at } else { stored.listed_at };
        ItemKey::new(&**pk, ListPosition { at, id: article.head.id.clone() }.to_string())
    };
    stored.lists.iter().map(key).collect()
}
