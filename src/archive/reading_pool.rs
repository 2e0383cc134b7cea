//! The pool on which documents are read: reading is CPU-bound, so as many run at once as there are processors, and the
//! others wait. A page takes many times its own size while it is read; the pool bounds that memory too.

use super::IngestError;
use crate::article::RawDocument;
use std::{num::NonZero, sync::LazyLock, thread::available_parallelism};
use tokio::sync::Semaphore;

static PLACES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, NonZero::get)));

/// Reads a document as soon as there is a place; returns it with the result.
pub async fn read<T: Send + 'static>(
    document: RawDocument,
    read: impl FnOnce(&RawDocument) -> T + Send + 'static,
) -> Result<(RawDocument, T), IngestError> {
    let place = PLACES.acquire().await.map_err(|_| IngestError::ReaderFailed)?;
    // The place stays taken until the work ends, also if the request that asked for it has ended before.
    let work = tokio::task::spawn_blocking(move || {
        let result = read(&document);
        drop(place);
        (document, result)
    });
    work.await.map_err(|_| IngestError::ReaderFailed)
}
