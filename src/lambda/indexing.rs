//! Handler of the `index` function: any event triggers indexing, and `{"reindex": true}` rebuilds the index from
//! scratch.
//!
//! A trigger only signals that something changed; the change log in the table says what. So a duplicate, late or
//! batched trigger costs one read of the log, and a lost one is made up for by the next one, or by the timer.

use super::Metrics;
use crate::{
    logs::for_request,
    search::{
        SearchError,
        indexer::{Indexed, Indexer},
    },
};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::Duration;

/// Time of an invocation that is reserved for the last batch.
const LAST_BATCH: Duration = Duration::from_secs(60);

/// Returns what was indexed, or an error in the caller's terms.
pub fn index<'a>(
    indexer: &'a Indexer,
    metrics: &'a Metrics,
    event: LambdaEvent<Value>,
) -> BoxFuture<'a, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let id = event.context.request_id.clone();
        let from_scratch = event.payload.get("reindex").and_then(Value::as_bool) == Some(true);
        let work = for_request(&id, async {
            if from_scratch {
                return indexer.rebuild().await;
            }
            let time = event.context.deadline().duration_since(std::time::SystemTime::now()).unwrap_or_default();
            indexer.run(time.saturating_sub(LAST_BATCH)).await
        });
        let counts = |indexed: &Result<Indexed, SearchError>| {
            indexed.as_ref().map(|indexed| vec![("Changes", indexed.changes as u64)]).unwrap_or_default()
        };
        match metrics.measure(&id, work, counts).await {
            Ok(Indexed { changes, batches, finished }) => {
                Ok(json!({"changes": changes, "batches": batches, "finished": finished}))
            }
            // The event is retried; after the last attempt, the alarm on this function's errors fires.
            Err(error) => {
                Err(Diagnostic { error_type: "indexing_failed".to_owned(), error_message: crate::logs::chain(&error) })
            }
        }
    })
}
