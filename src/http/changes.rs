//! `GET /v1/changes`: what was created, revised and deleted, in order, none skipped.

use super::{
    Service, json,
    one::{parameter, refuse_parameters},
    problem::Problem,
};
use crate::{
    article::{ArticleId, Instant},
    query::{BadParameter, feed_token},
    store::{ChangeKind, FeedPosition},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;
const WAIT_SECONDS_MAX: u64 = 20;
/// How often a request that waits looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What happened to one article.
#[derive(Serialize, ToSchema)]
pub struct ChangeEntry {
    kind: ChangeKind,
    id: ArticleId,
    revision: u32,
    at: Instant,
    /// The article's path; of a deletion, where its tombstone is told.
    location: String,
}

#[derive(Serialize, ToSchema)]
pub struct ChangeList {
    changes: Vec<ChangeEntry>,
    /// The token to continue from. It is new only where something changed.
    since: String,
    /// The relative URL to continue at; a feed has no end.
    next: String,
    /// Whether there was more already when this was answered.
    more: bool,
}

/// The change feed.
///
/// A consumer that always continues from `next` sees every change at least once and none skipped, whatever is written
/// meanwhile and whatever the writers' clocks say: changes are numbered by the transactions that make them. Those of one
/// article come in their order; those of different articles are merged by time. Only a change of content moves it.
#[utoipa::path(get, path = "/v1/changes", tag = "changes",
    params(("since" = Option<String>, Query, description = "A token; `now` for what is to come; nothing for everything"),
           ("limit" = Option<usize>, Query, description = "1 to 1000, default 100"),
           ("wait" = Option<u64>, Query, description = "Seconds, up to 20, to wait for a change where there is none yet")),
    responses(
        (status = 200, description = "What happened", body = ChangeList),
        (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn changes(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["since", "limit", "wait"])?;
    let Asked { since, limit, wait } = Asked::parse(raw.as_deref())?;
    let store = service.archive.store();
    let after = match since {
        Since::Position(position) => position,
        Since::Now => store.last_changes().await?,
    };
    let mut page = store.changes(after, limit).await?;
    let until = tokio::time::Instant::now() + wait;
    while page.changes.is_empty() && tokio::time::Instant::now() + LOOK_AGAIN <= until {
        tokio::time::sleep(LOOK_AGAIN).await;
        page = store.changes(after, limit).await?;
    }
    let since = feed_token::write(page.next);
    let entry = |it: crate::store::Change| ChangeEntry {
        kind: it.kind,
        location: format!("/v1/articles/{}", it.id),
        id: it.id,
        revision: it.revision,
        at: it.at,
    };
    json(&ChangeList {
        changes: page.changes.into_iter().map(entry).collect(),
        next: format!("/v1/changes?since={since}&limit={limit}"),
        since,
        more: page.more,
    })
}

enum Since {
    Position(FeedPosition),
    Now,
}

struct Asked {
    since: Since,
    limit: usize,
    wait: Duration,
}

impl Asked {
    /// Names every fault.
    fn parse(raw: Option<&str>) -> Result<Self, Problem> {
        let mut bad = Vec::new();
        let mut refuse = |parameter: &str, detail: String| {
            bad.push(BadParameter { parameter: parameter.to_owned(), detail });
        };
        let since = match parameter(raw, "since")?.as_deref() {
            None => Since::Position(FeedPosition::default()),
            Some("now") => Since::Now,
            Some(token) => Since::Position(feed_token::read(token).unwrap_or_else(|error| {
                refuse("since", error.to_string());
                FeedPosition::default()
            })),
        };
        let mut number = |name: &str, low: u64, high: u64, default: u64| -> Result<u64, Problem> {
            let Some(text) = parameter(raw, name)? else { return Ok(default) };
            Ok(text.parse().ok().filter(|it| (low..=high).contains(it)).unwrap_or_else(|| {
                refuse(name, format!("expected {low} to {high}, found {text:?}"));
                default
            }))
        };
        let limit = number("limit", 1, LIMIT_MAX as u64, LIMIT_DEFAULT as u64)?;
        let wait = number("wait", 0, WAIT_SECONDS_MAX, 0)?;
        if !bad.is_empty() {
            return Err(Problem::parameters(bad));
        }
        Ok(Self { since, limit: usize::try_from(limit).unwrap_or(LIMIT_DEFAULT), wait: Duration::from_secs(wait) })
    }
}
