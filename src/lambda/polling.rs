//! Handler of the `poll` function, which runs on a schedule; the event's content is ignored.
//!
//! It polls the due sources in rounds until none is due or its time is nearly over; the remaining sources stay due.

use super::metrics::{Counts, Metrics};
use crate::{
    logs::for_request,
    sources::poll::{PollReport, Poller},
};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Time that a round may take: with less left, no further round starts.
const LAST_ROUND: Duration = Duration::from_secs(120);

pub fn poll<'a>(
    poller: &'a Poller,
    metrics: &'a Metrics,
    event: LambdaEvent<Value>,
) -> BoxFuture<'a, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let id = event.context.request_id.clone();
        let work = for_request(&id, rounds(poller, &event));
        let polled = metrics.measure(&id, work, |polled| polled.as_ref().map(counts).unwrap_or_default()).await;
        polled.map(|polled| json!(polled))
    })
}

fn counts(polled: &PollReport) -> Counts {
    let PollReport { polled, failed, ingested } = *polled;
    vec![("Polled", polled as u64), ("Failed", failed as u64), ("Ingested", ingested as u64)]
}

async fn rounds(poller: &Poller, event: &LambdaEvent<Value>) -> Result<PollReport, Diagnostic> {
    let mut all = PollReport::default();
    loop {
        let round = poller.round().await.map_err(|error| Diagnostic {
            error_type: "polling_failed".to_owned(),
            error_message: crate::logs::chain(&error),
        })?;
        all = all.and(round);
        let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        if round.polled == 0 || left < LAST_ROUND {
            return Ok(all);
        }
    }
}
