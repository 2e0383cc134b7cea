//! `GET /v1/facets`, `GET /v1/timeline`: counts of matching articles by facet and over time. Counts are exact.

use super::problem::docs as problem_docs;
use super::{Service, articles::FilterParameters, params::pairs, problem::Problem, responses::json};
use crate::{
    article::{Facet, Instant, media_topic},
    limits::TIMELINE_BUCKETS,
    query::{BadParameter, FacetQuery, TimelineQuery},
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
    /// Number of matching articles.
    total: u64,
    facets: Vec<FacetCounts>,
}

#[derive(Serialize, ToSchema)]
pub struct FacetCounts {
    field: &'static str,
    /// Most frequent first; ties are ordered by value.
    values: Vec<ValueCount>,
    /// Number of values beyond the limit.
    left_out: usize,
}

#[derive(Serialize, ToSchema)]
pub struct ValueCount {
    /// The value for the filter parameter.
    value: String,
    /// The label, for topics.
    label: Option<&'static str>,
    count: u64,
}

#[derive(Serialize, ToSchema)]
pub struct Timeline {
    interval: &'static str,
    /// Number of matching articles.
    total: u64,
    /// Contiguous, from the first to the last matching article.
    buckets: Vec<Bucket>,
}

/// A half-open time range.
#[derive(Serialize, ToSchema)]
pub struct Bucket {
    from: Instant,
    to: Instant,
    /// Articles published in this range, or first seen in it if their publication time is unknown.
    count: u64,
    /// Of these, articles with a known publication time.
    published: u64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct FacetParameters {
    /// `source`, `language`, `country`, `place`, `person`, `organisation`, `topic`; comma-separated.
    field: String,
    /// Maximum values per field, 1 to 200, default 20.
    limit: Option<usize>,
}

/// Count facet values
///
/// Among the articles that match the filters.
#[utoipa::path(get, path = "/v1/facets", tag = "articles", params(FilterParameters, FacetParameters), responses(
    (status = 200, description = "The values and their article counts", body = FacetList),
    problem_docs::InvalidParameter,
    problem_docs::SearchUnavailable,
))]
pub async fn facets(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let query = FacetQuery::parse(&pairs(raw.as_deref())).map_err(Problem::parameters)?;
    let counts = service.search.counts(&query.filter, query.text.as_ref(), query.fields.clone()).await?;
    let facets = query.fields.iter().zip(counts.facets).map(|(field, counts)| top_values(*field, counts, query.limit));
    json(&FacetList { total: counts.total, facets: facets.collect() })
}

fn top_values(field: Facet, counts: HashMap<String, u64>, limit: usize) -> FacetCounts {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let left_out = counts.len().saturating_sub(limit);
    counts.truncate(limit);
    let label = |value: &str| if field == Facet::Topic { media_topic(value).map(|topic| topic.label) } else { None };
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

/// Count articles over time
///
/// Empty buckets are included. A timeline of more than 2,000 buckets is refused: request a longer interval, or narrow
/// it with `published_from` and `published_to`.
#[utoipa::path(get, path = "/v1/timeline", tag = "articles", params(FilterParameters, TimelineParameters), responses(
    (status = 200, description = "Counts over time", body = Timeline),
    problem_docs::InvalidParameter,
    problem_docs::SearchUnavailable,
))]
pub async fn timeline(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let query = TimelineQuery::parse(&pairs(raw.as_deref())).map_err(Problem::parameters)?;
    let times = service.search.times(&query.filter, query.text.as_ref()).await?;
    let buckets = buckets(&query, &times).ok_or_else(|| {
        let detail = format!("expected at most {TIMELINE_BUCKETS} buckets between the first and the last article");
        Problem::parameters(vec![BadParameter { parameter: "interval".to_owned(), detail }])
    })?;
    json(&Timeline { interval: query.interval.name(), total: times.values().sum(), buckets })
}

/// Returns contiguous buckets, or `None` if there are too many.
fn buckets(query: &TimelineQuery, times: &BTreeMap<(i64, bool), u64>) -> Option<Vec<Bucket>> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for ((milliseconds, published), count) in times {
        let at = Instant::from_timestamp(jiff::Timestamp::from_millisecond(*milliseconds).ok()?)?;
        while buckets.last().is_none_or(|bucket| bucket.to <= at) {
            let from = match buckets.last() {
                Some(last) => last.to,
                None => query.interval.begin(at)?,
            };
            let to = query.interval.next(from)?;
            if buckets.len() == TIMELINE_BUCKETS {
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
