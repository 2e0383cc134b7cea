//! `get_evidence`: for each fact, the bytes of the raw document that state it.

use super::{ToolError, schema};
use crate::http::in_process::{Api, segment};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "get_evidence";
const FACTS: usize = 25;
/// Bytes of a span's text that are shown.
const SHOWN_BYTES: usize = 400;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    id: String,
    /// headline, published, dateline, authors, entities, quantities …; default: the first 25
    field: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Proof {
    facts: Vec<Fact>,
    /// Facts that are not shown
    more: usize,
    /// Path of the raw document
    raw: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Fact {
    field: String,
    /// How it was read
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// UTF-8 byte offsets in the raw document's text
    spans: Vec<ShownSpan>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ShownSpan {
    start: usize,
    end: usize,
    text: String,
}

#[derive(Deserialize)]
struct Evidence {
    pieces: Vec<Piece>,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Piece {
    text: String,
}

#[derive(Deserialize)]
struct Field {
    field: String,
    rule: String,
    normalised: Option<String>,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    start: usize,
    end: usize,
}

pub fn tool() -> Tool {
    schema::tool::<Arguments, Proof>(NAME, "The bytes of the raw document that prove an article's facts.")
}

pub async fn call(api: &Api, arguments: Arguments) -> Result<Proof, ToolError> {
    let path = format!("/v1/articles/{}", segment(&arguments.id));
    let evidence: Evidence = api.get(&format!("{path}/evidence")).await?;
    let document: String = evidence.pieces.iter().map(|piece| piece.text.as_str()).collect();
    let is_wanted = |field: &str| match &arguments.field {
        None => true,
        // `entities` also names `entities[0]`, and `dateline` also `dateline.place`.
        Some(wanted) => {
            field.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        }
    };
    let fields: Vec<Field> = evidence.fields.into_iter().filter(|field| is_wanted(&field.field)).collect();
    if let Some(wanted) = arguments.field.filter(|_| fields.is_empty()) {
        return Err(ToolError::Arguments(format!(
            "no fact {wanted:?} was read from the document; without field, all are shown"
        )));
    }
    let more = fields.len().saturating_sub(FACTS);
    let facts = fields.into_iter().take(FACTS).map(|field| Fact {
        field: field.field,
        rule: field.rule,
        value: field.normalised.map(|value| cut(&value).to_owned()),
        spans: field
            .spans
            .iter()
            .map(|span| ShownSpan {
                start: span.start,
                end: span.end,
                text: document.get(span.start..span.end).map(cut).unwrap_or_default().to_owned(),
            })
            .collect(),
    });
    Ok(Proof { facts: facts.collect(), more, raw: format!("{path}/raw") })
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_BYTES)]
}
