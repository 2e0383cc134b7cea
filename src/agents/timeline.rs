//! `timeline`: how many articles match, over time.

use super::{
    ToolError,
    filter::{ArticleFilter, with_query},
    schema,
};
use crate::http::in_process::Api;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "timeline";

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    #[serde(flatten)]
    filter: ArticleFilter,
    /// auto, hour, day, week, month, quarter, year
    interval: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    interval: String,
    total: u64,
    /// Without the empty ones
    buckets: Vec<Bucket>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Bucket {
    from: String,
    count: u64,
}

pub fn tool() -> Tool {
    schema::tool::<Arguments, Timeline>(NAME, "Count matching articles over time; filters as in search_articles.")
}

pub async fn call(api: &Api, arguments: Arguments) -> Result<Timeline, ToolError> {
    let mut pairs = arguments.filter.pairs();
    pairs.push(("interval", arguments.interval.unwrap_or_else(|| "auto".to_owned())));
    let mut timeline: Timeline = api.get(&with_query("/v1/timeline", &pairs)).await?;
    timeline.buckets.retain(|bucket| bucket.count > 0);
    Ok(timeline)
}
