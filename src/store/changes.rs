//! The change feed: how it is numbered, and how it is read.
//!
//! No clock decides its order. Each change is the next one of its shard, put by the very transaction that it records, under
//! the condition that nobody has put that number yet. So the numbers of a shard have no gap, a writer that was held up
//! loses its number and decides again, and a reader that has seen number n has seen everything before it: whatever is
//! committed later has a higher number. Clocks may differ by any amount.
//!
//! An article's changes are all in one shard, so they come in their order. Across shards a page is merged by the times of
//! commit as the writers' clocks told them, which orders what is far apart and promises nothing for what is close.
//!
//! The alternative, times and a horizon behind which all writers are believed to be done, needs a bound on how long a
//! request may be on its way. The only one that holds is the life of a signature, which is minutes.
//!
//! Shards, because writers of one shard take turns: with one for all, two functions that ingest would be in each other's
//! way at every article.

use super::{
    Store, StoreError,
    items::{self, Attributes, Item, number, text},
    keys,
};
use crate::article::{ArticleId, Instant};
use futures::future::try_join_all;
use jiff::SignedDuration;

/// Their number is part of every token that was handed out, and of the order of what is stored: it never changes.
pub const SHARDS: usize = 16;

/// How far the writers' clocks may be apart, where changes are looked for by their times.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);
/// Changes in one look back.
const LOOK_BACK: usize = 200;
/// The highest number that the keys spell.
const NUMBER_MAX: u64 = 999_999_999_999;

/// What happened to an article, as the change feed tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Created,
    Revised,
    Deleted,
}

impl ChangeKind {
    pub const ALL: [Self; 3] = [Self::Created, Self::Revised, Self::Deleted];

    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Revised => "revised",
            Self::Deleted => "deleted",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// A record of the change feed.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Change {
    pub at: Instant,
    pub id: ArticleId,
    pub revision: u32,
    pub kind: ChangeKind,
}

/// The last number that was read of each shard; zero before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedPosition(pub [u64; SHARDS]);

impl FeedPosition {
    /// Moves behind the next change of a shard: they are numbered without gaps.
    pub fn pass(&mut self, change: &Change) {
        self.0[shard(&change.id)] += 1;
    }
}

#[derive(Clone, Debug)]
pub struct ChangePage {
    pub changes: Vec<Change>,
    /// Where the next page begins.
    pub next: FeedPosition,
    /// Whether more was there already.
    pub more: bool,
}

/// The shard of an article's changes: its id is as good as random.
pub fn shard(id: &ArticleId) -> usize {
    id.as_str().bytes().rev().take(2).fold(0, |sum, byte| sum * 31 + usize::from(byte)) % SHARDS
}

pub(super) fn item(change: &Change, after: u64) -> Item {
    let mut item = items::item(keys::changes(shard(&change.id)), keys::change(after + 1));
    item.insert("kind".to_owned(), text(change.kind.name()));
    item.insert("at".to_owned(), text(change.at.to_string()));
    item.insert("article".to_owned(), text(change.id.as_str()));
    item.insert("revision".to_owned(), number(change.revision));
    item
}

fn read(item: &Item) -> Result<(u64, Change), StoreError> {
    let attributes = Attributes(item);
    let change = Change {
        at: attributes.parsed("at", |it| Instant::parse(it).ok())?,
        id: attributes.parsed("article", |it| ArticleId::parse(it).ok())?,
        revision: attributes.number("revision")?,
        kind: attributes.parsed("kind", ChangeKind::parse)?,
    };
    Ok((attributes.parsed(keys::SK, |it| it.parse().ok())?, change))
}

impl Store {
    /// The number of the last change in an article's shard. The next one may be put only after it.
    pub async fn last_change(&self, id: &ArticleId) -> Result<u64, StoreError> {
        let last = self.changes_of(shard(id), 0, 1, false).await?;
        last.first().map_or(Ok(0), |it| read(it).map(|(number, _)| number))
    }

    /// The numbers of the last changes of all shards.
    pub async fn last_changes(&self) -> Result<FeedPosition, StoreError> {
        let reads = (0..SHARDS).map(|shard| self.changes_of(shard, 0, 1, false));
        let mut position = FeedPosition::default();
        for (last, items) in position.0.iter_mut().zip(try_join_all(reads).await?) {
            *last = items.first().map_or(Ok(0), |it| read(it).map(|(number, _)| number))?;
        }
        Ok(position)
    }

    /// What was committed after a position: at most `limit` changes, none skipped.
    pub async fn changes(&self, after: FeedPosition, limit: usize) -> Result<ChangePage, StoreError> {
        let reads = (0..SHARDS).map(|shard| self.changes_of(shard, after.0[shard], limit, true));
        let mut shards = Vec::with_capacity(SHARDS);
        for items in try_join_all(reads).await? {
            let read: Vec<(u64, Change)> = items.iter().map(read).collect::<Result<_, _>>()?;
            shards.push(read.into_iter().peekable());
        }
        let mut page = ChangePage { changes: Vec::new(), next: after, more: false };
        // The earliest of the shards' next ones; within a shard the numbers decide, whatever the times say.
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

    /// How far a follower has come, and how often it said so.
    pub async fn follower(&self, name: &str) -> Result<(FeedPosition, u64), StoreError> {
        let Some(item) = self.get(keys::follower(name), keys::POSITION).await? else { return Ok(Default::default()) };
        let attributes = Attributes(&item);
        let numbers = attributes.all_parsed("position", |it| it.parse().ok())?;
        let position = <[u64; SHARDS]>::try_from(numbers).map(FeedPosition);
        Ok((position.map_err(|_| attributes.problem("not one number for each shard"))?, attributes.number("version")?))
    }

    /// Keeps how far a follower has come; refused if it was told since by another that goes by the same name.
    pub async fn keep_follower(&self, name: &str, position: FeedPosition, version: u64) -> Result<(), StoreError> {
        let mut item = items::item(keys::follower(name), keys::POSITION.to_owned());
        item.insert("name".to_owned(), text(name));
        item.insert("version".to_owned(), number(version + 1));
        item.insert("position".to_owned(), items::texts(&position.0.map(|it| it.to_string())));
        self.put_if_version(item, version).await
    }

    /// What changed after a time, newest first in each shard; refused where it is more than `most`.
    pub async fn changes_since(&self, at: Instant, most: usize) -> Result<Vec<Change>, StoreError> {
        let shards = try_join_all((0..SHARDS).map(|shard| self.shard_since(shard, at, most))).await?;
        let found: Vec<Change> = shards.into_iter().flatten().collect();
        if found.len() > most { Err(StoreError::TooMuchHistory { limit: most, of: "changes" }) } else { Ok(found) }
    }

    async fn shard_since(&self, shard: usize, at: Instant, most: usize) -> Result<Vec<Change>, StoreError> {
        let early = at.timestamp().saturating_sub(CLOCKS_APART).unwrap_or(at.timestamp());
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
                found.extend(Some(change).filter(|it| it.at > at));
            }
            if items.len() < LOOK_BACK || high == 0 {
                return Ok(found);
            }
        }
    }

    async fn changes_of(&self, shard: usize, after: u64, limit: usize, forward: bool) -> Result<Vec<Item>, StoreError> {
        self.changes_between(shard, after + 1, NUMBER_MAX, limit + usize::from(forward), forward).await
    }

    async fn changes_between(
        &self,
        shard: usize,
        low: u64,
        high: u64,
        limit: usize,
        forward: bool,
    ) -> Result<Vec<Item>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(keys::changes(shard)))
            .expression_attribute_values(":low", text(keys::change(low)))
            .expression_attribute_values(":high", text(keys::change(high)))
            .scan_index_forward(forward)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::call("Query", error))?;
        Ok(answer.items.unwrap_or_default())
    }
}
