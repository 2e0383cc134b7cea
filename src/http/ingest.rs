//! `POST /v1/articles`: ingests one raw document, or many, one per line.

use super::problem::docs as problem_docs;
use super::{
    Service,
    params::receive_body,
    problem::{Code, Fault, Problem},
};
use crate::{
    archive::{IngestError, IngestReport, Ingested, Outcome, envelope},
    article::{ArticleId, Instant, RawDocument},
    json::to_json,
    limits::{BODY_BYTES, IDEMPOTENCY_HOURS, IDEMPOTENCY_KEY_BYTES, NDJSON_LINES},
    reading::feed,
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The result of ingesting one document.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    pub outcome: Outcome,
    pub id: ArticleId,
    pub revision: u32,
    /// The article's path.
    pub location: String,
}

/// The result of ingesting one line, or one entry of a feed.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct LineReceipt {
    line: usize,
    /// The entry's id, for feeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    /// `created`, `revised`, `unchanged`, `deleted`, `outdated` or `failed`.
    outcome: &'static str,
    /// The article's id, revision and path, unless it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ArticleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

/// Ingest one raw document or many
///
/// As `text/plain`, `text/html` or `text/markdown` the body is the document. As `application/json` it is a raw document
/// with its metadata. As `application/x-ndjson` every line is one of these; the response has a line for each, in order,
/// and an invalid line does not affect the others. A feed (`application/rss+xml`, `application/atom+xml`,
/// `application/rdf+xml`, `application/feed+json`, or XML that is a feed) likewise gets a line for each entry. For 24
/// hours, an `Idempotency-Key` returns the first response again.
#[utoipa::path(post, path = "/v1/articles", operation_id = "ingest_articles", tag = "articles",
    params(("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters")),
    request_body(content((envelope::Envelope = "application/json"), (String = "application/x-ndjson"), (String = "text/plain"), (String = "text/html"), (String = "text/markdown"), (String = "application/rss+xml"), (String = "application/atom+xml"), (String = "application/rdf+xml"), (String = "application/feed+json"))),
    responses(
        (status = 200, description = "Revised or unchanged; for many documents, a line for each", content((Receipt = "application/json"), (LineReceipt = "application/x-ndjson"))),
        (status = 201, description = "Created", body = Receipt, headers(("location", description = "The article's path"))),
        problem_docs::InvalidDocument,
        problem_docs::DocumentTooLarge,
        problem_docs::UnsupportedMediaType,
        problem_docs::UnreadableDocument,
        problem_docs::Overloaded,
))]
pub async fn articles(State(service): State<Service>, request: Request) -> Result<Response, Problem> {
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        return Err(Problem::new(Code::InvalidParameter, "this path takes no parameters"));
    }
    let (parts, body) = request.into_parts();
    let body_format = BodyFormat::of(&parts.headers)?;
    let (_admitted, body) = service.admission.admit_body(&parts.headers, body).await?;
    let body = receive(&parts.headers, body).await?;
    let idempotent_request = IdempotentRequest::of(&parts.headers, &body)?;
    if let Some(idempotent_request) = &idempotent_request
        && let Some(answer) = idempotent_request.answered(&service).await?
    {
        return Ok(answer.into_response());
    }
    let answer = match body_format {
        BodyFormat::Lines => IngestResponse::lines(each_line(&service, &body).await),
        BodyFormat::One(format) => ingest(&service, format.document(body)?).await?,
    };
    if let Some(idempotent_request) = idempotent_request {
        idempotent_request.remember(&service, &answer).await?;
    }
    Ok(answer.into_response())
}

enum BodyFormat {
    One(DocumentBody),
    Lines,
}

/// How a body holds one document.
pub enum DocumentBody {
    /// As it is, of a media type.
    Raw(String),
    /// In a JSON envelope.
    Enveloped,
}

impl DocumentBody {
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        match BodyFormat::of(headers)? {
            BodyFormat::One(format) => Ok(format),
            BodyFormat::Lines => Err(Problem::new(
                Code::UnsupportedMediaType,
                "Content-Type: expected that of one document, found application/x-ndjson",
            )),
        }
    }

    /// The envelope is dropped once it is parsed: the document is a copy of most of it.
    pub fn document(self, body: Vec<u8>) -> Result<RawDocument, Problem> {
        match self {
            Self::Raw(media_type) => {
                Ok(RawDocument { media_type: Some(media_type), ..RawDocument::new(body, Instant::now()) })
            }
            Self::Enveloped => parse(&body),
        }
    }
}

impl BodyFormat {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let unsupported = |detail: String| Problem::new(Code::UnsupportedMediaType, detail);
        if let Some(coding) = headers.get(header::CONTENT_ENCODING) {
            return Err(unsupported(format!("Content-Encoding: expected none, found {coding:?}")));
        }
        let given = headers.get(header::CONTENT_TYPE).and_then(|header| header.to_str().ok()).unwrap_or_default();
        match given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/json" => Ok(Self::One(DocumentBody::Enveloped)),
            "application/x-ndjson" | "application/ndjson" => Ok(Self::Lines),
            "text/plain" | "text/html" | "text/markdown" | "application/xhtml+xml" | "application/xml" | "text/xml" => {
                Ok(Self::One(DocumentBody::Raw(given.to_owned())))
            }
            feed if feed::MEDIA_TYPES.contains(&feed) => Ok(Self::One(DocumentBody::Raw(given.to_owned()))),
            _ => Err(unsupported(format!(
                "Content-Type: expected text/plain, text/html, text/markdown, application/json, application/x-ndjson \
                 or {}, found {given:?}",
                feed::MEDIA_TYPES.join(", ")
            ))),
        }
    }
}

/// Receives the whole body; refuses it beforehand if its `Content-Length` is over the limit.
pub async fn receive(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let declared_bytes =
        headers.get(header::CONTENT_LENGTH).and_then(|header| header.to_str().ok()?.parse::<usize>().ok());
    if declared_bytes.is_some_and(|bytes| bytes > BODY_BYTES) {
        return Err(Problem::new(Code::DocumentTooLarge, format!("expected at most {BODY_BYTES} bytes")));
    }
    receive_body(body, BODY_BYTES).await
}

fn parse(json: &[u8]) -> Result<RawDocument, Problem> {
    envelope::parse(json, Instant::now()).map_err(|bad| IngestError::BadEnvelope(bad).into())
}

/// Ingests a document. A feed gets a line for each entry, any other document its receipt or its problem.
async fn ingest(service: &Service, document: RawDocument) -> Result<IngestResponse, Problem> {
    let mut reports = service.archive.ingest_all(document).await;
    match reports.as_slice() {
        [IngestReport { entry: None, .. }] => match reports.remove(0).ingested {
            Ok(ingested) => IngestResponse::one(&receipt(ingested)),
            Err(error) => Err(error.into()),
        },
        _ => Ok(IngestResponse::lines(
            reports.into_iter().enumerate().map(|(index, report)| line_receipt(index + 1, report)).collect(),
        )),
    }
}

fn receipt(Ingested { outcome, id, revision, .. }: Ingested) -> Receipt {
    Receipt { outcome, revision, location: format!("/v1/articles/{id}"), id }
}

fn line_receipt(line: usize, IngestReport { entry, ingested }: IngestReport) -> LineReceipt {
    match ingested {
        Ok(ingested) => {
            let Receipt { outcome, id, revision, location } = receipt(ingested);
            let (id, revision, location) = (Some(id), Some(revision), Some(location));
            LineReceipt { line, entry, outcome: outcome.name(), id, revision, location, ..LineReceipt::default() }
        }
        Err(error) => failed(line, entry, error.into()),
    }
}

fn failed(line: usize, entry: Option<String>, problem: Problem) -> LineReceipt {
    let (code, detail) = (Some(problem.code.name()), Some(problem.detail));
    LineReceipt { line, entry, outcome: "failed", code, detail, errors: problem.errors, ..LineReceipt::default() }
}

/// Ingests the lines in sequence: two may hold versions of one article, and the later line is the later version.
async fn each_line(service: &Service, body: &[u8]) -> Vec<LineReceipt> {
    let lines = body.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let mut receipts = Vec::new();
    for (at, (index, text)) in lines.enumerate() {
        let line = index + 1;
        match parse(text) {
            _ if at >= NDJSON_LINES => {
                let detail = format!("a request can have at most {NDJSON_LINES} documents");
                receipts.push(failed(line, None, Problem::new(Code::DocumentTooLarge, detail)));
            }
            Ok(document) => {
                receipts.extend(
                    service.archive.ingest_all(document).await.into_iter().map(|report| line_receipt(line, report)),
                );
            }
            Err(problem) => receipts.push(failed(line, None, problem)),
        }
    }
    receipts
}

/// A response that can be returned again, byte for byte.
#[derive(Serialize, Deserialize)]
struct IngestResponse {
    status: u16,
    media_type: String,
    location: Option<String>,
    body: String,
}

impl IngestResponse {
    fn one(receipt: &Receipt) -> Result<Self, Problem> {
        let status = if receipt.outcome == Outcome::Created { StatusCode::CREATED } else { StatusCode::OK };
        Ok(Self {
            status: status.as_u16(),
            media_type: "application/json".to_owned(),
            location: Some(receipt.location.clone()),
            body: serde_json::to_string(receipt).map_err(|error| Problem::internal(&error))?,
        })
    }

    fn lines(receipts: Vec<LineReceipt>) -> Self {
        let line = |receipt| to_json(&receipt) + "\n";
        Self {
            status: StatusCode::OK.as_u16(),
            media_type: "application/x-ndjson".to_owned(),
            location: None,
            body: receipts.into_iter().map(line).collect(),
        }
    }
}

impl IntoResponse for IngestResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let headers = [(header::CONTENT_TYPE, self.media_type), (header::CACHE_CONTROL, "no-store".to_owned())];
        let location = self.location.map(|location| [(header::LOCATION, location)]);
        match location {
            Some(location) => (status, headers, location, self.body).into_response(),
            None => (status, headers, self.body).into_response(),
        }
    }
}

/// A request that may be repeated with the same idempotency key.
struct IdempotentRequest {
    key: String,
    fingerprint: String,
}

impl IdempotentRequest {
    fn of(headers: &HeaderMap, body: &[u8]) -> Result<Option<Self>, Problem> {
        let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let valid_key = key.to_str().ok().filter(|key| (1..=IDEMPOTENCY_KEY_BYTES).contains(&key.len()));
        let Some(key) = valid_key else {
            let detail = format!("Idempotency-Key: expected 1 to {IDEMPOTENCY_KEY_BYTES} visible ASCII characters");
            return Err(Problem::new(Code::InvalidParameter, detail));
        };
        let media_type = headers.get(header::CONTENT_TYPE).map(|header| header.as_bytes()).unwrap_or_default();
        let digest = Sha256::new().chain_update(media_type).chain_update([0]).chain_update(body).finalize();
        let fingerprint = hex::encode(digest);
        Ok(Some(Self { key: key.to_owned(), fingerprint }))
    }

    async fn answered(&self, service: &Service) -> Result<Option<IngestResponse>, Problem> {
        let remembered = service.archive.store().remembered_answer(&self.key).await?;
        let Some((fingerprint, answer)) = remembered else { return Ok(None) };
        if fingerprint != self.fingerprint {
            let detail = "the key was used with another body; use a new key for a new document";
            return Err(Problem::new(Code::IdempotencyKeyReused, detail));
        }
        serde_json::from_str(&answer).map(Some).map_err(|error| Problem::internal(&error))
    }

    /// Stores the response. Ingesting is itself idempotent, so a process that ends before this loses only the response.
    async fn remember(&self, service: &Service, answer: &IngestResponse) -> Result<(), Problem> {
        let until = Instant::now().timestamp().as_second() + IDEMPOTENCY_HOURS * 3600;
        let answer = serde_json::to_string(answer).map_err(|error| Problem::internal(&error))?;
        service.archive.store().remember_answer(&self.key, &self.fingerprint, &answer, until).await?;
        Ok(())
    }
}
