//! What the `notify` function is called with: whatever rings, because something changed or because it is time to try
//! again. What changed is told by the change feed, and how far each webhook was told of it by the webhook.

use crate::webhooks::deliver::{Deliverer, Round};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// What a round may take: one more is not begun with less.
const LAST_ROUND: Duration = Duration::from_secs(100);

pub fn notify(deliverer: &Deliverer, event: LambdaEvent<Value>) -> BoxFuture<'_, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let (mut delivered, mut failed) = (0, 0);
        loop {
            let Round { delivered: more, failed: fails, more: is_more } = deliverer.round().await.map_err(|error| {
                Diagnostic { error_type: "delivery_failed".to_owned(), error_message: crate::logs::chain(&error) }
            })?;
            (delivered, failed) = (delivered + more, failed + fails);
            let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
            if !is_more || left < LAST_ROUND {
                return Ok(json!({"delivered": delivered, "failed": failed, "finished": !is_more}));
            }
        }
    })
}
