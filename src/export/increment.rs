//! What changed since a token: the current articles that match, and those that no longer do.
//!
//! An article that was exported and no longer matches, or was deleted, is named once more, so that a copy of the export
//! can follow. Whether it was exported is what its revision before the first of these changes says.

use crate::{
    article::{Article, ArticleId, Instant},
    query::Filter,
    store::{Change, ChangeKind, ChangePosition, Store, StoreError},
};
use serde::Serialize;
use std::collections::HashMap;

/// Changes read at once: their articles are held in memory, and are the smallest part of a limited response.
const CHANGES: usize = 25;

/// A line of an increment.
#[derive(Serialize)]
#[serde(untagged)]
pub enum IncrementLine {
    Article(Box<Article>),
    Removed { id: ArticleId, removed: Removal, at: Instant },
}

/// Why an article is no longer part of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    Deleted,
    NoLongerMatches,
}

/// A walk over the change log.
pub struct Increment {
    store: Store,
    filter: Filter,
    position: ChangePosition,
    ended: bool,
}

impl Increment {
    pub fn new(store: Store, filter: Filter, since: ChangePosition) -> Self {
        Self { store, filter, position: since, ended: false }
    }

    /// The position up to which changes are exported.
    pub fn position(&self) -> ChangePosition {
        self.position
    }

    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the next lines, `None` at the end of the log. There may be none among the changes that were read.
    pub async fn next(&mut self) -> Result<Option<Vec<IncrementLine>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let page = self.store.changes(self.position, CHANGES).await?;
        self.position = page.next;
        self.ended = !page.more;
        // The first and the last change of each article, in the order of the last.
        let mut first: HashMap<&ArticleId, &Change> = HashMap::new();
        let mut last: HashMap<&ArticleId, &Change> = HashMap::new();
        for change in &page.changes {
            first.entry(&change.id).or_insert(change);
            last.insert(&change.id, change);
        }
        let ids: Vec<ArticleId> = last.keys().map(|id| (*id).clone()).collect();
        let (current, _) = self.store.articles(&ids).await?;
        let mut current: HashMap<ArticleId, Article> =
            current.into_iter().map(|record| (record.article.head.id.clone(), record.article)).collect();
        let mut lines = Vec::new();
        for change in page.changes.iter().filter(|change| std::ptr::eq(last[&change.id], *change)) {
            let article = current.remove(&change.id);
            let removed = if article.is_some() { Removal::NoLongerMatches } else { Removal::Deleted };
            match article.filter(|article| self.filter.fits(article)) {
                Some(article) => lines.push(IncrementLine::Article(Box::new(article))),
                None if self.was_exported(first[&change.id]).await? => {
                    lines.push(IncrementLine::Removed { id: change.id.clone(), removed, at: change.at });
                }
                None => {}
            }
        }
        Ok(Some(lines))
    }

    /// Whether the article matched before a change. It is unknown of one whose revisions were purged, so it counts as exported.
    async fn was_exported(&self, change: &Change) -> Result<bool, StoreError> {
        if change.kind == ChangeKind::Created {
            return Ok(false);
        }
        let before = self.store.revision(&change.id, change.revision.saturating_sub(1)).await?;
        let before = before.and_then(|(_, article)| article);
        Ok(before.is_none_or(|(article, _)| self.filter.fits(&article)))
    }
}
