//! `GET /timeline`: up to five queries over time, one below the other on the same axis.

use super::{
    chart::{self, Timeline},
    layout::{Page, name_of},
    query::UrlQuery,
    words,
};
use crate::http::in_process::Api;
use crate::http::problem::Problem;
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use futures::future::try_join_all;
use maud::html;
use std::collections::HashMap;

const QUERIES: usize = 5;
/// Bars of a drawing.
const BARS: usize = 200;
const INTERVALS: [&str; 6] = ["day", "week", "month", "quarter", "year", "hour"];

pub async fn timeline(State(api): State<Api>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let query = UrlQuery::parse(raw.as_deref());
    let texts: Vec<&str> = query.all("q").take(QUERIES).collect();
    let range = query.only(&["published_from", "published_to"]);
    // The axis is that of all articles, so that equal places are equal times.
    let interval = query.get("interval").unwrap_or("auto");
    let axis_path = range.clone().and("interval", interval).at("/v1/timeline");
    let mut axis: Timeline = api.get(&axis_path).await?;
    let too_many = axis.buckets.len() > BARS;
    if too_many {
        axis = api.get(&range.clone().and("interval", "auto").at("/v1/timeline")).await?;
    }
    let counted = texts.iter().map(async |text| {
        let path = range.clone().and("q", text).and("interval", &axis.interval).at("/v1/timeline");
        Ok::<_, Problem>((*text, api.get::<Timeline>(&path).await?))
    });
    let counted: Vec<(&str, Timeline)> = try_join_all(counted).await?;
    let on_axis: Vec<(&str, Timeline)> = counted.into_iter().map(|(text, own)| (text, aligned(&axis, own))).collect();
    let body = html! {
        h1 { "Timeline" }
        form.compare action="/timeline" method="get" {
            fieldset {
                legend { "Compare up to five queries" }
                @for number in 0..QUERIES {
                    p { label for={ "q" (number) } { "Query " (number + 1) } " "
                        input id={ "q" (number) } name="q" type="search" value=[texts.get(number)]; }
                }
            }
            p {
                label for="interval" { "By" } " "
                select id="interval" name="interval" {
                    option value="auto" { "a fitting interval" }
                    @for name in INTERVALS { option value=(name) selected[query.get("interval") == Some(name)] { (name) } }
                }
                " " label for="from" { "from" } " " input id="from" name="published_from" type="date" value=[query.get("published_from")];
                " " label for="to" { "before" } " " input id="to" name="published_to" type="date" value=[query.get("published_to")];
                " " button type="submit" { "Show" }
            }
        }
        @if too_many { p.notice { "More than " (BARS) " bars by " (interval) ": shown by " (axis.interval) ". A shorter range has fewer." } }
        section {
            h2 { "All articles: " (words::grouped(axis.total)) }
            (chart::bars(&axis, &range, "/"))
        }
        @for (text, own) in &on_axis {
            section {
                h2 { q dir="auto" { (text) } ": " (words::count(own.total, "article", "articles")) }
                (chart::bars(own, &range.clone().and("q", text), "/"))
            }
        }
        @if axis.total == 0 { div.empty { h2 { "No article in this time" } p { a href="/timeline" { "The whole timeline" } } } }
        @else { details {
            summary { "The same as a table" }
            table {
                caption { "Articles by " (axis.interval) }
                thead { tr { th scope="col" { (axis.interval) } th scope="col" { "All" } @for (text, _) in &on_axis { th scope="col" dir="auto" { (text) } } } }
                tbody {
                    @for (at, bucket) in axis.buckets.iter().enumerate().filter(|(_, bucket)| bucket.count > 0) {
                        tr {
                            th scope="row" { (chart::range(bucket, &axis.interval)) }
                            td.number { (words::grouped(bucket.count)) }
                            @for (_, own) in &on_axis { td.number { (own.buckets.get(at).map_or(0, |bucket| bucket.count)) } }
                        }
                    }
                }
            }
        } }
    };
    Ok(Page::new(name_of("/timeline"), body).with_json(axis_path).respond())
}

/// Counts on another timeline's axis.
fn aligned(axis: &Timeline, own: Timeline) -> Timeline {
    let counts: HashMap<jiff::Timestamp, u64> =
        own.buckets.iter().map(|bucket| (bucket.from.timestamp(), bucket.count)).collect();
    let on_axis = |bucket: &chart::Bucket| chart::Bucket {
        from: bucket.from,
        to: bucket.to,
        count: counts.get(&bucket.from.timestamp()).copied().unwrap_or(0),
    };
    Timeline { interval: axis.interval.clone(), total: own.total, buckets: axis.buckets.iter().map(on_axis).collect() }
}
