//! Access control: the scope that a request needs, and whether a key has it.
//!
//! | file | decides |
//! | --- | --- |
//! | here | which scope a request needs, and when a key is required |
//! | [`api_keys`] | the format of keys, how they are stored, and whether a presented key is valid |

pub mod api_keys;

use crate::{
    article::Instant,
    store::{Store, StoreError},
};
use http::Method;
use serde::{Deserialize, Serialize};

/// A permission of a key. `admin` includes the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "local", derive(clap::ValueEnum))]
pub enum Scope {
    /// Reads articles and data derived from them.
    Read,
    /// Ingests documents.
    Ingest,
    /// Everything, including deletions, sources, failures and webhooks. The last three also need it for reading,
    /// because the URLs in them may be secret.
    Admin,
}

impl Scope {
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ingest => "ingest",
            Self::Admin => "admin",
        }
    }
}

/// Which requests need a key. On AWS the gateway checks the key before it invokes the function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub keyed_reads: bool,
    pub keyed_writes: bool,
}

impl Policy {
    /// Requires no key. On a single machine, any client on the loopback interface is trusted as the owner.
    pub const OPEN: Self = Self { keyed_reads: false, keyed_writes: false };
}

/// What shows nothing of the archive: the API's own description and health, and two forms. It needs no key.
const OPEN: [&str; 6] = ["/healthz", "/openapi.json", "/docs", "/key", "/llms.txt", "/try"];
/// What the pages look like and do. It says nothing about the archive.
const ASSETS: &str = "/assets/";
/// The cookie in which a browser keeps a key for the pages.
pub const KEY_COOKIE: &str = "dateline_key";
/// Where agents send messages, which all are read by POST.
pub const MCP_PATH: &str = "/mcp";
/// Where readers subscribe to feeds. Where reads need a key, the server is no hub.
const HUB_PATH: &str = "/v1/hub";
/// The WebSub callback. Requests from hubs are authenticated by their signature.
const SIGNED: &str = crate::sources::websub::PATH;
/// Resources that only administrators may read.
const ADMINISTRATION: [&str; 5] = ["/v1/sources", "/v1/failures", "/v1/webhooks", "/sources", "/failures"];

/// Returns the scope that a request needs; `None` means that no key is needed. Other reads need `read`, and other
/// writes need `admin`.
pub fn needed(method: &Method, path: &str) -> Option<Scope> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let is_within =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/' | b'.', ..]));
    match path {
        // A preflight carries no key.
        _ if *method == Method::OPTIONS => None,
        _ if reads && (OPEN.contains(&path) || path.starts_with(ASSETS)) => None,
        // The page takes a key from a form, and checks nothing.
        "/key" => None,
        _ if path.starts_with(SIGNED) => None,
        _ if ADMINISTRATION.into_iter().any(is_within) => Some(Scope::Admin),
        "/v1/articles" | "/v1/preview" | "/try" if *method == Method::POST => Some(Scope::Ingest),
        MCP_PATH | HUB_PATH => Some(Scope::Read),
        _ if reads => Some(Scope::Read),
        _ => Some(Scope::Admin),
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Denied {
    #[error("expected a key with the scope {}: Authorization: Bearer <key>", .0.name())]
    Missing(Scope),
    #[error("the key is unknown or was revoked")]
    Unknown,
    #[error("the key lacks the scope {}", .0.name())]
    Lacking(Scope),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Policy {
    /// Checks a request. `authorization` and `cookies` are the unparsed values of these headers; a key in the first is
    /// preferred.
    pub async fn check(
        self,
        store: &Store,
        method: &Method,
        path: &str,
        authorization: Option<&str>,
        cookies: Option<&str>,
    ) -> Result<(), Denied> {
        let Some(scope) = needed(method, path) else { return Ok(()) };
        if !(if scope == Scope::Read { self.keyed_reads } else { self.keyed_writes }) {
            return Ok(());
        }
        let presented = authorization.and_then(|authorization| authorization.split_once(' '));
        let presented = presented.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let presented = presented.map(|(_, key)| key.trim()).or_else(|| key_of(cookies?));
        let presented = presented.ok_or(Denied::Missing(scope))?;
        let key = api_keys::find(store, presented, Instant::now()).await?.ok_or(Denied::Unknown)?;
        if key.may(scope) { Ok(()) } else { Err(Denied::Lacking(scope)) }
    }
}

/// Returns the key that a browser keeps.
fn key_of(cookies: &str) -> Option<&str> {
    let mut cookies = cookies.split(';').filter_map(|cookie| cookie.trim().split_once('='));
    cookies.find(|(name, value)| *name == KEY_COOKIE && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_keeps_its_key_in_a_cookie() {
        assert_eq!(key_of("a=b; dateline_key=dl_1; c=d"), Some("dl_1"));
        assert_eq!(key_of("dateline_key="), None);
        assert_eq!(key_of("other_dateline_key=x"), None);
    }

    #[test]
    fn each_request_needs_its_scope() {
        let needs = |method: Method, path: &str| needed(&method, path).map(Scope::name);
        assert_eq!(needs(Method::GET, "/healthz"), None);
        assert_eq!(needs(Method::OPTIONS, "/v1/sources"), None);
        assert_eq!(needs(Method::POST, "/v1/websub/a-source"), None);
        assert_eq!(needs(Method::GET, "/v1/articles"), Some("read"));
        assert_eq!(needs(Method::HEAD, "/v1/articles/x/raw"), Some("read"));
        assert_eq!(needs(Method::POST, "/v1/articles"), Some("ingest"));
        assert_eq!(needs(Method::POST, "/try"), Some("ingest"));
        assert_eq!(needs(Method::GET, "/assets/pages.css"), None);
        assert_eq!(needs(Method::POST, "/key"), None);
        assert_eq!(needs(Method::GET, "/"), Some("read"));
        assert_eq!(needs(Method::POST, "/sources/a/poll"), Some("admin"));
        for path in ["/v1/sources", "/v1/sources.opml", "/v1/sources/a", "/v1/failures/a/raw", "/v1/webhooks"] {
            assert_eq!(needs(Method::GET, path), Some("admin"), "{path}");
        }
        assert_eq!(needs(Method::GET, "/v1/sourcesque"), Some("read"));
        for (method, path) in [
            (Method::DELETE, "/v1/articles/x"),
            (Method::POST, "/v1/articles/x/restore"),
            (Method::POST, "/"),
            (Method::PUT, "/v1/articles"),
            (Method::from_bytes(b"BREW").expect("a token"), "/v1/articles"),
        ] {
            assert_eq!(needs(method.clone(), path), Some("admin"), "{method} {path}");
        }
    }
}
