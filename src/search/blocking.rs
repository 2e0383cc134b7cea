//! Work on a blocking thread.

use super::SearchError;

/// Runs CPU-bound work and blocking reads on a blocking thread: the index library reads synchronously.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, SearchError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(cause = %error, "search task failed");
        SearchError::Ended
    })?
}
