use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the index is missing or differs from what was written.
    #[error("the index file {file} cannot be used: {problem}; `dateline reindex` rebuilds the index")]
    Damaged { file: String, problem: String },
    #[error("the index cannot be read")]
    Index(#[from] tantivy::TantivyError),
    #[error("the index is more than {limit} changes behind the archive")]
    Behind { limit: usize },
    #[error("the cursor's order belongs to an index that no longer exists: start again without the cursor")]
    GenerationGone,
    #[error("the search ended before it returned a result")]
    Ended,
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self::Index(error.into())
    }
}
