//! Strong validators (RFC 9110, 8.8): the ETag is a digest of the bytes sent, after compression, so that it differs
//! whenever they do ([`tag`]). A client that already has these bytes gets 304, and one that has a part of a raw document
//! the rest ([`validate`]).

use super::{
    export::Streamed,
    problem::{Code, Problem},
    range::RequestedRange,
};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};

const DIGEST_BYTES: usize = 15;

/// Adds the ETag to a response to GET, unless its body is made while it is sent.
pub async fn tag(request: Request, next: Next) -> Response {
    let reads = request.method() == Method::GET;
    let response = next.run(request).await;
    if !reads || response.status() != StatusCode::OK || response.extensions().get::<Streamed>().is_some() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Some(bytes) = whole(body).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..DIGEST_BYTES]));
    insert(&mut parts.headers, header::ETAG, &tag);
    Response::from_parts(parts, Body::from(bytes))
}

/// Answers the conditions and the range of a request with what they leave of the whole response.
pub async fn validate(mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    if !matches!(method, Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    // HEAD is processed as GET, because the ETag is a digest of the body of the GET response.
    *request.method_mut() = Method::GET;
    let conditions = request.headers().clone();
    let response = next.run(request).await;
    let (mut parts, body) = response.into_parts();
    let tag = parts.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let Some(tag) = tag.filter(|_| parts.status == StatusCode::OK) else {
        return Response::from_parts(parts, if method == Method::HEAD { Body::empty() } else { body });
    };
    let Some(bytes) = whole(body).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if names_current(&conditions, &tag) {
        parts.status = StatusCode::NOT_MODIFIED;
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
            parts.headers.remove(name);
        }
        return Response::from_parts(parts, Body::empty());
    }
    let has_ranges = method == Method::GET && parts.headers.contains_key(header::ACCEPT_RANGES);
    let range = if has_ranges { RequestedRange::of(&conditions, &tag, bytes.len()) } else { RequestedRange::Whole };
    let bytes = match range {
        RequestedRange::Whole => bytes,
        RequestedRange::Part(part) => {
            parts.status = StatusCode::PARTIAL_CONTENT;
            let last = part.end - 1;
            insert(&mut parts.headers, header::CONTENT_RANGE, &format!("bytes {}-{last}/{}", part.start, bytes.len()));
            bytes.slice(part)
        }
        RequestedRange::Unsatisfiable => {
            let detail = format!("Range: expected a part of the {} bytes", bytes.len());
            let mut response = Problem::new(Code::RangeNotSatisfiable, detail).into_response();
            insert(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{}", bytes.len()));
            return response;
        }
    };
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Response::from_parts(parts, if method == Method::HEAD { Body::empty() } else { Body::from(bytes) })
}

/// Collects a body. Bodies are built in memory and only streamed through the compressor, so no limit is needed here.
pub async fn whole(body: Body) -> Option<Bytes> {
    to_bytes(body, usize::MAX).await.ok()
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).expect("ASCII is a valid header value"));
}

/// Whether `If-None-Match` names the current tag; the comparison is weak (RFC 9110, 13.1.2).
fn names_current(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .map(str::trim)
        .any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
}
