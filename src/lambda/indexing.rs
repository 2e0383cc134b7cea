//! What the `index` function is called with: whatever rings, or `{"reindex": true}` for the index anew.
//!
//! A ring says that something changed and not what: the change feed in the table does. So a ring that comes twice, late or
//! with others costs a look at the feed, and one that is lost is made up for by the next one, or by the timer.

use crate::search::indexer::{Indexed, Indexer};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::Duration;

/// Of the time that an invocation has, what is left for the batch that has begun.
const LAST_BATCH: Duration = Duration::from_secs(60);

/// What was indexed, or an error in the caller's terms.
pub fn index(indexer: &Indexer, event: LambdaEvent<Value>) -> BoxFuture<'_, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let anew = event.payload.get("reindex").and_then(Value::as_bool) == Some(true);
        let indexed = if anew {
            indexer.rebuild().await
        } else {
            let time = event.context.deadline().duration_since(std::time::SystemTime::now()).unwrap_or_default();
            indexer.run(time.saturating_sub(LAST_BATCH)).await
        };
        match indexed {
            Ok(Indexed { changes, batches, finished }) => {
                Ok(json!({"changes": changes, "batches": batches, "finished": finished}))
            }
            // It rings again; and after the last time, the alarm on this function's errors rings too.
            Err(error) => {
                Err(Diagnostic { error_type: "indexing_failed".to_owned(), error_message: crate::logs::chain(&error) })
            }
        }
    })
}
