//! Authorisation: whether a request may reach its route.

use super::{
    Service,
    problem::{Code, Problem},
};
use crate::access::Denied;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

pub async fn check(State(service): State<Service>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let [authorization, cookies] =
        [header::AUTHORIZATION, header::COOKIE].map(|name| headers.get(name).and_then(|header| header.to_str().ok()));
    let store = service.archive.store();
    match service.policy.check(store, request.method(), request.uri().path(), authorization, cookies).await {
        Ok(()) => next.run(request).await,
        Err(denied) => refused(&denied),
    }
}

/// Returns the problem for a denied request, with the challenge of RFC 6750.
fn refused(denied: &Denied) -> Response {
    let (code, challenge) = match denied {
        Denied::Missing(_) => (Code::KeyMissing, "Bearer realm=\"dateline\"".to_owned()),
        Denied::Unknown => (Code::KeyUnknown, "Bearer realm=\"dateline\", error=\"invalid_token\"".to_owned()),
        Denied::Lacking(scope) => {
            let scope = scope.name();
            (Code::ScopeMissing, format!("Bearer realm=\"dateline\", error=\"insufficient_scope\", scope=\"{scope}\""))
        }
        Denied::Store(error) => {
            tracing::error!(cause = crate::logs::chain(error), "API key lookup failed");
            return Problem::new(Code::Unavailable, "the archive is unavailable").into_response();
        }
    };
    let mut response = Problem::new(code, denied.to_string()).into_response();
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
