//! Stories in a list: only their members, none of their members, or each story once.
//!
//! A posting does not hold its current story, because a story may be merged into another at any time, which rewrites no
//! list. So the stories themselves are read, at a cost that is bounded here.

use super::{ListQuery, StoryClause, collapse::FirstMember};
use crate::{
    article::ArticleId,
    store::{Posting, PostingList, Store, StoreError},
};
use std::collections::HashSet;

/// The members of the stories that a filter names.
pub struct Members(Vec<(HashSet<ArticleId>, bool)>);

impl Members {
    pub async fn of(store: &Store, clauses: &[StoryClause]) -> Result<Self, StoreError> {
        let mut all = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let mut members = HashSet::new();
            for story in &clause.stories {
                members.extend(members_of(store, story).await?);
            }
            all.push((members, clause.negated));
        }
        Ok(Self(all))
    }

    pub fn hold(&self, id: &ArticleId) -> bool {
        self.0.iter().all(|(members, negated)| members.contains(id) != *negated)
    }

    /// Returns the members of each clause, and whether they are excluded.
    pub fn sets(&self) -> &[(HashSet<ArticleId>, bool)] {
        &self.0
    }

    /// Returns the only articles that can match, if a clause requires members.
    pub fn only(&self) -> Option<Vec<ArticleId>> {
        let (fewest, _) = self.0.iter().filter(|(_, negated)| !negated).min_by_key(|(members, _)| members.len())?;
        Some(fewest.iter().cloned().collect())
    }
}

/// Returns the members of a story. A story without an item is a single article.
async fn members_of(store: &Store, story: &ArticleId) -> Result<Vec<ArticleId>, StoreError> {
    let (id, record) = store.resolve_story(story).await?;
    Ok(record.map_or_else(|| vec![id], |record| record.members))
}

/// Returns the list of all articles that a sort walks.
pub(super) fn walked(query: &ListQuery) -> PostingList {
    if query.sort == super::Sort::ChangedNewest { PostingList::Changed } else { PostingList::All }
}

/// Returns the postings of articles in the list that the query walks, in its order, and the read units.
pub async fn postings_of(
    store: &Store,
    query: &ListQuery,
    ids: &[ArticleId],
) -> Result<(Vec<Posting>, f64), StoreError> {
    let (articles, read_units) = store.articles(ids).await?;
    let (mut postings, posting_units) = store.postings(&walked(query), &articles).await?;
    postings.sort_by(|a, b| query.sort.direction().order(&a.position, &b.position));
    Ok((postings, read_units + posting_units))
}

/// The first member by the table, for lists.
pub struct FirstInList<'a> {
    store: &'a Store,
    query: &'a ListQuery,
    members: &'a Members,
    /// What reading members took.
    pub read_units: f64,
}

impl<'a> FirstInList<'a> {
    pub fn new(store: &'a Store, query: &'a ListQuery, members: &'a Members) -> Self {
        Self { store, query, members, read_units: 0.0 }
    }
}

impl FirstMember for FirstInList<'_> {
    type Error = StoreError;

    async fn first_member(&mut self, members: Vec<ArticleId>) -> Result<Option<ArticleId>, StoreError> {
        let (postings, read_units) = postings_of(self.store, self.query, &members).await?;
        self.read_units += read_units;
        let matches = |posting: &Posting| self.query.filter.matches(posting) && self.members.hold(&posting.position.id);
        Ok(postings.into_iter().find(matches).map(|posting| posting.position.id))
    }
}
