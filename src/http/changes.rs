//! `GET /v1/changes`: the log of articles created, revised and deleted, in order, without gaps.

use super::problem::docs as problem_docs;
use super::{Service, params::read_params, problem::Problem, responses::json};
use crate::{
    article::{ArticleId, Instant},
    limits::{CHANGES_PAGE_DEFAULT, CHANGES_PAGE_MAX, CHANGES_WAIT_SECONDS},
    query::{ParameterReader, change_token},
    store::{ChangeKind, ChangePosition},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// Interval at which a waiting request queries the store again.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// One change of one article.
#[derive(Serialize, ToSchema)]
pub struct ChangeEntry {
    kind: ChangeKind,
    id: ArticleId,
    revision: u32,
    at: Instant,
    /// The article's path; after a deletion it answers 410 with the details of the tombstone.
    location: String,
}

#[derive(Serialize, ToSchema)]
pub struct ChangeList {
    changes: Vec<ChangeEntry>,
    /// The token to continue from; it moves only if there were changes.
    since: String,
    /// The relative URL to continue from; never `null`, because the change log has no end.
    next: String,
    /// Whether more changes were already available.
    more: bool,
}

/// List changes
///
/// A consumer that always continues from `next` sees every change at least once, whatever is written meanwhile and
/// however the writers' clocks differ: changes are numbered by the transactions that make them. Changes of one article
/// are in order; those of different articles are merged by time. Only changes of content are recorded.
#[utoipa::path(get, path = "/v1/changes", operation_id = "list_changes", tag = "changes",
    params(("since" = Option<String>, Query, description = "A token, or `now` for future changes only; default: from the beginning"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 1000, description = "1 to 1000, default 100"),
           ("wait" = Option<u64>, Query, description = "Seconds to wait for a change if there is none yet, 0 to 20, default 0")),
    responses(
        (status = 200, description = "A page of changes", body = ChangeList),
        problem_docs::InvalidParameter,
))]
pub async fn changes(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let ChangesParams { since, limit, wait } =
        read_params(raw.as_deref(), &["since", "limit", "wait"], ChangesParams::read)?;
    let store = service.archive.store();
    let after = match since {
        Since::Position(position) => position,
        Since::Now => store.last_changes().await?,
    };
    let mut page = store.changes(after, limit).await?;
    let until = tokio::time::Instant::now() + wait;
    while page.changes.is_empty() && tokio::time::Instant::now() + POLL_INTERVAL <= until {
        tokio::time::sleep(POLL_INTERVAL).await;
        page = store.changes(after, limit).await?;
    }
    let since = change_token::write(page.next);
    let entry = |change: crate::store::Change| ChangeEntry {
        kind: change.kind,
        location: format!("/v1/articles/{}", change.id),
        id: change.id,
        revision: change.revision,
        at: change.at,
    };
    json(&ChangeList {
        changes: page.changes.into_iter().map(entry).collect(),
        next: format!("/v1/changes?since={since}&limit={limit}"),
        since,
        more: page.more,
    })
}

enum Since {
    Position(ChangePosition),
    Now,
}

struct ChangesParams {
    since: Since,
    limit: usize,
    wait: Duration,
}

impl ChangesParams {
    fn read(params: &mut ParameterReader<'_>) -> Self {
        let since = match params.once("since") {
            None => Since::Position(ChangePosition::default()),
            Some("now") => Since::Now,
            Some(token) => Since::Position(change_token::read(token).unwrap_or_else(|error| {
                params.refuse("since", error.to_string());
                ChangePosition::default()
            })),
        };
        let limit = params.number("limit", 1..=CHANGES_PAGE_MAX, CHANGES_PAGE_DEFAULT);
        Self { since, limit, wait: Duration::from_secs(params.number("wait", 0..=CHANGES_WAIT_SECONDS, 0)) }
    }
}
