//! How a page of a list is found: candidates pass through the stages until the page is full.
//!
//! ```text
//! candidates ─ filter ─ stories ─ snapshot ─ collapse ─▶ page
//! ```
//!
//! 1. [`candidates`](super::candidates): postings in list order, in batches, within a budget. A page that ends because
//!    of the budget is short and has a cursor.
//! 2. [`Stages`]: the rest of the filter, the stories that it names, the past that it asks for, one article per story.
//! 3. [`page`](mod@super::page): the postings that fit, as cards or articles.

use super::{
    ListQuery,
    as_of::Snapshot,
    candidates::Candidates,
    collapse::{Collapse, Kept},
    page::{self, ArticlePage, Cost, FoundPostings},
    stories::{FirstInList, Members, walked},
};
use crate::{
    article::ArticleId,
    store::{ListPosition, Posting, Store, StoreError},
};
use std::collections::HashMap;

pub async fn page(store: &Store, query: &ListQuery) -> Result<ArticlePage, StoreError> {
    let members = Members::of(store, &query.filter.stories).await?;
    let snapshot = Snapshot::of(store, query).await?;
    let mut stages = Stages::new(store, query, &members, &snapshot);
    let mut candidates = Candidates::open(store, query, &members, stages.drop_candidates()).await?;
    let mut postings: Vec<Posting> = Vec::new();
    let mut rest = query.after.clone();
    while let Some(batch) = candidates.next().await? {
        let kept = stages.apply(batch.postings, query.limit.saturating_sub(postings.len())).await?;
        postings.extend(kept.postings);
        if kept.stopped {
            // Undecided postings are left to the next page.
            rest = kept.decided.or(rest);
            break;
        }
        rest = candidates.reached().filter(|_| batch.more);
        if postings.len() >= query.limit || !batch.more {
            break;
        }
    }
    postings.extend(earlier(query, &snapshot, rest.as_ref()));
    postings.sort_by(|a, b| query.sort.direction().order(&a.position, &b.position));
    let mut cost = candidates.cost;
    cost.read_units += stages.read_units();
    drop(stages);
    page::build(store, query, FoundPostings { postings, rest, cost }, snapshot.into_articles()).await
}

/// Returns the postings at the positions that a search found, in their order. A posting that is missing changed since.
pub async fn postings_at(
    store: &Store,
    query: &ListQuery,
    positions: &[ListPosition],
) -> Result<(Vec<Posting>, Cost), StoreError> {
    let (postings, read_units) = store.postings_at(&walked(query), positions).await?;
    let mut by_id: HashMap<ArticleId, Posting> =
        postings.into_iter().map(|posting| (posting.position.id.clone(), posting)).collect();
    let postings = positions.iter().filter_map(|position| by_id.remove(&position.id)).collect();
    Ok((postings, Cost { queries: 0, read_units }))
}

/// What candidates pass through.
struct Stages<'a> {
    query: &'a ListQuery,
    members: &'a Members,
    snapshot: &'a Snapshot,
    collapse: Option<Collapse<'a, FirstInList<'a>>>,
}

impl<'a> Stages<'a> {
    fn new(store: &'a Store, query: &'a ListQuery, members: &'a Members, snapshot: &'a Snapshot) -> Self {
        let collapse = query.collapse.then(|| Collapse::new(store, FirstInList::new(store, query, members)));
        Self { query, members, snapshot, collapse }
    }

    /// Whether a stage after the filter may drop candidates.
    fn drop_candidates(&self) -> bool {
        self.query.collapse || !self.query.filter.stories.is_empty() || self.query.as_of.is_some()
    }

    async fn apply(&mut self, candidates: Vec<Posting>, wanted: usize) -> Result<Kept, StoreError> {
        let matches = |posting: &Posting| {
            self.query.filter.matches(posting)
                && self.members.hold(&posting.position.id)
                && self.snapshot.holds(posting)
        };
        let postings: Vec<Posting> = candidates.into_iter().filter(matches).collect();
        match &mut self.collapse {
            None => Ok(Kept { postings, ..Kept::default() }),
            Some(collapse) => collapse.keep(postings, wanted).await,
        }
    }

    fn read_units(&self) -> f64 {
        self.collapse.as_ref().map_or(0.0, |collapse| collapse.first_member.read_units)
    }
}

/// Returns the postings that matched at the snapshot's time and are no longer in the lists, within the range that the
/// page has walked.
fn earlier(query: &ListQuery, snapshot: &Snapshot, rest: Option<&ListPosition>) -> Vec<Posting> {
    let direction = query.sort.direction();
    let follows = |posting: &Posting, after: &ListPosition| direction.order(after, &posting.position).is_lt();
    let mut earlier = snapshot.postings(query);
    earlier.retain(|posting| {
        query.filter.matches(posting)
            && query.after.as_ref().is_none_or(|after| follows(posting, after))
            && !rest.is_some_and(|end| follows(posting, end))
    });
    earlier
}
