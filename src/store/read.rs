//! Reads: one item, several, or a stretch of a list.
//!
//! All reads are consistent. An eventually consistent page is half the price, but may miss an article that was there
//! when a walk began, which paging promises not to do.

use super::{
    Held, HeldArticle, Posting, Revision, Store, StoreError,
    items::{Attributes, Item, text},
    keys::{self, List, Position},
};
use crate::article::{Article, ArticleId, Evidence, Instant};
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use std::collections::HashMap;

/// What one BatchGetItem call takes.
const BATCH: usize = 100;
/// Below and above every position's spelling.
const LOWEST: &str = "#";
const HIGHEST: &str = "~";
/// How many revisions one read brings.
const REVISIONS: usize = 100;
/// How many sort keys one read brings.
const KEYS: i32 = 200;
/// How often items that a batch left unread are asked for again before it is called throttled.
const BATCH_ROUNDS: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    NewestFirst,
    OldestFirst,
}

impl Direction {
    /// Which of two positions comes first.
    pub fn order(self, a: &Position, b: &Position) -> std::cmp::Ordering {
        match self {
            Self::NewestFirst => b.cmp(a),
            Self::OldestFirst => a.cmp(b),
        }
    }
}

/// A stretch of a list, in the direction of reading: what comes after a position, within a range of times.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub list: List,
    pub direction: Direction,
    /// Exclusive.
    pub after: Option<Position>,
    /// A time: every position at it or later lies above its spelling.
    pub from: Option<String>,
    /// A time: every position at it or later lies above its spelling, so the bound is exclusive.
    pub to: Option<String>,
    pub limit: usize,
}

#[derive(Clone, Debug)]
pub struct ListPage {
    pub postings: Vec<Posting>,
    /// Whether the list may go on after the last posting.
    pub more: bool,
    pub read_units: f64,
}

impl Store {
    pub(super) async fn get(&self, pk: impl Into<String>, sk: impl Into<String>) -> Result<Option<Item>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(keys::PK, text(pk))
            .key(keys::SK, text(sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::call("GetItem", error))?;
        Ok(found.item)
    }

    /// What stands under an id: an article, or the tombstone of one.
    pub async fn held(&self, id: &ArticleId) -> Result<Option<Held>, StoreError> {
        let item = self.get(keys::article(id), keys::HEAD).await?;
        item.map(|it| Attributes(&it).held()).transpose()
    }

    /// The article, unless it was deleted.
    pub async fn article(&self, id: &ArticleId) -> Result<Option<HeldArticle>, StoreError> {
        Ok(self.held(id).await?.and_then(Held::article))
    }

    /// An article as it was from a revision on, with its content hash; `None` of a deletion.
    pub async fn revision(
        &self,
        id: &ArticleId,
        number: u32,
    ) -> Result<Option<(Revision, Option<(Article, String)>)>, StoreError> {
        let item = self.get(keys::article(id), keys::revision(number)).await?;
        item.map(|it| Ok((Attributes(&it).revision()?, Attributes(&it).revised_article()?))).transpose()
    }

    /// The revisions before a number, newest first, and whether there are more.
    pub async fn revisions(
        &self,
        id: &ArticleId,
        before: u32,
        limit: usize,
    ) -> Result<(Vec<Revision>, bool), StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(keys::article(id)))
            .expression_attribute_values(":low", text(keys::REVISIONS))
            .expression_attribute_values(":high", text(keys::revision(before.saturating_sub(1))))
            .projection_expression("pk, sk, #at, kind, changed, reason")
            .expression_attribute_names("#at", "at")
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::call("Query", error))?;
        let revisions = answer.items().iter().map(|it| Attributes(it).revision()).collect::<Result<Vec<_>, _>>()?;
        let more = revisions.last().is_some_and(|it| it.number > 1) && answer.last_evaluated_key.is_some();
        Ok((revisions, more))
    }

    /// The revision that was the last one at a time; if there was none yet, the first of all.
    pub async fn revision_at(&self, id: &ArticleId, at: Instant) -> Result<Option<Revision>, StoreError> {
        let (mut before, mut first) = (u32::MAX, None);
        loop {
            let (revisions, more) = self.revisions(id, before, REVISIONS).await?;
            if let Some(found) = revisions.iter().find(|it| it.at <= at) {
                return Ok(Some(found.clone()));
            }
            first = revisions.last().cloned().or(first);
            match first.as_ref().filter(|_| more) {
                Some(last) => before = last.number,
                None => return Ok(first),
            }
        }
    }

    /// The sort keys under an article, as many as one answer holds.
    pub(super) async fn keys_of_article(&self, id: &ArticleId) -> Result<Vec<String>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::article(id)))
            .projection_expression("pk, sk")
            .consistent_read(true)
            .limit(KEYS)
            .send()
            .await
            .map_err(|error| StoreError::call("Query", error))?;
        answer.items().iter().map(|it| Attributes(it).text(keys::SK).map(str::to_owned)).collect()
    }

    pub async fn evidence(&self, id: &ArticleId, revision: u32) -> Result<Option<Evidence>, StoreError> {
        let item = self.get(keys::article(id), keys::evidence(revision)).await?;
        item.map(|it| Attributes(&it).evidence()).transpose()
    }

    /// What became of the document that last came under a key.
    pub async fn document(&self, key: &str) -> Result<Option<super::DocumentRecord>, StoreError> {
        let item = self.get(keys::document(key), keys::DOCUMENT).await?;
        item.map(|it| Attributes(&it).document_record()).transpose()
    }

    /// The articles that exist, in no order, and the read units that they took.
    pub async fn articles(&self, ids: &[ArticleId]) -> Result<(Vec<HeldArticle>, f64), StoreError> {
        let keys = ids.iter().map(|it| (keys::article(it), keys::HEAD.to_owned()));
        let (items, read_units) = self.batch(keys.collect()).await?;
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            found.extend(Attributes(&item).held()?.article());
        }
        Ok((found, read_units))
    }

    /// The postings of articles in a list that has every article, in no order, and the read units.
    pub async fn postings(&self, list: &List, articles: &[HeldArticle]) -> Result<(Vec<Posting>, f64), StoreError> {
        let positions: Vec<Position> = articles.iter().map(|it| list.position(&it.article)).collect();
        self.postings_at(list, &positions).await
    }

    /// The postings that stand at positions of a list, in no order, and the read units.
    pub async fn postings_at(&self, list: &List, positions: &[Position]) -> Result<(Vec<Posting>, f64), StoreError> {
        let keys = positions.iter().map(|it| (list.pk(), it.to_string()));
        let (items, read_units) = self.batch(keys.collect()).await?;
        Ok((items.iter().map(|it| Attributes(it).posting()).collect::<Result<_, _>>()?, read_units))
    }

    /// The items of keys that exist, in no order, and the read units that they took.
    pub(super) async fn batch(&self, keys: Vec<(String, String)>) -> Result<(Vec<Item>, f64), StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        let mut read_units = 0.0;
        for some in keys.chunks(BATCH) {
            let key = |(pk, sk): &(String, String)| {
                HashMap::from([(keys::PK.to_owned(), text(pk)), (keys::SK.to_owned(), text(sk))])
            };
            let wanted = some.iter().map(key).collect();
            let mut request = Some(KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build()?);
            for _ in 0..BATCH_ROUNDS {
                let Some(keys) = request.take() else { break };
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.table, keys)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await
                    .map_err(|error| StoreError::call("BatchGetItem", error))?;
                read_units += answer.consumed_capacity().iter().filter_map(|it| it.capacity_units).sum::<f64>();
                found.extend(answer.responses.unwrap_or_default().into_values().flatten());
                request = answer.unprocessed_keys.unwrap_or_default().into_values().next();
            }
            if request.is_some() {
                return Err(StoreError::Throttled);
            }
        }
        Ok((found, read_units))
    }

    /// One Query.
    pub async fn list(&self, stretch: &Stretch) -> Result<ListPage, StoreError> {
        let newest_first = stretch.direction == Direction::NewestFirst;
        let after = |it: &Position| if newest_first { it.just_before() } else { it.just_after() };
        let (after_low, after_high) = match stretch.after.as_ref().map(after) {
            Some(bound) if newest_first => (None, Some(bound)),
            bound => (bound, None),
        };
        let low = after_low.into_iter().chain(stretch.from.clone()).max().unwrap_or_else(|| LOWEST.to_owned());
        let high = after_high.into_iter().chain(stretch.to.clone()).min().unwrap_or_else(|| HIGHEST.to_owned());
        if low > high {
            return Ok(ListPage { postings: Vec::new(), more: false, read_units: 0.0 });
        }
        // One more than asked tells a list that ends here from one that goes on.
        let limit = i32::try_from(stretch.limit + 1).unwrap_or(i32::MAX);
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(stretch.list.pk()))
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .scan_index_forward(!newest_first)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .limit(limit)
            .send()
            .await
            .map_err(|error| StoreError::call("Query", error))?;
        let more = answer.last_evaluated_key.is_some();
        let kept = answer.items().iter().take(stretch.limit);
        let postings = kept.map(|it| Attributes(it).posting()).collect::<Result<Vec<_>, _>>()?;
        let more = more || answer.items().len() > stretch.limit;
        let read_units = answer.consumed_capacity.and_then(|it| it.capacity_units).unwrap_or_default();
        Ok(ListPage { postings, more, read_units })
    }
}
