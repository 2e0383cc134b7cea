//! Who may do what: what a request needs, and whether a key has it.
//!
//! | file | decides |
//! | --- | --- |
//! | here | which scope a request needs, and when it is asked for |
//! | [`key`] | what a key is, how it is kept, and whether this is one |

pub mod key;

use crate::{
    article::Instant,
    store::{Store, StoreError},
};
use http::Method;
use serde::{Deserialize, Serialize};

/// What a key may do. `admin` may do what the others may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "local", derive(clap::ValueEnum))]
pub enum Scope {
    /// Articles and whatever is made of them.
    Read,
    /// Documents in.
    Ingest,
    /// Everything: deletions, sources, failures, webhooks. These are also read by nobody else, because the addresses in
    /// them may be secret.
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

/// Which requests are asked for a key. On AWS the gateway asks before a request comes to the function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub keyed_reads: bool,
    pub keyed_writes: bool,
}

impl Policy {
    /// On one machine whoever reaches the loopback interface is its owner.
    pub const OPEN: Self = Self { keyed_reads: false, keyed_writes: false };
}

/// Where the API says what it is. Open to whoever reaches it.
const OPEN: [&str; 3] = ["/", "/healthz", "/openapi.json"];
/// Hubs call here; what they bring is told by its signature.
const SIGNED: &str = crate::sources::websub::PATH;
/// What is read by administrators alone.
const ADMINISTRATION: [&str; 3] = ["/v1/sources", "/v1/failures", "/v1/webhooks"];

/// `None`: nothing. What is not named here needs the most.
pub fn needed(method: &Method, path: &str) -> Option<Scope> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let is_within =
        |root: &str| path.strip_prefix(root).is_some_and(|it| matches!(it.as_bytes(), [] | [b'/' | b'.', ..]));
    match path {
        // A preflight carries no key.
        _ if *method == Method::OPTIONS => None,
        _ if reads && OPEN.contains(&path) => None,
        _ if path.starts_with(SIGNED) => None,
        _ if ADMINISTRATION.into_iter().any(is_within) => Some(Scope::Admin),
        "/v1/articles" if *method == Method::POST => Some(Scope::Ingest),
        _ if reads => Some(Scope::Read),
        _ => Some(Scope::Admin),
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Denied {
    #[error("this needs a key with the scope {}: Authorization: Bearer <key>", .0.name())]
    Missing(Scope),
    #[error("the key is none of this archive's, or was revoked")]
    Unknown,
    #[error("this needs a key with the scope {}", .0.name())]
    Lacking(Scope),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Policy {
    /// `authorization`: the header of that name, as it came.
    pub async fn check(
        self,
        store: &Store,
        method: &Method,
        path: &str,
        authorization: Option<&str>,
    ) -> Result<(), Denied> {
        let Some(scope) = needed(method, path) else { return Ok(()) };
        if !(if scope == Scope::Read { self.keyed_reads } else { self.keyed_writes }) {
            return Ok(());
        }
        let presented = authorization.and_then(|it| it.split_once(' '));
        let presented = presented.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, presented) = presented.ok_or(Denied::Missing(scope))?;
        let key = key::find(store, presented.trim(), Instant::now()).await?.ok_or(Denied::Unknown)?;
        if key.may(scope) { Ok(()) } else { Err(Denied::Lacking(scope)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_needs() {
        let needs = |method: Method, path: &str| needed(&method, path).map(Scope::name);
        assert_eq!(needs(Method::GET, "/healthz"), None);
        assert_eq!(needs(Method::OPTIONS, "/v1/sources"), None);
        assert_eq!(needs(Method::POST, "/v1/websub/a-source"), None);
        assert_eq!(needs(Method::GET, "/v1/articles"), Some("read"));
        assert_eq!(needs(Method::HEAD, "/v1/articles/x/raw"), Some("read"));
        assert_eq!(needs(Method::POST, "/v1/articles"), Some("ingest"));
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
