//! The fetcher: retrieves a document from the web, or reports why it cannot. It trusts no URL and no response.
//!
//! - Only http and https, on public addresses ([`super::address`]). The check applies to the address that is connected
//!   to, at every redirect: this defeats DNS rebinding.
//! - Bytes, time and redirects are bounded; bytes also after decompression, which is streamed.
//! - A document that was fetched before is requested with its validators, so that it is sent only if it changed.

use super::address::is_public;
use crate::{
    article::Instant,
    limits::{DOCUMENT_BYTES, FETCH_REDIRECTS},
};
use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Once},
    time::Duration,
};
use url::{Host, Url};

const CONNECT: Duration = Duration::from_secs(10);
/// Maximum time of a fetch, including redirects.
const TOTAL: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("Dateline/", env!("CARGO_PKG_VERSION"), " (news archive; feeds are polled politely)");
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.9, */*;q=0.5";

/// Which addresses may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPolicy {
    Public,
    /// Public addresses and this one, for tests on one machine.
    Also(IpAddr),
    /// Also this machine and its network.
    Private,
}

#[derive(Clone, Debug)]
pub struct Fetcher {
    client: reqwest::Client,
    policy: AddressPolicy,
}

/// The conditions and headers of a request.
#[derive(Clone, Debug, Default)]
pub struct FetchRequest {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Sent only to the origin of the requested URL, not to other origins that it redirects to.
    pub headers: HeaderMap,
}

#[derive(Debug)]
pub struct Fetched {
    /// `None`: not modified since the validators were issued.
    pub content: Option<Vec<u8>>,
    pub media_type: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// The final URL, after redirects.
    pub url: Url,
    /// The URL to request from now on, if every redirect was permanent.
    pub moved: Option<Url>,
    /// How long the server says that the document remains fresh.
    pub max_age: Option<Duration>,
    pub at: Instant,
}

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("expected an http or https URL with a host: {0}")]
    BadUrl(String),
    #[error("{0} is not an address of the public internet")]
    RefusedAddress(String),
    #[error("the host name {0} has no address")]
    Dns(String),
    #[error("connection failed: {0}")]
    Connect(String),
    #[error("TLS failed: {0}")]
    Tls(String),
    #[error("no response within {} s", TOTAL.as_secs())]
    Timeout,
    #[error("the server responded {status}")]
    Status { status: StatusCode, retry_after: Option<Duration> },
    #[error("more than {FETCH_REDIRECTS} redirects")]
    TooManyRedirects,
    #[error("invalid redirect: {0}")]
    BadRedirect(String),
    #[error("more than {DOCUMENT_BYTES} bytes")]
    TooLarge,
    #[error("the response was cut off or cannot be decoded: {0}")]
    Broken(String),
}

impl FetchError {
    /// Returns the error's code, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadUrl(_) => "bad_url",
            Self::RefusedAddress(_) => "refused_address",
            Self::Dns(_) => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout => "timeout",
            Self::Status { .. } => "status",
            Self::TooManyRedirects => "too_many_redirects",
            Self::BadRedirect(_) => "bad_redirect",
            Self::TooLarge => "too_large",
            Self::Broken(_) => "broken",
        }
    }
}

/// A host name whose addresses are all refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// A host name without an address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoAddress(String);

/// Resolves host names to only those addresses that may be reached.
#[derive(Clone, Copy, Debug)]
struct Resolver(AddressPolicy);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let looked_up = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect);
            let found: Vec<SocketAddr> = looked_up.unwrap_or_default();
            if found.is_empty() {
                return Err(NoAddress(name).into());
            }
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| policy.allows(address.ip())).collect();
            if allowed.is_empty() { Err(Refused(name).into()) } else { Ok(Box::new(allowed.into_iter()) as Addrs) }
        })
    }
}

/// Names that never have a public address (RFC 6761, RFC 6762, RFC 8375, and the one that ICANN reserved for private use).
const LOCAL_NAMES: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "invalid"];

impl AddressPolicy {
    fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Also(other) => address == other || is_public(address),
            Self::Private => true,
        }
    }

    /// Whether no request to a URL can ever succeed, as far as the URL shows: its host is an address that may not be
    /// reached, or a name that only has such addresses.
    pub fn never_reaches(self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return true };
        match url.host() {
            Some(Host::Ipv4(address)) => !self.allows(address.into()),
            Some(Host::Ipv6(address)) => !self.allows(address.into()),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                let is_local =
                    |local: &&str| name.strip_suffix(*local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                self == Self::Public && LOCAL_NAMES.iter().any(is_local)
            }
            None => true,
        }
    }
}

impl Fetcher {
    pub fn new(policy: AddressPolicy) -> Result<Self, FetchError> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // An error means that a provider is installed already; this build has only this one.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(Resolver(policy)))
            .redirect(redirect::Policy::none())
            // A proxy would resolve host names itself, without the address check.
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .user_agent(USER_AGENT)
            .build();
        Ok(Self { client: client.map_err(|error| FetchError::Tls(crate::logs::chain(&error)))?, policy })
    }

    pub async fn fetch(&self, url: &str, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let url = Url::parse(url).map_err(|error| FetchError::BadUrl(format!("{error}: {url}")))?;
        tokio::time::timeout(TOTAL, self.follow(url, request)).await.map_err(|_| FetchError::Timeout)?
    }

    /// Posts a body to a URL without following redirects. Any status but 2xx is an error.
    pub async fn post(&self, url: &str, headers: HeaderMap, body: String) -> Result<(), FetchError> {
        let url = Url::parse(url).map_err(|error| FetchError::BadUrl(format!("{error}: {url}")))?;
        self.allow(&url)?;
        let answer = self.client.post(url.clone()).headers(headers).body(body).send().await;
        let answer = answer.map_err(|error| fetch_error(&error, &url))?;
        let (status, retry_after) = (answer.status(), retry_after(answer.headers()));
        if status.is_success() { Ok(()) } else { Err(FetchError::Status { status, retry_after }) }
    }

    async fn follow(&self, first: Url, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let (mut url, mut moved) = (first.clone(), None);
        let mut for_good = true;
        for _ in 0..=FETCH_REDIRECTS {
            self.allow(&url)?;
            let mut get_request = self.client.get(url.clone()).header(header::ACCEPT, ACCEPT);
            if same_origin(&first, &url) {
                get_request = get_request.headers(request.headers.clone());
            }
            for (name, value) in
                [(header::IF_NONE_MATCH, &request.etag), (header::IF_MODIFIED_SINCE, &request.last_modified)]
            {
                if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                    get_request = get_request.header(name, value);
                }
            }
            let answer = get_request.send().await.map_err(|error| fetch_error(&error, &url))?;
            let status = answer.status();
            let headers = answer.headers().clone();
            if status == StatusCode::NOT_MODIFIED || status.is_success() {
                let content = if status.is_success() { Some(read_body(answer).await?) } else { None };
                return Ok(fetched(content, &headers, url, moved));
            }
            if !status.is_redirection() {
                return Err(FetchError::Status { status, retry_after: retry_after(&headers) });
            }
            for_good &= matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
            let target = text(&headers, header::LOCATION).ok_or_else(|| FetchError::BadRedirect(status.to_string()))?;
            url = url.join(&target).map_err(|error| FetchError::BadRedirect(format!("{error}: {target}")))?;
            moved = for_good.then(|| url.clone());
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Checks the scheme, and an address in the URL itself, which is never resolved. Host names are checked when they
    /// are resolved.
    fn allow(&self, url: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::BadUrl(url.to_string()));
        }
        let address = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => return Ok(()),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            _ => return Err(FetchError::BadUrl(url.to_string())),
        };
        if self.policy.allows(address) { Ok(()) } else { Err(FetchError::RefusedAddress(address.to_string())) }
    }
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// Reads the decompressed body of a response, up to the maximum of bytes.
async fn read_body(answer: reqwest::Response) -> Result<Vec<u8>, FetchError> {
    let url = answer.url().clone();
    let mut content = Vec::new();
    let mut body = std::pin::pin!(http_body_util::BodyStream::new(reqwest::Body::from(answer)));
    while let Some(frame) = body.next().await {
        let frame = frame.map_err(|error| fetch_error(&error, &url))?;
        if let Some(bytes) = frame.data_ref() {
            if content.len() + bytes.len() > DOCUMENT_BYTES {
                return Err(FetchError::TooLarge);
            }
            content.extend_from_slice(bytes);
        }
    }
    Ok(content)
}

fn fetched(content: Option<Vec<u8>>, headers: &HeaderMap, url: Url, moved: Option<Url>) -> Fetched {
    Fetched {
        content,
        media_type: text(headers, header::CONTENT_TYPE),
        etag: text(headers, header::ETAG),
        last_modified: text(headers, header::LAST_MODIFIED),
        max_age: max_age(headers),
        url,
        moved,
        at: Instant::now(),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|header| header.to_str().ok()).map(str::to_owned)
}

/// Parses `max-age` of `Cache-Control` (RFC 9111).
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let control = text(headers, header::CACHE_CONTROL)?.to_ascii_lowercase();
    let age = control.split(',').find_map(|part| part.trim().strip_prefix("max-age=").map(str::to_owned))?;
    age.trim_matches('"').parse().ok().map(Duration::from_secs)
}

/// Parses `Retry-After`: seconds or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let given = text(headers, header::RETRY_AFTER)?;
    if let Ok(seconds) = given.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(given.trim()).ok()?.timestamp();
    Duration::try_from(at.duration_since(jiff::Timestamp::now())).ok()
}

/// Classifies a failed request by its causes.
fn fetch_error(error: &reqwest::Error, url: &Url) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if current.is::<Refused>() {
            return FetchError::RefusedAddress(host);
        }
        if current.is::<NoAddress>() {
            return FetchError::Dns(host);
        }
        if let Some(tls) = current.downcast_ref::<rustls::Error>() {
            return FetchError::Tls(tls.to_string());
        }
        // `source` of an I/O error skips the error that it wraps.
        let inner = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = inner.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| current.source());
    }
    match () {
        () if error.is_timeout() => FetchError::Timeout,
        () if error.is_connect() => FetchError::Connect(innermost(error)),
        () => FetchError::Broken(innermost(error)),
    }
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
