//! The change log: how it is numbered, and how it is read.
//!
//! Its order does not depend on clocks. Each change takes the next number of its shard and is put by the transaction
//! that it records, on the condition that the number is not yet in use. So the numbers of a shard have no gaps, a
//! writer that was delayed loses its number and retries, and a reader that has seen number n has seen everything before
//! it: later commits have higher numbers. Clocks may differ by any amount.
//!
//! An article's changes are all in one shard, so they stay in order. Across shards a page is merged by commit times
//! from the writers' clocks, which orders changes that are far apart and guarantees no order for close ones.
//!
//! The alternative, timestamps and a horizon before which all writers are assumed to be done, needs a bound on how long
//! a request may be in flight. The only reliable bound is the lifetime of a signature, which is minutes.
//!
//! Each transaction also puts the last number of its shard, next to those of the other shards. So one query shows a
//! reader which shards have changes that it has not seen; without new changes, a read costs only this query. A shard
//! whose last number is not there, because it has no change or only changes from before these numbers, is asked for its
//! newest one.
//!
//! The log is sharded because the writers of one shard are serialised: with a single shard, two ingest functions would
//! conflict on every article.

use super::{
    Store, StoreError,
    items::Attributes,
    table::{Item, KeyRange},
    table_keys,
};
use crate::article::{ArticleId, Instant};
use futures::future::try_join_all;
use jiff::SignedDuration;

/// The number of shards is part of every issued token and of the stored order: it must never change.
pub const SHARDS: usize = 16;

/// Maximum difference between the writers' clocks, for queries of changes by time.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Changes per read when querying by time.
const LOOK_BACK: usize = 200;
/// The highest number that fits in a key.
const NUMBER_MAX: u64 = 999_999_999_999;

/// What happened to an article, as recorded in the change log.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    utoipa::ToSchema,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ChangeKind {
    Created,
    Revised,
    Deleted,
}

impl ChangeKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// An entry of the change log.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Change {
    pub at: Instant,
    pub id: ArticleId,
    pub revision: u32,
    pub kind: ChangeKind,
}

/// The last number read from each shard; zero before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangePosition(pub [u64; SHARDS]);

impl ChangePosition {
    /// Advances past the next change of its shard: changes are numbered without gaps.
    pub fn pass(&mut self, change: &Change) {
        self.0[shard(&change.id)] += 1;
    }
}

#[derive(Clone, Debug)]
pub struct ChangePage {
    pub changes: Vec<Change>,
    /// Where the next page begins.
    pub next: ChangePosition,
    /// Whether more changes were available already.
    pub more: bool,
}

/// Returns the shard of an article's changes. Ids are uniformly distributed.
pub fn shard(id: &ArticleId) -> usize {
    id.as_str().bytes().rev().take(2).fold(0, |sum, byte| sum * 31 + usize::from(byte)) % SHARDS
}

pub(super) fn item(change: &Change, after: u64) -> Item {
    Item::new(table_keys::changes(shard(&change.id)), table_keys::change(after + 1))
        .with("kind", change.kind.name())
        .with("at", change.at.to_string())
        .with("article", change.id.as_str())
        .with("revision", change.revision)
}

/// The item with a shard's last number.
pub(super) fn last_item(shard: usize, number: u64) -> Item {
    Item::new(table_keys::LAST_CHANGES, table_keys::last_change(shard)).with("number", number)
}

/// Returns a shard, and the number of its last change.
pub(super) fn read_last(item: &Item) -> Result<(usize, u64), StoreError> {
    let attributes = Attributes(item);
    let shard = attributes.parsed_key(&item.key.sk, |sk| sk.parse().ok().filter(|shard| *shard < SHARDS))?;
    Ok((shard, attributes.number("number")?))
}

pub(super) fn read(item: &Item) -> Result<(u64, Change), StoreError> {
    let attributes = Attributes(item);
    let change = Change {
        at: attributes.parsed("at", |attribute| Instant::parse(attribute).ok())?,
        id: attributes.parsed("article", |attribute| ArticleId::parse(attribute).ok())?,
        revision: attributes.number("revision")?,
        kind: attributes.parsed("kind", ChangeKind::parse)?,
    };
    Ok((attributes.parsed_key(&item.key.sk, |sk| sk.parse().ok())?, change))
}

impl Store {
    /// Returns the number of the last change in a shard. The next change must follow it.
    pub(super) async fn last_change(&self, shard: usize) -> Result<u64, StoreError> {
        let item = self.get(table_keys::LAST_CHANGES, table_keys::last_change(shard)).await?;
        match item {
            Some(item) => Ok(read_last(&item)?.1),
            None => self.newest_change(shard).await,
        }
    }

    /// Returns the number of the newest change in a shard, by the changes themselves.
    async fn newest_change(&self, shard: usize) -> Result<u64, StoreError> {
        let newest = self.changes_between(shard, 1, NUMBER_MAX, 1, false).await?;
        newest.first().map_or(Ok(0), |item| read(item).map(|(number, _)| number))
    }

    /// Returns the numbers of the last changes of all shards.
    pub async fn last_changes(&self) -> Result<ChangePosition, StoreError> {
        let shards = (table_keys::last_change(0), table_keys::last_change(SHARDS - 1));
        let page = self.query_range(KeyRange::new(table_keys::LAST_CHANGES, shards, SHARDS + 1)).await?;
        let mut last = [None; SHARDS];
        for item in &page.items {
            let (shard, number) = read_last(item)?;
            last[shard] = Some(number);
        }
        let numbers = last.into_iter().enumerate().map(async |(shard, number)| match number {
            Some(number) => Ok(number),
            None => self.newest_change(shard).await,
        });
        let mut position = ChangePosition::default();
        position.0.copy_from_slice(&try_join_all(numbers).await?);
        Ok(position)
    }

    /// Returns the changes committed after a position: at most `limit`, none skipped.
    pub async fn changes(&self, after: ChangePosition, limit: usize) -> Result<ChangePage, StoreError> {
        let last = self.last_changes().await?;
        let reads = (0..SHARDS).map(async |shard| match last.0[shard] > after.0[shard] {
            true => self.changes_after(shard, after.0[shard], limit).await,
            false => Ok(Vec::new()),
        });
        let mut shards = Vec::with_capacity(SHARDS);
        for items in try_join_all(reads).await? {
            let read: Vec<(u64, Change)> = items.iter().map(read).collect::<Result<_, _>>()?;
            shards.push(read.into_iter().peekable());
        }
        let mut page = ChangePage { changes: Vec::new(), next: after, more: false };
        // Takes the earliest of the shards' next changes; within a shard the numbers decide, whatever the times are.
        while let Some((shard, _)) = (0..SHARDS)
            .filter_map(|shard| shards[shard].peek().map(|(_, change)| (shard, change.at)))
            .min_by_key(|(shard, at)| (*at, *shard))
        {
            if page.changes.len() == limit {
                page.more = true;
                break;
            }
            if let Some((number, change)) = shards[shard].next() {
                page.next.0[shard] = number;
                page.changes.push(change);
            }
        }
        Ok(page)
    }

    /// Returns a consumer's position, and how often it was saved.
    pub async fn consumer(&self, name: &str) -> Result<(ChangePosition, u64), StoreError> {
        let Some(item) = self.get(table_keys::consumer(name), table_keys::POSITION).await? else {
            return Ok(Default::default());
        };
        let attributes = Attributes(&item);
        let numbers = attributes.all_parsed("position", |attribute| attribute.parse().ok())?;
        let position = <[u64; SHARDS]>::try_from(numbers).map(ChangePosition);
        Ok((position.map_err(|_| attributes.problem("expected one number per shard"))?, attributes.number("version")?))
    }

    /// Saves a consumer's position; returns `Conflict` if another consumer of the same name saved one since.
    pub async fn save_consumer(&self, name: &str, position: ChangePosition, version: u64) -> Result<(), StoreError> {
        let position: Vec<String> = position.0.iter().map(ToString::to_string).collect();
        let item = Item::new(table_keys::consumer(name), table_keys::POSITION)
            .with("name", name)
            .with("version", version + 1)
            .with("position", position);
        self.put_if_version(item, version).await
    }

    /// Returns the changes after a time, newest first in each shard; returns an error if there are more than `most`.
    pub async fn changes_since(&self, at: Instant, most: usize) -> Result<Vec<Change>, StoreError> {
        let shards = try_join_all((0..SHARDS).map(|shard| self.shard_since(shard, at, most))).await?;
        let found: Vec<Change> = shards.into_iter().flatten().collect();
        if found.len() > most { Err(StoreError::TooMuchHistory { limit: most, of: "changes" }) } else { Ok(found) }
    }

    async fn shard_since(&self, shard: usize, at: Instant, most: usize) -> Result<Vec<Change>, StoreError> {
        let early = at.timestamp().saturating_sub(MAX_CLOCK_SKEW).unwrap_or(at.timestamp());
        let mut found = Vec::new();
        let mut high = NUMBER_MAX;
        loop {
            let items = self.changes_between(shard, 1, high, LOOK_BACK, false).await?;
            for item in &items {
                let (number, change) = read(item)?;
                high = number - 1;
                if change.at.timestamp() < early || found.len() > most {
                    return Ok(found);
                }
                found.extend(Some(change).filter(|change| change.at > at));
            }
            if items.len() < LOOK_BACK || high == 0 {
                return Ok(found);
            }
        }
    }

    /// Returns at most one more than `limit`.
    async fn changes_after(&self, shard: usize, after: u64, limit: usize) -> Result<Vec<Item>, StoreError> {
        self.changes_between(shard, after + 1, NUMBER_MAX, limit + 1, true).await
    }

    async fn changes_between(
        &self,
        shard: usize,
        low: u64,
        high: u64,
        limit: usize,
        forward: bool,
    ) -> Result<Vec<Item>, StoreError> {
        let bounds = (table_keys::change(low), table_keys::change(high));
        let query = KeyRange::new(table_keys::changes(shard), bounds, limit).newest_first(!forward);
        Ok(self.query_range(query).await?.items)
    }
}
