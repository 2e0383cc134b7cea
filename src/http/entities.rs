//! `GET /v1/entities`: autocompletion for the people, organisations and places that articles can be filtered by.

use super::problem::docs as problem_docs;
use super::{Service, params::read_params, problem::Problem, responses::json};
use crate::{
    article::{Facet, slug},
    limits::{ENTITIES_PAGE_DEFAULT, ENTITIES_PAGE_MAX},
    query::{self, Clause, Filter, ListQuery, PageItem, ParameterReader},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const FACETS: [Facet; 3] = [Facet::Person, Facet::Organisation, Facet::Place];

#[derive(Serialize, ToSchema)]
pub struct EntityList {
    /// First those whose name starts with the prefix, then those with another word that does; each group by frequency.
    entities: Vec<EntityEntry>,
}

#[derive(Serialize, ToSchema)]
pub struct EntityEntry {
    /// `person`, `organisation` or `place`; also the name of the filter parameter.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The value for the filter parameter.
    id: String,
    /// The name as written in the newest article that has it.
    name: String,
    /// Number of articles indexed under it.
    articles: u64,
}

/// The members of a card that name its facet values.
#[derive(Deserialize)]
struct CardNames {
    dateline: Option<CardDateline>,
    entities: Vec<EntityName>,
    publisher: Option<EntityName>,
    authors: Vec<AuthorName>,
}

#[derive(Deserialize)]
struct AuthorName {
    name: String,
}

#[derive(Deserialize)]
struct CardDateline {
    place: Option<EntityName>,
}

#[derive(Deserialize)]
struct EntityName {
    id: String,
    name: String,
}

/// Look up entities by prefix
///
/// Returns people, organisations and places whose name, or a word of it, starts with the prefix. Articles are indexed
/// only under entities with strong evidence. Case and accents are ignored.
#[utoipa::path(get, path = "/v1/entities", operation_id = "find_entities", tag = "articles",
    params(("prefix" = String, Query, description = "The beginning of the name or of one of its words"),
           ("type" = Option<String>, Query, description = "`person`, `organisation`, `place`; comma-separated; default: all"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 50, description = "1 to 50, default 10")),
    responses(
        (status = 200, description = "The matching entities", body = EntityList),
        problem_docs::InvalidParameter,
        problem_docs::SearchUnavailable,
))]
pub async fn entities(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let EntityParams { prefix, facets, limit } =
        read_params(raw.as_deref(), &["prefix", "type", "limit"], EntityParams::read)?;
    let counts = service
        .search
        .counts(&Filter::default(), None, facets.iter().map(|facet| (*facet, usize::MAX)).collect())
        .await?;
    let mut found: Vec<(bool, u64, Facet, String)> = Vec::new();
    for (facet, counts) in facets.into_iter().zip(counts.facets) {
        for (id, count) in counts.values {
            let first = id.starts_with(&prefix);
            if first || id.contains(&format!("-{prefix}")) {
                found.push((first, count, facet, id));
            }
        }
    }
    found.sort_by(|a, b| (b.0, b.1, a.2, &a.3).cmp(&(a.0, a.1, b.2, &b.3)));
    found.truncate(limit);
    let entries = found.into_iter().map(|(_, articles, facet, id)| entity_entry(&service, facet, id, articles));
    json(&EntityList { entities: try_join_all(entries).await? })
}

async fn entity_entry(service: &Service, facet: Facet, id: String, articles: u64) -> Result<EntityEntry, Problem> {
    let name = name(service, facet, &id).await?;
    Ok(EntityEntry { kind: facet.name(), name: name.unwrap_or_else(|| id.clone()), id, articles })
}

/// Returns the name of an entity, publisher or author as the newest article that has it writes it.
pub async fn name(service: &Service, facet: Facet, id: &str) -> Result<Option<String>, Problem> {
    let clause = Clause { facet, values: vec![id.to_owned()], negated: false };
    let filter = Filter { clauses: vec![clause], ..Filter::default() };
    let page = query::page(service.archive.store(), &ListQuery { limit: 1, ..ListQuery::newest(filter) }).await?;
    let card = page.cards.first().and_then(|(_, item)| match item {
        PageItem::Card(card) => serde_json::from_str::<CardNames>(card.get()).ok(),
        PageItem::Article(_) => None,
    });
    Ok(card.and_then(|card| {
        let place = card.dateline.and_then(|dateline| dateline.place);
        let authors = card.authors.into_iter().map(|author| EntityName { id: slug(&author.name), name: author.name });
        let mut names = card.entities.into_iter().chain(place).chain(card.publisher).chain(authors);
        names.find(|entity| entity.id == id).map(|entity| entity.name)
    }))
}

struct EntityParams {
    prefix: String,
    facets: Vec<Facet>,
    limit: usize,
}

impl EntityParams {
    fn read(params: &mut ParameterReader<'_>) -> Self {
        let prefix = slug(params.once("prefix").unwrap_or_default());
        if prefix.is_empty() {
            params.refuse("prefix", "expected the beginning of a name".to_owned());
        }
        let facets = params.choices("type", &FACETS, Facet::name).unwrap_or_else(|| FACETS.to_vec());
        Self { prefix, facets, limit: params.number("limit", 1..=ENTITIES_PAGE_MAX, ENTITIES_PAGE_DEFAULT) }
    }
}
