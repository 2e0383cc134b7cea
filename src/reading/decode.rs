//! From bytes to text, and which form the text has.
//!
//! The encoding is the one that the bytes prove, before the one that anybody declares: pages that are valid UTF-8 and
//! declare something else are common, and text of another encoding that is valid UTF-8 by accident is not. In order:
//! 1. a byte-order mark;
//! 2. valid UTF-8;
//! 3. the declared charset, from the media type, else from the page's own `<meta>` or the feed's XML declaration, if the
//!    bytes are valid in it;
//! 4. for HTML and feeds, what the bytes look like. Undeclared plain text that is not UTF-8 is refused: guessing among
//!    single-byte encodings from a few accents would invent letters.

use super::{ReadError, feed, limits::DOCUMENT_BYTES};
use crate::article::RawDocument;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;

/// Where a page's own declaration must stand (HTML Standard, prescan of the byte stream).
const PRESCAN_BYTES: usize = 1024;
const BYTE_ORDER_MARK: char = '\u{feff}';
/// What stores and servers say of bytes that they know nothing of.
const UNTOLD: [&str; 3] = ["", "application/octet-stream", "binary/octet-stream"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
    Html,
    Feed,
}

impl Form {
    fn of_media_type(essence: &str) -> Option<Self> {
        match essence {
            "text/plain" => Some(Self::Text),
            "text/markdown" | "text/x-markdown" => Some(Self::Markdown),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            it if feed::MEDIA_TYPES.contains(&it) => Some(Self::Feed),
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

    /// By how it begins, where nobody says what it is.
    fn of_content(content: &[u8]) -> Result<Self, ReadError> {
        let start = start(content);
        if feed::begins_like_one(&start) {
            return Ok(Self::Feed);
        }
        let tags =
            ["<!doctype html", "<html", "<head", "<body", "<!--", "<meta", "<title", "<article", "<div", "<p>", "<h1"];
        let is_html =
            tags.iter().any(|it| start.starts_with(it)) || start.starts_with("<?xml") && start.contains("<html");
        match is_html {
            false if start.starts_with("<?xml") => Err(ReadError::UnsupportedMediaType { media_type: XML.to_owned() }),
            false => Ok(Self::Text),
            true => Ok(Self::Html),
        }
    }
}

const XML: &str = "application/xml";

/// The beginning of a document, in lower case, without a byte-order mark and blanks. Of text in two bytes a letter, the
/// letters.
fn start(content: &[u8]) -> String {
    let start = String::from_utf8_lossy(&content[..content.len().min(PRESCAN_BYTES)]).to_ascii_lowercase();
    let start = start.replace(['\0', '\u{fffd}'], "");
    start.trim_start_matches(BYTE_ORDER_MARK).trim_start().to_owned()
}

#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// A byte-order mark stays, so that the text of a UTF-8 document is its bytes.
    pub text: String,
    /// The encoding's WHATWG name.
    pub encoding: &'static str,
    pub form: Form,
}

impl Decoded {
    /// The text behind its byte-order mark, if it has one.
    pub fn without_mark(&self) -> &str {
        &self.text[self.mark_bytes()..]
    }

    pub fn mark_bytes(&self) -> usize {
        if self.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 }
    }

    /// The media type with the encoding that was found.
    pub fn media_type(&self) -> String {
        let essence = match self.form {
            Form::Text => "text/plain",
            Form::Markdown => "text/markdown",
            Form::Html => "text/html",
            Form::Feed => feed::media_type(&self.text),
        };
        format!("{essence}; charset={}", self.encoding.to_ascii_lowercase())
    }
}

pub fn decode(document: &RawDocument) -> Result<Decoded, ReadError> {
    let content = document.content.as_slice();
    if content.len() > DOCUMENT_BYTES {
        return Err(ReadError::TooLarge);
    }
    let form = form(document)?;
    let (text, encoding) = text(content, document.media_type.as_deref(), form)?;
    if let Some(offset) = text.find('\0') {
        return Err(ReadError::NotText { offset });
    }
    if text.trim_matches(|it: char| it.is_whitespace() || it == BYTE_ORDER_MARK).is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(Decoded { text: text.into_owned(), encoding: encoding.name(), form })
}

/// What a document is, by its media type, else by its name, else by how it begins.
pub fn form(document: &RawDocument) -> Result<Form, ReadError> {
    let essence = document.media_type.as_deref().map(|it| it.split(';').next().unwrap_or_default().trim());
    let seen = || Form::of_content(&document.content);
    match essence.map(str::to_ascii_lowercase).filter(|it| !UNTOLD.contains(&it.as_str())).as_deref() {
        None => document.key.as_deref().and_then(Form::of_name).map_or_else(seen, Ok),
        // Many servers send feeds as plain XML, and some pages too.
        Some(XML | "text/xml") => match seen()? {
            Form::Text => Err(ReadError::UnsupportedMediaType { media_type: XML.to_owned() }),
            form => Ok(form),
        },
        Some(essence) => Form::of_media_type(essence)
            .ok_or_else(|| ReadError::UnsupportedMediaType { media_type: essence.to_owned() }),
    }
}

fn text<'a>(
    content: &'a [u8],
    media_type: Option<&str>,
    form: Form,
) -> Result<(Cow<'a, str>, &'static Encoding), ReadError> {
    if let Some((encoding, _)) = Encoding::for_bom(content) {
        return valid(content, encoding).ok_or_else(|| ReadError::Undecodable {
            encoding: encoding.name(),
            offset: first_wrong(content, encoding),
        });
    }
    if let Some(text) = valid(content, UTF_8) {
        return Ok(text);
    }
    let declared = media_type.and_then(|it| charset(it.as_bytes()));
    let tells = matches!(form, Form::Html | Form::Feed);
    let declared = declared.or_else(|| if tells { declared_in_page(content) } else { None });
    if let Some(text) = declared.and_then(|it| valid(content, it)) {
        return Ok(text);
    }
    if tells {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(content, true);
        let guessed = detector.guess(None, Utf8Detection::Deny);
        let (text, _) = guessed.decode_without_bom_handling(content);
        return Ok((text, guessed));
    }
    let encoding = declared.unwrap_or(UTF_8);
    Err(ReadError::Undecodable { encoding: encoding.name(), offset: first_wrong(content, encoding) })
}

fn valid<'a>(content: &'a [u8], encoding: &'static Encoding) -> Option<(Cow<'a, str>, &'static Encoding)> {
    encoding.decode_without_bom_handling_and_without_replacement(content).map(|text| (text, encoding))
}

/// The length of the longest beginning that decodes.
fn first_wrong(content: &[u8], encoding: &'static Encoding) -> usize {
    if encoding == UTF_8 {
        return str::from_utf8(content).map_or_else(|error| error.valid_up_to(), str::len);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut sink = String::with_capacity(content.len() * 3 + 16);
    let (_, read) = decoder.decode_to_string_without_replacement(content, &mut sink, true);
    read.saturating_sub(1)
}

/// The encoding after `charset=`, in a media type or in a page's `<meta>`.
fn charset(text: &[u8]) -> Option<&'static Encoding> {
    named_after("charset", text)
}

fn named_after(label: &str, text: &[u8]) -> Option<&'static Encoding> {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let (_, after) = text.split_once(label)?;
    let value = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let label = value.split(|it: char| it.is_whitespace() || matches!(it, '"' | '\'' | ';' | '>' | '/')).next()?;
    Encoding::for_label(label.as_bytes())
}

fn declared_in_page(content: &[u8]) -> Option<&'static Encoding> {
    let start = &content[..content.len().min(PRESCAN_BYTES)];
    let declaration = start.strip_prefix(b"<?xml").and_then(|it| it.split(|it| *it == b'>').next());
    let encoding = declaration.and_then(|it| named_after("encoding", it)).or_else(|| charset(start))?;
    // A page whose declaration can be read as ASCII is not in UTF-16, whatever it declares (HTML Standard, same place).
    if encoding.is_ascii_compatible() { Some(encoding) } else { Some(UTF_8) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Instant;

    fn document(content: &[u8], media_type: Option<&str>) -> RawDocument {
        RawDocument {
            content: content.to_vec(),
            media_type: media_type.map(str::to_owned),
            key: None,
            url: None,
            source: None,
            defaults: None,
            retrieved_at: Instant::parse("2025-04-07").expect("a day"),
        }
    }

    #[test]
    fn the_encoding_is_the_one_that_the_bytes_prove() {
        let html = Some("text/html");
        for (content, media_type, text, encoding) in [
            ("Zürich".as_bytes(), None, "Zürich", "UTF-8"),
            (b"\xef\xbb\xbfa", None, "\u{feff}a", "UTF-8"),
            (b"\xff\xfea\0", None, "\u{feff}a", "UTF-16LE"),
            ("<p>Zürich".as_bytes(), Some("text/html; charset=iso-8859-1"), "<p>Zürich", "UTF-8"),
            (b"Z\xfcrich", Some("text/plain; charset=\"latin1\""), "Zürich", "windows-1252"),
            (
                b"<meta charset=windows-1251>\xcf\xf0\xe8\xe2\xe5\xf2",
                html,
                "<meta charset=windows-1251>Привет",
                "windows-1251",
            ),
            (
                b"<?xml version='1.0' encoding='ISO-8859-1'?><rss><item><title>Z\xfcrich",
                Some("application/rss+xml"),
                "<?xml version='1.0' encoding='ISO-8859-1'?><rss><item><title>Zürich",
                "windows-1252",
            ),
            (
                b"<p>Der K\xf6nig und die B\xe4ume der Stra\xdfe",
                html,
                "<p>Der König und die Bäume der Straße",
                "windows-1252",
            ),
        ] {
            let decoded = decode(&document(content, media_type)).expect(text);
            assert_eq!((decoded.text.as_str(), decoded.encoding), (text, encoding));
        }
    }

    #[test]
    fn what_is_not_text_is_refused_by_name() {
        for (content, media_type, code) in [
            (&b""[..], None, "empty_document"),
            (b" \n\t", None, "empty_document"),
            (b"Z\xfcrich", None, "undecodable_text"),
            (b"\xff\xfe\x00\xd8", None, "undecodable_text"),
            (b"a\0b", Some("text/html"), "not_text"),
            (b"%PDF-1.7", Some("application/pdf"), "unsupported_media_type"),
            (&vec![b'a'; DOCUMENT_BYTES + 1], None, "document_too_large"),
        ] {
            let refused = decode(&document(content, media_type)).expect_err(code);
            assert_eq!(refused.code(), code);
        }
        let refused = decode(&document(b"Z\xfcrich", None));
        assert_eq!(refused, Err(ReadError::Undecodable { encoding: "UTF-8", offset: 1 }));
    }

    #[test]
    fn the_form_is_declared_or_named_or_seen() {
        let form = |media_type: Option<&str>, key: Option<&str>, content: &str| {
            let document = RawDocument { key: key.map(str::to_owned), ..document(content.as_bytes(), media_type) };
            decode(&document).map(|it| it.form)
        };
        assert_eq!(form(Some("text/markdown; charset=utf-8"), Some("a.html"), "x"), Ok(Form::Markdown));
        assert_eq!(form(Some("binary/octet-stream"), Some("in/a.HTML"), "x"), Ok(Form::Html));
        assert_eq!(form(None, None, "\n <!DOCTYPE html><p>x"), Ok(Form::Html));
        assert_eq!(form(None, Some("a.dat"), "A headline"), Ok(Form::Text));
        assert_eq!(form(None, Some("a.xml"), "<?xml version='1.0'?><!-- x -->\n<rss version='2.0'>"), Ok(Form::Feed));
        assert_eq!(form(Some("text/xml"), None, "<rdf:RDF xmlns='x'>"), Ok(Form::Feed));
        assert_eq!(form(Some("application/feed+json"), None, "{}"), Ok(Form::Feed));
        assert_eq!(form(None, None, "{\"version\": \"https:\\/\\/jsonfeed.org\\/version\\/1\""), Ok(Form::Feed));
        let media_type = XML.to_owned();
        for content in ["<?xml version='1.0'?><urlset>", "<feedback>"] {
            let unsupported = Err(ReadError::UnsupportedMediaType { media_type: media_type.clone() });
            assert_eq!(form(Some("application/xml"), None, content), unsupported, "{content}");
        }
    }
}
