//! Lists as they were at a time.
//!
//! What did not change since is what the lists hold now. What did is told by the change feed: of each article that was
//! revised or deleted since, the revision of that time is read and takes its place among the others. Articles that came
//! since are left out by their postings.
//!
//! It costs the change records since then, and three reads of each article that was revised or deleted since. Both are
//! bounded; a list that would cost more is refused, and asked for at a later time.

use super::ListQuery;
use crate::{
    article::{Article, ArticleId, Instant},
    store::{ChangeKind, Posting, Store, StoreError},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeSet, HashMap};

/// The changes since then that are looked through, and the articles of which revisions are read.
const CHANGES_MAX: usize = 5_000;
const ARTICLES_MAX: usize = 300;
/// Reads at once.
const AT_ONCE: usize = 16;

/// The articles that are not now as they were then, as they were.
#[derive(Default)]
pub struct Then {
    at: Option<Instant>,
    articles: HashMap<ArticleId, Article>,
}

impl Then {
    /// Of a query for the present, nothing.
    pub async fn of(store: &Store, query: &ListQuery) -> Result<Self, StoreError> {
        let Some(at) = query.as_of else { return Ok(Self::default()) };
        let changes = store.changes_since(at, CHANGES_MAX).await?;
        let touched: BTreeSet<ArticleId> =
            changes.into_iter().filter(|it| it.kind != ChangeKind::Created).map(|it| it.id).collect();
        if touched.len() > ARTICLES_MAX {
            return Err(StoreError::TooMuchHistory { limit: ARTICLES_MAX, of: "revised or deleted articles" });
        }
        let then = stream::iter(touched).map(|id| was(store, id, at)).buffered(AT_ONCE);
        let articles: Vec<Option<Article>> = then.try_collect().await?;
        let articles = articles.into_iter().flatten().map(|it| (it.head.id.clone(), it)).collect();
        Ok(Self { at: Some(at), articles })
    }

    /// Whether a posting of now is one of then.
    pub fn holds(&self, posting: &Posting) -> bool {
        self.at.is_none_or(|at| posting.changed_at <= at)
    }

    /// The postings that the lists had then and do not have now.
    pub fn postings(&self, query: &ListQuery) -> Vec<Posting> {
        let list = super::stories::walked(query);
        self.articles.values().map(|it| Posting::of(it, &list)).collect()
    }

    pub fn into_articles(self) -> HashMap<ArticleId, Article> {
        self.articles
    }
}

/// The article as it was, if it was there.
async fn was(store: &Store, id: ArticleId, at: Instant) -> Result<Option<Article>, StoreError> {
    let Some(revision) = store.revision_at(&id, at).await?.filter(|it| it.at <= at) else { return Ok(None) };
    let found = store.revision(&id, revision.number).await?;
    Ok(found.and_then(|it| it.1).map(|it| it.0))
}
