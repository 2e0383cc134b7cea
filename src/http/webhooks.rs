//! `/v1/webhooks`: who is notified of new and changed articles, and the state of the deliveries.

use super::problem::docs as problem_docs;
use super::{
    Service,
    params::{invalid_settings, no_params, parse_settings, receive_json},
    problem::{Code, Problem},
    responses::{created, json, no_content},
};
use crate::{
    article::Instant,
    limits::{WEBHOOK_BODY_BYTES, WEBHOOKS},
    sources::RemoteError,
    store::{RecordKind, RetryOnConflict, StoreError},
    webhooks::{Event, Webhook, webhook::WebhookCreateError},
};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct WebhookEntry {
    id: String,
    url: String,
    /// A query string of the filter parameters of `GET /v1/articles`.
    filter: String,
    events: BTreeSet<Event>,
    /// Whether changes are delivered. Twelve consecutive failures disable a webhook, a 410 response at once.
    enabled: bool,
    /// Consecutive failures.
    failures: u32,
    delivered: u64,
    last_delivery_at: Option<Instant>,
    /// The last error; later successes keep it.
    last_error: Option<RemoteError>,
    created_at: Instant,
    /// No delivery is attempted before this time.
    not_before: Option<Instant>,
    /// The key that signs deliveries; returned only when the webhook is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct WebhookList {
    webhooks: Vec<WebhookEntry>,
}

/// The settings of a webhook. In a `PATCH`, a missing member is unchanged.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Called with `POST`; must have a public address.
    url: Option<String>,
    /// For example `country=PK&topic=11000000`; empty for every article.
    filter: Option<String>,
    /// Default: all three.
    events: Option<BTreeSet<Event>>,
    /// Enabling a disabled webhook resumes delivery where it stopped.
    enabled: Option<bool>,
}

impl WebhookSettings {
    fn over(self, mut webhook: Webhook) -> Result<Webhook, Problem> {
        webhook.url = self.url.unwrap_or(webhook.url);
        webhook.filter = self.filter.unwrap_or(webhook.filter);
        webhook.events = self.events.unwrap_or(webhook.events);
        if self.enabled == Some(true) {
            (webhook.failures, webhook.not_before) = (0, None);
        }
        webhook.enabled = self.enabled.unwrap_or(webhook.enabled);
        webhook.checked().map_err(|bad| {
            invalid_settings(Code::InvalidWebhook, bad.into_iter().map(|setting| (setting.member, setting.detail)))
        })
    }
}

fn entry(webhook: &Webhook) -> WebhookEntry {
    WebhookEntry {
        id: webhook.id.clone(),
        url: webhook.url.clone(),
        filter: webhook.filter.clone(),
        events: webhook.events.clone(),
        enabled: webhook.enabled,
        failures: webhook.failures,
        delivered: webhook.delivered,
        last_delivery_at: webhook.last_delivery_at,
        last_error: webhook.last_error.clone(),
        created_at: webhook.created_at,
        not_before: webhook.not_before,
        secret: None,
    }
}

/// List webhooks
///
/// There are at most fifty.
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, description = "The webhooks", body = WebhookList)))]
pub async fn webhooks(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let all = Webhook::all(service.archive.store()).await?;
    json(&WebhookList { webhooks: all.iter().map(entry).collect() })
}

/// Add a webhook
///
/// It receives changes from now on.
///
/// A change is a `POST` of `{"type": "article.created" | "article.revised" | "article.deleted", "timestamp", "data"}`,
/// where `data` is the article's card or, for a deletion, its id and revision. It is signed according to Standard
/// Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`). Changes are delivered in the order of the
/// change log, at least once; a redelivery has the same `webhook-id`. Any response other than 2xx, including a
/// redirect, is a failure. The same change is retried after 10 seconds, and after three times as long with each further
/// failure, up to six hours.
#[utoipa::path(post, path = "/v1/webhooks", operation_id = "add_webhook", tag = "webhooks", request_body = WebhookSettings,
    responses(
        (status = 201, description = "Created. The secret is shown only once.", body = WebhookEntry, headers(("location", description = "The webhook's path"))),
        problem_docs::InvalidWebhook,
        problem_docs::DocumentTooLarge,
        problem_docs::UnsupportedMediaType,
        problem_docs::WebhookExists,
        problem_docs::TooManyWebhooks,
))]
pub async fn add(
    State(service): State<Service>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let store = service.archive.store();
    let settings = parse(&headers, body).await?;
    let existing = Webhook::all(store).await?;
    if existing.len() >= WEBHOOKS {
        return Err(Problem::new(Code::TooManyWebhooks, format!("an archive can have at most {WEBHOOKS} webhooks")));
    }
    let webhook = Webhook::new(store, Instant::now()).await.map_err(|error| match error {
        WebhookCreateError::Store(error) => error.into(),
        random @ WebhookCreateError::Random(_) => Problem::internal(&random),
    })?;
    let mut webhook = settings.over(webhook)?;
    service.require_reachable(&webhook.url, Code::InvalidWebhook)?;
    if let Some(same) = existing.iter().find(|other| other.url == webhook.url && other.filter == webhook.filter) {
        let detail = format!("webhook {} already has this URL and filter; change it at its own path", same.id);
        return Err(Problem::new(Code::WebhookExists, detail));
    }
    webhook.put(store).await?;
    let shown = WebhookEntry { secret: Some(webhook.secret.reveal().to_owned()), ..entry(&webhook) };
    let mut response = created(&format!("/v1/webhooks/{}", webhook.id), &shown)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Get a webhook
#[utoipa::path(get, path = "/v1/webhooks/{id}", operation_id = "get_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The webhook", body = WebhookEntry),
        problem_docs::WebhookNotFound,
))]
pub async fn show(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    json(&entry(&find_webhook(&service, &id).await?))
}

/// Change a webhook's settings
///
/// Enabling a disabled webhook resumes delivery where it stopped.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", operation_id = "change_webhook", tag = "webhooks", request_body = WebhookSettings,
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "Webhook changed", body = WebhookEntry),
        problem_docs::InvalidWebhook,
        problem_docs::DocumentTooLarge,
        problem_docs::UnsupportedMediaType,
        problem_docs::WebhookNotFound,
))]
pub async fn change(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let settings = parse(&headers, body).await?;
    let mut retries = RetryOnConflict::default();
    loop {
        let mut webhook = settings.clone().over(find_webhook(&service, &id).await?)?;
        service.require_reachable(&webhook.url, Code::InvalidWebhook)?;
        match webhook.put(service.archive.store()).await {
            // A delivery changed the record at the same time.
            Err(conflict @ StoreError::Conflict) => retries.pause(conflict).await?,
            put => {
                put?;
                return json(&entry(&webhook));
            }
        }
    }
}

/// Remove a webhook
#[utoipa::path(delete, path = "/v1/webhooks/{id}", operation_id = "remove_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 204, description = "Webhook removed"),
        problem_docs::WebhookNotFound,
))]
pub async fn remove(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let removed = service.archive.store().remove_record(RecordKind::Webhook, &id).await?;
    if removed { Ok(no_content()) } else { Err(not_found(&id)) }
}

async fn find_webhook(service: &Service, id: &str) -> Result<Webhook, Problem> {
    Webhook::find(service.archive.store(), id).await?.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Problem {
    Problem::new(Code::WebhookNotFound, format!("there is no webhook {id:?}"))
}

async fn parse(headers: &HeaderMap, body: Body) -> Result<WebhookSettings, Problem> {
    parse_settings(&receive_json(headers, body, WEBHOOK_BODY_BYTES).await?, Code::InvalidWebhook)
}
