//! `GET /v1/entities`: the people, organisations and places that articles can be filtered by, looked up as one types.

use super::{
    Service, json,
    one::{parameter, refuse_parameters},
    problem::Problem,
};
use crate::{
    article::{Facet, slug},
    query::{self, BadParameter, Clause, Filter, ListQuery, plan::Found},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const FACETS: [Facet; 3] = [Facet::Person, Facet::Organisation, Facet::Place];
const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 50;

#[derive(Serialize, ToSchema)]
pub struct EntityList {
    /// Those whose name begins so, then those of which another word does; in each, the most frequent first.
    entities: Vec<EntityEntry>,
}

#[derive(Serialize, ToSchema)]
pub struct EntityEntry {
    /// `person`, `organisation`, `place`: also the parameter that filters by it.
    #[serde(rename = "type")]
    kind: &'static str,
    /// As a filter takes it.
    id: String,
    /// As the newest article that it is in writes it.
    name: String,
    /// The articles that are filed under it.
    articles: u64,
}

/// What of a card is asked for here.
#[derive(Deserialize)]
struct Named {
    dateline: Option<Placed>,
    entities: Vec<Name>,
}

#[derive(Deserialize)]
struct Placed {
    place: Option<Name>,
}

#[derive(Deserialize)]
struct Name {
    id: String,
    name: String,
}

/// Looks up people, organisations and places by how their names, or words of them, begin.
///
/// Only those that articles are filed under, which is where the evidence is strong. Case and accents do not count.
#[utoipa::path(get, path = "/v1/entities", tag = "articles",
    params(("prefix" = String, Query, description = "How the name begins, or one of its words"),
           ("type" = Option<String>, Query, description = "`person`, `organisation`, `place`; several by commas; all where nothing is said"),
           ("limit" = Option<usize>, Query, description = "1 to 50, default 10")),
    responses(
        (status = 200, description = "What begins so", body = EntityList),
        (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The index cannot be used now", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn entities(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["prefix", "type", "limit"])?;
    let Asked { prefix, facets, limit } = Asked::parse(raw.as_deref())?;
    let counts = service.search.counts(&Filter::default(), None, facets.clone()).await?;
    let mut found: Vec<(bool, u64, Facet, String)> = Vec::new();
    for (facet, counts) in facets.into_iter().zip(counts.facets) {
        for (id, count) in counts {
            let first = id.starts_with(&prefix);
            if first || id.contains(&format!("-{prefix}")) {
                found.push((first, count, facet, id));
            }
        }
    }
    found.sort_by(|a, b| (b.0, b.1, a.2, &a.3).cmp(&(a.0, a.1, b.2, &b.3)));
    found.truncate(limit);
    let named = found.into_iter().map(|(_, articles, facet, id)| named(&service, facet, id, articles));
    json(&EntityList { entities: try_join_all(named).await? })
}

async fn named(service: &Service, facet: Facet, id: String, articles: u64) -> Result<EntityEntry, Problem> {
    let clause = Clause { facet, values: vec![id.clone()], negated: false };
    let filter = Filter { clauses: vec![clause], ..Filter::default() };
    let page = query::page(service.archive.store(), &ListQuery::newest(filter)).await?;
    let name = page.cards.first().and_then(|(_, found)| match found {
        Found::Card(card) => serde_json::from_str::<Named>(card.get()).ok(),
        Found::Article(_) => None,
    });
    let name = name.and_then(|it| {
        let place = it.dateline.and_then(|it| it.place);
        it.entities.into_iter().chain(place).find(|it| it.id == id)
    });
    Ok(EntityEntry { kind: facet.name(), name: name.map_or_else(|| id.clone(), |it| it.name), id, articles })
}

struct Asked {
    prefix: String,
    facets: Vec<Facet>,
    limit: usize,
}

impl Asked {
    /// Names every fault.
    fn parse(raw: Option<&str>) -> Result<Self, Problem> {
        let mut bad = Vec::new();
        let mut refuse = |parameter: &str, detail: String| {
            bad.push(BadParameter { parameter: parameter.to_owned(), detail });
        };
        let prefix = slug(&parameter(raw, "prefix")?.unwrap_or_default());
        if prefix.is_empty() {
            refuse("prefix", "expected the beginning of a name".to_owned());
        }
        let mut facets = Vec::new();
        match parameter(raw, "type")? {
            None => facets.extend(FACETS),
            Some(given) => {
                for name in given.split(',').map(str::trim) {
                    match FACETS.into_iter().find(|it| it.name() == name) {
                        Some(facet) => facets.push(facet),
                        None => {
                            let known = FACETS.map(Facet::name).join(", ");
                            refuse("type", format!("expected any of {known}, found {name:?}"));
                        }
                    }
                }
            }
        }
        let limit = match parameter(raw, "limit")? {
            None => LIMIT_DEFAULT,
            Some(given) => given.parse().ok().filter(|it| (1..=LIMIT_MAX).contains(it)).unwrap_or_else(|| {
                refuse("limit", format!("expected 1 to {LIMIT_MAX}, found {given:?}"));
                LIMIT_DEFAULT
            }),
        };
        if bad.is_empty() { Ok(Self { prefix, facets, limit }) } else { Err(Problem::parameters(bad)) }
    }
}
