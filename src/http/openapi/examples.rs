//! The examples: requests and responses that a test records from the real server (`tests/integration/examples.rs`), and
//! a value for each parameter.

use serde_json::{Map, Value, json};

/// By operation: `path`, `query` and `request` as sent, `status`, `media_type` and `response` as received.
const RECORDED: &str = include_str!("../examples.json");
/// Values of the parameters that no recorded request has.
const PARAMETERS: &[(&str, &str)] = &[
    ("source", "gazette-example"),
    ("publisher", "the-gazette"),
    ("language", "en,-en-US"),
    ("country", "PT"),
    ("place", "lisbon"),
    ("person", "ana-costa"),
    ("organisation", "port-authority"),
    ("topic", "11000000"),
    ("author", "ana-moreno"),
    ("published_from", "2026-01"),
    ("published_to", "2026-02-15"),
    ("changed_from", "2026-03-01T00:00:00Z"),
    ("changed_to", "2026-03-02"),
    ("mentions_from", "2026-06"),
    ("mentions_to", "2026-07"),
    ("has", "author,-image"),
    ("q", "ferry OR \"harbour tunnel\""),
    ("sort", "-published"),
    ("collapse", "story"),
    ("as_of", "2026-03-01"),
    ("fields", "id,headline,published"),
    ("field", "country,topic"),
    ("interval", "month"),
    ("format", "text"),
    ("reason", "at the author's request"),
    ("since", "now"),
    ("prefix", "lis"),
    ("type", "person,place"),
    ("state", "failing"),
    ("accept-datetime", "Sun, 01 Mar 2026 00:00:00 GMT"),
    ("idempotency-key", "wire-2026-03-02-0017"),
];

/// States the examples in the document.
pub fn state(document: &mut Value) {
    let recorded: Map<String, Value> = serde_json::from_str(RECORDED).expect("the recorded examples are JSON");
    super::each_operation(document, |operation| {
        let id = operation["operationId"].as_str().expect("each operation has an id");
        // Hubs' operations, and the document, have no example.
        let Some(example) = recorded.get(id) else { return };
        for parameter in super::parameters(operation) {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            let sent = example["path"].get(&name).or_else(|| example["query"].get(&name));
            let listed = PARAMETERS.iter().find(|(listed, _)| *listed == name).map(|(_, value)| json!(value));
            if let Some(value) = sent.cloned().or(listed) {
                parameter["example"] = value;
            }
        }
        if let Some(request) = example.get("request") {
            let media_type = example["request_media_type"].as_str().unwrap_or("application/json");
            operation["requestBody"]["content"][media_type]["example"] = request.clone();
        }
        let status = example["status"].to_string();
        if let Some(media_type) = example["media_type"].as_str() {
            operation["responses"][status.as_str()]["content"][media_type]["example"] = example["response"].clone();
        }
    });
}
