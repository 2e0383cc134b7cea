//! What a file or an object holds: one raw document as it is, one in its envelope (`.json`, unless it is a JSON Feed), or
//! one envelope a line (`.ndjson`, `.jsonl`). Whatever brings documents in, a folder, a bucket or the bundled seeds, comes through here.

use super::{
    IngestError,
    envelope::{self, BadEnvelope},
};
use crate::{
    article::{Instant, RawDocument},
    reading::{self, ReadError, limits::DOCUMENT_BYTES},
};
use std::io::{BufRead, Read};

/// A document in its envelope: escapes make JSON longer than what it says.
pub const ENVELOPE_BYTES: usize = 2 * DOCUMENT_BYTES;

/// One document of a file, or why that one cannot be had.
pub struct Arrival {
    /// The file's name, and the line where there are several: `wire.ndjson:3`.
    pub name: String,
    pub document: Result<RawDocument, IngestError>,
    /// Of one that cannot be had, its envelope, where there is one.
    pub bytes: Vec<u8>,
}

impl Arrival {
    pub fn failed(name: String, error: IngestError) -> Self {
        Self { name, document: Err(error), bytes: Vec::new() }
    }
}

/// The documents in order. Their names are also the keys of those that bring no key of their own.
pub fn arrivals<'a>(
    name: &'a str,
    media_type: Option<&'a str>,
    reader: impl BufRead + 'a,
    retrieved_at: Instant,
) -> Box<dyn Iterator<Item = Arrival> + 'a> {
    let declared = media_type.map(|it| it.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let extension = name.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase());
    match (declared.as_deref(), extension.as_deref()) {
        (Some("application/x-ndjson" | "application/ndjson"), _) | (_, Some("ndjson" | "jsonl")) => {
            Box::new(lines(name, reader, retrieved_at))
        }
        (Some("application/json"), _) | (_, Some("json")) => {
            Box::new(std::iter::once_with(move || match all(reader, ENVELOPE_BYTES) {
                Ok(json) if reading::feed::is_json_feed(&json) => {
                    let document = Ok(bare(name, Some(reading::feed::JSON_FEED), json, retrieved_at));
                    Arrival { name: name.to_owned(), document, bytes: Vec::new() }
                }
                Ok(json) => unwrap(json, name.to_owned(), retrieved_at),
                Err(error) => Arrival::failed(name.to_owned(), error),
            }))
        }
        _ => Box::new(std::iter::once_with(move || {
            let document = all(reader, DOCUMENT_BYTES).map(|it| bare(name, media_type, it, retrieved_at));
            Arrival { name: name.to_owned(), document, bytes: Vec::new() }
        })),
    }
}

fn bare(name: &str, media_type: Option<&str>, content: Vec<u8>, retrieved_at: Instant) -> RawDocument {
    RawDocument {
        content,
        media_type: media_type.map(str::to_owned),
        key: Some(name.to_owned()),
        url: None,
        source: None,
        defaults: None,
        retrieved_at,
    }
}

fn all(reader: impl BufRead, limit: usize) -> Result<Vec<u8>, IngestError> {
    let mut content = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut content).map_err(IngestError::Unavailable)?;
    if content.len() > limit { Err(ReadError::TooLarge.into()) } else { Ok(content) }
}

/// A document in its envelope.
pub fn unwrap(json: Vec<u8>, name: String, retrieved_at: Instant) -> Arrival {
    match envelope::parse(&json, retrieved_at) {
        Ok(mut document) => {
            document.key.get_or_insert_with(|| name.clone());
            Arrival { name, document: Ok(document), bytes: Vec::new() }
        }
        Err(bad) => Arrival { name, document: Err(IngestError::BadEnvelope(bad)), bytes: json },
    }
}

fn lines<'a>(
    name: &'a str,
    mut reader: impl BufRead + 'a,
    retrieved_at: Instant,
) -> impl Iterator<Item = Arrival> + 'a {
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
                    return Some(Arrival::failed(line_name, error));
                }
            };
            return Some(unwrap(line, line_name, retrieved_at));
        }
        None
    })
}

/// The next line. Of one that is too long nothing is kept, and the next begins where it ends.
fn line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>, IngestError> {
    let mut line = Vec::new();
    let read = reader.take(ENVELOPE_BYTES as u64 + 1).read_until(b'\n', &mut line).map_err(IngestError::Unavailable)?;
    if line.len() > ENVELOPE_BYTES {
        reader.skip_until(b'\n').map_err(IngestError::Unavailable)?;
        return Err(ReadError::TooLarge.into());
    }
    Ok((read > 0).then_some(line))
}

/// All faults of an envelope, in one sentence.
pub fn faults(bad: &[BadEnvelope]) -> String {
    bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrive(name: &str, content: &[u8]) -> Vec<(String, Result<String, &'static str>)> {
        let at = Instant::parse("2025-04-07").expect("a day");
        arrivals(name, None, content, at)
            .map(|it| (it.name, it.document.map(|it| it.key.unwrap_or_default()).map_err(|error| error.code())))
            .collect()
    }

    #[test]
    fn a_file_is_a_document_or_its_envelope_or_a_line_each() {
        let ok = |name: &str, key: &str| (name.to_owned(), Ok(key.to_owned()));
        assert_eq!(arrive("in/a.txt", b"text"), [ok("in/a.txt", "in/a.txt")]);
        assert_eq!(arrive("a.json", br#"{"content": "text", "key": "k"}"#), [ok("a.json", "k")]);
        assert_eq!(
            arrive("feed.json", br#"{"version": "https://jsonfeed.org/version/1.1", "items": []}"#),
            [ok("feed.json", "feed.json")]
        );
        let lines = b"{\"content\": \"text\"}\n\n{\"content\": 7}\n{\"content\": \"text\", \"key\": \"k\"}";
        let bad = ("a.ndjson:3".to_owned(), Err("invalid_document"));
        assert_eq!(arrive("a.ndjson", lines), [ok("a.ndjson:1", "a.ndjson:1"), bad, ok("a.ndjson:4", "k")]);
    }

    #[test]
    fn a_line_that_is_too_long_spoils_no_other() {
        let mut lines = vec![b' '; ENVELOPE_BYTES + 10];
        lines.extend(b"\n{\"content\": \"text\"}\n");
        let found = arrive("a.ndjson", &lines);
        assert_eq!(found[0], ("a.ndjson:1".to_owned(), Err("document_too_large")));
        assert_eq!(found[1], ("a.ndjson:2".to_owned(), Ok("a.ndjson:2".to_owned())));
    }
}
