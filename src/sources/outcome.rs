//! Why a poll failed, and how long the server asks to wait.

use crate::{archive::IngestError, fetch::FetchError, store::StoreError};
use http::StatusCode;
use std::time::Duration;

pub struct PollError {
    pub code: String,
    pub detail: String,
    pub wait: Option<Duration>,
    /// Whether the server reports that the source no longer exists.
    pub gone: bool,
}

impl PollError {
    pub fn new(code: &str, detail: &str) -> Self {
        Self { code: code.to_owned(), detail: detail.to_owned(), wait: None, gone: false }
    }
}

impl From<FetchError> for PollError {
    fn from(error: FetchError) -> Self {
        let (wait, gone) = match &error {
            FetchError::Status { status, retry_after } => (*retry_after, *status == StatusCode::GONE),
            _ => (None, false),
        };
        Self { wait, gone, ..Self::new(error.code(), &crate::logs::chain(&error)) }
    }
}

impl From<StoreError> for PollError {
    fn from(error: StoreError) -> Self {
        IngestError::from(error).into()
    }
}

impl From<IngestError> for PollError {
    fn from(error: IngestError) -> Self {
        Self::new(error.code(), &error.chain())
    }
}
