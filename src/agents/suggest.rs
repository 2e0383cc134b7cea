//! `suggest`: the ids of people, organisations, places and countries whose names begin with a text.

use super::{ToolError, filter::with_query, schema};
use crate::http::in_process::Api;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "suggest";

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    prefix: String,
    /// person, organisation, place, country; default: all
    r#type: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Suggestions {
    values: Vec<Suggestion>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Suggestion {
    r#type: String,
    /// The filter's value
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Entities {
    entities: Vec<Suggestion>,
}

pub fn tool() -> Tool {
    schema::tool::<Arguments, Suggestions>(NAME, "Find the values of filters by the beginning of a name.")
}

pub async fn call(api: &Api, arguments: Arguments) -> Result<Suggestions, ToolError> {
    let mut pairs = vec![("prefix", arguments.prefix)];
    pairs.extend(arguments.r#type.map(|kind| ("type", kind)));
    let found: Entities = api.get(&with_query("/v1/entities", &pairs)).await?;
    Ok(Suggestions { values: found.entities })
}
