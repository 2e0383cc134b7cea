//! `/v1/sources`: the polled feeds, their settings and their health.

use super::problem::docs as problem_docs;
use super::{
    Service,
    params::{invalid_settings, no_params, parse_settings, read_params, receive_body, receive_json},
    problem::{Code, Fault, Problem},
    responses::{created, json, next_page, no_content, text},
};
use crate::{
    article::Instant,
    limits::{SOURCE_BODY_BYTES, SOURCES_PAGE_DEFAULT, SOURCES_PAGE_MAX, SOURCES_SCANNED},
    query::cursor,
    sources::{BadSetting, EntryRule, Health, Source, SourceSettings, SourceState, opml, urls},
    store::RecordKind,
};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use strum::VariantArray;
use utoipa::ToSchema;

/// Names this list in the digest of its cursors.
const BINDING: &str = "sources";

#[derive(Serialize, ToSchema)]
pub struct SourceEntry {
    id: String,
    url: String,
    title: Option<String>,
    state: SourceState,
    /// The default for documents that state none.
    publisher: Option<String>,
    language: Option<String>,
    country: Option<String>,
    full_text: bool,
    include: Vec<EntryRule>,
    exclude: Vec<EntryRule>,
    minimum_interval_seconds: u64,
    maximum_interval_seconds: u64,
    /// The current interval between polls, adapted to the feed's own rhythm.
    interval_seconds: u64,
    next_poll_at: Option<Instant>,
    /// Names of the request headers. Their values are never returned.
    headers: Vec<String>,
    created_at: Instant,
    health: Health,
    /// Relative URL of the articles from this source.
    articles: String,
}

#[derive(Serialize, ToSchema)]
pub struct SourceList {
    sources: Vec<SourceEntry>,
    /// A relative URL; only `null` means the end of the list.
    next: Option<String>,
}

/// The settings of a source. In a `PATCH`, a missing member is unchanged and one that is `null` is removed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceChanges {
    /// The URL of a feed, of a news sitemap, or of a page that names one.
    url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    /// The publisher's name, for documents that state none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    publisher: Option<Option<String>>,
    /// BCP 47; used if the language cannot be detected from the text and the document states none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// ISO 3166-1 alpha-2: the country of publication. It decides which rupees or dinars are meant if no dateline does.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    country: Option<Option<String>>,
    /// Whether each entry's page is fetched and archived instead of the feed's text, if its site allows robots.
    full_text: Option<bool>,
    /// Up to twenty rules; if there are any, an entry must match one. They replace the previous rules.
    include: Option<Vec<EntryRule>>,
    /// Rules that an entry must not match.
    exclude: Option<Vec<EntryRule>>,
    /// 60 to 604800, default 300.
    minimum_interval_seconds: Option<u64>,
    /// 60 to 604800, default 86400.
    maximum_interval_seconds: Option<u64>,
    /// Up to ten headers, sent with every request to the source's host. They replace the previous headers.
    headers: Option<BTreeMap<String, String>>,
    /// Whether polling is paused.
    paused: Option<bool>,
}

impl SourceChanges {
    fn over(self, mut settings: SourceSettings) -> Result<SourceSettings, Problem> {
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
            invalid_settings(Code::InvalidSource, bad.into_iter().map(|setting| (setting.member, setting.detail)))
        })
    }
}

/// Deserializes a present member, so that `null` differs from a missing one.
fn given<'a, D: Deserializer<'a>>(member: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(member).map(Some)
}

fn entry(source: &Source) -> SourceEntry {
    SourceEntry {
        id: source.id.clone(),
        url: source.settings.url.clone(),
        title: source.settings.title.clone(),
        state: source.state(),
        publisher: source.settings.publisher.clone(),
        language: source.settings.language.clone(),
        country: source.settings.country.clone(),
        full_text: source.settings.full_text,
        include: source.settings.include.clone(),
        exclude: source.settings.exclude.clone(),
        minimum_interval_seconds: source.settings.minimum_interval_seconds,
        maximum_interval_seconds: source.settings.maximum_interval_seconds,
        interval_seconds: source.interval_seconds,
        next_poll_at: source.next_poll_at,
        headers: source.settings.headers.keys().cloned().collect(),
        created_at: source.created_at,
        health: source.health.clone(),
        articles: format!("/v1/articles?source={}", source.id),
    }
}

/// List sources
///
/// Ordered by id.
#[utoipa::path(get, path = "/v1/sources", operation_id = "list_sources", tag = "sources",
    params(("state" = Option<String>, Query, description = "`active`, `failing`, `paused` or `retired`"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200, default 50. A page may be short while `next` is not null"),
           ("cursor" = Option<String>, Query, description = "From `next`")),
    responses(
        (status = 200, description = "A page of sources", body = SourceList),
        problem_docs::InvalidParameter,
))]
pub async fn sources(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let (state, limit, cursor) = read_params(raw.as_deref(), &["state", "limit", "cursor"], |params| {
        let state = params.choice("state", SourceState::VARIANTS, SourceState::name);
        (state, params.number("limit", 1..=SOURCES_PAGE_MAX, SOURCES_PAGE_DEFAULT), params.cursor(BINDING))
    })?;
    let mut after = cursor.unwrap_or_default();
    let mut found = Vec::new();
    let (mut more, mut looked) = (true, 0);
    while more && found.len() < limit && looked < SOURCES_SCANNED {
        let (records, is_more) =
            service.archive.store().records(RecordKind::Source, &after, limit - found.len()).await?;
        (more, looked) = (is_more, looked + records.len());
        for record in records {
            after.clone_from(&record.id);
            let source = Source::read(record)?;
            if state.is_none_or(|state| state == source.state()) {
                found.push(entry(&source));
            }
        }
    }
    let next = more.then(|| next_page("/v1/sources", raw.as_deref(), &cursor::seal(&after, BINDING)));
    json(&SourceList { sources: found, next })
}

/// Add a source
///
/// It is polled at once, then at the rhythm of its feed.
#[utoipa::path(post, path = "/v1/sources", operation_id = "add_source", tag = "sources", request_body = SourceChanges,
    responses(
        (status = 201, description = "Source added", body = SourceEntry, headers(("location", description = "The source's path"))),
        problem_docs::InvalidSource,
        problem_docs::DocumentTooLarge,
        problem_docs::UnsupportedMediaType,
        problem_docs::SourceExists,
))]
pub async fn add(
    State(service): State<Service>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let settings =
        parse(&receive_json(&headers, body, SOURCE_BODY_BYTES).await?)?.over(SourceSettings::new(String::new()))?;
    service.require_reachable(&settings.url, Code::InvalidSource)?;
    let mut source = Source::new(settings, Instant::now());
    if !source.add(service.archive.store()).await? {
        return Err(exists(&source.id));
    }
    created(&path(&source.id), &entry(&source))
}

/// The result of importing one entry of an OPML list.
#[derive(Serialize, ToSchema)]
pub struct ImportedEntry {
    /// The name in the list.
    name: String,
    /// `added`, `exists`, `refused`.
    outcome: &'static str,
    id: Option<String>,
    /// Why the entry was refused.
    errors: Vec<Fault>,
}

#[derive(Serialize, ToSchema)]
pub struct Import {
    entries: Vec<ImportedEntry>,
}

/// Import sources from OPML 2.0
///
/// Returns a result for every entry, in the order of the list. A refused entry does not keep others from being added.
#[utoipa::path(post, path = "/v1/sources.opml", operation_id = "import_sources", tag = "sources", request_body(content((String = "text/x-opml"))),
    responses(
        (status = 200, description = "The result of every entry", body = Import),
        problem_docs::InvalidSource,
        problem_docs::DocumentTooLarge,
))]
pub async fn import(State(service): State<Service>, RawQuery(raw): RawQuery, body: Body) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let list = receive_body(body, crate::limits::OPML_BYTES).await?;
    let list = str::from_utf8(&list).map_err(|error| Problem::new(Code::InvalidSource, error.to_string()))?;
    let list = opml::read(list).map_err(|error| Problem::new(Code::InvalidSource, error.to_string()))?;
    let mut entries = Vec::with_capacity(list.len());
    for opml::OpmlEntry { name, settings } in list {
        let faults =
            |bad: Vec<BadSetting>| bad.into_iter().map(|setting| Fault::at(setting.member, setting.detail)).collect();
        let settings: Result<_, Vec<Fault>> = settings.map_err(faults);
        let settings = settings
            .and_then(|settings| service.unreachable(&settings.url).map_or(Ok(settings), |fault| Err(vec![fault])));
        entries.push(match settings {
            Err(errors) => ImportedEntry { name, outcome: "refused", id: None, errors },
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

/// Export sources as OPML 2.0
///
/// For import into other feed readers.
#[utoipa::path(get, path = "/v1/sources.opml", operation_id = "export_sources", tag = "sources",
    responses((status = 200, description = "The OPML list", body = String, content_type = "text/x-opml")))]
pub async fn export(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let list = opml::write(&Source::all(service.archive.store()).await?).map_err(|error| Problem::internal(&error))?;
    Ok(text("text/x-opml; charset=utf-8", list))
}

/// Get a source and its health
#[utoipa::path(get, path = "/v1/sources/{id}", operation_id = "get_source", tag = "sources",
    params(("id" = String, Path, description = "The source's id")),
    responses(
        (status = 200, description = "The source", body = SourceEntry),
        problem_docs::SourceNotFound,
))]
pub async fn show(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    json(&entry(&find_source(&service, &id).await?))
}

/// Change a source's settings
///
/// A source that was retired or paused, or whose URL changes, is polled at once.
#[utoipa::path(patch, path = "/v1/sources/{id}", operation_id = "change_source", tag = "sources", request_body = SourceChanges,
    params(("id" = String, Path, description = "The source's id")),
    responses(
        (status = 200, description = "Source changed", body = SourceEntry),
        problem_docs::InvalidSource,
        problem_docs::DocumentTooLarge,
        problem_docs::UnsupportedMediaType,
        problem_docs::SourceNotFound,
        problem_docs::SourceExists,
))]
pub async fn change(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let body = receive_json(&headers, body, SOURCE_BODY_BYTES).await?;
    let store = service.archive.store();
    let before = find_source(&service, &id).await?;
    let settings = parse(&body)?.over(before.settings.clone())?;
    service.require_reachable(&settings.url, Code::InvalidSource)?;
    if settings.url != before.settings.url
        && let Some(other) = urls::claim(store, &settings.url, &id).await?
    {
        return Err(exists(&other));
    }
    let changed = Source::update(store, &id, |source| {
        let settings = parse(&body)?.over(source.settings.clone())?;
        source.change_settings(settings, Instant::now());
        Ok::<_, Problem>(())
    });
    json(&entry(&changed.await?.ok_or_else(|| not_found(&id))?))
}

/// Remove a source
///
/// Its articles are kept.
#[utoipa::path(delete, path = "/v1/sources/{id}", operation_id = "remove_source", tag = "sources",
    params(("id" = String, Path, description = "The source's id")),
    responses(
        (status = 204, description = "Source removed"),
        problem_docs::SourceNotFound,
))]
pub async fn remove(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let removed = Source::remove(service.archive.store(), &id).await?;
    if removed { Ok(no_content()) } else { Err(not_found(&id)) }
}

/// Poll a source now
///
/// Instead of waiting until it is due. A paused source is polled this one time.
#[utoipa::path(post, path = "/v1/sources/{id}/poll", operation_id = "poll_source", tag = "sources",
    params(("id" = String, Path, description = "The source's id")),
    responses(
        (status = 202, description = "Poll scheduled; the source's `health` reports the result", body = SourceEntry),
        problem_docs::SourceNotFound,
))]
pub async fn poll(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let due = Source::update(service.archive.store(), &id, |source| {
        source.poll_now(Instant::now());
        Ok::<_, Problem>(())
    });
    let source = due.await?.ok_or_else(|| not_found(&id))?;
    Ok((StatusCode::ACCEPTED, json(&entry(&source))?).into_response())
}

async fn find_source(service: &Service, id: &str) -> Result<Source, Problem> {
    Source::find(service.archive.store(), id).await?.ok_or_else(|| not_found(id))
}

fn exists(id: &str) -> Problem {
    Problem::new(Code::SourceExists, format!("source {id} already has this URL; change it at its own path"))
}

fn not_found(id: &str) -> Problem {
    Problem::new(Code::SourceNotFound, format!("there is no source {id:?}"))
}

fn path(id: &str) -> String {
    format!("/v1/sources/{}", percent_encode(id))
}

/// Percent-encodes an id, because ids are slugs of any script.
fn percent_encode(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

fn parse(body: &[u8]) -> Result<SourceChanges, Problem> {
    parse_settings(body, Code::InvalidSource)
}
