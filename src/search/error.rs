use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is read of the index is not what was written.
    #[error("the index file {file} cannot be used: {problem}; `dateline reindex` builds the index anew")]
    Damaged { file: String, problem: String },
    #[error("the index cannot be read")]
    Index(#[from] tantivy::TantivyError),
    #[error("the index is more than {limit} changes behind the archive")]
    Behind { limit: usize },
    #[error("the order of this walk belongs to an index that is gone: begin again without the cursor")]
    GenerationGone,
    #[error("the search ended before it had an answer")]
    Ended,
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self::Index(error.into())
    }
}
