//! `GET /v1/facets`, `GET /v1/timeline`: how many articles match, by a facet and over time. Counts are exact.

use super::{
    Service, json,
    list::{FilterParameters, pairs},
    problem::Problem,
};
use crate::{
    article::{Facet, Instant, media_topic},
    query::{BUCKETS_MAX, BadParameter, FacetQuery, TimelineQuery},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
pub struct FacetList {
    /// The articles that match.
    total: u64,
    facets: Vec<FacetCounts>,
}

#[derive(Serialize, ToSchema)]
pub struct FacetCounts {
    field: &'static str,
    /// The most frequent first; equally frequent ones by their value.
    values: Vec<ValueCount>,
    /// The values that the limit left out.
    left_out: usize,
}

#[derive(Serialize, ToSchema)]
pub struct ValueCount {
    /// As a filter takes it.
    value: String,
    /// Of a topic, its name.
    label: Option<&'static str>,
    count: u64,
}

#[derive(Serialize, ToSchema)]
pub struct Timeline {
    interval: &'static str,
    /// The articles that match.
    total: u64,
    /// One after another without a gap, from the first to the last of the matching articles.
    buckets: Vec<Bucket>,
}

/// A stretch of time, half-open.
#[derive(Serialize, ToSchema)]
pub struct Bucket {
    from: Instant,
    to: Instant,
    /// Articles listed in it: published then, or first seen then where it is not known when they were published.
    count: u64,
    /// Those of them that are known to be published then.
    published: u64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct FacetParameters {
    /// `source`, `language`, `country`, `place`, `person`, `organisation`, `topic`; several by commas.
    field: String,
    /// The values of each, 1 to 200, default 20.
    limit: Option<usize>,
}

/// Counts the values of facets among the articles that match.
#[utoipa::path(get, path = "/v1/facets", tag = "articles", params(FilterParameters, FacetParameters), responses(
    (status = 200, description = "The values and how many articles have them", body = FacetList),
    (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "The index cannot be used now", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn facets(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let query = FacetQuery::parse(&pairs(raw.as_deref())).map_err(Problem::parameters)?;
    let counts = service.search.counts(&query.filter, query.text.as_ref(), query.fields.clone()).await?;
    let facets = query.fields.iter().zip(counts.facets).map(|(field, counts)| most(*field, counts, query.limit));
    json(&FacetList { total: counts.total, facets: facets.collect() })
}

fn most(field: Facet, counts: HashMap<String, u64>, limit: usize) -> FacetCounts {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let left_out = counts.len().saturating_sub(limit);
    counts.truncate(limit);
    let label = |value: &str| if field == Facet::Topic { media_topic(value).map(|it| it.label) } else { None };
    let values = counts.into_iter().map(|(value, count)| ValueCount { label: label(&value), value, count });
    FacetCounts { field: field.name(), values: values.collect(), left_out }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct TimelineParameters {
    /// `hour`, `day`, `week` (from Monday), `month`; all in UTC.
    interval: String,
}

/// Counts the articles that match over time.
///
/// Empty stretches are shown. A timeline of more than 2,000 stretches is refused: ask for a longer interval, or narrow it
/// by `published_from` and `published_to`.
#[utoipa::path(get, path = "/v1/timeline", tag = "articles", params(FilterParameters, TimelineParameters), responses(
    (status = 200, description = "Counts over time", body = Timeline),
    (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "The index cannot be used now", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn timeline(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let query = TimelineQuery::parse(&pairs(raw.as_deref())).map_err(Problem::parameters)?;
    let times = service.search.times(&query.filter, query.text.as_ref()).await?;
    let buckets = buckets(&query, &times).ok_or_else(|| {
        let detail = format!("expected at most {BUCKETS_MAX} stretches between the first and the last article");
        Problem::parameters(vec![BadParameter { parameter: "interval".to_owned(), detail }])
    })?;
    json(&Timeline { interval: query.interval.name(), total: times.values().sum(), buckets })
}

/// `None` if there are too many.
fn buckets(query: &TimelineQuery, times: &BTreeMap<(i64, bool), u64>) -> Option<Vec<Bucket>> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for ((milliseconds, published), count) in times {
        let at = Instant::from_timestamp(jiff::Timestamp::from_millisecond(*milliseconds).ok()?)?;
        while buckets.last().is_none_or(|it| it.to <= at) {
            let from = match buckets.last() {
                Some(last) => last.to,
                None => query.interval.begin(at)?,
            };
            let to = query.interval.next(from)?;
            if buckets.len() == BUCKETS_MAX {
                return None;
            }
            buckets.push(Bucket { from, to, count: 0, published: 0 });
        }
        if let Some(bucket) = buckets.last_mut() {
            bucket.count += count;
            bucket.published += if *published { *count } else { 0 };
        }
    }
    Some(buckets)
}
