//! Why a poll failed, and how long the server asks to wait.

use super::fetch::FetchError;
use crate::{archive::IngestError, store::StoreError};
use http::StatusCode;
use std::time::Duration;

pub struct Failed {
    pub code: String,
    pub detail: String,
    pub wait: Option<Duration>,
    /// The server says that it is gone for good.
    pub gone: bool,
}

impl Failed {
    pub fn new(code: &str, detail: &str) -> Self {
        Self { code: code.to_owned(), detail: detail.to_owned(), wait: None, gone: false }
    }
}

impl From<FetchError> for Failed {
    fn from(error: FetchError) -> Self {
        let (wait, gone) = match &error {
            FetchError::Status { status, retry_after } => (*retry_after, *status == StatusCode::GONE),
            _ => (None, false),
        };
        Self { wait, gone, ..Self::new(error.code(), &crate::logs::chain(&error)) }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        IngestError::from(error).into()
    }
}

impl From<IngestError> for Failed {
    fn from(error: IngestError) -> Self {
        Self::new(error.code(), &error.chain())
    }
}
