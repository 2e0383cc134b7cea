//! How a page is found: one list drives, the rest of the filter is applied to its postings in process.
//!
//! 1. The candidates to drive are the filter's single-valued clauses; without one, the any-of clause with the fewest
//!    values, whose lists are merged; without any, the list of all articles.
//! 2. The first stretch of every candidate is read at once. The sparsest candidate drives: one that is already at its
//!    end, else the one whose stretch reaches furthest.
//! 3. The driver is read on in growing stretches until the page is full, the list ends or the budget is spent. A page
//!    that the budget ends is short and has a cursor.
//!
//! All lists share one order, so a cursor is a position whichever list drives the next page.

use super::{
    Filter, ListQuery, Sort,
    as_of::Then,
    stories::{self, Collapse, Kept, Members},
};
use crate::{
    article::{Article, ArticleId},
    store::{Direction, List, ListPage, Position, Posting, Store, StoreError, Stretch},
};
use futures::future::try_join_all;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::HashMap;

/// Postings in the first, second and every further stretch.
const STRETCHES: [usize; 3] = [60, 240, 960];
/// No page takes more queries than this, whatever its filter.
pub const QUERY_BUDGET: usize = 24;
/// The facet values that all positive clauses of a filter may name together: the first stretches stay in the budget.
pub const VALUES_LIMIT: usize = 20;

/// The JSON of one page, in bytes: as text within a function's answer, which escapes its quotation marks, it fits 6 MB.
const PAGE_BYTES: usize = 3 * 1024 * 1024;

#[derive(Clone, Debug, Default)]
pub struct Page {
    pub cards: Vec<(ArticleId, Found)>,
    /// Where the next page begins, or `None` at the end of the list.
    pub next: Option<Position>,
    pub cost: Cost,
}

/// A card, or the whole article where the query needs more than a card.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Found {
    Card(Box<RawValue>),
    Article(Box<Article>),
}

impl Found {
    fn json_bytes(&self) -> usize {
        match self {
            Self::Card(card) => card.get().len(),
            Self::Article(article) => {
                let mut length = Length(0);
                serde_json::to_writer(&mut length, article)
                    .expect("the domain's types have string keys and cannot fail");
                length.0
            }
        }
    }
}

/// Counts what is written and keeps none of it.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a page took, in the units that it is billed by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    pub queries: usize,
    pub read_units: f64,
}

pub async fn page(store: &Store, query: &ListQuery) -> Result<Page, StoreError> {
    let members = Members::of(store, &query.filter.stories).await?;
    let then = Then::of(store, query).await?;
    let mut collapse = query.collapse.then(|| Collapse::new(store, query, &members));
    if let Some(ids) = members.only() {
        let (mut matching, read_units) = stories::matching(store, query, &members, &ids).await?;
        let direction = query.sort.direction();
        let behind = |it: &Posting, after| direction.order(after, &it.position).is_lt();
        matching.retain(|it| query.after.as_ref().is_none_or(|after| behind(it, after)));
        let kept = shown(&mut collapse, matching, query.limit).await?;
        let rest = kept.decided.filter(|_| kept.stopped);
        let cost = Cost { queries: 0, read_units: read_units + collapse.map_or(0.0, |it| it.read_units) };
        return finish(store, query, then, kept.postings, rest, cost).await;
    }
    let mut walk = Walk { store, query, cost: Cost::default() };
    let (candidates, residual) = candidates(&query.filter, query.sort);
    let residual = residual || query.collapse || !query.filter.stories.is_empty() || query.as_of.is_some();
    let first = if candidates.len() == 1 && !residual { query.limit } else { STRETCHES[0].max(query.limit) };

    let starts = candidates.iter().map(|lists| walk.read(lists, query.after.as_ref(), first));
    let starts = try_join_all(starts).await?;
    for (lists, start) in candidates.iter().zip(&starts) {
        walk.cost.queries += lists.len();
        walk.cost.read_units += start.read_units;
    }
    let sparsest = candidates.into_iter().zip(starts).min_by(|(_, a), (_, b)| by_sparseness(query.sort, a, b));
    let Some((driver, mut stretch)) = sparsest else { return Ok(Page::default()) };

    let mut matching: Vec<Posting> = Vec::new();
    let mut examined = query.after.clone();
    let mut more = true;
    for size in STRETCHES[1..].iter().chain(std::iter::repeat(&STRETCHES[2])) {
        let end = stretch.postings.last().map(|it| it.position.clone());
        let holds = |it: &Posting| query.filter.matches(it) && members.hold(&it.position.id) && then.holds(it);
        let found: Vec<Posting> = stretch.postings.into_iter().filter(holds).collect();
        let kept = shown(&mut collapse, found, query.limit.saturating_sub(matching.len())).await?;
        matching.extend(kept.postings);
        if kept.stopped {
            // What was not decided upon is left for the next page.
            examined = kept.decided.or(examined);
            break;
        }
        (examined, more) = (end.or(examined), stretch.more);
        let spent = walk.cost.queries + driver.len() > QUERY_BUDGET;
        if matching.len() >= query.limit || !more || spent {
            break;
        }
        stretch = walk.read(&driver, examined.as_ref(), *size).await?;
        walk.cost.queries += driver.len();
        walk.cost.read_units += stretch.read_units;
    }
    let rest = examined.filter(|_| more);
    matching.extend(earlier(query, &then, rest.as_ref()));
    matching.sort_by(|a, b| query.sort.direction().order(&a.position, &b.position));
    walk.cost.read_units += collapse.map_or(0.0, |it| it.read_units);
    finish(store, query, then, matching, rest, walk.cost).await
}

/// Of postings that match, those that a page shows.
async fn shown(collapse: &mut Option<Collapse<'_>>, matching: Vec<Posting>, wanted: usize) -> Result<Kept, StoreError> {
    match collapse {
        None => Ok(Kept { postings: matching, ..Kept::default() }),
        Some(collapse) => collapse.keep(matching, wanted).await,
    }
}

/// What matched then and is not in the lists now, of the stretch that the page has walked.
fn earlier(query: &ListQuery, then: &Then, rest: Option<&Position>) -> Vec<Posting> {
    let direction = query.sort.direction();
    let behind = |it: &Posting, after: &Position| direction.order(after, &it.position).is_lt();
    let mut earlier = then.postings(query);
    earlier.retain(|it| {
        query.filter.matches(it)
            && query.after.as_ref().is_none_or(|after| behind(it, after))
            && !rest.is_some_and(|end| behind(it, end))
    });
    earlier
}

/// The page of what was found, in the list's order. `rest`: where the list goes on behind all of it, if it does.
async fn finish(
    store: &Store,
    query: &ListQuery,
    then: Then,
    mut matching: Vec<Posting>,
    rest: Option<Position>,
    mut cost: Cost,
) -> Result<Page, StoreError> {
    let full = matching.len() > query.limit || matching.len() == query.limit && rest.is_some();
    let next = if full {
        matching.truncate(query.limit);
        matching.last().map(|it| it.position.clone())
    } else {
        rest
    };
    let (found, read_units) = fill(store, matching, query.needs_article, then.into_articles()).await?;
    cost.read_units += read_units;
    let fitting = fitting(&found);
    let next = if fitting < found.len() { Some(found[fitting - 1].0.clone()) } else { next };
    let cards = found.into_iter().take(fitting).map(|(position, it)| (position.id, it)).collect();
    Ok(Page { cards, next, cost })
}

/// The page of what a search found, in the order of its list. `rest`: where that goes on, if it does.
pub async fn found(
    store: &Store,
    query: &ListQuery,
    positions: &[Position],
    rest: Option<Position>,
) -> Result<Page, StoreError> {
    let (postings, read_units) = store.postings_at(&stories::walked(query), positions).await?;
    let mut by_id: HashMap<ArticleId, Posting> = postings.into_iter().map(|it| (it.position.id.clone(), it)).collect();
    // What is not there now changed since it was found.
    let postings = positions.iter().filter_map(|it| by_id.remove(&it.id)).collect();
    finish(store, query, Then::default(), postings, rest, Cost { queries: 0, read_units }).await
}

/// How many of the found fit one answer. One always does; a page of long ones is short.
fn fitting(found: &[(Position, Found)]) -> usize {
    let mut bytes = 0;
    let over = found.iter().position(|(_, it)| {
        bytes += it.json_bytes();
        bytes > PAGE_BYTES
    });
    over.map_or(found.len(), |at| at.max(1))
}

/// The lists that could drive, each with its values' lists, and whether anything is left to filter in process.
fn candidates(filter: &Filter, sort: Sort) -> (Vec<Vec<List>>, bool) {
    let positive: Vec<_> = filter.clauses.iter().filter(|it| !it.negated).collect();
    let lists = |clause: &&super::Clause| clause.facet_values().map(List::Facet).collect::<Vec<_>>();
    let others = filter.clauses.len() > positive.len() || !filter.has.is_empty() || !filter.mentions.is_open();
    if sort == Sort::ChangedNewest {
        return (vec![vec![List::Changed]], others || !positive.is_empty() || !filter.published.is_open());
    }
    // The published range bounds the order itself, but lets articles in that are listed by when they were first seen.
    let others = others || !filter.published.is_open() || !filter.changed.is_open();
    let single: Vec<_> = positive.iter().filter(|it| it.values.len() == 1).map(lists).collect();
    if !single.is_empty() {
        let residual = others || positive.len() > 1;
        return (single, residual);
    }
    match positive.iter().min_by_key(|it| it.values.len()) {
        Some(fewest) => (vec![lists(fewest)], others || positive.len() > 1),
        None => (vec![vec![List::All]], others),
    }
}

/// Sparser first: a list at its end before one that goes on, then the fewer postings, or the further reach.
fn by_sparseness(sort: Sort, a: &ListPage, b: &ListPage) -> std::cmp::Ordering {
    let reach = |page: &ListPage| page.postings.last().map(|it| it.position.clone());
    a.more.cmp(&b.more).then_with(|| match a.more {
        false => a.postings.len().cmp(&b.postings.len()),
        true if sort.direction() == Direction::NewestFirst => reach(a).cmp(&reach(b)),
        true => reach(b).cmp(&reach(a)),
    })
}

struct Walk<'a> {
    store: &'a Store,
    query: &'a ListQuery,
    cost: Cost,
}

impl Walk<'_> {
    /// A stretch of one list, or of several merged into one order.
    async fn read(&self, lists: &[List], after: Option<&Position>, limit: usize) -> Result<ListPage, StoreError> {
        let direction = self.query.sort.direction();
        let range = match self.query.sort {
            Sort::ChangedNewest => self.query.filter.changed,
            Sort::PublishedNewest | Sort::PublishedOldest | Sort::Relevance => self.query.filter.published,
        };
        let stretch = |list: &List| Stretch {
            list: list.clone(),
            direction,
            after: after.cloned(),
            from: range.from.map(|it| it.to_string()),
            to: range.to.map(|it| it.to_string()),
            limit,
        };
        let stretches: Vec<Stretch> = lists.iter().map(stretch).collect();
        let pages = try_join_all(stretches.iter().map(|it| self.store.list(it))).await?;
        Ok(merge(pages, direction))
    }
}

/// Merges stretches into one that ends where the first list that goes on was cut: beyond it another list may have
/// postings that are not read yet.
fn merge(pages: Vec<ListPage>, direction: Direction) -> ListPage {
    if pages.len() == 1 {
        return pages.into_iter().next().expect("the length is one");
    }
    let ends = pages.iter().filter(|it| it.more).filter_map(|it| it.postings.last()).map(|it| it.position.clone());
    let horizon = ends.min_by(|a, b| direction.order(a, b));
    let read_units = pages.iter().map(|it| it.read_units).sum();
    let mut postings: Vec<Posting> = pages.into_iter().flat_map(|it| it.postings).collect();
    postings.sort_by(|a, b| direction.order(&a.position, &b.position));
    // An article with two of the values stands in two of the lists.
    postings.dedup_by(|a, b| a.position == b.position);
    let more = horizon.is_some();
    if let Some(horizon) = horizon {
        postings.retain(|it| direction.order(&it.position, &horizon).is_le());
    }
    ListPage { postings, more, read_units }
}

/// Cards come from the postings; what a posting could not hold comes from the articles, in batches. With the read units
/// that those took. `fetched`: articles that are at hand already.
async fn fill(
    store: &Store,
    postings: Vec<Posting>,
    needs_article: bool,
    mut fetched: HashMap<ArticleId, Article>,
) -> Result<(Vec<(Position, Found)>, f64), StoreError> {
    let missing = |it: &&Posting| (needs_article || it.card.is_none()) && !fetched.contains_key(&it.position.id);
    let ids: Vec<ArticleId> = postings.iter().filter(missing).map(|it| it.position.id.clone()).collect();
    let (found, read_units) = if ids.is_empty() { Default::default() } else { store.articles(&ids).await? };
    fetched.extend(found.into_iter().map(|it| (it.article.head.id.clone(), it.article)));
    let mut found = Vec::with_capacity(postings.len());
    for Posting { position, card, .. } in postings {
        let one = match (fetched.remove(&position.id), card) {
            (Some(article), _) if needs_article => Found::Article(Box::new(article)),
            (Some(article), _) => {
                Found::Card(to_raw_value(&article.card()).expect("the domain's types have string keys and cannot fail"))
            }
            (None, Some(card)) if !needs_article => {
                let card = card.open();
                let problem = |error: std::io::Error| StoreError::Item {
                    key: format!("the card at {position}"),
                    problem: error.to_string(),
                };
                Found::Card(card.map_err(problem)?)
            }
            // Gone between the list and the article: it changed during the walk.
            (None, _) => continue,
        };
        found.push((position, one));
    }
    Ok((found, read_units))
}
