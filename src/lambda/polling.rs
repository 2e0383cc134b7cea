//! What the `poll` function is called with: whatever the schedule sends.
//!
//! It polls rounds of what is due until nothing is, or its time is nearly over; what is left then stays due.

use crate::sources::poll::{Poller, Round};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// What a round may take: one more is not begun with less.
const LAST_ROUND: Duration = Duration::from_secs(120);

pub fn poll(poller: &Poller, event: LambdaEvent<Value>) -> BoxFuture<'_, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let mut all = Round::default();
        loop {
            let round = poller.round().await.map_err(|error| Diagnostic {
                error_type: "polling_failed".to_owned(),
                error_message: crate::logs::chain(&error),
            })?;
            all = all.and(round);
            let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
            if round.polled == 0 || left < LAST_ROUND {
                return Ok(json!(all));
            }
        }
    })
}
