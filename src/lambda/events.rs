//! What the `ingest` function is called with: a batch of the queue, an object's notification, `{"seeds": true}`, or
//! `{"reread": ["<id>", …]}` for articles to be read again with today's rules.
//!
//! A message of the queue is one of the others, or a raw document in its envelope. Each message fails alone: the queue
//! sends it again, and after the last attempt keeps it among the dead letters. A document that is itself at fault would
//! fail each time: it is kept among the failures, and its message is done.

use super::intake::{Taken, notified, queued, reread, seeds};
use crate::{archive::Archive, article::ArticleId};
use aws_lambda_events::{
    s3::S3Event,
    sqs::{SqsBatchResponse, SqsEvent},
};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Deserialize;
use serde_json::{Value, json};

/// What S3 sends when a notification is configured.
const TEST_EVENT: &str = "s3:TestEvent";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seeds {
    seeds: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    reread: Vec<ArticleId>,
}

/// The answer to an event, or an error in the caller's terms. Boxed, because the runtime's own layers around a future as
/// deep as this one exceed what the compiler unfolds.
pub fn handle(archive: &Archive, event: LambdaEvent<Value>) -> BoxFuture<'_, Result<Value, Diagnostic>> {
    Box::pin(answer(archive, event.payload))
}

async fn answer(archive: &Archive, event: Value) -> Result<Value, Diagnostic> {
    if source(&event) == Some("aws:sqs") {
        let batch: SqsEvent = serde_json::from_value(event).map_err(unknown)?;
        let failed = batch_failures(archive, batch).await;
        return serde_json::to_value(failed).map_err(unknown);
    }
    let taken = notification(archive, event).await?;
    if taken.failed.is_empty() {
        return Ok(taken.report());
    }
    // Nobody reads the answer to a notification, but its failure is tried again and then counted.
    Err(Diagnostic { error_type: "documents_failed".to_owned(), error_message: taken.report().to_string() })
}

/// An object's notification or a request for the seeds.
async fn notification(archive: &Archive, event: Value) -> Result<Taken, Diagnostic> {
    if source(&event) == Some("aws:s3") {
        let event: S3Event = serde_json::from_value(event).map_err(unknown)?;
        return Ok(notified(archive, event).await);
    }
    if event.get("Event").and_then(Value::as_str) == Some(TEST_EVENT) {
        return Ok(Taken::default());
    }
    if event.get("reread").is_some() {
        let Again { reread: articles } = serde_json::from_value(event).map_err(unknown)?;
        return Ok(reread(archive, articles).await);
    }
    match serde_json::from_value(event) {
        Ok(Seeds { seeds: true }) => Ok(seeds(archive).await),
        Ok(Seeds { seeds: false }) => Ok(Taken::default()),
        Err(error) => Err(unknown(error)),
    }
}

fn source(event: &Value) -> Option<&str> {
    event.get("Records")?.get(0)?.get("eventSource")?.as_str()
}

fn unknown(error: serde_json::Error) -> Diagnostic {
    let error_message = format!(
        "expected an SQS batch, an S3 notification, {} or {}: {error}",
        json!({"seeds": true}),
        json!({"reread": ["an id"]})
    );
    Diagnostic { error_type: "unknown_event".to_owned(), error_message }
}

async fn batch_failures(archive: &Archive, batch: SqsEvent) -> SqsBatchResponse {
    let mut failures = SqsBatchResponse::default();
    // One after another: two messages may hold two versions of one article.
    for message in batch.records {
        let id = message.message_id.unwrap_or_default();
        let body = message.body.unwrap_or_default();
        let taken = match serde_json::from_str::<Value>(&body) {
            Ok(event) if is_notification(&event) => notification(archive, event).await,
            _ => Ok(queued(archive, &body).await),
        };
        let reason = match taken {
            Ok(taken) if taken.failed.is_empty() => continue,
            Ok(taken) => taken.report().to_string(),
            Err(diagnostic) => diagnostic.error_message,
        };
        tracing::warn!(message_id = id, reason, "a message failed");
        failures.add_failure(id);
    }
    failures
}

/// Everything else in the queue is an envelope, and its faults are reported as an envelope's.
fn is_notification(message: &Value) -> bool {
    ["Records", "Event", "seeds", "reread"].iter().any(|it| message.get(it).is_some())
}
