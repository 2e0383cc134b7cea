//! The errors that a client sees: every code, with its status and title.
//!
//! A row is added only if a client would branch on it. Internal causes are logged with the same request id and never
//! returned.

use crate::{
    archive::{DeletionError, IngestError, document_files, envelope::BadEnvelope},
    query::BadParameter,
    reading::ReadError,
    search::SearchError,
    store::StoreError,
};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{
    ToSchema,
    openapi::{self, RefOr},
};

pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

macro_rules! codes {
    ($($variant:ident $code:literal $status:ident $title:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($variant),* }

        /// A type for each code, for the `responses` of a handler's OpenAPI annotation: the status and the title come
        /// from the table.
        pub mod docs {
            $(
                pub struct $variant;

                impl utoipa::IntoResponses for $variant {
                    fn responses() -> super::DocumentedResponses {
                        super::Code::$variant.documented()
                    }
                }
            )*
        }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),* }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }
        }
    };
}

type DocumentedResponses = BTreeMap<String, RefOr<openapi::Response>>;

/// The request id in the examples of problems.
const EXAMPLE_ID: &str = "JKJaXmPLvHcESHA=";

impl Code {
    /// A problem with this code, as an example.
    fn example(self) -> Problem {
        let fault = |parameter: Option<&str>, pointer: Option<&str>, detail: &str| Fault {
            parameter: parameter.map(str::to_owned),
            pointer: pointer.map(str::to_owned),
            detail: detail.to_owned(),
        };
        let limit = fault(Some("limit"), None, "expected 1 to 100, found 7000");
        let url = fault(None, Some("/url"), "expected an http or https URL, found \"gazette\"");
        match self {
            Self::InvalidParameter => Problem::new(self, "invalid parameters: limit").with_errors(vec![limit]),
            Self::InvalidDocument | Self::InvalidSource | Self::InvalidWebhook => {
                Problem::new(self, "/url: expected an http or https URL").with_errors(vec![url])
            }
            _ => Problem::new(self, self.title()),
        }
    }

    /// The response as the OpenAPI document describes it.
    pub fn documented(self) -> DocumentedResponses {
        let body = openapi::ContentBuilder::new()
            .schema(Some(openapi::Ref::from_schema_name("ProblemBody")))
            .example(Some(serde_json::to_value(self.example().body(EXAMPLE_ID)).expect("a problem is JSON")))
            .build();
        let response = openapi::ResponseBuilder::new().description(self.title()).content(PROBLEM_MEDIA_TYPE, body);
        BTreeMap::from([(self.status().as_u16().to_string(), response.build().into())])
    }
}

codes! {
    InvalidParameter "invalid_parameter" BAD_REQUEST "Invalid parameter";
    InvalidDocument "invalid_document" BAD_REQUEST "Invalid raw document";
    InvalidSource "invalid_source" BAD_REQUEST "Invalid source settings";
    InvalidWebhook "invalid_webhook" BAD_REQUEST "Invalid webhook settings";
    UnreadableRequest "unreadable_request" BAD_REQUEST "Unreadable request";
    UnreadableBody "unreadable_body" BAD_REQUEST "Unreadable request body";
    KeyMissing "key_missing" UNAUTHORIZED "API key required";
    KeyUnknown "key_unknown" UNAUTHORIZED "Unknown API key";
    ScopeMissing "scope_missing" FORBIDDEN "Insufficient scope";
    ForeignOrigin "foreign_origin" FORBIDDEN "Request by a page of another origin";
    UnknownHost "unknown_host" MISDIRECTED_REQUEST "Unknown host";
    PathNotFound "path_not_found" NOT_FOUND "Path not found";
    ArticleNotFound "article_not_found" NOT_FOUND "Article not found";
    SourceNotFound "source_not_found" NOT_FOUND "Source not found";
    FailureNotFound "failure_not_found" NOT_FOUND "Failure not found";
    WebhookNotFound "webhook_not_found" NOT_FOUND "Webhook not found";
    StoryNotFound "story_not_found" NOT_FOUND "Story not found";
    RevisionNotFound "revision_not_found" NOT_FOUND "Revision not found";
    ArticleDeleted "article_deleted" GONE "Article deleted";
    SourceExists "source_exists" CONFLICT "Source already exists";
    WebhookExists "webhook_exists" CONFLICT "Webhook already exists";
    TooManySubscribers "too_many_subscribers" CONFLICT "Too many subscribers";
    TooManyWebhooks "too_many_webhooks" CONFLICT "Too many webhooks";
    NotDeleted "not_deleted" CONFLICT "Article not deleted";
    SourceGone "source_gone" GONE "Source removed";
    CursorExpired "cursor_expired" GONE "Cursor expired";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "Method not allowed";
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE "No acceptable representation";
    DocumentTooLarge "document_too_large" PAYLOAD_TOO_LARGE "Document too large";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "Unsupported media type";
    UnreadableDocument "unreadable_document" UNPROCESSABLE_ENTITY "Unreadable document";
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "Idempotency key reused";
    HeadersTooLarge "headers_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE "Headers too large";
    UrlTooLong "url_too_long" URI_TOO_LONG "URL too long";
    RequestTimeout "request_timeout" REQUEST_TIMEOUT "Request too slow";
    Throttled "throttled" TOO_MANY_REQUESTS "Too many requests";
    RangeNotSatisfiable "range_not_satisfiable" RANGE_NOT_SATISFIABLE "Range not satisfiable";
    DiskFull "disk_full" INSUFFICIENT_STORAGE "Disk full";
    ObjectMissing "object_missing" INTERNAL_SERVER_ERROR "Stored object missing";
    Internal "internal" INTERNAL_SERVER_ERROR "Internal error";
    Overloaded "overloaded" SERVICE_UNAVAILABLE "Too many documents at once";
    SearchUnavailable "search_unavailable" SERVICE_UNAVAILABLE "Search unavailable";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Archive unavailable";
}

/// A problem details object (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    pub code: String,
    pub request_id: String,
    /// Every fault of the request, not only the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

/// A fault in one part of a request: a parameter, by its name, or a member of the body, by its RFC 6901 pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    pub detail: String,
}

impl Fault {
    /// A fault in a top-level member of a body.
    pub fn at(member: &str, detail: String) -> Self {
        Self { parameter: None, pointer: Some(format!("/{member}")), detail }
    }
}

/// A problem response. [`super::request_log`] writes its body, because the request id is known there.
#[derive(Clone, Debug)]
pub struct Problem {
    pub code: Code,
    pub detail: String,
    pub errors: Vec<Fault>,
    retry_after_seconds: Option<u32>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after_seconds: None }
    }

    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    pub fn parameters(bad: Vec<BadParameter>) -> Self {
        let names: Vec<&str> = bad.iter().map(|fault| fault.parameter.as_str()).collect();
        let detail = format!("invalid parameters: {}", names.join(", "));
        let fault = |bad_parameter: BadParameter| Fault {
            parameter: Some(bad_parameter.parameter),
            pointer: None,
            detail: bad_parameter.detail,
        };
        Self::new(Code::InvalidParameter, detail).with_errors(bad.into_iter().map(fault).collect())
    }

    /// Returns a 500 whose cause is logged here and never returned to the client.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(cause = crate::logs::chain(cause), "internal error in a request");
        Self::new(Code::Internal, "The cause is in the log under this request id.")
    }

    pub fn body(&self, request_id: &str) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:dateline:problem:{}", self.code.name()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            code: self.code.name().to_owned(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Throttled => Self::new(Code::Throttled, error.to_string()).retry_after(1),
            StoreError::Conflict => Self::new(Code::Unavailable, error.to_string()).retry_after(1),
            StoreError::TooLarge { .. } => Self::new(Code::DocumentTooLarge, error.to_string()),
            StoreError::MissingObject(_) => {
                tracing::error!(%error, "a stored object is missing");
                Self::new(Code::ObjectMissing, error.to_string())
            }
            StoreError::DiskFull => {
                tracing::error!("the disk is full");
                Self::new(Code::DiskFull, "the disk is full; the write was not completed").retry_after(FULL_SECONDS)
            }
            StoreError::TooMuchHistory { .. } => {
                Self::parameters(vec![BadParameter { parameter: "as_of".to_owned(), detail: error.to_string() }])
            }
            other => Self::internal(&other),
        }
    }
}

/// Seconds until a request may be retried: a full disk and a damaged index need an operator, a lagging index catches up
/// without help.
const FULL_SECONDS: u32 = 60;
const DAMAGED_SECONDS: u32 = 60;
const BEHIND_SECONDS: u32 = 10;

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        let seconds = match error {
            SearchError::Store(StoreError::Objects(_) | StoreError::MissingObject(_)) => DAMAGED_SECONDS,
            SearchError::Store(error) => return error.into(),
            SearchError::GenerationGone => return Self::new(Code::CursorExpired, error.to_string()),
            SearchError::Behind { .. } => BEHIND_SECONDS,
            SearchError::Damaged { .. } | SearchError::Index(_) | SearchError::Ended => DAMAGED_SECONDS,
        };
        tracing::error!(cause = crate::logs::chain(&error), "search failed");
        let detail =
            "The search index is unavailable; lists without q work. The cause is in the log under this request id.";
        Self::new(Code::SearchUnavailable, detail).retry_after(seconds)
    }
}

impl From<DeletionError> for Problem {
    fn from(error: DeletionError) -> Self {
        match error {
            DeletionError::NotFound(_) => Self::new(Code::ArticleNotFound, error.to_string()),
            DeletionError::NotDeleted(_) => Self::new(Code::NotDeleted, error.to_string()),
            DeletionError::Purged(_) => Self::new(Code::ArticleDeleted, error.to_string()),
            DeletionError::Ingest(error) => error.into(),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let code = match error.code() {
            "document_too_large" => Code::DocumentTooLarge,
            "unsupported_media_type" => Code::UnsupportedMediaType,
            _ => Code::UnreadableDocument,
        };
        Self::new(code, format!("{}: {error}", error.code()))
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Unreadable(error) => error.into(),
            IngestError::Store(error) => error.into(),
            IngestError::Contended { .. } => Self::new(Code::Unavailable, error.to_string()).retry_after(1),
            IngestError::BadEnvelope(bad) => {
                let detail = document_files::faults(&bad);
                let fault = |bad_envelope: BadEnvelope| Fault {
                    parameter: None,
                    pointer: Some(bad_envelope.pointer),
                    detail: bad_envelope.detail,
                };
                Self::new(Code::InvalidDocument, detail).with_errors(bad.into_iter().map(fault).collect())
            }
            IngestError::ReaderFailed | IngestError::Unavailable(_) => Self::internal(&error),
        }
    }
}
