//! Finds the span of a string in JSON, however it is escaped there.

use std::ops::Range;

/// Returns the range of the first string that equals the value, without its quotation marks.
pub fn place(json: &str, value: &str) -> Option<Range<usize>> {
    let plain = serde_json::to_string(value).ok()?;
    let slashes = plain.replace('/', "\\/");
    let quoted = [plain, slashes].into_iter().find_map(|literal| Some((json.find(&literal)?, literal.len())));
    quoted.map(|(at, length)| at + 1..at + length - 1).or_else(|| escaped(json, value))
}

/// Maximum bytes of an escape (`\u00e9`), which encodes at least one byte.
const ESCAPE_BYTES: usize = 6;

/// Returns the same range for a string with unnecessary escapes or with line breaks.
fn escaped(json: &str, value: &str) -> Option<Range<usize>> {
    let mut rest = json;
    while let Some((_, inside)) = rest.split_once('"') {
        let mut escaped = false;
        let ends = |character: char| {
            let ends = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        };
        let (inner, behind) = inside.split_at(inside.find(ends)?);
        let is_value = |literal: String| serde_json::from_str::<String>(&literal).is_ok_and(|parsed| parsed == value);
        let fits = inner.len() <= value.len() * ESCAPE_BYTES;
        if fits
            && inner.contains(|character: char| character == '\\' || character.is_control())
            && is_value(format!("\"{}\"", spaced(inner)))
        {
            let start = json.len() - inside.len();
            return Some(start..start + inner.len());
        }
        rest = &behind[1..];
    }
    None
}

/// Replaces control characters with blanks: some programs write line breaks in strings, which JSON forbids.
pub fn spaced(json: &str) -> String {
    json.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_found_however_it_is_escaped() {
        for (json, written) in [
            (r#"{"a": "Greater São Paulo / Rio", "b": "São Paulo / Rio"}"#, Some("São Paulo / Rio")),
            (r#"{"a": "São Paulo \/ Rio"}"#, Some(r"São Paulo \/ Rio")),
            (r#"{"a": "\" \\", "b": "S\u00E3o Paulo \/ Rio"}"#, Some(r"S\u00E3o Paulo \/ Rio")),
            (
                r#"{"a": "\u0053\u00e3\u006f\u0020\u0050\u0061\u0075\u006c\u006f\u0020\u002f\u0020\u0052\u0069\u006f"}"#,
                Some(r"\u0053\u00e3\u006f\u0020\u0050\u0061\u0075\u006c\u006f\u0020\u002f\u0020\u0052\u0069\u006f"),
            ),
            ("{\"a\": \"São Paulo\n/ Rio\"}", Some("São Paulo\n/ Rio")),
            (r#"{"a": "Greater São Paulo / Rio", "b": "\u00"#, None),
        ] {
            assert_eq!(place(json, "São Paulo / Rio").map(|range| &json[range]), written, "{json}");
        }
    }
}
