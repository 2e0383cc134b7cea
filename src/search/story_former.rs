//! Forms stories: a consumer of the change log that finds near-duplicates among recent texts.
//!
//! The indexer reads the changed articles anyway, and its manifest holds the position in the log, so both follow the log
//! together: first the stories of a batch are written, then the manifest names the bands of its texts. If the process
//! ends in between, the batch is repeated with the same bands, and finds each story as it left it.

use super::{
    SearchError,
    bands::{BandsEntry, OpenBands, RecentTexts},
    blocking::blocking,
};
use crate::{
    archive::Archive,
    article::ArticleId,
    enrich::near_duplicates::Shingles,
    store::{ArticleRecord, Change, Store, StoreError},
};
use std::collections::HashMap;

pub struct StoryFormer {
    archive: Archive,
    open: OpenBands,
}

impl StoryFormer {
    pub fn new(store: Store) -> Self {
        Self { archive: Archive::new(store), open: OpenBands::default() }
    }

    /// Forms the stories of changed articles in the order of their changes, and returns the bands that are in force
    /// then. `articles`: the current versions of those that exist.
    pub async fn follow(
        &self,
        bands: Vec<BandsEntry>,
        changes: &[Change],
        articles: Vec<ArticleRecord>,
    ) -> Result<Vec<BandsEntry>, SearchError> {
        let with_shingles = |record: ArticleRecord| {
            let shingles = Shingles::of(&record.article.detail.body);
            (record.article.head.id.clone(), (record, shingles))
        };
        let read = move || Ok(articles.into_iter().map(with_shingles).collect::<HashMap<_, _>>());
        let mut articles = blocking(read).await?;
        let mut recent = RecentTexts::open(&self.open, self.archive.store().objects(), bands).await?;
        for change in in_order(changes) {
            let settled = match articles.remove(&change.id) {
                Some((stored, shingles)) => {
                    let candidates = recent.meet(&change.id, change.at, &shingles);
                    self.archive.join_story(&stored, &shingles, &candidates).await
                }
                None => {
                    recent.forget(&change.id);
                    self.archive.leave_story(&change.id).await
                }
            };
            match settled {
                // What cannot be read now never can: the doctor names it, and the other articles go on.
                Err(damaged @ StoreError::Item { .. }) => {
                    tracing::error!(article = %change.id, cause = %damaged, "the article's story is left as it is");
                }
                settled => settled?,
            }
        }
        recent.stored().await
    }
}

/// Returns the first change of each article.
fn in_order(changes: &[Change]) -> impl Iterator<Item = &Change> {
    let mut seen: std::collections::HashSet<&ArticleId> = std::collections::HashSet::new();
    changes.iter().filter(move |change| seen.insert(&change.id))
}
