//! Web archives: WARC 1.0 and 1.1, plain or compressed (gzip, zstd, lz4), as crawlers and Common Crawl write them.
//!
//! A page is a `response` or `resource` record that holds HTML, or a `conversion` record that holds text. Its URL is the
//! record's target, its retrieval time the record's date, its key the record's id: so a second run knows every page, and a
//! later capture of a URL is a later revision. The media type, the charset and the language are those of the HTTP headers.
//!
//! Everything else is counted by the reason why it is passed over. A record that is damaged is a failure by name, and
//! reading continues with the next one; in a pipe, which cannot be searched for it, reading ends.

use super::{IngestError, document_files::InputDocument};
use crate::{
    article::{Defaults, Instant, RawDocument, canonical_language_tag},
    limits::DOCUMENT_BYTES,
    reading::ReadError,
};
use fastwarc::{
    stream_io::{
        brotli::BrotliReader, bufread::TrackingBufReader, chunked::ChunkedReader, gzip::GzipReader, zstd::ZstdReader,
    },
    warc::{
        iter::{ArchiveIteratorOptions, ArchiveIteratorThreadSafe},
        record::{WarcRecord, WarcRecordType},
    },
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Maximum bytes of the headers of a record.
const HEADER_BYTES: usize = 64 * 1024;
/// Bytes that are searched at once for the next record.
const SEARCHED_BYTES: usize = 64 * 1024;
/// Damaged records, one after the other, after which a file is given up: it is no web archive.
const DAMAGED: u64 = 1_000;
/// Codings of one body, at most.
const CODINGS: usize = 4;
const GZIP: &[u8] = b"\x1f\x8b\x08";
const PLAIN: &[u8] = b"WARC/1.";

/// Which pages are wanted.
#[derive(Clone, Debug, Default)]
pub struct PageFilter {
    /// Hosts, each with its subdomains; empty for all.
    pub hosts: Vec<String>,
    /// Canonical BCP 47, compared with the HTTP header `Content-Language`; empty for all, also those that state none.
    pub languages: Vec<String>,
    pub retrieved_from: Option<Instant>,
    /// Exclusive.
    pub retrieved_to: Option<Instant>,
}

/// How many records were passed over, by the reason.
pub type PassedOver = BTreeMap<&'static str, u64>;

pub struct WebArchive {
    name: String,
    records: ArchiveIteratorThreadSafe,
    /// The file, if it can be searched for the next record.
    path: Option<PathBuf>,
    /// Where the search for the next record begins.
    searched: u64,
    number: u64,
    /// Damaged records since the last intact one.
    damaged: u64,
    filter: PageFilter,
    passed_over: Arc<Mutex<PassedOver>>,
    ended: bool,
}

/// Why a record is no page.
enum NoPage {
    PassedOver(&'static str),
    Failed(IngestError),
}

impl From<io::Error> for NoPage {
    fn from(error: io::Error) -> Self {
        Self::Failed(IngestError::Unavailable(error))
    }
}

impl WebArchive {
    /// Opens a file.
    pub fn of_file(
        name: String,
        path: PathBuf,
        filter: PageFilter,
        passed_over: Arc<Mutex<PassedOver>>,
    ) -> io::Result<Self> {
        let records = records_from(File::open(&path)?);
        Ok(Self {
            name,
            records,
            path: Some(path),
            searched: 0,
            number: 0,
            damaged: 0,
            filter,
            passed_over,
            ended: false,
        })
    }

    /// Reads a pipe.
    pub fn of_pipe(
        name: String,
        pipe: impl Read + Send + 'static,
        filter: PageFilter,
        passed_over: Arc<Mutex<PassedOver>>,
    ) -> Self {
        let pipe = BufReader::with_capacity(SEARCHED_BYTES, Pipe { pipe, position: 0 });
        let records = ArchiveIteratorThreadSafe::with_options(pipe, options());
        Self { name, records, path: None, searched: 0, number: 0, damaged: 0, filter, passed_over, ended: false }
    }

    /// Whether a file is a web archive, by its name.
    pub fn is_named(name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        [".warc", ".warc.gz", ".warc.zst", ".warc.lz4"].iter().any(|extension| name.ends_with(extension))
    }

    /// Whether a stream is a web archive, by its first bytes. Nothing else is read compressed.
    pub fn begins(bytes: &[u8]) -> bool {
        [GZIP, PLAIN].iter().any(|magic| bytes.starts_with(magic))
    }

    /// Returns the page of a record.
    fn page(&self, record: &mut WarcRecord) -> Result<InputDocument, NoPage> {
        let content_type = match record.record_type() {
            WarcRecordType::Response if record.is_http() => {
                let status = record.http_headers().and_then(|headers| headers.status_code());
                if status != Some(200) {
                    return Err(NoPage::PassedOver("another status than 200"));
                }
                record.http_content_type()
            }
            WarcRecordType::Resource | WarcRecordType::Conversion => {
                record.headers().get("Content-Type").map(|value| value.into_owned())
            }
            WarcRecordType::Revisit => return Err(NoPage::PassedOver("a revisit: the same bytes as earlier")),
            _ => return Err(NoPage::PassedOver("no response")),
        };
        let essence = content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let is_text = record.record_type() == WarcRecordType::Conversion && essence.eq_ignore_ascii_case("text/plain");
        if !is_text && !["text/html", "application/xhtml+xml"].iter().any(|html| essence.eq_ignore_ascii_case(html)) {
            return Err(NoPage::PassedOver("another media type than HTML"));
        }
        let url = record.headers().get("WARC-Target-URI").map(|url| url.trim_matches(['<', '>']).to_owned());
        if !self.filter.hosts.is_empty() && !url.as_deref().is_some_and(|url| self.filter.has_host(url)) {
            return Err(NoPage::PassedOver("another host"));
        }
        let date = record.headers().get("WARC-Date").and_then(|date| Instant::parse(&date).ok());
        if !self.filter.contains(date) {
            return Err(NoPage::PassedOver("another date"));
        }
        let languages = record.http_headers().and_then(|headers| headers.get("Content-Language")).unwrap_or_default();
        let mut languages = languages.split(',').filter_map(|language| canonical_language_tag(language.trim()));
        let language = languages.next();
        if !language.iter().cloned().chain(languages).any(|language| self.filter.has_language(&language))
            && !self.filter.languages.is_empty()
        {
            return Err(NoPage::PassedOver("another language"));
        }
        let header =
            |name: &str| record.http_headers().and_then(|headers| headers.get(name)).map(|value| value.into_owned());
        let (transfer, encoding) = (header("Transfer-Encoding"), header("Content-Encoding"));
        let id = record.record_id().map(|id| id.trim_matches(['<', '>']).to_owned());
        let mut content = Vec::new();
        let stated = record.content_length();
        let reader = record.reader_mut().ok_or_else(|| io::Error::other("the record has no content"))?;
        reader.take(DOCUMENT_BYTES as u64 + 1).read_to_end(&mut content)?;
        if content.len() > DOCUMENT_BYTES {
            return Err(NoPage::Failed(ReadError::TooLarge.into()));
        }
        if (content.len() as u64) < stated {
            let cut = format!("the record ends after {} of its {stated} bytes", content.len());
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, cut).into());
        }
        for encoding in [transfer, encoding].into_iter().flatten() {
            content = decoded(content, &encoding).map_err(NoPage::Failed)?;
        }
        let now = Instant::now();
        let defaults = language.map(|language| Defaults { language: Some(language), ..Defaults::default() });
        let document = RawDocument {
            media_type: content_type.or(Some("text/html".to_owned())),
            key: Some(id.unwrap_or_else(|| self.name_of_record())),
            url,
            defaults,
            ..RawDocument::new(content, date.map_or(now, |date| date.min(now)))
        };
        Ok(InputDocument { name: self.name_of_record(), document: Ok(document), bytes: Vec::new() })
    }

    fn name_of_record(&self) -> String {
        format!("{}#{}", self.name, self.number)
    }

    fn pass_over(&self, reason: &'static str) {
        *self.passed_over.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    /// Continues with the first record after the damaged one. Returns whether there may be one.
    fn find_next(&mut self) -> io::Result<bool> {
        let Some(path) = &self.path else { return Ok(false) };
        let mut file = File::open(path)?;
        let Some(start) = next_record(&mut file, self.searched)? else { return Ok(false) };
        file.seek(SeekFrom::Start(start))?;
        self.searched = start + 1;
        self.records = records_from(file);
        Ok(true)
    }
}

impl Iterator for WebArchive {
    type Item = InputDocument;

    fn next(&mut self) -> Option<InputDocument> {
        while !self.ended {
            let Some(record) = self.records.next() else {
                self.ended = true;
                break;
            };
            self.number += 1;
            let page = match record {
                Ok(record) => {
                    let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
                    self.searched = self.searched.max(record.stream_pos() + 1);
                    let parsed =
                        record.parse_http_with_opts(fastwarc::warc::record::AutoDecode::None, HEADER_BYTES, true);
                    self.damaged = 0;
                    let page = parsed.map_err(NoPage::from).and_then(|()| self.page(&mut record));
                    // What is passed over may be cut off too, and then the file ends too early.
                    page.map_err(|no_page| match (no_page, skip(&mut record)) {
                        (NoPage::PassedOver(_), Err(error)) => error.into(),
                        (no_page, _) => no_page,
                    })
                }
                Err(error) => {
                    self.damaged += 1;
                    let failed = InputDocument::failed(self.name_of_record(), IngestError::Unavailable(error));
                    // Without a next record the file ends here, and this failure is the last item.
                    self.ended = self.damaged > DAMAGED || !self.find_next().unwrap_or(false);
                    return Some(failed);
                }
            };
            match page {
                Ok(page) => return Some(page),
                Err(NoPage::PassedOver(reason)) => self.pass_over(reason),
                Err(NoPage::Failed(error)) => return Some(InputDocument::failed(self.name_of_record(), error)),
            }
        }
        None
    }
}

impl PageFilter {
    fn has_host(&self, url: &str) -> bool {
        let url = url::Url::parse(url).ok();
        let Some(host) = url.as_ref().and_then(|url| url.host_str()) else { return false };
        let is_within = |wanted: &String| {
            host.strip_suffix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.hosts.iter().any(is_within)
    }

    fn contains(&self, date: Option<Instant>) -> bool {
        if self.retrieved_from.is_none() && self.retrieved_to.is_none() {
            return true;
        }
        date.is_some_and(|date| {
            self.retrieved_from.is_none_or(|from| from <= date) && self.retrieved_to.is_none_or(|to| date < to)
        })
    }

    /// By RFC 4647, basic filtering.
    fn has_language(&self, stated: &str) -> bool {
        let matches = |wanted: &String| {
            stated.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.languages.iter().any(matches)
    }
}

/// Reads to the end of a record; an error if it ends before its stated length.
fn skip(record: &mut WarcRecord) -> io::Result<()> {
    let stated = record.content_length();
    let Some(reader) = record.reader_mut() else { return Ok(()) };
    let read = io::copy(reader, &mut io::sink())?;
    let cut =
        || io::Error::new(io::ErrorKind::UnexpectedEof, format!("the record ends after {read} of its {stated} bytes"));
    if read < stated { Err(cut()) } else { Ok(()) }
}

fn options() -> ArchiveIteratorOptions {
    // The headers of HTTP are parsed by record, so that those of a damaged response are its own failure.
    ArchiveIteratorOptions { parse_http: false, max_header_len: HEADER_BYTES, inplace: true, ..Default::default() }
}

fn records_from(file: File) -> ArchiveIteratorThreadSafe {
    ArchiveIteratorThreadSafe::with_options(TrackingBufReader::with_capacity(SEARCHED_BYTES, file), options())
}

/// Returns the offset at which a record may begin, from an offset on.
fn next_record(file: &mut File, from: u64) -> io::Result<Option<u64>> {
    let is_gzip = {
        let mut magic = [0; GZIP.len()];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut magic).is_ok() && magic == GZIP
    };
    let wanted = if is_gzip { GZIP } else { PLAIN };
    let (mut offset, mut buffer) = (from, Vec::new());
    loop {
        file.seek(SeekFrom::Start(offset))?;
        buffer.clear();
        file.by_ref().take(SEARCHED_BYTES as u64).read_to_end(&mut buffer)?;
        if let Some(found) = buffer.windows(wanted.len()).position(|window| window == wanted) {
            return Ok(Some(offset + found as u64));
        }
        if buffer.len() < SEARCHED_BYTES {
            return Ok(None);
        }
        // The magic number may lie across the boundary.
        offset += (buffer.len() - wanted.len()) as u64;
    }
}

/// Removes the codings of a transfer or of the content. Many crawlers store a body decoded and keep the header: a body that
/// is markup is taken as it is.
fn decoded(content: Vec<u8>, codings: &str) -> Result<Vec<u8>, IngestError> {
    let refused = |what: String| IngestError::Unavailable(io::Error::new(io::ErrorKind::InvalidData, what));
    if codings.split(',').count() > CODINGS {
        return Err(refused(format!("expected at most {CODINGS} codings")));
    }
    let mut content = content;
    for coding in codings.rsplit(',').map(|coding| coding.trim().to_ascii_lowercase()) {
        if matches!(coding.as_str(), "" | "identity") || content.trim_ascii_start().starts_with(b"<") {
            continue;
        }
        let body = Cursor::new(content);
        let mut decoded = Vec::new();
        let limit = DOCUMENT_BYTES as u64 + 1;
        let read = match coding.as_str() {
            "chunked" => ChunkedReader::new(body).take(limit).read_to_end(&mut decoded),
            "gzip" | "x-gzip" => GzipReader::new(body).take(limit).read_to_end(&mut decoded),
            "br" => BrotliReader::new(body).take(limit).read_to_end(&mut decoded),
            "zstd" => ZstdReader::new(body).take(limit).read_to_end(&mut decoded),
            _ => return Err(refused(format!("the coding {coding:?} is not supported"))),
        };
        read.map_err(IngestError::Unavailable)?;
        if decoded.len() > DOCUMENT_BYTES {
            return Err(ReadError::TooLarge.into());
        }
        content = decoded;
    }
    Ok(content)
}

/// A reader that counts: the reader of records asks for the position, and a pipe has none.
struct Pipe<R> {
    pipe: R,
    position: u64,
}

impl<R: Read> Read for Pipe<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.pipe.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl<R> Seek for Pipe<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Current(0) => Ok(self.position),
            _ => Err(io::Error::new(io::ErrorKind::Unsupported, "a pipe cannot be searched")),
        }
    }
}
