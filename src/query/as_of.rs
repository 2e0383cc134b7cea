//! Lists as they were at an earlier time.
//!
//! Articles that did not change since then come from the current lists. The change log names the others: for each
//! article that was revised or deleted since, the revision of that time is read and sorted in. The postings of articles
//! that were created since are left out.
//!
//! The cost is the change records since that time, and three reads of each article that was revised or deleted since.
//! Both are bounded; a list that would cost more is refused, and the client can ask for a later time.

use super::ListQuery;
use crate::{
    article::{Article, ArticleId, Instant},
    limits::{AS_OF_ARTICLES, AS_OF_CHANGES},
    store::{ChangeKind, Posting, Store, StoreError},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeSet, HashMap};

/// Articles that are read concurrently.
const AT_ONCE: usize = 16;

/// The articles that changed since a time, as they were at that time.
#[derive(Default)]
pub struct Snapshot {
    at: Option<Instant>,
    articles: HashMap<ArticleId, Article>,
}

impl Snapshot {
    /// Returns the snapshot that a query needs; empty for a query of the present.
    pub async fn of(store: &Store, query: &ListQuery) -> Result<Self, StoreError> {
        let Some(at) = query.as_of else { return Ok(Self::default()) };
        let changes = store.changes_since(at, AS_OF_CHANGES).await?;
        let touched: BTreeSet<ArticleId> =
            changes.into_iter().filter(|change| change.kind != ChangeKind::Created).map(|change| change.id).collect();
        if touched.len() > AS_OF_ARTICLES {
            return Err(StoreError::TooMuchHistory { limit: AS_OF_ARTICLES, of: "revised or deleted articles" });
        }
        let reads = stream::iter(touched).map(|id| article_at(store, id, at)).buffered(AT_ONCE);
        let articles: Vec<Option<Article>> = reads.try_collect().await?;
        let articles = articles.into_iter().flatten().map(|article| (article.head.id.clone(), article)).collect();
        Ok(Self { at: Some(at), articles })
    }

    /// Whether a current posting was in the lists at that time.
    pub fn holds(&self, posting: &Posting) -> bool {
        self.at.is_none_or(|at| posting.changed_at <= at)
    }

    /// Returns the postings that the lists had at that time and no longer have.
    pub fn postings(&self, query: &ListQuery) -> Vec<Posting> {
        let list = super::stories::walked(query);
        self.articles.values().map(|article| Posting::of(article, &list)).collect()
    }

    pub fn into_articles(self) -> HashMap<ArticleId, Article> {
        self.articles
    }
}

/// Returns the article as it was at a time, if it existed then.
async fn article_at(store: &Store, id: ArticleId, at: Instant) -> Result<Option<Article>, StoreError> {
    let Some(revision) = store.revision_at(&id, at).await?.filter(|revision| revision.at <= at) else {
        return Ok(None);
    };
    let stored = store.revision(&id, revision.number).await?;
    Ok(stored.and_then(|(_, content)| content).map(|(article, _)| article))
}
