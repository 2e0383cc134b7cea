//! Splits a file or an object into its documents: one raw document, one envelope (`.json`, unless it is a JSON Feed),
//! or one envelope per line (`.ndjson`, `.jsonl`). Folders, buckets and the bundled seeds are all read through this
//! module.

use super::{
    IngestError,
    envelope::{self, BadEnvelope},
};
use crate::{
    article::{Instant, RawDocument},
    limits::{DOCUMENT_BYTES, ENVELOPE_BYTES},
    reading::{self, ReadError},
};
use std::io::{BufRead, Read};

/// One document of a file, or why it cannot be read.
pub struct InputDocument {
    /// The file's name, with the line number if it holds an envelope per line: `wire.ndjson:3`.
    pub name: String,
    pub document: Result<RawDocument, IngestError>,
    /// The envelope, if it is invalid; else empty.
    pub bytes: Vec<u8>,
}

impl InputDocument {
    pub fn failed(name: String, error: IngestError) -> Self {
        Self { name, document: Err(error), bytes: Vec::new() }
    }
}

/// Returns the documents in order. The name of a file is the key of a document that states none.
pub fn input_documents<'a>(
    name: &'a str,
    media_type: Option<&'a str>,
    reader: impl BufRead + 'a,
    retrieved_at: Instant,
) -> Box<dyn Iterator<Item = InputDocument> + 'a> {
    let declared =
        media_type.map(|media_type| media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match (declared.as_deref(), extension.as_deref()) {
        (Some("application/x-ndjson" | "application/ndjson"), _) | (_, Some("ndjson" | "jsonl")) => {
            Box::new(lines(name, reader, retrieved_at))
        }
        (Some("application/json"), _) | (_, Some("json")) => {
            Box::new(std::iter::once_with(move || match read_all(reader, ENVELOPE_BYTES) {
                Ok(json) if reading::feed::is_json_feed(&json) => {
                    let document = Ok(raw_document(name, Some(reading::feed::JSON_FEED), json, retrieved_at));
                    InputDocument { name: name.to_owned(), document, bytes: Vec::new() }
                }
                Ok(json) => unwrap(json, name.to_owned(), retrieved_at),
                Err(error) => InputDocument::failed(name.to_owned(), error),
            }))
        }
        _ => Box::new(std::iter::once_with(move || {
            let document =
                read_all(reader, DOCUMENT_BYTES).map(|content| raw_document(name, media_type, content, retrieved_at));
            InputDocument { name: name.to_owned(), document, bytes: Vec::new() }
        })),
    }
}

fn raw_document(name: &str, media_type: Option<&str>, content: Vec<u8>, retrieved_at: Instant) -> RawDocument {
    RawDocument {
        media_type: media_type.map(str::to_owned),
        key: Some(name.to_owned()),
        ..RawDocument::new(content, retrieved_at)
    }
}

fn read_all(reader: impl BufRead, limit: usize) -> Result<Vec<u8>, IngestError> {
    let mut content = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut content).map_err(IngestError::Unavailable)?;
    if content.len() > limit { Err(ReadError::TooLarge.into()) } else { Ok(content) }
}

/// Parses one envelope. If it is invalid, the result keeps its bytes.
pub fn unwrap(json: Vec<u8>, name: String, retrieved_at: Instant) -> InputDocument {
    match envelope::parse(&json, retrieved_at) {
        Ok(mut document) => {
            document.key.get_or_insert_with(|| name.clone());
            InputDocument { name, document: Ok(document), bytes: Vec::new() }
        }
        Err(errors) => InputDocument { name, document: Err(IngestError::BadEnvelope(errors)), bytes: json },
    }
}

fn lines<'a>(
    name: &'a str,
    mut reader: impl BufRead + 'a,
    retrieved_at: Instant,
) -> impl Iterator<Item = InputDocument> + 'a {
    let mut number = 0;
    let mut failed = false;
    std::iter::from_fn(move || {
        while !failed {
            number += 1;
            let line_name = format!("{name}:{number}");
            let line = match line(&mut reader) {
                Ok(None) => return None,
                Ok(Some(line)) if line.trim_ascii().is_empty() => continue,
                Ok(Some(line)) => line,
                Err(error) => {
                    failed = matches!(error, IngestError::Unavailable(_));
                    return Some(InputDocument::failed(line_name, error));
                }
            };
            return Some(unwrap(line, line_name, retrieved_at));
        }
        None
    })
}

/// Reads the next line. A line that is too long is skipped and returned as an error.
fn line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>, IngestError> {
    let mut line = Vec::new();
    let read = reader.take(ENVELOPE_BYTES as u64 + 1).read_until(b'\n', &mut line).map_err(IngestError::Unavailable)?;
    if line.len() > ENVELOPE_BYTES {
        reader.skip_until(b'\n').map_err(IngestError::Unavailable)?;
        return Err(ReadError::TooLarge.into());
    }
    Ok((read > 0).then_some(line))
}

/// Joins all errors of an envelope into one text.
pub fn faults(errors: &[BadEnvelope]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_or_codes(name: &str, content: &[u8]) -> Vec<(String, Result<String, &'static str>)> {
        let at = Instant::parse("2025-04-07").expect("a valid date");
        input_documents(name, None, content, at)
            .map(|input_document| {
                (
                    input_document.name,
                    input_document
                        .document
                        .map(|document| document.key.unwrap_or_default())
                        .map_err(|error| error.code()),
                )
            })
            .collect()
    }

    #[test]
    fn a_file_holds_a_document_or_an_envelope_or_one_envelope_per_line() {
        let ok = |name: &str, key: &str| (name.to_owned(), Ok(key.to_owned()));
        assert_eq!(keys_or_codes("in/a.txt", b"text"), [ok("in/a.txt", "in/a.txt")]);
        assert_eq!(keys_or_codes("a.json", br#"{"content": "text", "key": "k"}"#), [ok("a.json", "k")]);
        assert_eq!(
            keys_or_codes("feed.json", br#"{"version": "https://jsonfeed.org/version/1.1", "items": []}"#),
            [ok("feed.json", "feed.json")]
        );
        let lines = b"{\"content\": \"text\"}\n\n{\"content\": 7}\n{\"content\": \"text\", \"key\": \"k\"}";
        let bad = ("a.ndjson:3".to_owned(), Err("invalid_document"));
        assert_eq!(keys_or_codes("a.ndjson", lines), [ok("a.ndjson:1", "a.ndjson:1"), bad, ok("a.ndjson:4", "k")]);
    }

    #[test]
    fn an_overlong_line_does_not_affect_the_next() {
        let mut lines = vec![b' '; ENVELOPE_BYTES + 10];
        lines.extend(b"\n{\"content\": \"text\"}\n");
        let documents = keys_or_codes("a.ndjson", &lines);
        assert_eq!(documents[0], ("a.ndjson:1".to_owned(), Err("document_too_large")));
        assert_eq!(documents[1], ("a.ndjson:2".to_owned(), Ok("a.ndjson:2".to_owned())));
    }
}
