//! The responses that handlers share. Problems are in [`super::problem`].

use super::{params::pairs, problem::Problem};
use axum::response::{IntoResponse, Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// A JSON response that caches must revalidate.
pub fn json(body: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(body).map_err(|error| Problem::internal(&error))?;
    Ok(text("application/json", body))
}

/// A response of a fixed media type that caches must revalidate.
pub fn text(media_type: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type)), (header::CACHE_CONTROL, NO_CACHE)], body)
        .into_response()
}

/// 201 with the path of what was created.
pub fn created(path: &str, body: &impl Serialize) -> Result<Response, Problem> {
    let mut response = (StatusCode::CREATED, json(body)?).into_response();
    response.headers_mut().insert(header::LOCATION, header_value(path)?);
    Ok(response)
}

pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// A third party's document, served from this origin: a browser must neither run it nor guess its media type.
pub fn raw_document(media_type: String, bytes: Bytes) -> Response {
    let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(&bytes)));
    // The declared media type may not be a valid header value.
    let media_type = HeaderValue::try_from(media_type);
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    let headers = [
        (header::CACHE_CONTROL, "no-cache, no-transform".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (HeaderName::from_static("repr-digest"), digest),
    ];
    (headers, response).into_response()
}

/// The parameters that say where a page or a part of an export begins.
const BEGINNINGS: [&str; 2] = ["after", "cursor"];

/// The URL of the next page: the same request with another cursor.
pub fn next_page(path: &str, raw: Option<&str>, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs(raw).iter().filter(|(name, _)| !BEGINNINGS.contains(&name.as_str())));
    query.append_pair("cursor", cursor);
    format!("{path}?{}", query.finish())
}

pub fn header_value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|error| Problem::internal(&error))
}
