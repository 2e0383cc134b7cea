//! Which web pages may use the API: the server on one machine has no password, but every page that its owner visits can
//! send it requests.
//!
//! | a request | is |
//! | --- | --- |
//! | to a host name that is not served | refused with 421: a page whose name was rebound to this address (DNS rebinding) |
//! | by a page of another origin, other than a public read | refused with 403 |
//! | a public read by any page | answered, with CORS headers |

use super::{
    Service,
    problem::{Code, Problem},
};
use crate::access::{Scope, needed};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, Method, Uri, header, uri::Authority};
use std::net::IpAddr;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The host names that are served.
#[derive(Clone, Debug, Default)]
pub enum Hosts {
    /// Behind a gateway, which selects the host, and where keys decide what a request may do.
    #[default]
    Any,
    /// These names, `localhost` and every IP address: only a name can be rebound.
    Named(Vec<String>),
}

impl Hosts {
    fn serves(&self, host: &str) -> bool {
        let Self::Named(names) = self else { return true };
        let is_address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        is_address || host.eq_ignore_ascii_case("localhost") || names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

pub async fn check(State(service): State<Service>, request: Request, next: Next) -> Response {
    let authority = authority(request.uri(), request.headers());
    let host = authority.as_ref().map_or("", Authority::host);
    if !service.hosts.serves(host) {
        let detail = format!("{host:?} is not a host name of this server; `dateline serve --host NAME` adds one");
        return Problem::new(Code::UnknownHost, detail).into_response();
    }
    if is_public_read(&request) {
        return next.run(request).await;
    }
    if let Some(origin) = foreign_origin(request.headers(), authority.as_ref()) {
        let detail =
            format!("a page of another origin ({origin}) may only read articles and what is derived from them");
        return Problem::new(Code::ForeignOrigin, detail).into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    response
}

/// Whether a request reads what every page may read; for a preflight, whether the request that it is for does.
fn is_public_read(request: &Request) -> bool {
    let requested = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD);
    let requested = requested.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    let method = match requested {
        Some(requested) if request.method() == Method::OPTIONS => requested,
        _ => request.method().clone(),
    };
    let reads = matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    reads && matches!(needed(&method, request.uri().path()), None | Some(Scope::Read))
}

/// Returns the origin of the page that sent a request, if it is another one than the server's. A proxy may have ended TLS,
/// so the scheme is not compared.
fn foreign_origin(headers: &HeaderMap, authority: Option<&Authority>) -> Option<String> {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = String::from_utf8_lossy(origin.as_bytes()).into_owned();
        let host = origin.split_once("://").map(|(_, host)| host);
        let is_own = authority.is_some_and(|own| host.is_some_and(|host| own.as_str().eq_ignore_ascii_case(host)));
        return (!is_own).then_some(origin);
    }
    // A request without an `Origin` header, such as for an image or a link.
    let site = headers.get(SEC_FETCH_SITE).and_then(|site| site.to_str().ok())?;
    matches!(site, "cross-site" | "same-site").then(|| site.to_owned())
}

/// Returns the host and port that a request is for.
pub fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let host = || Authority::try_from(headers.get(header::HOST)?.as_bytes()).ok();
    uri.authority().cloned().or_else(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_and_addresses_are_hosts() {
        let hosts = Hosts::Named(vec!["news.example".to_owned()]);
        for (host, served) in [
            ("127.0.0.1", true),
            ("[::1]", true),
            ("192.0.2.7", true),
            ("localhost", true),
            ("LOCALHOST", true),
            ("News.example", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            assert_eq!(hosts.serves(host), served, "{host}");
        }
        assert!(Hosts::Any.serves("evil.example"));
    }

    #[test]
    fn an_origin_is_foreign_unless_it_is_the_host() {
        let own = Authority::from_static("127.0.0.1:8080");
        for (name, value, foreign) in [
            ("origin", "http://127.0.0.1:8080", false),
            ("origin", "http://127.0.0.1:9090", true),
            ("origin", "http://localhost:8080", true),
            ("origin", "null", true),
            ("sec-fetch-site", "same-origin", false),
            ("sec-fetch-site", "none", false),
            ("sec-fetch-site", "same-site", true),
            ("sec-fetch-site", "cross-site", true),
        ] {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static(name),
                value.parse().expect("the sample is a valid header value"),
            )]);
            assert_eq!(foreign_origin(&headers, Some(&own)).is_some(), foreign, "{name}: {value}");
        }
    }
}
