//! Where a string stands in JSON, whichever way it is escaped there.

use std::ops::Range;

/// The place of a string's inside: of the first that is the value.
pub fn place(json: &str, value: &str) -> Option<Range<usize>> {
    let plain = serde_json::to_string(value).ok()?;
    let slashes = plain.replace('/', "\\/");
    let quoted = [plain, slashes].into_iter().find_map(|it| Some((json.find(&it)?, it.len())));
    quoted.map(|(at, length)| at + 1..at + length - 1).or_else(|| escaped(json, value))
}

/// An escape takes so many bytes (`\u00e9`), and stands for one at least.
const ESCAPE_BYTES: usize = 6;

/// The same of a string with escapes that need not be there, or with line breaks.
fn escaped(json: &str, value: &str) -> Option<Range<usize>> {
    let mut rest = json;
    while let Some((_, inside)) = rest.split_once('"') {
        let mut escaped = false;
        let ends = |it: char| {
            let ends = it == '"' && !escaped;
            escaped = it == '\\' && !escaped;
            ends
        };
        let (inner, behind) = inside.split_at(inside.find(ends)?);
        let is_value = |it: String| serde_json::from_str::<String>(&it).is_ok_and(|it| it == value);
        let fits = inner.len() <= value.len() * ESCAPE_BYTES;
        if fits
            && inner.contains(|it: char| it == '\\' || it.is_control())
            && is_value(format!("\"{}\"", spaced(inner)))
        {
            let start = json.len() - inside.len();
            return Some(start..start + inner.len());
        }
        rest = &behind[1..];
    }
    None
}

/// JSON whose strings have line breaks, which it forbids and some programs write.
pub fn spaced(json: &str) -> String {
    json.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_stands_where_it_is_written_in_whichever_way() {
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
            assert_eq!(place(json, "São Paulo / Rio").map(|it| &json[it]), written, "{json}");
        }
    }
}
