//! How the project's values are written as JSON, and how JSON from clients is parsed.

use serde::{Serialize, de::DeserializeOwned};

/// Returns a value as JSON.
///
/// # Panics
///
/// If a map has a key that is not a string. The project's types have none, and none of their serializers fails.
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("every map has string keys")
}

/// What is wrong with JSON from a client, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadJson {
    /// A JSON pointer (RFC 6901); empty for the document as a whole.
    pub pointer: String,
    pub detail: String,
}

/// Parses an object. The error names the member in the words of JSON, not of Rust.
pub fn parse_object<T: DeserializeOwned>(json: &[u8]) -> Result<T, BadJson> {
    let whole = |detail: String| BadJson { pointer: String::new(), detail };
    // Serde also reads a structure from an array of its members.
    if json.trim_ascii_start().first() == Some(&b'[') {
        return Err(whole("expected an object, found an array".to_owned()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| BadJson { pointer: pointer(error.path()), detail: detail(error.inner()) })?;
    deserializer.end().map_err(|error| whole(detail(&error)))?;
    Ok(value)
}

/// Formats a path in JSON as a pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(part).collect()
}

/// Describes an error. The position is only given for invalid JSON: otherwise the pointer shows it.
fn detail(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() {
        return text;
    }
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let names = |text: &str| {
        let text = text.replace("struct ", "object ").replace("a map", "an object").replace("a sequence", "an array");
        text.replace("unit", "null").replace("null value", "null").replace('`', "")
    };
    for (kind, expectation) in [("invalid type: ", ", expected "), ("invalid value: ", ", expected ")] {
        if let Some((found, expected)) = text.strip_prefix(kind).and_then(|rest| rest.rsplit_once(expectation)) {
            let expected = if expected.starts_with("struct ") { "an object" } else { expected };
            let found = match found {
                "map" => "an object",
                "sequence" => "an array",
                "unit" | "null" => "null",
                other => other,
            };
            return format!("expected {}, found {}", names(expected), found.replace('`', ""));
        }
    }
    let text = text.replace("unknown field", "unknown member").replace("missing field", "missing member");
    names(&text.replace("unknown variant", "unknown value"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only errors are read")]
    struct Sample {
        name: String,
        kinds: Option<Vec<Kind>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Left,
        Right,
    }

    #[test]
    fn errors_are_in_the_words_of_json() {
        for (json, pointer, detail) in [
            (r#"{"name": 7}"#, "/name", "expected a string, found integer 7"),
            (r#"{"name": {}}"#, "/name", "expected a string, found an object"),
            (r#"{"name": null}"#, "/name", "expected a string, found null"),
            (r#"["a"]"#, "", "expected an object, found an array"),
            (r#""a""#, "", "expected an object, found string \"a\""),
            ("{}", "", "missing member name"),
            (r#"{"name": "a", "size": 1}"#, "/size", "unknown member size, expected name or kinds"),
            (r#"{"name": "a", "kinds": ["up"]}"#, "/kinds/0", "unknown value up, expected left or right"),
            (r#"{"name": "a"} b"#, "", "trailing characters at line 1 column 15"),
            (r#"{"name": "#, "/name", "EOF while parsing a value at line 1 column 9"),
        ] {
            let expected = BadJson { pointer: pointer.to_owned(), detail: detail.to_owned() };
            assert_eq!(parse_object::<Sample>(json.as_bytes()).expect_err(json), expected, "{json}");
        }
    }
}
