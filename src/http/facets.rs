//! `GET /v1/facets`, `GET /v1/timeline`: counts of matching articles by facet and over time. Counts are exact.

use super::problem::docs as problem_docs;
use super::{Service, articles::FilterParameters, entities, params::pairs, problem::Problem, responses::json};
use crate::{
    article::{
        Facet, Instant, canonical_language_tag,
        labels::{country_label, language_label},
        media_topic,
    },
    limits::TIMELINE_BUCKETS,
    query::{FacetQuery, Interval, TimelineQuery},
    search::TopValues,
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use futures::future::try_join_all;
use serde::Serialize;
use std::collections::BTreeMap;
use strum::VariantArray;
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
    /// Its name: in English for countries, languages and topics, else as the newest article writes it. `null` if it has
    /// none.
    label: Option<String>,
    count: u64,
    /// Of a language, the varieties that are counted in it: `en-US` of `en`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    varieties: Vec<VarietyCount>,
}

#[derive(Serialize, ToSchema)]
pub struct VarietyCount {
    value: String,
    label: Option<String>,
    count: u64,
}

#[derive(Serialize, ToSchema)]
pub struct Timeline {
    /// The interval of the buckets: the requested one, or a longer one if that has too many.
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
    /// Articles published in this range or, if their publication time is unknown, listed in it.
    count: u64,
    /// Of these, articles with a known publication time.
    published: u64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct FacetParameters {
    /// `source`, `publisher`, `language`, `country`, `place`, `person`, `organisation`, `topic`, `author`;
    /// comma-separated.
    field: String,
    /// Maximum values per field, 1 to 200, default 20.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// Count facet values
///
/// Among the articles that match the filters.
#[utoipa::path(get, path = "/v1/facets", operation_id = "count_facet_values", tag = "articles", params(FilterParameters, FacetParameters), responses(
    (status = 200, description = "The values and their article counts", body = FacetList),
    problem_docs::InvalidParameter,
    problem_docs::SearchUnavailable,
))]
pub async fn facets(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let query = FacetQuery::parse(&pairs(raw.as_deref())).map_err(Problem::parameters)?;
    // Languages are few, and their varieties are shown with them.
    let named = |field: &Facet| (*field, if *field == Facet::Language { usize::MAX } else { query.limit });
    let named = query.fields.iter().map(named).collect();
    let counts = service.search.counts(&query.filter, query.text.as_ref(), named).await?;
    let facets =
        query.fields.iter().zip(counts.facets).map(|(field, counts)| top_values(&service, *field, counts, query.limit));
    json(&FacetList { total: counts.total, facets: try_join_all(facets).await? })
}

async fn top_values(service: &Service, field: Facet, counts: TopValues, limit: usize) -> Result<FacetCounts, Problem> {
    // A language is indexed under each of the ranges that include it.
    let is_variety = |value: &str| field == Facet::Language && value.contains('-');
    let (varieties, mut shown): (Vec<_>, Vec<_>) = counts.values.into_iter().partition(|(value, _)| is_variety(value));
    let left_out = counts.others + shown.len().saturating_sub(limit);
    shown.truncate(limit);
    let varieties_of = |language: &str| {
        let of_language = |value: &str| value.strip_prefix(language).is_some_and(|rest| rest.starts_with('-'));
        let matching = varieties.iter().filter(|(value, _)| of_language(value));
        let variety = |(value, count): &(String, u64)| {
            let value = canonical_language(value);
            VarietyCount { label: language_label(&value), value, count: *count }
        };
        matching.map(variety).collect()
    };
    let values = shown.into_iter().map(async |(value, count)| {
        let varieties = if field == Facet::Language { varieties_of(&value) } else { Vec::new() };
        let label = label(service, field, &value).await?;
        Ok::<_, Problem>(ValueCount { label, value, count, varieties })
    });
    Ok(FacetCounts { field: field.name(), values: try_join_all(values).await?, left_out })
}

/// Returns a tag as it is written, from the spelling that it is indexed under.
fn canonical_language(value: &str) -> String {
    canonical_language_tag(value).unwrap_or_else(|| value.to_owned())
}

async fn label(service: &Service, field: Facet, value: &str) -> Result<Option<String>, Problem> {
    match field {
        Facet::Country => Ok(country_label(value).map(str::to_owned)),
        Facet::Topic => Ok(media_topic(value).map(|topic| topic.label.to_owned())),
        Facet::Language => Ok(language_label(value)),
        Facet::Source | Facet::Publisher | Facet::Place | Facet::Person | Facet::Organisation | Facet::Author => {
            entities::name(service, field, value).await
        }
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
pub struct TimelineParameters {
    /// `auto`, `hour`, `day`, `week` (from Monday), `month`, `quarter`, `year`; all in UTC. `auto` is the shortest with at
    /// most 100 buckets.
    interval: String,
}

/// Count articles over time
///
/// Empty buckets are included. If there are more than 2,000, they are of the shortest longer interval that has fewer;
/// `interval` in the response names it.
#[utoipa::path(get, path = "/v1/timeline", operation_id = "get_timeline", tag = "articles", params(FilterParameters, TimelineParameters), responses(
    (status = 200, description = "Counts over time", body = Timeline),
    problem_docs::InvalidParameter,
    problem_docs::SearchUnavailable,
))]
pub async fn timeline(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let query = TimelineQuery::parse(&pairs(raw.as_deref())).map_err(Problem::parameters)?;
    let times = service.search.times(&query.filter, query.text.as_ref()).await?;
    // The requested interval or, for `auto` and for a range that is too wide, the shortest that has few enough buckets.
    let (shortest, most) =
        query.interval.map_or((Interval::Hour, AUTO_BUCKETS), |interval| (interval, TIMELINE_BUCKETS));
    let fitting = Interval::VARIANTS.iter().copied().skip_while(|interval| *interval != shortest);
    let (interval, buckets) = fitting
        .filter_map(|interval| Some((interval, buckets(interval, most, &times)?)))
        .next()
        // There are at most as many years as the calendar has.
        .or_else(|| Some((Interval::Year, buckets(Interval::Year, usize::MAX, &times)?)))
        .unwrap_or((Interval::Year, Vec::new()));
    json(&Timeline { interval: interval.name(), total: times.values().sum(), buckets })
}

/// Maximum buckets of a timeline whose interval is chosen: about as many as a chart shows.
const AUTO_BUCKETS: usize = 100;

/// Returns contiguous buckets, or `None` if there are too many.
fn buckets(interval: Interval, most: usize, times: &BTreeMap<(i64, bool), u64>) -> Option<Vec<Bucket>> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for ((milliseconds, published), count) in times {
        let at = Instant::from_timestamp(jiff::Timestamp::from_millisecond(*milliseconds).ok()?)?;
        while buckets.last().is_none_or(|bucket| bucket.to <= at) {
            let from = match buckets.last() {
                Some(last) => last.to,
                None => interval.begin(at)?,
            };
            let to = interval.next(from)?;
            if buckets.len() == most {
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
