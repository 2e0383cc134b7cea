//! Admission: how many bytes of documents the server on one machine takes on at once. Beyond that it refuses at once,
//! before it receives the body, instead of piling up work and memory. A function has one request at a time.

use super::{
    params::discard,
    problem::{Code, Problem},
};
use crate::limits::{BODY_BYTES, INGEST_BYTES};
use axum::body::Body;
use http::{HeaderMap, header};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of one permit, and the least that a request counts for.
const UNIT: usize = 16 * 1024;
const RETRY_SECONDS: u32 = 2;

/// The bytes that may still be admitted; without a limit by default. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Admission(Option<Arc<Semaphore>>);

/// Counts as admitted until it is dropped.
#[derive(Debug)]
pub struct Admitted(#[expect(dead_code, reason = "dropping it returns the permits")] Option<OwnedSemaphorePermit>);

impl Admission {
    pub fn limited() -> Self {
        Self(Some(Arc::new(Semaphore::new(INGEST_BYTES / UNIT))))
    }

    /// Admits a request with a body; a refused body is received without being kept.
    pub async fn admit_body(&self, headers: &HeaderMap, body: Body) -> Result<(Admitted, Body), Problem> {
        match self.admit(headers) {
            Ok(admitted) => Ok((admitted, body)),
            Err(refused) => {
                discard(headers, body).await;
                Err(refused)
            }
        }
    }

    /// Admits a request by its `Content-Length`; a body without one counts as the longest.
    fn admit(&self, headers: &HeaderMap) -> Result<Admitted, Problem> {
        let Some(permits) = &self.0 else { return Ok(Admitted(None)) };
        let length = headers.get(header::CONTENT_LENGTH).and_then(|header| header.to_str().ok()?.parse().ok());
        let units = length.unwrap_or(BODY_BYTES).min(BODY_BYTES).div_ceil(UNIT).max(1);
        let permit = Arc::clone(permits).try_acquire_many_owned(u32::try_from(units).unwrap_or(u32::MAX));
        permit.map(|permit| Admitted(Some(permit))).map_err(|_| {
            let detail = format!("more than {INGEST_BYTES} bytes of documents are being ingested");
            Problem::new(Code::Overloaded, detail).retry_after(RETRY_SECONDS)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(length: Option<usize>) -> HeaderMap {
        length.into_iter().map(|length| (header::CONTENT_LENGTH, length.into())).collect()
    }

    #[test]
    fn bytes_are_admitted_up_to_the_limit_and_again_once_work_ends() {
        let admission = Admission::limited();
        let megabyte = headers(Some(1024 * 1024));
        let admitted: Vec<Admitted> = std::iter::from_fn(|| admission.admit(&megabyte).ok()).take(1_000).collect();
        assert_eq!(admitted.len(), INGEST_BYTES / (1024 * 1024));
        for length in [Some(0), Some(1), None] {
            assert_eq!(admission.admit(&headers(length)).expect_err("full").code, Code::Overloaded, "{length:?}");
        }
        drop(admitted);
        assert!(admission.admit(&headers(None)).is_ok());
        let unlimited = Admission::default();
        assert!((0..1_000).map(|_| unlimited.admit(&megabyte)).all(|admitted| admitted.is_ok()));
    }
}
