//! Counts over time, as a drawing that a screen reader reads as a list of links, and that needs no script.

use super::{query::UrlQuery, words};
use crate::article::Instant;
use maud::{Markup, html};
use serde::Deserialize;

/// The response of `GET /v1/timeline`.
#[derive(Deserialize)]
pub struct Timeline {
    pub interval: String,
    pub total: u64,
    pub buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
pub struct Bucket {
    pub from: Instant,
    pub to: Instant,
    pub count: u64,
}

const WIDTH: u64 = 1_000;
const HEIGHT: u64 = 80;

/// Bars that lead to the list of their range.
pub fn bars(timeline: &Timeline, query: &UrlQuery, path: &str) -> Markup {
    let most = timeline.buckets.iter().map(|bucket| bucket.count).max().unwrap_or_default().max(1);
    let number = timeline.buckets.len().max(1) as u64;
    let query = query.without(&["cursor", "published_from", "published_to", "interval"]);
    let label = format!("Articles by {}", timeline.interval);
    html! {
        figure.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="group" aria-label=(label) {
                @for (at, bucket) in (0..).zip(&timeline.buckets) {
                    @if bucket.count > 0 {
                        @let height = (bucket.count * HEIGHT).div_ceil(most);
                        @let name = format!("{}: {}", range(bucket, &timeline.interval), words::count(bucket.count, "article", "articles"));
                        @let (from, to) = (words::parameter_day(bucket.from), words::parameter_day(bucket.to));
                        @let bar = html! {
                            title { (name) }
                            rect x=(at * WIDTH / number) y=(HEIGHT - height) width=((WIDTH / number).saturating_sub(1).max(1)) height=(height) {}
                        };
                        // A part of a day cannot be selected by days.
                        @if from == to {
                            g aria-label=(name) role="img" { (bar) }
                        } @else {
                            a href=(query.with("published_from", &from).with("published_to", &to).at(path)) aria-label=(name) { (bar) }
                        }
                    }
                }
            }
            @if let (Some(first), Some(last)) = (timeline.buckets.first(), timeline.buckets.last()) {
                figcaption {
                    span { (range(first, &timeline.interval)) }
                    span { "articles by " (timeline.interval) ", at most " (words::grouped(most)) " in one" }
                    span { (range(last, &timeline.interval)) }
                }
            }
        }
    }
}

/// A bucket in words, as long as its interval needs.
pub fn range(bucket: &Bucket, interval: &str) -> String {
    let at = bucket.from.timestamp().to_zoned_datetime(jiff::tz::TimeZone::UTC);
    match interval {
        "hour" => at.strftime("%-d %B %Y, %H:00").to_string(),
        "month" => at.strftime("%B %Y").to_string(),
        "quarter" => format!("quarter from {}", at.strftime("%B %Y")),
        "year" => at.strftime("%Y").to_string(),
        "week" => format!("week of {}", at.strftime("%-d %B %Y")),
        _ => at.strftime("%-d %B %Y").to_string(),
    }
}
