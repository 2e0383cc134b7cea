//! `whats_changed`: the change log, with the headlines of its articles.

use super::{ToolError, filter::with_query, schema};
use crate::http::in_process::{Api, segment};
use futures::future::join_all;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "whats_changed";
const LIMIT: usize = 10;
const LIMIT_MAX: usize = 50;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// From an earlier result, or now; default: from the beginning
    since: Option<String>,
    /// Default 10, at most 50
    limit: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Changes {
    changes: Vec<ChangedArticle>,
    /// Continue from here
    since: String,
    more: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedArticle {
    /// created, revised, deleted
    kind: String,
    id: String,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    headline: Option<String>,
    /// headline, body, dates …
    changed: Vec<String>,
}

#[derive(Deserialize)]
struct Log {
    changes: Vec<Entry>,
    since: String,
    more: bool,
}

#[derive(Deserialize)]
struct Entry {
    kind: String,
    id: String,
    revision: u32,
    at: String,
}

#[derive(Deserialize)]
struct Named {
    headline: Option<String>,
}

#[derive(Deserialize)]
struct Revisions {
    revisions: Vec<Revision>,
}

#[derive(Deserialize)]
struct Revision {
    revision: u32,
    changed: Vec<String>,
}

pub fn tool() -> Tool {
    schema::tool::<Arguments, Changes>(
        NAME,
        "What was created, revised or deleted since a token, oldest first, none skipped.",
    )
}

pub async fn call(api: &Api, arguments: Arguments) -> Result<Changes, ToolError> {
    let limit = arguments.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ToolError::Arguments(format!("limit: expected 1 to {LIMIT_MAX}, found {limit}")));
    }
    let mut pairs = vec![("limit", limit.to_string())];
    pairs.extend(arguments.since.map(|since| ("since", since)));
    let log: Log = api.get(&with_query("/v1/changes", &pairs)).await?;
    let changes = join_all(log.changes.into_iter().map(|entry| describe(api, entry))).await;
    let changes = changes.into_iter().collect::<Result<_, _>>()?;
    Ok(Changes { changes, since: log.since, more: log.more })
}

async fn describe(api: &Api, entry: Entry) -> Result<ChangedArticle, ToolError> {
    let path = format!("/v1/articles/{}", segment(&entry.id));
    let named: Option<Named> = if entry.kind == "deleted" { None } else { api.find(&path).await? };
    let mut changed = Vec::new();
    if entry.kind == "revised" {
        let before = entry.revision.saturating_add(1);
        let revisions: Option<Revisions> = api.find(&format!("{path}/revisions?before={before}")).await?;
        let revision =
            revisions.and_then(|list| list.revisions.into_iter().find(|found| found.revision == entry.revision));
        changed = revision.map(|revision| revision.changed).unwrap_or_default();
    }
    let headline = named.and_then(|named| named.headline);
    Ok(ChangedArticle { kind: entry.kind, id: entry.id, at: entry.at, headline, changed })
}
