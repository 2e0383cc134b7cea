//! How the project's values are written as JSON.

use serde::Serialize;

/// Returns a value as JSON.
///
/// # Panics
///
/// If a map has a key that is not a string. The project's types have none, and none of their serializers fails.
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("every map has string keys")
}
