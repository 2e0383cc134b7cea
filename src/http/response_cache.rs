//! Public reads since the table's last write: a repeated request is answered with the bytes of the first, because the same
//! table gives the same response. Any write to the table, of whatever kind, empties the cache, so that no response is
//! older than the last write that was acknowledged.
//!
//! Only a table that knows its last write without a request has such a cache; on AWS, the distribution in front of the
//! API is one.

use super::{Service, base_url::X_FORWARDED_PROTO, etag::whole, export::Streamed, history::ACCEPT_DATETIME};
use crate::{
    access::{Scope, needed},
    limits::{CACHED_RESPONSE_BYTES, CACHED_RESPONSES_BYTES},
};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header, response::Parts};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What a response takes in memory besides its key and body: mostly its headers.
const OVERHEAD_BYTES: usize = 2_048;
/// Long polling: such a response depends on how long the request waited.
const WAITING: &str = "/v1/changes";

#[derive(Clone, Debug, Default)]
pub struct ResponseCache(Arc<Mutex<Responses>>);

/// The responses since one write.
#[derive(Debug, Default)]
struct Responses {
    last_write: u64,
    by_request: HashMap<RequestKey, CachedResponse>,
    bytes: usize,
}

/// What a response depends on, apart from the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RequestKey(Box<[u8]>);

#[derive(Clone, Debug)]
struct CachedResponse {
    headers: HeaderMap,
    body: Bytes,
}

pub async fn reuse(State(service): State<Service>, request: Request, next: Next) -> Response {
    let last_write = service.archive.store().table().last_write();
    let Some((last_write, key)) = last_write.and_then(|number| Some((number, RequestKey::of(&request)?))) else {
        return next.run(request).await;
    };
    if let Some(cached) = service.responses.get(last_write, &key) {
        return cached.into_response();
    }
    let response = next.run(request).await;
    if response.extensions().get::<Streamed>().is_some() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Some(body) = whole(body).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if parts.status == StatusCode::OK && body.len() <= CACHED_RESPONSE_BYTES {
        service.responses.put(last_write, key, &parts, &body);
    }
    Response::from_parts(parts, Body::from(body))
}

impl ResponseCache {
    fn get(&self, last_write: u64, key: &RequestKey) -> Option<CachedResponse> {
        let mut responses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        responses.is_of(last_write).then(|| responses.by_request.get(key).cloned()).flatten()
    }

    /// `last_write` is that from before the response was made: a write since then may not be in it.
    fn put(&self, last_write: u64, key: RequestKey, parts: &Parts, body: &Bytes) {
        let mut responses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !responses.is_of(last_write) {
            return;
        }
        let bytes = key.0.len() + body.len() + OVERHEAD_BYTES;
        if responses.bytes + bytes > CACHED_RESPONSES_BYTES {
            responses.clear();
        }
        responses.bytes += bytes;
        responses.by_request.insert(key, CachedResponse { headers: parts.headers.clone(), body: body.clone() });
    }
}

impl Responses {
    /// Whether these are the responses since a write. A later write empties them.
    fn is_of(&mut self, last_write: u64) -> bool {
        if last_write > self.last_write {
            self.clear();
            self.last_write = last_write;
        }
        last_write == self.last_write
    }

    fn clear(&mut self) {
        self.by_request.clear();
        self.bytes = 0;
    }
}

impl RequestKey {
    /// Returns `None` for a request whose response depends on more than the table and this key.
    fn of(request: &Request) -> Option<Self> {
        let path = request.uri().path();
        if *request.method() != Method::GET || path == WAITING || needed(&Method::GET, path) != Some(Scope::Read) {
            return None;
        }
        // With the authority, which a client may state here and not in the header.
        let mut key = request.uri().to_string().into_bytes();
        for name in [header::HOST, X_FORWARDED_PROTO, header::ACCEPT, header::ACCEPT_ENCODING, ACCEPT_DATETIME] {
            key.push(b'\n');
            for value in request.headers().get_all(name) {
                key.extend_from_slice(value.as_bytes());
                key.push(b',');
            }
        }
        Some(Self(key.into()))
    }
}

impl IntoResponse for CachedResponse {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.headers_mut() = self.headers;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let cache = ResponseCache::default();
        let (parts, ()) = Response::new(()).into_parts();
        let key = |number: usize| RequestKey(number.to_be_bytes().into());
        for (body, responses) in [(CACHED_RESPONSE_BYTES, 200), (0, 40_000)] {
            let body = Bytes::from(vec![b'x'; body]);
            for number in 0..responses {
                cache.put(1, key(number), &parts, &body);
                assert!(cache.get(1, &key(number)).is_some());
            }
            let responses = cache.0.lock().expect("no panic");
            assert!(responses.bytes <= CACHED_RESPONSES_BYTES);
            assert!(responses.by_request.len() <= CACHED_RESPONSES_BYTES / OVERHEAD_BYTES);
        }
    }

    #[test]
    fn a_response_from_before_a_write_is_neither_kept_nor_sent() {
        let cache = ResponseCache::default();
        let (parts, ()) = Response::new(()).into_parts();
        let key = RequestKey(b"/".as_slice().into());
        cache.put(1, key.clone(), &parts, &Bytes::from_static(b"1"));
        assert!(cache.get(2, &key).is_none());
        cache.put(1, key.clone(), &parts, &Bytes::from_static(b"1"));
        assert!(cache.get(2, &key).is_none() && cache.get(1, &key).is_none());
    }
}
