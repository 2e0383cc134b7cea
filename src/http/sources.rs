//! `/v1/sources`: the feeds that are polled, and how they are.

use super::{
    Service, json,
    one::{limit, next_page, parameter, refuse_parameters},
    problem::{Code, Fault, Problem},
};
use crate::{
    article::Instant,
    query::{BadParameter, cursor},
    sources::{BadSetting, Health, Rule, Settings, Source, State as SourceState, opml},
    store::{Kind, StoreError},
};
use axum::{
    body::{Body, to_bytes},
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;
/// Sources that one page looks through at most where a state is asked for; one that finds few is short.
const LOOKED_THROUGH: usize = 1_000;
const BODY_BYTES: usize = 64 * 1024;
/// What a cursor's digest is bound to.
const BINDING: &str = "sources";
/// How often a change is tried that meets others.
const ATTEMPTS: usize = 5;

#[derive(Serialize, ToSchema)]
pub struct SourceEntry {
    id: String,
    url: String,
    title: Option<String>,
    state: SourceState,
    /// What holds where its documents are silent.
    publisher: Option<String>,
    language: Option<String>,
    country: Option<String>,
    full_text: bool,
    include: Vec<Rule>,
    exclude: Vec<Rule>,
    minimum_interval_seconds: u64,
    maximum_interval_seconds: u64,
    /// Between polls now, as the feed's own rhythm has made it.
    interval_seconds: u64,
    next_poll_at: Option<Instant>,
    /// The names of the headers that are sent. Their values are shown to nobody.
    headers: Vec<String>,
    created_at: Instant,
    health: Health,
    /// The articles that came from it.
    articles: String,
}

#[derive(Serialize, ToSchema)]
pub struct SourceList {
    sources: Vec<SourceEntry>,
    /// A relative URL; only `null` ends a walk.
    next: Option<String>,
}

/// What a source is told. Of a change, a member that is missing stays as it is, and one that is `null` is taken away.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// A feed, a news sitemap, or a page that has one.
    url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    /// The publisher's name, where a document states none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    publisher: Option<Option<String>>,
    /// BCP 47, where the text does not prove its language and its document states none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// ISO 3166-1 alpha-2: where it is published. It decides whose rupees or dinars are meant where no dateline does.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    country: Option<Option<String>>,
    /// Whether each entry's page is fetched and archived, in place of what the feed has of it; where its site lets robots.
    full_text: Option<bool>,
    /// One of these must fit, if there are any: up to twenty. They replace the ones before.
    include: Option<Vec<Rule>>,
    /// None of these may.
    exclude: Option<Vec<Rule>>,
    /// 60 to 604800; 300 where nothing is said.
    minimum_interval_seconds: Option<u64>,
    /// 60 to 604800; 86400 where nothing is said.
    maximum_interval_seconds: Option<u64>,
    /// Sent with every request to its host: up to ten. They replace the ones before.
    headers: Option<BTreeMap<String, String>>,
    /// Whether it is not to be polled.
    paused: Option<bool>,
}

impl SourceSettings {
    fn over(self, mut settings: Settings) -> Result<Settings, Problem> {
        settings.url = self.url.unwrap_or(settings.url);
        settings.title = self.title.unwrap_or(settings.title);
        settings.publisher = self.publisher.unwrap_or(settings.publisher);
        settings.language = self.language.unwrap_or(settings.language);
        settings.country = self.country.unwrap_or(settings.country);
        settings.full_text = self.full_text.unwrap_or(settings.full_text);
        settings.include = self.include.unwrap_or(settings.include);
        settings.exclude = self.exclude.unwrap_or(settings.exclude);
        settings.minimum_interval_seconds = self.minimum_interval_seconds.unwrap_or(settings.minimum_interval_seconds);
        settings.maximum_interval_seconds = self.maximum_interval_seconds.unwrap_or(settings.maximum_interval_seconds);
        settings.headers = self.headers.unwrap_or(settings.headers);
        settings.paused = self.paused.unwrap_or(settings.paused);
        settings.checked().map_err(|bad| {
            let names: Vec<&str> = bad.iter().map(|it| it.member).collect();
            let detail = format!("not legal: {}", names.join(", "));
            Problem::new(Code::InvalidSource, detail).with_errors(faults(bad))
        })
    }
}

/// What is `null` is given too.
fn given<'a, D: Deserializer<'a>>(member: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(member).map(Some)
}

fn faults(bad: Vec<BadSetting>) -> Vec<Fault> {
    let fault = |it: BadSetting| Fault { parameter: None, pointer: Some(format!("/{}", it.member)), detail: it.detail };
    bad.into_iter().map(fault).collect()
}

fn entry(it: &Source) -> SourceEntry {
    SourceEntry {
        id: it.id.clone(),
        url: it.settings.url.clone(),
        title: it.settings.title.clone(),
        state: it.state(),
        publisher: it.settings.publisher.clone(),
        language: it.settings.language.clone(),
        country: it.settings.country.clone(),
        full_text: it.settings.full_text,
        include: it.settings.include.clone(),
        exclude: it.settings.exclude.clone(),
        minimum_interval_seconds: it.settings.minimum_interval_seconds,
        maximum_interval_seconds: it.settings.maximum_interval_seconds,
        interval_seconds: it.interval_seconds,
        next_poll_at: it.next_poll_at,
        headers: it.settings.headers.keys().cloned().collect(),
        created_at: it.created_at,
        health: it.health.clone(),
        articles: format!("/v1/articles?source={}", it.id),
    }
}

/// The sources, by their ids.
#[utoipa::path(get, path = "/v1/sources", tag = "sources",
    params(("state" = Option<String>, Query, description = "`active`, `failing`, `paused` or `retired`"),
           ("limit" = Option<usize>, Query, description = "1 to 200, default 50. A page may be short while `next` is not null"),
           ("cursor" = Option<String>, Query, description = "From `next`")),
    responses(
        (status = 200, description = "A page of sources", body = SourceList),
        (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn sources(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["state", "limit", "cursor"])?;
    let refuse = |parameter: &str, detail: String| {
        Problem::parameters(vec![BadParameter { parameter: parameter.to_owned(), detail }])
    };
    let state = match parameter(raw.as_deref(), "state")? {
        None => None,
        Some(given) => Some(SourceState::ALL.into_iter().find(|it| it.name() == given).ok_or_else(|| {
            let known = SourceState::ALL.map(SourceState::name).join(", ");
            refuse("state", format!("expected one of {known}, found {given:?}"))
        })?),
    };
    let limit = limit(raw.as_deref(), LIMIT_MAX, LIMIT_DEFAULT)?;
    let mut after = match parameter(raw.as_deref(), "cursor")? {
        None => String::new(),
        Some(given) => cursor::open(&given, BINDING).map_err(|error| refuse("cursor", error.to_string()))?,
    };
    let mut found = Vec::new();
    let (mut more, mut looked) = (true, 0);
    while more && found.len() < limit && looked < LOOKED_THROUGH {
        let (records, is_more) = service.archive.store().records(Kind::Source, &after, limit - found.len()).await?;
        (more, looked) = (is_more, looked + records.len());
        for record in records {
            after.clone_from(&record.id);
            let source = Source::read(record)?;
            if state.is_none_or(|it| it == source.state()) {
                found.push(entry(&source));
            }
        }
    }
    let next = more.then(|| next_page("/v1/sources", raw.as_deref(), &cursor::seal(&after, BINDING)));
    json(&SourceList { sources: found, next })
}

/// Adds a source. It is polled at once, and then in the rhythm of its feed.
#[utoipa::path(post, path = "/v1/sources", tag = "sources", request_body = SourceSettings,
    responses(
        (status = 201, description = "It is added", body = SourceEntry, headers(("location", description = "The source's path"))),
        (status = 400, description = "A setting is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There is a source with this URL", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn add(State(service): State<Service>, RawQuery(raw): RawQuery, body: Body) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let settings = parse(&received(body).await?)?.over(Settings::new(String::new()))?;
    let mut source = Source::new(settings, Instant::now());
    if !source.add(service.archive.store()).await? {
        let detail = format!("the source {} has this URL: change it at its own path", source.id);
        return Err(Problem::new(Code::SourceExists, detail));
    }
    let mut response = (StatusCode::CREATED, json(&entry(&source))?).into_response();
    let location = HeaderValue::from_str(&path(&source.id)).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// What became of one entry of a list.
#[derive(Serialize, ToSchema)]
pub struct ImportedEntry {
    /// As the list has it.
    name: String,
    /// `added`, `exists`, `refused`.
    outcome: &'static str,
    id: Option<String>,
    /// Why it was refused.
    errors: Vec<Fault>,
}

#[derive(Serialize, ToSchema)]
pub struct Import {
    entries: Vec<ImportedEntry>,
}

/// Adds the feeds of a list, OPML 2.0.
///
/// Every entry is told of, in the order of the list; one that is refused keeps no other from being added.
#[utoipa::path(post, path = "/v1/sources.opml", tag = "sources", request_body(content((String = "text/x-opml"))),
    responses(
        (status = 200, description = "What became of every entry", body = Import),
        (status = 400, description = "It is no list", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "It is over its limit", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn import(State(service): State<Service>, RawQuery(raw): RawQuery, body: Body) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let too_large = |_| Problem::new(Code::DocumentTooLarge, format!("expected at most {} bytes", opml::BYTES));
    let list = to_bytes(body, opml::BYTES).await.map_err(too_large)?;
    let list = str::from_utf8(&list).map_err(|error| Problem::new(Code::InvalidSource, error.to_string()))?;
    let list = opml::read(list).map_err(|error| Problem::new(Code::InvalidSource, error.to_string()))?;
    let mut entries = Vec::with_capacity(list.len());
    for opml::Entry { name, settings } in list {
        entries.push(match settings {
            Err(bad) => ImportedEntry { name, outcome: "refused", id: None, errors: faults(bad) },
            Ok(settings) => {
                let mut source = Source::new(settings, Instant::now());
                let added = source.add(service.archive.store()).await?;
                let outcome = if added { "added" } else { "exists" };
                ImportedEntry { name, outcome, id: Some(source.id), errors: Vec::new() }
            }
        });
    }
    json(&Import { entries })
}

/// The sources as a list for other readers, OPML 2.0.
#[utoipa::path(get, path = "/v1/sources.opml", tag = "sources",
    responses((status = 200, description = "The list", body = String, content_type = "text/x-opml")))]
pub async fn export(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let list = opml::write(&Source::all(service.archive.store()).await?).map_err(|error| Problem::internal(&error))?;
    let headers = [(header::CONTENT_TYPE, "text/x-opml; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, list).into_response())
}

/// One source, and how it is.
#[utoipa::path(get, path = "/v1/sources/{id}", tag = "sources",
    params(("id" = String, Path, description = "The source's id")),
    responses(
        (status = 200, description = "The source", body = SourceEntry),
        (status = 404, description = "There is no such source", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn show(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    json(&entry(&held(&service, &id).await?))
}

/// Changes what a source is told. One that was retired, or whose URL changes, is polled again at once.
#[utoipa::path(patch, path = "/v1/sources/{id}", tag = "sources", request_body = SourceSettings,
    params(("id" = String, Path, description = "The source's id")),
    responses(
        (status = 200, description = "It is changed", body = SourceEntry),
        (status = 400, description = "A setting is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such source", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn change(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    body: Body,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let body = received(body).await?;
    update(&service, &id, |source| {
        let settings = parse(&body)?.over(source.settings.clone())?;
        if !settings.take_the_same_as(&source.settings) {
            // What was left out or taken otherwise before is looked at again.
            (source.health.etag, source.health.last_modified) = (None, None);
            source.passed_over.clear();
        }
        let again = settings.url != source.settings.url || source.retired || source.settings.paused;
        source.retired = false;
        source.next_poll_at = match (settings.paused, again) {
            (true, _) => None,
            (false, true) => Some(Instant::now()),
            (false, false) => source.next_poll_at,
        };
        source.settings = settings;
        Ok(())
    })
    .await
}

/// Takes a source away. Its articles stay.
#[utoipa::path(delete, path = "/v1/sources/{id}", tag = "sources",
    params(("id" = String, Path, description = "The source's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such source", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn remove(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let removed = service.archive.store().remove_record(Kind::Source, &id).await?;
    if removed { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(not_found(&id)) }
}

/// Has a source polled at once, in place of when it is due. One that is paused is polled this once.
#[utoipa::path(post, path = "/v1/sources/{id}/poll", tag = "sources",
    params(("id" = String, Path, description = "The source's id")),
    responses(
        (status = 202, description = "It is due now: how it went is told by the source", body = SourceEntry),
        (status = 404, description = "There is no such source", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn poll(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let answer = update(&service, &id, |source| {
        source.retired = false;
        source.next_poll_at = Some(Instant::now());
        Ok(())
    });
    let mut response = answer.await?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

async fn update(
    service: &Service,
    id: &str,
    change: impl Fn(&mut Source) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    for _ in 0..ATTEMPTS {
        let mut source = held(service, id).await?;
        change(&mut source)?;
        match service.archive.store().put_record(Kind::Source, source.record.as_ref(), &source.to_record()).await {
            Err(StoreError::Conflict) => {}
            put => {
                put?;
                return json(&entry(&source));
            }
        }
    }
    Err(StoreError::Conflict.into())
}

async fn held(service: &Service, id: &str) -> Result<Source, Problem> {
    let record = service.archive.store().record(Kind::Source, id).await?.ok_or_else(|| not_found(id))?;
    Ok(Source::read(record)?)
}

fn not_found(id: &str) -> Problem {
    Problem::new(Code::SourceNotFound, format!("there is no source {id:?}"))
}

fn path(id: &str) -> String {
    format!("/v1/sources/{}", percent(id))
}

/// Ids are slugs of any script.
fn percent(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

async fn received(body: Body) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Code::DocumentTooLarge, format!("expected at most {BODY_BYTES} bytes"));
    to_bytes(body, BODY_BYTES).await.map_err(|_| too_large())
}

fn parse(body: &[u8]) -> Result<SourceSettings, Problem> {
    super::settings(body, Code::InvalidSource)
}
