//! Handler of the `notify` function: any event triggers delivery, because something changed or a retry is due. The
//! change log says what changed, and each webhook stores its own position in it.

use super::metrics::{Counts, Metrics};
use crate::{
    logs::for_request,
    webhooks::deliver::{Deliverer, DeliveryReport},
};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Time that a round may take: with less left, no further round starts.
const LAST_ROUND: Duration = Duration::from_secs(100);

pub fn notify<'a>(
    deliverer: &'a Deliverer,
    metrics: &'a Metrics,
    event: LambdaEvent<Value>,
) -> BoxFuture<'a, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let id = event.context.request_id.clone();
        let work = for_request(&id, rounds(deliverer, &event));
        let notified = metrics.measure(&id, work, |notified| notified.as_ref().map(counts).unwrap_or_default()).await;
        let DeliveryReport { delivered, failed, more } = notified?;
        Ok(json!({"delivered": delivered, "failed": failed, "finished": !more}))
    })
}

fn counts(notified: &DeliveryReport) -> Counts {
    vec![("Delivered", notified.delivered as u64), ("Failed", notified.failed as u64)]
}

async fn rounds(deliverer: &Deliverer, event: &LambdaEvent<Value>) -> Result<DeliveryReport, Diagnostic> {
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
            return Ok(DeliveryReport { delivered, failed, more });
        }
    }
}
