//! Events of the `ingest` function: an SQS batch, an S3 notification, `{"seeds": true}`, or `{"reprocess": ["<id>",
//! …]}` to reprocess articles with the current rules.
//!
//! A queue message is one of the other events, or a raw document in its envelope. Each message fails on its own: SQS
//! redelivers it, and moves it to the dead-letter queue after the last attempt. A document with a permanent error would
//! fail each time: it is stored among the failures, and its message counts as processed.

use super::{
    intake::{BatchReport, notified, queued, reprocess, seeds},
    metrics::Metrics,
};
use crate::{archive::Archive, article::ArticleId, logs::for_request};
use aws_lambda_events::{
    s3::S3Event,
    sqs::{SqsBatchResponse, SqsEvent},
};
use futures::future::BoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Deserialize;
use serde_json::{Value, json};

/// The event that S3 sends when a notification is configured.
const TEST_EVENT: &str = "s3:TestEvent";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedsEvent {
    seeds: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReprocessEvent {
    reprocess: Vec<ArticleId>,
}

/// Handles an event; returns an error in the caller's terms. Boxed, because the runtime's layers around a future this
/// deep exceed the compiler's recursion limit.
pub fn handle<'a>(
    archive: &'a Archive,
    metrics: &'a Metrics,
    event: LambdaEvent<Value>,
) -> BoxFuture<'a, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let id = event.context.request_id;
        let mut report = BatchReport::default();
        let work = async {
            let answer = answer(archive, event.payload, &id, &mut report).await;
            (answer, report.counts())
        };
        metrics.measure(&id, work, |(_, counts)| counts.clone()).await.0
    })
}

/// Answers an event, and adds the outcomes of its documents to a report.
async fn answer(archive: &Archive, event: Value, id: &str, all: &mut BatchReport) -> Result<Value, Diagnostic> {
    if source(&event) == Some("aws:sqs") {
        let batch: SqsEvent = serde_json::from_value(event).map_err(unknown)?;
        let failed = batch_failures(archive, batch, all).await;
        return serde_json::to_value(failed).map_err(unknown);
    }
    let report = for_request(id, notification(archive, event)).await?;
    all.add(&report);
    if report.failed.is_empty() {
        return Ok(report.report());
    }
    // The response to a notification is never read, but its failure is retried and then counted.
    Err(Diagnostic { error_type: "documents_failed".to_owned(), error_message: report.report().to_string() })
}

/// Handles an S3 notification, or a request for the seeds or for reprocessing.
async fn notification(archive: &Archive, event: Value) -> Result<BatchReport, Diagnostic> {
    if source(&event) == Some("aws:s3") {
        let event: S3Event = serde_json::from_value(event).map_err(unknown)?;
        return Ok(notified(archive, event).await);
    }
    if event.get("Event").and_then(Value::as_str) == Some(TEST_EVENT) {
        return Ok(BatchReport::default());
    }
    if event.get("reprocess").is_some() {
        let ReprocessEvent { reprocess: articles } = serde_json::from_value(event).map_err(unknown)?;
        return Ok(reprocess(archive, articles).await);
    }
    match serde_json::from_value(event) {
        Ok(SeedsEvent { seeds: true }) => Ok(seeds(archive).await),
        Ok(SeedsEvent { seeds: false }) => Ok(BatchReport::default()),
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
        json!({"reprocess": ["an id"]})
    );
    Diagnostic { error_type: "unknown_event".to_owned(), error_message }
}

async fn batch_failures(archive: &Archive, batch: SqsEvent, all: &mut BatchReport) -> SqsBatchResponse {
    let mut failures = SqsBatchResponse::default();
    // Sequentially, because two messages may hold two versions of one article.
    for message in batch.records {
        let id = message.message_id.unwrap_or_default();
        let body = message.body.unwrap_or_default();
        // A message that is retried keeps its id.
        let work = async {
            match serde_json::from_str::<Value>(&body) {
                Ok(event) if is_notification(&event) => notification(archive, event).await,
                _ => Ok(queued(archive, &body).await),
            }
        };
        let report = for_request(&id, work).await;
        if let Ok(report) = &report {
            all.add(report);
        }
        let reason = match report {
            Ok(report) if report.failed.is_empty() => continue,
            Ok(report) => report.report().to_string(),
            Err(diagnostic) => diagnostic.error_message,
        };
        tracing::warn!(message_id = id, reason, "queue message failed");
        failures.add_failure(id);
    }
    failures
}

/// Whether a queue message is one of the other events. Anything else is an envelope, and its errors are reported as
/// such.
fn is_notification(message: &Value) -> bool {
    ["Records", "Event", "seeds", "reprocess"].iter().any(|member| message.get(member).is_some())
}
