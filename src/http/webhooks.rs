//! `/v1/webhooks`: who is told of new and changed articles, and how that goes.

use super::{
    Service, json,
    one::refuse_parameters,
    problem::{Code, Fault, Problem},
};
use crate::{
    article::Instant,
    sources::RemoteError,
    store::{Kind, StoreError},
    webhooks::{
        Event, Webhook,
        webhook::{BadWebhook, CreateError, WEBHOOKS},
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

const BODY_BYTES: usize = 16 * 1024;
/// How often a change is tried that meets others.
const ATTEMPTS: usize = 5;

#[derive(Serialize, ToSchema)]
pub struct WebhookEntry {
    id: String,
    url: String,
    /// A query string of filters as `GET /v1/articles` takes them.
    filter: String,
    events: BTreeSet<Event>,
    /// Whether it is called. It is disabled after twelve failures in a row, or at once where the answer is 410.
    enabled: bool,
    /// In a row.
    failures: u32,
    delivered: u64,
    last_delivery_at: Option<Instant>,
    /// The last one, also where it went well since.
    last_error: Option<RemoteError>,
    created_at: Instant,
    /// Before this it is not called again.
    not_before: Option<Instant>,
    /// What its calls are signed with: shown in the answer that makes it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct WebhookList {
    webhooks: Vec<WebhookEntry>,
}

/// What a webhook is told. Of a change, a member that is missing stays as it is.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Called by `POST`, at public addresses alone.
    url: Option<String>,
    /// `country=PK&topic=11000000`; nothing for every article.
    filter: Option<String>,
    /// All three where nothing is said.
    events: Option<BTreeSet<Event>>,
    /// One that was disabled goes on where it was.
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
            let fault =
                |it: BadWebhook| Fault { parameter: None, pointer: Some(format!("/{}", it.member)), detail: it.detail };
            let names: Vec<&str> = bad.iter().map(|it| it.member).collect();
            let detail = format!("not legal: {}", names.join(", "));
            Problem::new(Code::InvalidWebhook, detail).with_errors(bad.into_iter().map(fault).collect())
        })
    }
}

fn entry(it: &Webhook) -> WebhookEntry {
    WebhookEntry {
        id: it.id.clone(),
        url: it.url.clone(),
        filter: it.filter.clone(),
        events: it.events.clone(),
        enabled: it.enabled,
        failures: it.failures,
        delivered: it.delivered,
        last_delivery_at: it.last_delivery_at,
        last_error: it.last_error.clone(),
        created_at: it.created_at,
        not_before: it.not_before,
        secret: None,
    }
}

/// Every webhook: there are fifty at most.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks",
    responses((status = 200, description = "The webhooks", body = WebhookList)))]
pub async fn webhooks(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let all = Webhook::all(service.archive.store()).await?;
    json(&WebhookList { webhooks: all.iter().map(entry).collect() })
}

/// Adds a webhook. It is told of what changes from now on.
///
/// A change is a `POST` of `{"type": "article.created" | "article.revised" | "article.deleted", "timestamp", "data"}`,
/// where `data` is the article's card, or of a deletion its id and revision. It is signed as Standard Webhooks 1.0 has it
/// (`webhook-id`, `webhook-timestamp`, `webhook-signature`). Changes come in the order of the change feed and at least
/// once: one that comes again has the same `webhook-id`. Any answer but 2xx is a failure, redirects too; the same change
/// is tried again after 10 seconds, and three times as long after each further failure, up to six hours.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = WebhookSettings,
    responses(
        (status = 201, description = "It is added; its secret is told here and never again", body = WebhookEntry, headers(("location", description = "The webhook's path"))),
        (status = 400, description = "A setting is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are fifty already", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn add(State(service): State<Service>, RawQuery(raw): RawQuery, body: Body) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let store = service.archive.store();
    let settings = parse(body).await?;
    if Webhook::all(store).await?.len() >= WEBHOOKS {
        return Err(Problem::new(Code::TooManyWebhooks, format!("an archive has {WEBHOOKS} webhooks at most")));
    }
    let webhook = Webhook::new(store, Instant::now()).await.map_err(|error| match error {
        CreateError::Store(error) => error.into(),
        random @ CreateError::Random(_) => Problem::internal(&random),
    })?;
    let mut webhook = settings.over(webhook)?;
    webhook.put(store).await?;
    let shown = WebhookEntry { secret: Some(webhook.secret.reveal().to_owned()), ..entry(&webhook) };
    let mut response = (StatusCode::CREATED, json(&shown)?).into_response();
    let location = HeaderValue::from_str(&format!("/v1/webhooks/{}", webhook.id));
    response.headers_mut().insert(header::LOCATION, location.map_err(|error| Problem::internal(&error))?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The webhook", body = WebhookEntry),
        (status = 404, description = "There is no such webhook", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn show(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    json(&entry(&held(&service, &id).await?))
}

/// Changes what a webhook is told, or enables it again: it goes on where it was.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "webhooks", request_body = WebhookSettings,
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "It is changed", body = WebhookEntry),
        (status = 400, description = "A setting is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such webhook", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn change(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    body: Body,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let settings = parse(body).await?;
    for _ in 0..ATTEMPTS {
        let mut webhook = settings.clone().over(held(&service, &id).await?)?;
        match webhook.put(service.archive.store()).await {
            // It is being called.
            Err(StoreError::Conflict) => {}
            put => {
                put?;
                return json(&entry(&webhook));
            }
        }
    }
    Err(StoreError::Conflict.into())
}

/// Takes a webhook away.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such webhook", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn remove(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let removed = service.archive.store().remove_record(Kind::Webhook, &id).await?;
    if removed { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(not_found(&id)) }
}

async fn held(service: &Service, id: &str) -> Result<Webhook, Problem> {
    Webhook::find(service.archive.store(), id).await?.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Problem {
    Problem::new(Code::WebhookNotFound, format!("there is no webhook {id:?}"))
}

async fn parse(body: Body) -> Result<WebhookSettings, Problem> {
    let too_large = |_| Problem::new(Code::DocumentTooLarge, format!("expected at most {BODY_BYTES} bytes"));
    super::settings(&to_bytes(body, BODY_BYTES).await.map_err(too_large)?, Code::InvalidWebhook)
}
