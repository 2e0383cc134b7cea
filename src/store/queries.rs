//! Reads: one item, several, or a range of a list.
//!
//! All reads are strongly consistent. An eventually consistent page costs half as much, but may miss an article that
//! existed when paging began, which paging guarantees not to do.

use super::{
    ArticleRecord, Posting, Revision, RevisionKind, Store, StoreError, StoredArticle,
    items::{self, Attributes, PackedArticle, REQUEST_ID},
    table::{Item, ItemKey, KeyRange, Page},
    table_keys::{self, ListPosition, PostingList},
};
use crate::article::{Article, ArticleId, Evidence, Instant};

/// Bounds below and above every position.
const LOWEST: &str = "#";
const HIGHEST: &str = "~";
/// Revisions per read.
const REVISIONS: usize = 100;
/// The attributes of a revision without its article.
const REVISION_ATTRIBUTES: &[&str] = &["kind", "changed", "reason", "at", REQUEST_ID];
/// Sort keys per read.
const SORT_KEYS: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    NewestFirst,
    OldestFirst,
}

impl Direction {
    /// Compares two positions in this direction.
    pub fn order(self, a: &ListPosition, b: &ListPosition) -> std::cmp::Ordering {
        match self {
            Self::NewestFirst => b.cmp(a),
            Self::OldestFirst => a.cmp(b),
        }
    }
}

/// A range of a list, in the direction of reading: the postings after a position, within a time range.
#[derive(Clone, Debug)]
pub struct PostingRange {
    pub list: PostingList,
    pub direction: Direction,
    /// Exclusive.
    pub after: Option<ListPosition>,
    /// A time. Positions at that time or later sort above it, so the bound is inclusive.
    pub from: Option<String>,
    /// A time. Positions at that time or later sort above it, so the bound is exclusive.
    pub to: Option<String>,
    pub limit: usize,
}

#[derive(Clone, Debug)]
pub struct ListPage {
    pub postings: Vec<Posting>,
    /// Whether the list may continue after the last posting.
    pub more: bool,
    pub read_units: f64,
}

impl Store {
    pub(super) async fn get(&self, pk: impl Into<String>, sk: impl Into<String>) -> Result<Option<Item>, StoreError> {
        let key = ItemKey::new(pk, sk);
        if !key.is_possible() {
            return Ok(None);
        }
        let read = self.table.get(&key).await?;
        self.usage.read(read.units);
        Ok(read.content)
    }

    /// Returns what is stored under an id: an article or its tombstone.
    pub async fn stored_article(&self, id: &ArticleId) -> Result<Option<StoredArticle>, StoreError> {
        let item = self.get(table_keys::article(id), table_keys::HEAD).await?;
        item.map(|item| Attributes(&item).stored_article()).transpose()
    }

    /// Returns the article, unless it was deleted.
    pub async fn article(&self, id: &ArticleId) -> Result<Option<ArticleRecord>, StoreError> {
        Ok(self.stored_article(id).await?.and_then(StoredArticle::article))
    }

    /// Returns a revision and the article as of that revision, with its content hash; a deletion has no article.
    pub async fn revision(
        &self,
        id: &ArticleId,
        number: u32,
    ) -> Result<Option<(Revision, Option<(Article, String)>)>, StoreError> {
        let Some(item) = self.get(table_keys::article(id), table_keys::revision(number)).await? else {
            return Ok(None);
        };
        let revision = Attributes(&item).revision()?;
        // Revisions were stored with their content before.
        let content = match Attributes(&item).revised_article()? {
            None if revision.kind != RevisionKind::Deleted => self.content_of(id, number).await?,
            content => content,
        };
        Ok(Some((revision, content)))
    }

    /// Returns the content of a revision: of the current one the head's.
    async fn content_of(&self, id: &ArticleId, number: u32) -> Result<Option<(Article, String)>, StoreError> {
        let current = self.article(id).await?.filter(|stored| stored.article.head.revision == number);
        if let Some(stored) = current {
            return Ok(Some((stored.article, stored.content_hash)));
        }
        // A revision that is no longer the current one stays superseded, so it is found in this order.
        let item = self.get(table_keys::article(id), table_keys::superseded(number)).await?;
        item.map_or(Ok(None), |item| Attributes(&item).revised_article())
    }

    /// Returns the revisions before a number, newest first, and whether there are more.
    pub async fn revisions(
        &self,
        id: &ArticleId,
        before: u32,
        limit: usize,
    ) -> Result<(Vec<Revision>, bool), StoreError> {
        let bounds = (table_keys::REVISIONS.to_owned(), table_keys::revision(before.saturating_sub(1)));
        let query = KeyRange::new(table_keys::article(id), bounds, limit).newest_first(true);
        let range = self.query_range(query.with_attributes(REVISION_ATTRIBUTES)).await?;
        let revisions = range.items.iter().map(|item| Attributes(item).revision()).collect::<Result<Vec<_>, _>>()?;
        let more = revisions.last().is_some_and(|revision| revision.number > 1) && range.more;
        Ok((revisions, more))
    }

    /// Returns the revision that was current at a time, or the first revision if none existed yet.
    pub async fn revision_at(&self, id: &ArticleId, at: Instant) -> Result<Option<Revision>, StoreError> {
        let (mut before, mut first) = (u32::MAX, None);
        loop {
            let (revisions, more) = self.revisions(id, before, REVISIONS).await?;
            if let Some(current) = revisions.iter().find(|revision| revision.at <= at) {
                return Ok(Some(current.clone()));
            }
            first = revisions.last().cloned().or(first);
            match first.as_ref().filter(|_| more) {
                Some(last) => before = last.number,
                None => return Ok(first),
            }
        }
    }

    /// Returns one page of an article's sort keys.
    pub(super) async fn article_sort_keys(&self, id: &ArticleId) -> Result<Vec<String>, StoreError> {
        let bounds = (LOWEST.to_owned(), HIGHEST.to_owned());
        let query = KeyRange::new(table_keys::article(id), bounds, SORT_KEYS).with_attributes(&[]);
        let range = self.query_range(query).await?;
        Ok(range.items.into_iter().map(|item| item.key.sk).collect())
    }

    pub async fn evidence(&self, id: &ArticleId, revision: u32) -> Result<Option<Evidence>, StoreError> {
        let item = self.get(table_keys::article(id), table_keys::evidence(revision)).await?;
        item.map(|item| Attributes(&item).evidence()).transpose()
    }

    /// Returns the result of the last document that was ingested under a key.
    pub async fn document(&self, key: &str) -> Result<Option<super::DocumentRecord>, StoreError> {
        let item = self.get(table_keys::document(key), table_keys::DOCUMENT).await?;
        item.map(|item| Attributes(&item).document_record()).transpose()
    }

    /// Returns the articles that exist, in no particular order, and the read units consumed.
    pub async fn articles(&self, ids: &[ArticleId]) -> Result<(Vec<ArticleRecord>, f64), StoreError> {
        let (packed, read_units) = self.packed_articles(ids).await?;
        Ok((packed.iter().map(PackedArticle::unpack).collect::<Result<_, _>>()?, read_units))
    }

    /// Returns the articles that exist, in no particular order, without reading them, and the read units consumed.
    pub async fn packed_articles(&self, ids: &[ArticleId]) -> Result<(Vec<PackedArticle>, f64), StoreError> {
        let keys = ids.iter().map(|id| ItemKey::new(table_keys::article(id), table_keys::HEAD));
        let (items, read_units) = self.batch(keys.collect()).await?;
        let packed = items.into_iter().map(PackedArticle::of).filter_map(Result::transpose);
        Ok((packed.collect::<Result<_, _>>()?, read_units))
    }

    /// Returns the postings of articles in a list that contains every article, in no particular order, and the read
    /// units.
    pub async fn postings(
        &self,
        list: &PostingList,
        articles: &[ArticleRecord],
    ) -> Result<(Vec<Posting>, f64), StoreError> {
        let positions: Vec<ListPosition> = articles.iter().map(|article| list.position(&article.article)).collect();
        self.postings_at(list, &positions).await
    }

    /// Returns the postings at positions of a list, in no particular order, and the read units.
    pub async fn postings_at(
        &self,
        list: &PostingList,
        positions: &[ListPosition],
    ) -> Result<(Vec<Posting>, f64), StoreError> {
        let keys = positions.iter().map(|position| ItemKey::new(list.pk(), position.to_string()));
        let (items, read_units) = self.batch(keys.collect()).await?;
        Ok((items.into_iter().map(items::posting).collect::<Result<_, _>>()?, read_units))
    }

    /// Returns the items of the keys that exist, in no particular order, and the read units consumed.
    pub(super) async fn batch(&self, keys: Vec<ItemKey>) -> Result<(Vec<Item>, f64), StoreError> {
        let read = self.table.batch_get(&keys).await?;
        self.usage.read(read.units);
        Ok((read.content, read.units))
    }

    /// Reads a range with one Query.
    pub async fn list(&self, range: &PostingRange) -> Result<ListPage, StoreError> {
        let newest_first = range.direction == Direction::NewestFirst;
        let after = |position: &ListPosition| {
            if newest_first { position.just_before() } else { position.just_after() }
        };
        let (after_low, after_high) = match range.after.as_ref().map(after) {
            Some(bound) if newest_first => (None, Some(bound)),
            bound => (bound, None),
        };
        let low = after_low.into_iter().chain(range.from.clone()).max().unwrap_or_else(|| LOWEST.to_owned());
        let high = after_high.into_iter().chain(range.to.clone()).min().unwrap_or_else(|| HIGHEST.to_owned());
        if low > high {
            return Ok(ListPage { postings: Vec::new(), more: false, read_units: 0.0 });
        }
        // One more than requested tells a list that ends here from one that continues.
        let query = KeyRange::new(range.list.pk(), (low, high), range.limit + 1).newest_first(newest_first);
        let (page, read_units) = self.read_range(&query).await?;
        let more = page.more || page.items.len() > range.limit;
        let shown = page.items.into_iter().take(range.limit);
        let postings = shown.map(items::posting).collect::<Result<Vec<_>, _>>()?;
        Ok(ListPage { postings, more, read_units })
    }

    /// Returns a range of sort keys within one partition.
    pub(super) async fn query_range(&self, range: KeyRange) -> Result<Page, StoreError> {
        Ok(self.read_range(&range).await?.0)
    }

    async fn read_range(&self, range: &KeyRange) -> Result<(Page, f64), StoreError> {
        if ![&range.low, &range.high].into_iter().all(|sk| ItemKey::new(&*range.pk, &**sk).is_possible()) {
            return Ok(Default::default());
        }
        let read = self.table.query(range).await?;
        self.usage.read(read.units);
        Ok((read.content, read.units))
    }
}
