//! The bounds of parameters and members, as the server enforces them. Bytes are stated as characters: a text with more
//! characters than the limit has bytes is always refused.

use crate::{
    limits::{
        CHANGES_WAIT_SECONDS, DELETION_REASON_BYTES, DOCUMENT_KEY_BYTES, IDEMPOTENCY_KEY_BYTES, INTERVAL_HIGHEST,
        INTERVAL_LOWEST, RULE_PATTERN_BYTES, SOURCE_HEADERS, SOURCE_RULES, SOURCE_TITLE_BYTES, TEXT_QUERY_BYTES,
        URL_BYTES, WEBHOOK_FILTER_BYTES,
    },
    sources::SourceState,
};
use serde_json::{Value, json};
use strum::VariantArray;

/// Bounds of parameters, by their name, wherever they occur.
fn of_parameters() -> Vec<(&'static str, Value)> {
    let states: Vec<&str> = SourceState::VARIANTS.iter().map(|state| state.name()).collect();
    vec![
        ("q", json!({"minLength": 1, "maxLength": TEXT_QUERY_BYTES})),
        ("prefix", json!({"minLength": 1})),
        ("reason", json!({"minLength": 1, "maxLength": DELETION_REASON_BYTES})),
        ("wait", json!({"maximum": CHANGES_WAIT_SECONDS})),
        ("number", json!({"minimum": 1})),
        ("state", json!({"enum": states})),
        ("idempotency-key", json!({"minLength": 1, "maxLength": IDEMPOTENCY_KEY_BYTES, "pattern": "^[ -~]+$"})),
    ]
}

/// Bounds of the members of what clients send, by schema and member.
fn of_members() -> Vec<(&'static str, &'static str, Value)> {
    let url = json!({"minLength": 1, "maxLength": URL_BYTES});
    let title = json!({"minLength": 1, "maxLength": SOURCE_TITLE_BYTES});
    let interval = json!({"minimum": INTERVAL_LOWEST, "maximum": INTERVAL_HIGHEST});
    let key = json!({"minLength": 1, "maxLength": DOCUMENT_KEY_BYTES});
    vec![
        ("SourceChanges", "url", url.clone()),
        ("SourceChanges", "title", title.clone()),
        ("SourceChanges", "publisher", title),
        ("SourceChanges", "country", json!({"minLength": 2, "maxLength": 2})),
        ("SourceChanges", "minimum_interval_seconds", interval.clone()),
        ("SourceChanges", "maximum_interval_seconds", interval),
        ("SourceChanges", "include", json!({"maxItems": SOURCE_RULES})),
        ("SourceChanges", "exclude", json!({"maxItems": SOURCE_RULES})),
        ("SourceChanges", "headers", json!({"maxProperties": SOURCE_HEADERS})),
        ("EntryRule", "matches", json!({"maxLength": RULE_PATTERN_BYTES})),
        ("WebhookSettings", "url", url),
        ("WebhookSettings", "filter", json!({"maxLength": WEBHOOK_FILTER_BYTES})),
        ("WebhookSettings", "events", json!({"minItems": 1, "uniqueItems": false})),
        ("Envelope", "key", key.clone()),
        ("Envelope", "url", key.clone()),
        ("Envelope", "source", key),
    ]
}

/// States the bounds in the document.
pub fn state(document: &mut Value) {
    let bounds = of_parameters();
    super::each_operation(document, |operation| {
        for parameter in super::parameters(operation) {
            if let Some((_, bound)) = bounds.iter().find(|(name, _)| parameter["name"] == *name) {
                extend(&mut parameter["schema"], bound);
            }
        }
    });
    for (schema, member, bound) in of_members() {
        extend(&mut document["components"]["schemas"][schema]["properties"][member], &bound);
    }
}

fn extend(schema: &mut Value, bound: &Value) {
    let schema = schema.as_object_mut().expect("the document has the schema that is bounded");
    schema.extend(bound.as_object().cloned().unwrap_or_default());
}
