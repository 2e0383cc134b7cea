//! Handler of the `notify` function: any event triggers delivery, because something changed or a retry is due. The
//! change log says what changed, and each webhook stores its own position in it.

use crate::webhooks::deliver::{Deliverer, DeliveryReport};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Time that a round may take: with less left, no further round starts.
const LAST_ROUND: Duration = Duration::from_secs(100);

pub fn notify(deliverer: &Deliverer, event: LambdaEvent<Value>) -> BoxFuture<'_, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let (mut delivered, mut failed) = (0, 0);
        loop {
            let DeliveryReport { delivered: new_deliveries, failed: new_failures, more } =
                deliverer.round().await.map_err(|error| Diagnostic {
                    error_type: "delivery_failed".to_owned(),
                    error_message: crate::logs::chain(&error),
                })?;
            (delivered, failed) = (delivered + new_deliveries, failed + new_failures);
            let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
            if !more || left < LAST_ROUND {
                return Ok(json!({"delivered": delivered, "failed": failed, "finished": !more}));
            }
        }
    })
}
