//! Decodes bytes to text and detects the document's format.
//!
//! The encoding that the bytes prove precedes any declared one: pages that are valid UTF-8 and declare something else
//! are common, and text of another encoding that is valid UTF-8 by accident is not. In order:
//! 1. a byte-order mark, if the bytes are valid in its encoding; plain text is refused if they are not;
//! 2. valid UTF-8, or for HTML and feeds UTF-8 with a few faulty bytes;
//! 3. the declared charset, from the media type, else from the page's own `<meta>` or the feed's XML declaration, if
//!    the bytes are valid in it;
//! 4. for HTML and feeds, a guess from the bytes. Undeclared plain text that is not UTF-8 is refused: guessing among
//!    single-byte encodings from a few accents would invent letters.

use super::{
    DocumentFormat, ReadError,
    feed::signature,
    form,
    sniff::{BYTE_ORDER_MARK, PRESCAN_BYTES},
};
use crate::{article::RawDocument, limits::DOCUMENT_BYTES};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Keeps a byte-order mark, so that offsets into the text of a UTF-8 document are offsets into its bytes.
    pub text: String,
    /// The encoding's WHATWG name.
    pub encoding: &'static str,
    pub form: DocumentFormat,
    /// Byte sequences that are not valid in the encoding, each read as U+FFFD.
    pub faulty: usize,
}

/// A decoded text, its encoding, and how many byte sequences were read as U+FFFD.
type DecodedText<'a> = (Cow<'a, str>, &'static Encoding, usize);

impl Decoded {
    /// Returns the text without its byte-order mark.
    pub fn without_mark(&self) -> &str {
        &self.text[self.mark_bytes()..]
    }

    pub fn mark_bytes(&self) -> usize {
        if self.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 }
    }

    /// Returns the media type with the detected encoding.
    pub fn media_type(&self) -> String {
        let essence = match self.form {
            DocumentFormat::Text => "text/plain",
            DocumentFormat::Markdown => "text/markdown",
            DocumentFormat::Html => "text/html",
            DocumentFormat::Feed => signature::media_type(&self.text),
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
    let (text, encoding, faulty) = text(content, document.media_type.as_deref(), form)?;
    if let Some(offset) = text.find('\0') {
        return Err(ReadError::NotText { offset });
    }
    if text.trim_matches(|letter: char| letter.is_whitespace() || letter == BYTE_ORDER_MARK).is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(Decoded { text: text.into_owned(), encoding: encoding.name(), form, faulty })
}

fn text<'a>(content: &'a [u8], media_type: Option<&str>, form: DocumentFormat) -> Result<DecodedText<'a>, ReadError> {
    let may_declare = matches!(form, DocumentFormat::Html | DocumentFormat::Feed);
    if let Some((encoding, _)) = Encoding::for_bom(content) {
        // Markup in two-byte encodings has NUL bytes.
        let proven = encoding == UTF_8 || !may_declare || content.contains(&0);
        match valid(content, encoding).filter(|_| proven) {
            Some(text) => return Ok(text),
            None if may_declare => {}
            None => {
                let offset = first_invalid(content, encoding);
                return Err(ReadError::Undecodable { encoding: encoding.name(), offset });
            }
        }
    }
    // XML 1.0, appendix F: the first character of markup shows a two-byte encoding without a mark.
    let two_bytes = match content {
        [b'<', 0, ..] if may_declare => Some(UTF_16LE),
        [0, b'<', ..] if may_declare => Some(UTF_16BE),
        _ => None,
    };
    if let Some(text) = two_bytes.and_then(|encoding| valid(content, encoding)).or_else(|| valid(content, UTF_8)) {
        return Ok(text);
    }
    if may_declare && mostly_utf_8(content) {
        let faulty = content.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
        return Ok((String::from_utf8_lossy(content), UTF_8, faulty));
    }
    let declared = media_type.and_then(|media_type| charset(media_type.as_bytes()));
    let declared = declared.or_else(|| if may_declare { declared_in_page(content) } else { None });
    if let Some(text) = declared.and_then(|encoding| valid(content, encoding)) {
        return Ok(text);
    }
    if may_declare {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(content, true);
        let guessed = detector.guess(None, Utf8Detection::Deny);
        let (text, _) = guessed.decode_without_bom_handling(content);
        let faulty = text.matches(char::REPLACEMENT_CHARACTER).count();
        return Ok((text, guessed, faulty));
    }
    let encoding = declared.unwrap_or(UTF_8);
    Err(ReadError::Undecodable { encoding: encoding.name(), offset: first_invalid(content, encoding) })
}

/// Whether almost all bytes outside ASCII are UTF-8: a text that was cut within a character, or an entry of another
/// encoding within a feed. Each faulty byte is read as U+FFFD.
fn mostly_utf_8(content: &[u8]) -> bool {
    let (valid, faulty) = content.utf8_chunks().fold((0, 0), |(valid, faulty), chunk| {
        let letters = chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        (valid + letters, faulty + usize::from(!chunk.invalid().is_empty()))
    });
    valid >= VALID_PER_FAULTY * faulty
}

/// Text of another encoding is valid UTF-8 by accident in at most one of some ten letters outside ASCII.
const VALID_PER_FAULTY: usize = 10;

fn valid<'a>(content: &'a [u8], encoding: &'static Encoding) -> Option<DecodedText<'a>> {
    encoding.decode_without_bom_handling_and_without_replacement(content).map(|text| (text, encoding, 0))
}

/// Returns the offset of the first invalid byte.
fn first_invalid(content: &[u8], encoding: &'static Encoding) -> usize {
    if encoding == UTF_8 {
        return str::from_utf8(content).map_or_else(|error| error.valid_up_to(), str::len);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut sink = String::with_capacity(content.len() * 3 + 16);
    let (_, read) = decoder.decode_to_string_without_replacement(content, &mut sink, true);
    read.saturating_sub(1)
}

/// Returns the encoding after `charset=`, in a media type or in a page's `<meta>`.
fn charset(text: &[u8]) -> Option<&'static Encoding> {
    named_after("charset", text)
}

fn named_after(label: &str, text: &[u8]) -> Option<&'static Encoding> {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let (_, after) = text.split_once(label)?;
    let value = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let label =
        value.split(|value: char| value.is_whitespace() || matches!(value, '"' | '\'' | ';' | '>' | '/')).next()?;
    Encoding::for_label(label.as_bytes())
}

fn declared_in_page(content: &[u8]) -> Option<&'static Encoding> {
    let start = &content[..content.len().min(PRESCAN_BYTES)];
    // Junk may precede the declaration, such as the byte-order mark of another encoding.
    let xml = start.windows(5).position(|bytes| bytes == b"<?xml").map(|at| &start[at..]);
    let declaration = xml.and_then(|rest| rest.split(|byte| *byte == b'>').next());
    let encoding =
        declaration.and_then(|declaration| named_after("encoding", declaration)).or_else(|| charset(start))?;
    // A page whose declaration can be read as ASCII cannot be in UTF-16, whatever it declares (HTML Standard, prescan).
    if encoding.is_ascii_compatible() { Some(encoding) } else { Some(UTF_8) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Instant;

    fn document(content: &[u8], media_type: Option<&str>) -> RawDocument {
        RawDocument {
            media_type: media_type.map(str::to_owned),
            ..RawDocument::new(content.to_vec(), Instant::parse("2025-04-07").expect("a day"))
        }
    }

    #[test]
    fn the_encoding_is_the_one_that_the_bytes_prove() {
        let html = Some("text/html");
        for (content, media_type, text, encoding) in [
            ("Zürich".as_bytes(), None, "Zürich", "UTF-8"),
            (b"\xef\xbb\xbfa", None, "\u{feff}a", "UTF-8"),
            (b"\xff\xfea\0", None, "\u{feff}a", "UTF-16LE"),
            (b"\0<\0p\0>\0a", html, "<p>a", "UTF-16BE"),
            // A mark of an encoding that the bytes are not in, and one faulty byte among many.
            (b"\xff\xfe<meta charset=latin1>a", html, "\u{ff}\u{fe}<meta charset=latin1>a", "windows-1252"),
            (
                b"\xef\xbb\xbf<?xml version='1.0' encoding='ISO-8859-2'?><rss><item><title>\xa3\xf3d\xbc",
                Some("application/rss+xml"),
                "\u{10f}\u{165}\u{17c}<?xml version='1.0' encoding='ISO-8859-2'?><rss><item><title>\u{141}\u{f3}d\u{17a}",
                "ISO-8859-2",
            ),
            (
                b"<p>\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3",
                html,
                "<p>\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{fffd}",
                "UTF-8",
            ),
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
    fn undecodable_documents_are_refused_with_their_code() {
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
    fn the_format_comes_from_the_media_type_or_the_name_or_the_content() {
        let form = |media_type: Option<&str>, key: Option<&str>, content: &str| {
            let document = RawDocument { key: key.map(str::to_owned), ..document(content.as_bytes(), media_type) };
            decode(&document).map(|decoded| decoded.form)
        };
        assert_eq!(form(Some("text/markdown; charset=utf-8"), Some("a.html"), "x"), Ok(DocumentFormat::Markdown));
        assert_eq!(form(Some("binary/octet-stream"), Some("in/a.HTML"), "x"), Ok(DocumentFormat::Html));
        assert_eq!(form(None, None, "\n <!DOCTYPE html><p>x"), Ok(DocumentFormat::Html));
        assert_eq!(form(None, Some("a.dat"), "A headline"), Ok(DocumentFormat::Text));
        assert_eq!(
            form(None, Some("a.xml"), "<?xml version='1.0'?><!-- x -->\n<rss version='2.0'>"),
            Ok(DocumentFormat::Feed)
        );
        assert_eq!(form(Some("text/xml"), None, "<rdf:RDF xmlns='x'>"), Ok(DocumentFormat::Feed));
        // A feed behind the warnings of its server, with its own entities, sent as a page, or a single entry.
        for content in [
            "<br />\n<b>Notice</b>: undefined index\n<?xml version='1.0'?><rss version='2.0'><channel>",
            "\u{feff}\n\n<feed><title>x",
            "<!DOCTYPE rss [ <!ENTITY id 'x'> ]><rss><channel>",
            "<entry><title>x</title></entry>",
        ] {
            assert_eq!(form(None, None, content), Ok(DocumentFormat::Feed), "{content}");
            assert_eq!(form(Some("text/html"), None, content), Ok(DocumentFormat::Feed), "{content}");
        }
        let page = "<!doctype html><pre><rss><channel></pre>";
        assert_eq!(form(None, None, page), Ok(DocumentFormat::Html));
        assert_eq!(form(Some("application/feed+json"), None, "{}"), Ok(DocumentFormat::Feed));
        assert_eq!(
            form(None, None, "{\"version\": \"https:\\/\\/jsonfeed.org\\/version\\/1\""),
            Ok(DocumentFormat::Feed)
        );
        let media_type = "application/xml".to_owned();
        for content in ["<?xml version='1.0'?><urlset>", "<feedback>"] {
            let unsupported = Err(ReadError::UnsupportedMediaType { media_type: media_type.clone() });
            assert_eq!(form(Some("application/xml"), None, content), unsupported, "{content}");
        }
    }
}
