//! Strong validators (RFC 9110, 8.8): the tag is a digest of the very bytes that are sent, after compression, so that it
//! differs wherever they do. A client that has them gets 304.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};

const DIGEST_BYTES: usize = 15;

pub async fn validate(mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    if !matches!(method, Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    // A tag describes the bytes of a GET, also when only the header is asked for.
    *request.method_mut() = Method::GET;
    let conditions = request.headers().clone();
    let response = next.run(request).await;
    let (mut parts, body) = response.into_parts();
    if parts.status != StatusCode::OK {
        return Response::from_parts(parts, if method == Method::HEAD { Body::empty() } else { body });
    }
    // Bodies are built in memory and only streamed through the compressor, so there is no other limit to keep.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..DIGEST_BYTES]));
    let current = names_current(&conditions, &tag);
    parts.headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("base64 in quotes is a legal header"));
    if current {
        parts.status = StatusCode::NOT_MODIFIED;
        for representation in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
            parts.headers.remove(representation);
        }
        return Response::from_parts(parts, Body::empty());
    }
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Response::from_parts(parts, if method == Method::HEAD { Body::empty() } else { Body::from(bytes) })
}

/// `If-None-Match` compares weakly (RFC 9110, 13.1.2).
fn names_current(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','))
        .map(str::trim)
        .any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag)
}
