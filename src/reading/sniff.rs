//! Detects the format of a document: from its media type, else from its name, else from how it begins.

use super::{
    ReadError,
    feed::signature::{self, PROLOGUE_BYTES},
};
use crate::article::RawDocument;

/// Bytes in which a page must declare its encoding (HTML Standard, prescan of the byte stream).
pub const PRESCAN_BYTES: usize = 1024;
pub const BYTE_ORDER_MARK: char = '\u{feff}';
/// Media types that stores and servers use for content of unknown type.
const UNKNOWN_TYPES: [&str; 3] = ["", "application/octet-stream", "binary/octet-stream"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFormat {
    Text,
    Markdown,
    Html,
    Feed,
}

impl DocumentFormat {
    fn of_media_type(essence: &str) -> Option<Self> {
        match essence {
            "text/plain" => Some(Self::Text),
            "text/markdown" | "text/x-markdown" => Some(Self::Markdown),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            other if signature::MEDIA_TYPES.contains(&other) => Some(Self::Feed),
            _ => None,
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "txt" | "text" => Some(Self::Text),
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" | "xhtml" => Some(Self::Html),
            _ => None,
        }
    }

    /// Detects the format from the beginning of the content, if it is not declared.
    fn of_content(content: &[u8]) -> Result<Self, ReadError> {
        let start = start(content);
        if signature::begins_like_one(&start) {
            return Ok(Self::Feed);
        }
        let tags =
            ["<!doctype html", "<html", "<head", "<body", "<!--", "<meta", "<title", "<article", "<div", "<p>", "<h1"];
        let is_html =
            tags.iter().any(|tag| start.starts_with(tag)) || start.starts_with("<?xml") && start.contains("<html");
        match is_html {
            false if start.starts_with("<?xml") => Err(ReadError::UnsupportedMediaType { media_type: XML.to_owned() }),
            false => Ok(Self::Text),
            true => Ok(Self::Html),
        }
    }
}

const XML: &str = "application/xml";

/// Returns the beginning of a document in lower case, without a byte-order mark and leading blanks. Removes the NUL
/// bytes of two-byte encodings.
fn start(content: &[u8]) -> String {
    let start = String::from_utf8_lossy(&content[..content.len().min(PROLOGUE_BYTES)]).to_ascii_lowercase();
    let start = start.replace(['\0', '\u{fffd}'], "");
    start.trim_start_matches(BYTE_ORDER_MARK).trim_start().to_owned()
}

/// Returns a document's format: from its media type, else from its name, else from its content.
pub fn form(document: &RawDocument) -> Result<DocumentFormat, ReadError> {
    let essence =
        document.media_type.as_deref().map(|media_type| media_type.split(';').next().unwrap_or_default().trim());
    let detect = || DocumentFormat::of_content(&document.content);
    match essence.map(str::to_ascii_lowercase).filter(|essence| !UNKNOWN_TYPES.contains(&essence.as_str())).as_deref() {
        None => document.key.as_deref().and_then(DocumentFormat::of_name).map_or_else(detect, Ok),
        // Many servers send feeds as generic XML, and some send pages so.
        Some(XML | "text/xml") => match detect()? {
            DocumentFormat::Text => Err(ReadError::UnsupportedMediaType { media_type: XML.to_owned() }),
            form => Ok(form),
        },
        Some(essence) => match DocumentFormat::of_media_type(essence) {
            // Many servers send feeds as pages. No page begins with the root of a feed.
            Some(DocumentFormat::Html) if signature::begins_like_one(&start(&document.content)) => {
                Ok(DocumentFormat::Feed)
            }
            form => form.ok_or_else(|| ReadError::UnsupportedMediaType { media_type: essence.to_owned() }),
        },
    }
}
