//! The first member of a story by the index, for lists with a text query.

use super::{SearchError, SearchRequest, blocking::blocking, collect::Matching, snapshot::IndexSnapshot};
use crate::{
    article::ArticleId,
    query::{Sort, collapse::FirstMember},
};
use std::{collections::HashSet, sync::Arc};

pub struct FirstInIndex {
    pub snapshot: Arc<IndexSnapshot>,
    pub request: Arc<SearchRequest>,
    pub sort: Sort,
}

impl FirstMember for FirstInIndex {
    type Error = SearchError;

    async fn first_member(&mut self, members: Vec<ArticleId>) -> Result<Option<ArticleId>, SearchError> {
        let (snapshot, request, sort) = (self.snapshot.clone(), self.request.clone(), self.sort);
        let found = blocking(move || {
            let mut sets = request.members.sets().to_vec();
            sets.push((members.into_iter().collect::<HashSet<_>>(), false));
            let matching = Matching { members: &sets, ..request.matching() };
            matching.first(&snapshot, sort, None, 1)
        });
        Ok(found.await?.into_iter().next().map(|hit| hit.position.id))
    }
}
