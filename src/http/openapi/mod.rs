//! The OpenAPI 3.1 document: generated from the handlers' own annotations, checked in, compared by a test, and served
//! as the checked-in file, so that neither requests nor cold starts spend time generating it.

mod bounds;
mod examples;

use super::{negotiate::Format, problem::Code, routes::Specification};
use crate::{
    access::{Scope, needed},
    query::{Interval, Sort},
};
use http::Method;
use serde_json::{Map, Value, json};
use strum::VariantArray;
use utoipa::{
    OpenApi,
    openapi::{
        ComponentsBuilder, OpenApi as Document,
        path::{Operation, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

/// The name of the security scheme.
const API_KEY: &str = "api_key";

/// Returns the specification as JSON, in its checked-in form.
pub fn generate() -> String {
    let mut document = Specification::openapi();
    state_access(&mut document);
    let mut document =
        serde_json::to_value(&document).expect("the specification has string keys and always serializes");
    merge_parts(&mut document["components"]["schemas"]);
    // `fields` may leave out any member of an entry.
    if let Some(entry) = document["components"]["schemas"]["ListEntry"].as_object_mut() {
        entry.remove("required");
    }
    name_choices(&mut document["paths"]);
    bounds::state(&mut document);
    examples::state(&mut document);
    let mut json = serde_json::to_string_pretty(&document).expect("a value always serializes");
    json.push('\n');
    json
}

/// Calls `change` with each operation.
fn each_operation(document: &mut Value, mut change: impl FnMut(&mut Value)) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, item) in paths {
        item.as_object_mut().into_iter().flatten().for_each(|(_, operation)| change(operation));
    }
}

fn parameters(operation: &mut Value) -> impl Iterator<Item = &mut Value> {
    operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Merges each `allOf` into one object: flattened structures are written so, and client generators know no such class.
fn merge_parts(schemas: &mut Value) {
    let names: Vec<String> = schemas.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for name in names {
        if let Some(merged) = merged(&schemas[&name], schemas) {
            schemas[&name] = merged;
        }
    }
}

fn merged(schema: &Value, schemas: &Value) -> Option<Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for part in schema["allOf"].as_array()? {
        let named = part["$ref"].as_str().and_then(|name| name.rsplit('/').next()).map(|name| &schemas[name]);
        let part = named.unwrap_or(part);
        let part = merged(part, schemas).unwrap_or_else(|| part.clone());
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    let mut whole = json!({ "type": "object", "required": required, "properties": properties });
    if let Some(description) = schema.get("description") {
        whole["description"] = description.clone();
    }
    Some(whole)
}

/// States the values of the parameters that the code has a list of.
fn name_choices(paths: &mut Value) {
    let intervals = Interval::VARIANTS.iter().map(|interval| interval.name());
    let formats: Vec<&str> = Format::VARIANTS.iter().map(|format| format.name()).collect();
    let sorts: Vec<&str> = Sort::VARIANTS.iter().map(|sort| sort.name()).collect();
    let mut choices = vec![
        ("/v1/timeline", "interval", std::iter::once("auto").chain(intervals).collect()),
        ("/v1/articles/{id}", "format", formats.clone()),
        ("/v1/articles/{id}/revisions/{number}", "format", formats),
    ];
    for list in ["/v1/articles", "/v1/feed.json", "/v1/feed.atom", "/v1/feed.rss"] {
        choices.extend([(list, "sort", sorts.clone()), (list, "collapse", vec!["story"])]);
    }
    for feed in ["/v1/feed.json", "/v1/feed.atom", "/v1/feed.rss"] {
        choices.push((feed, "content", vec!["full", "summary"]));
    }
    for (path, name, values) in choices {
        let parameters = paths[path]["get"]["parameters"].as_array_mut();
        let parameter = parameters.into_iter().flatten().find(|parameter| parameter["name"] == name);
        parameter.expect("the operation has the parameter")["schema"]["enum"] = json!(values);
    }
}

/// States for each operation the scope that [`needed`] decides, and the refusals that every operation has.
fn state_access(document: &mut Document) {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("API key").description(Some(
        "An API key. On one machine none is needed until the archive has one; reads may need none at all.",
    ));
    let components = document.components.get_or_insert_with(|| ComponentsBuilder::new().build());
    components.add_security_scheme(API_KEY, SecurityScheme::Http(scheme.build()));
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            state_refusals(operation, &method, needed(&method, path));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let operations = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    operations.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn state_refusals(operation: &mut Operation, method: &Method, scope: Option<Scope>) {
    let mut refusals =
        vec![Code::InvalidParameter, Code::UnknownHost, Code::Throttled, Code::Internal, Code::Unavailable];
    match *method {
        Method::GET => refusals.push(Code::NotAcceptable),
        _ => refusals.extend([Code::ForeignOrigin, Code::RequestTimeout, Code::DiskFull]),
    }
    operation.security = Some(Vec::new());
    if let Some(scope) = scope {
        refusals.extend([Code::KeyMissing, Code::ScopeMissing]);
        // The empty alternative: a key may not be needed.
        let requirements = [SecurityRequirement::new(API_KEY, [scope.name()]), SecurityRequirement::default()];
        operation.security = Some(requirements.to_vec());
    }
    for refusal in refusals {
        for (status, response) in refusal.documented() {
            operation.responses.responses.entry(status).or_insert(response);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::service::SPECIFICATION;

    #[test]
    fn the_checked_in_specification_is_up_to_date() {
        let generated = generate();
        if std::env::var_os("DATELINE_UPDATE").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/openapi.json");
            std::fs::write(path, &generated).expect("the specification file is writable");
            return;
        }
        assert!(generated == SPECIFICATION, "src/http/openapi.json is stale: run DATELINE_UPDATE=1 cargo test openapi");
    }
}
