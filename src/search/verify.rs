//! Compares the index with the articles that it should contain.

use super::{Search, SearchError, blocking::blocking, schema::FIELDS};
use crate::article::{ArticleId, Instant};
use std::collections::HashMap;

/// How the index differs from the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexDifferences {
    /// Articles that it lacks.
    pub missing: usize,
    /// Entries of articles that do not exist, or exist twice.
    pub surplus: usize,
    /// Articles that it has in another version.
    pub outdated: usize,
}

impl IndexDifferences {
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl Search {
    /// Compares the index, with its tail of recent changes, with the articles and the times of their last changes.
    pub async fn differences(
        &self,
        mut articles: HashMap<ArticleId, Instant>,
    ) -> Result<IndexDifferences, SearchError> {
        let snapshot = self.snapshot().await?;
        blocking(move || {
            let mut differences = IndexDifferences::default();
            for layer in &snapshot.layers {
                let (changed, documents) = (layer.segment.changed()?, layer.segment.store()?);
                for doc in (0..layer.segment.articles()).filter(|doc| !layer.bitmap.hides(*doc)) {
                    let id = FIELDS.id_of(&layer.segment.reader, &documents, doc)?;
                    match articles.remove(&id) {
                        None => differences.surplus += 1,
                        Some(at) if changed.first(doc) != Some(at.timestamp().as_millisecond()) => {
                            differences.outdated += 1;
                        }
                        Some(_) => {}
                    }
                }
            }
            differences.missing = articles.len();
            Ok(differences)
        })
        .await
    }
}
