//! JSON schemas of arguments and results, from their types, without what a model does not need: titles, number formats,
//! and `null` where a member may be left out.

use rmcp::model::{JsonObject, Tool};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// Describes a tool that takes `A` and returns `R`.
pub fn tool<A: JsonSchema, R: JsonSchema>(name: &'static str, description: &'static str) -> Tool {
    let mut tool = Tool::new(name, description, schema::<A>());
    let mut result = schema::<R>();
    result.values_mut().for_each(leave_out_required);
    tool.output_schema = Some(result.into());
    tool
}

fn schema<T: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    shorten(&mut schema);
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    }
}

/// A model reads results, and need not know which members of their parts are always there.
fn leave_out_required(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.remove("required");
            members.values_mut().for_each(leave_out_required);
        }
        Value::Array(elements) => elements.iter_mut().for_each(leave_out_required),
        _ => {}
    }
}

fn shorten(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for name in ["$schema", "title", "format", "default", "minimum"] {
                // A member of the schema, not a property with this name.
                if members.get(name).is_some_and(|value| !value.is_object()) {
                    members.remove(name);
                }
            }
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|of| of != "null");
                if let [only] = types.as_slice() {
                    members["type"] = only.clone();
                }
            }
            members.values_mut().for_each(shorten);
        }
        Value::Array(elements) => elements.iter_mut().for_each(shorten),
        _ => {}
    }
}
