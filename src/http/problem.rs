//! What error does the client see: every code that one can get, with its status and title.
//!
//! A row is added only where a client would branch on it. What went wrong inside is logged with the same request id and
//! never told.

use crate::{
    archive::{IngestError, RemovalError, envelope::BadEnvelope, intake},
    query::BadParameter,
    reading::ReadError,
    search::SearchError,
    store::StoreError,
};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! codes {
    ($($variant:ident $code:literal $status:ident $title:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($variant),* }

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

codes! {
    InvalidParameter "invalid_parameter" BAD_REQUEST "A parameter is not legal";
    InvalidDocument "invalid_document" BAD_REQUEST "The raw document is not as the contract says";
    InvalidSource "invalid_source" BAD_REQUEST "What the source is told is not legal";
    InvalidWebhook "invalid_webhook" BAD_REQUEST "What the webhook is told is not legal";
    UnreadableBody "unreadable_body" BAD_REQUEST "The body could not be received";
    KeyMissing "key_missing" UNAUTHORIZED "A key is needed";
    KeyUnknown "key_unknown" UNAUTHORIZED "The key is not known";
    ScopeMissing "scope_missing" FORBIDDEN "The key may not do this";
    PathNotFound "path_not_found" NOT_FOUND "There is nothing at this path";
    ArticleNotFound "article_not_found" NOT_FOUND "There is no such article";
    SourceNotFound "source_not_found" NOT_FOUND "There is no such source";
    FailureNotFound "failure_not_found" NOT_FOUND "There is no such failure";
    WebhookNotFound "webhook_not_found" NOT_FOUND "There is no such webhook";
    StoryNotFound "story_not_found" NOT_FOUND "There is no such story";
    RevisionNotFound "revision_not_found" NOT_FOUND "The article has no such revision";
    ArticleDeleted "article_deleted" GONE "The article was deleted";
    SourceExists "source_exists" CONFLICT "There is such a source already";
    TooManyWebhooks "too_many_webhooks" CONFLICT "There are as many webhooks as there may be";
    NotDeleted "not_deleted" CONFLICT "The article is not deleted";
    SourceGone "source_gone" GONE "The source is no more";
    CursorExpired "cursor_expired" GONE "The order of the walk is gone";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "The path does not take this method";
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE "No representation fits the Accept header";
    DocumentTooLarge "document_too_large" PAYLOAD_TOO_LARGE "The document is over the limit";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The media type cannot be read";
    UnreadableDocument "unreadable_document" UNPROCESSABLE_ENTITY "Nothing can be read from the document";
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "The idempotency key was used for another request";
    Throttled "throttled" TOO_MANY_REQUESTS "Too many requests at once";
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong inside";
    SearchUnavailable "search_unavailable" SERVICE_UNAVAILABLE "Texts cannot be searched now";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "The archive does not answer now";
}

/// RFC 9457.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    pub code: String,
    pub request_id: String,
    /// Every fault of the request, not only the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

/// What is wrong with one part of a request: a parameter by its name, or a member of a body by its RFC 6901 pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    pub detail: String,
}

/// A problem on its way out. It becomes a body where the request's id is known, in [`super::request`].
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

    fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    pub fn parameters(bad: Vec<BadParameter>) -> Self {
        let names: Vec<&str> = bad.iter().map(|it| it.parameter.as_str()).collect();
        let detail = format!("not legal: {}", names.join(", "));
        let fault = |it: BadParameter| Fault { parameter: Some(it.parameter), pointer: None, detail: it.detail };
        Self::new(Code::InvalidParameter, detail).with_errors(bad.into_iter().map(fault).collect())
    }

    /// A 500 whose cause is logged here and told to nobody.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(cause = crate::logs::chain(cause), "a request failed inside");
        Self::new(Code::Internal, "The failure is in the log under this request id.")
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
            StoreError::TooMuchHistory { .. } => {
                Self::parameters(vec![BadParameter { parameter: "as_of".to_owned(), detail: error.to_string() }])
            }
            other => Self::internal(&other),
        }
    }
}

/// When a search may be tried again: after a damage somebody must act, a delay passes by itself.
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
        tracing::error!(cause = crate::logs::chain(&error), "a search failed");
        let detail =
            "The index cannot be used now; lists without q go on. The cause is in the log under this request id.";
        Self::new(Code::SearchUnavailable, detail).retry_after(seconds)
    }
}

impl From<RemovalError> for Problem {
    fn from(error: RemovalError) -> Self {
        match error {
            RemovalError::NotFound(_) => Self::new(Code::ArticleNotFound, error.to_string()),
            RemovalError::NotDeleted(_) => Self::new(Code::NotDeleted, error.to_string()),
            RemovalError::Purged(_) => Self::new(Code::ArticleDeleted, error.to_string()),
            RemovalError::Ingest(error) => error.into(),
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
                let detail = intake::faults(&bad);
                let fault = |it: BadEnvelope| Fault { parameter: None, pointer: Some(it.pointer), detail: it.detail };
                Self::new(Code::InvalidDocument, detail).with_errors(bad.into_iter().map(fault).collect())
            }
            IngestError::ReaderFailed | IngestError::Unavailable(_) => Self::internal(&error),
        }
    }
}
