//! Gives every request an id and a log line, and writes the body of a problem response.

use super::{
    problem::{Code, PROBLEM_MEDIA_TYPE, Problem},
    routes::Templates,
};
use crate::{json::to_json, limits::REQUEST_ID_BYTES};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Instant,
};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static(PROBLEM_MEDIA_TYPE);

pub async fn identify(State(templates): State<Templates>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = given_id(&request).unwrap_or_else(new_id);
    let method = request.method().clone();
    let route = templates.of(request.uri().path()).unwrap_or("-").to_owned();
    let mut response = crate::logs::for_request(&id, next.run(request)).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>().or_else(|| bare_error(&response)) {
        let body = to_json(&problem.body(&id));
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(body);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    tracing::info!(
        request_id = id,
        %method,
        route,
        status = response.status().as_u16(),
        milliseconds = started.elapsed().as_secs_f64() * 1000.0,
        "request completed"
    );
    response
}

/// Returns the problem of an error that was not reported as one: a path that the router cannot decode, or a fault of
/// this program.
fn bare_error(response: &Response) -> Option<Problem> {
    match response.status() {
        StatusCode::BAD_REQUEST => {
            Some(Problem::new(Code::UnreadableRequest, "expected a path of percent-encoded UTF-8"))
        }
        StatusCode::NOT_ACCEPTABLE => Some(Problem::new(
            Code::NotAcceptable,
            "Accept-Encoding: expected gzip, br, zstd or identity to be acceptable",
        )),
        status if status.is_server_error() => {
            Some(Problem::new(Code::Internal, "The cause is in the log under this request id."))
        }
        _ => None,
    }
}

/// Returns the client's own id if it is short and safe to log.
fn given_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_safe = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'='));
    (is_safe && (1..=REQUEST_ID_BYTES).contains(&id.len())).then(|| id.to_owned())
}

/// Returns a new id. Ids distinguish requests and are not secret, so the hasher's random keys are random enough.
pub fn new_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}
