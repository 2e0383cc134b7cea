//! The candidates of a page: postings in list order, from the members of a story or from the lists of a filter.
//!
//! 1. If a filter requires the members of stories, they alone can match, and are read at once.
//! 2. Otherwise one list drives. The candidate drivers are the filter's single-valued clauses; without one, the any-of
//!    clause with the fewest values, whose lists are merged; without any, the list of all articles.
//! 3. The first range of every candidate driver is read concurrently. The sparsest drives: one that is already at its
//!    end, else the one whose range reaches furthest.
//! 4. The driver is read on in growing ranges until the page is full, the list ends or the budget is spent.
//!
//! All lists share one order, so a cursor is valid whichever list drives the next page.

use super::{
    Filter, ListQuery, Sort,
    page::Cost,
    stories::{self, Members},
};
use crate::{
    limits::PAGE_QUERIES,
    store::{Direction, ListPage, ListPosition, Posting, PostingList, PostingRange, Store, StoreError},
};
use futures::future::try_join_all;

/// Maximum postings of the first, second and every further range.
const RANGE_SIZES: [usize; 3] = [60, 240, 960];

/// A run of candidates, and whether more follow.
pub struct Batch {
    pub postings: Vec<Posting>,
    pub more: bool,
}

pub struct Candidates<'a> {
    store: &'a Store,
    query: &'a ListQuery,
    driver: Vec<PostingList>,
    /// The batch that is read already.
    next: Option<ListPage>,
    /// The end of the last batch.
    reached: Option<ListPosition>,
    ranges: usize,
    pub cost: Cost,
}

impl<'a> Candidates<'a> {
    /// `filters_later`: whether a later stage may drop candidates, so that more than a page of them is worth reading.
    pub async fn open(
        store: &'a Store,
        query: &'a ListQuery,
        members: &Members,
        filters_later: bool,
    ) -> Result<Self, StoreError> {
        let mut candidates = Self {
            store,
            query,
            driver: Vec::new(),
            next: None,
            reached: query.after.clone(),
            ranges: 1,
            cost: Cost::default(),
        };
        candidates.next = Some(match members.only() {
            Some(ids) => candidates.read_members(&ids).await?,
            None => candidates.choose_driver(filters_later).await?,
        });
        Ok(candidates)
    }

    /// Returns the next batch; `None` once the budget is spent.
    pub async fn next(&mut self) -> Result<Option<Batch>, StoreError> {
        let page = match self.next.take() {
            Some(page) => page,
            None if self.cost.queries + self.driver.len() > PAGE_QUERIES => return Ok(None),
            None => {
                let size = RANGE_SIZES[self.ranges.min(RANGE_SIZES.len() - 1)];
                self.ranges += 1;
                let page = self.read(&self.driver, self.reached.as_ref(), size).await?;
                self.cost.queries += self.driver.len();
                self.cost.read_units += page.read_units;
                page
            }
        };
        self.reached = page.postings.last().map(|posting| posting.position.clone()).or(self.reached.take());
        Ok(Some(Batch { postings: page.postings, more: page.more }))
    }

    /// The position after everything that was read.
    pub fn reached(&self) -> Option<ListPosition> {
        self.reached.clone()
    }

    async fn read_members(&mut self, ids: &[crate::article::ArticleId]) -> Result<ListPage, StoreError> {
        let (mut postings, read_units) = stories::postings_of(self.store, self.query, ids).await?;
        self.cost.read_units += read_units;
        let direction = self.query.sort.direction();
        let follows = |posting: &Posting, after| direction.order(after, &posting.position).is_lt();
        postings.retain(|posting| self.query.after.as_ref().is_none_or(|after| follows(posting, after)));
        Ok(ListPage { postings, more: false, read_units })
    }

    async fn choose_driver(&mut self, filters_later: bool) -> Result<ListPage, StoreError> {
        let (drivers, residual) = drivers(&self.query.filter, self.query.sort);
        let exact = drivers.len() == 1 && !residual && !filters_later;
        let first = if exact { self.query.limit } else { RANGE_SIZES[0].max(self.query.limit) };
        let starts = drivers.iter().map(|lists| self.read(lists, self.query.after.as_ref(), first));
        let starts = try_join_all(starts).await?;
        for (lists, start) in drivers.iter().zip(&starts) {
            self.cost.queries += lists.len();
            self.cost.read_units += start.read_units;
        }
        let by_sparseness = |a: &ListPage, b: &ListPage| by_sparseness(self.query.sort, a, b);
        let sparsest = drivers.into_iter().zip(starts).min_by(|(_, a), (_, b)| by_sparseness(a, b));
        let (driver, start) = sparsest.expect("every filter has a driver");
        self.driver = driver;
        Ok(start)
    }

    /// Reads a range of one list, or of several lists merged into one order.
    async fn read(
        &self,
        lists: &[PostingList],
        after: Option<&ListPosition>,
        limit: usize,
    ) -> Result<ListPage, StoreError> {
        let direction = self.query.sort.direction();
        let times = match self.query.sort {
            Sort::ChangedNewest => self.query.filter.changed,
            Sort::PublishedNewest | Sort::PublishedOldest | Sort::Relevance => self.query.filter.published,
        };
        let range = |list: &PostingList| PostingRange {
            list: list.clone(),
            direction,
            after: after.cloned(),
            from: times.from.map(|from| from.to_string()),
            to: times.to.map(|to| to.to_string()),
            limit,
        };
        let ranges: Vec<PostingRange> = lists.iter().map(range).collect();
        let pages = try_join_all(ranges.iter().map(|range| self.store.list(range))).await?;
        Ok(merge(pages, direction))
    }
}

/// Returns the candidate drivers, each with the lists of its values, and whether anything is left to filter in process.
fn drivers(filter: &Filter, sort: Sort) -> (Vec<Vec<PostingList>>, bool) {
    let positive: Vec<_> = filter.clauses.iter().filter(|clause| !clause.negated).collect();
    let lists = |clause: &&super::Clause| clause.facet_values().map(PostingList::Facet).collect::<Vec<_>>();
    let others = filter.clauses.len() > positive.len() || !filter.has.is_empty() || !filter.mentions.is_open();
    if sort == Sort::ChangedNewest {
        return (vec![vec![PostingList::Changed]], others || !positive.is_empty() || !filter.published.is_open());
    }
    // The published range bounds the list itself, but admits articles that are listed by first sight.
    let others = others || !filter.published.is_open() || !filter.changed.is_open();
    let single: Vec<_> = positive.iter().filter(|clause| clause.values.len() == 1).map(lists).collect();
    if !single.is_empty() {
        let residual = others || positive.len() > 1;
        return (single, residual);
    }
    match positive.iter().min_by_key(|clause| clause.values.len()) {
        Some(fewest) => (vec![lists(fewest)], others || positive.len() > 1),
        None => (vec![vec![PostingList::All]], others),
    }
}

/// Orders sparser lists first: a list at its end before one that continues, then fewer postings, or further reach.
fn by_sparseness(sort: Sort, a: &ListPage, b: &ListPage) -> std::cmp::Ordering {
    let reach = |page: &ListPage| page.postings.last().map(|posting| posting.position.clone());
    a.more.cmp(&b.more).then_with(|| match a.more {
        false => a.postings.len().cmp(&b.postings.len()),
        true if sort.direction() == Direction::NewestFirst => reach(a).cmp(&reach(b)),
        true => reach(b).cmp(&reach(a)),
    })
}

/// Merges ranges into one that ends at the first end of a range whose list continues: beyond it, that list may have
/// postings that are not read yet.
fn merge(pages: Vec<ListPage>, direction: Direction) -> ListPage {
    if pages.len() == 1 {
        return pages.into_iter().next().expect("the length is one");
    }
    let ends = pages
        .iter()
        .filter(|page| page.more)
        .filter_map(|page| page.postings.last())
        .map(|posting| posting.position.clone());
    let horizon = ends.min_by(|a, b| direction.order(a, b));
    let read_units = pages.iter().map(|page| page.read_units).sum();
    let mut postings: Vec<Posting> = pages.into_iter().flat_map(|page| page.postings).collect();
    postings.sort_by(|a, b| direction.order(&a.position, &b.position));
    // An article with two of the values is in two of the lists.
    postings.dedup_by(|a, b| a.position == b.position);
    let more = horizon.is_some();
    if let Some(horizon) = horizon {
        postings.retain(|posting| direction.order(&posting.position, &horizon).is_le());
    }
    ListPage { postings, more, read_units }
}
