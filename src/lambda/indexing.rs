//! Handler of the `index` function: any event triggers indexing, and `{"reindex": true}` rebuilds the index from
//! scratch.
//!
//! A trigger only signals that something changed; the change log in the table says what. So a duplicate, late or
//! batched trigger costs one read of the log, and a lost one is made up for by the next one, or by the timer.

use crate::search::indexer::{Indexed, Indexer};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::Duration;

/// Time of an invocation that is reserved for the last batch.
const LAST_BATCH: Duration = Duration::from_secs(60);

/// Returns what was indexed, or an error in the caller's terms.
pub fn index(indexer: &Indexer, event: LambdaEvent<Value>) -> BoxFuture<'_, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let from_scratch = event.payload.get("reindex").and_then(Value::as_bool) == Some(true);
        let indexed = if from_scratch {
            indexer.rebuild().await
        } else {
            let time = event.context.deadline().duration_since(std::time::SystemTime::now()).unwrap_or_default();
            indexer.run(time.saturating_sub(LAST_BATCH)).await
        };
        match indexed {
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
