//! `POST /v1/articles`: one raw document, or many, one to a line.

use super::{
    BODY_BYTES, Service,
    problem::{Code, Fault, Problem},
};
use crate::{
    archive::{IngestError, Ingested, Outcome, Taken, envelope},
    article::{ArticleId, Instant, RawDocument},
    reading::feed,
};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Documents in one request; more of them belong in the bucket or the queue.
pub const LINES_MAX: usize = 1_000;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_KEY_BYTES: usize = 255;
const IDEMPOTENCY_HOURS: i64 = 24;

/// What became of one document.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    pub outcome: Outcome,
    pub id: ArticleId,
    pub revision: u32,
    /// The article's path.
    pub location: String,
}

/// What became of one line, or of one entry of a feed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum LineReceipt {
    Taken {
        line: usize,
        /// Of a feed, the entry's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        entry: Option<String>,
        #[serde(flatten)]
        receipt: Receipt,
    },
    Failed {
        line: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        entry: Option<String>,
        /// `failed`.
        outcome: &'static str,
        code: &'static str,
        detail: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        errors: Vec<Fault>,
    },
}

/// Ingests one raw document, or many.
///
/// As `text/plain`, `text/html` or `text/markdown` the body is the document. As `application/json` it is a raw document
/// with what is known about it. As `application/x-ndjson` every line is one of those; the answer has a line for each, in
/// order, and a bad line never spoils the others. A feed (`application/rss+xml`, `application/atom+xml`,
/// `application/rdf+xml`, `application/feed+json`, or XML that is one) is answered in the same way, a line for each entry. An `Idempotency-Key` gets the first answer again for 24 hours.
#[utoipa::path(post, path = "/v1/articles", tag = "articles",
    params(("idempotency-key" = Option<String>, Header, description = "Any text of up to 255 bytes")),
    request_body(content((envelope::Envelope = "application/json"), (String = "application/x-ndjson"), (String = "text/plain"), (String = "text/html"), (String = "text/markdown"), (String = "application/rss+xml"), (String = "application/atom+xml"), (String = "application/rdf+xml"), (String = "application/feed+json"))),
    responses(
        (status = 200, description = "Revised or unchanged; or, of many, a line for each", content((Receipt = "application/json"), (LineReceipt = "application/x-ndjson"))),
        (status = 201, description = "Created", body = Receipt, headers(("location", description = "The article's path"))),
        (status = 400, description = "The raw document is not as it must be", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body or the document is over its limit", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The media type cannot be read", body = super::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Nothing can be read from the document, or the idempotency key was used for another", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn articles(State(service): State<Service>, request: Request) -> Result<Response, Problem> {
    if request.uri().query().is_some_and(|it| !it.is_empty()) {
        return Err(Problem::new(Code::InvalidParameter, "no parameter is known here"));
    }
    let (parts, body) = request.into_parts();
    let form = Form::of(&parts.headers)?;
    let body = receive(&parts.headers, body).await?;
    let repeat = Repeat::of(&parts.headers, &body)?;
    if let Some(repeat) = &repeat
        && let Some(answer) = repeat.answered(&service).await?
    {
        return Ok(answer.into_response());
    }
    let answer = match form {
        Form::Lines => Answer::lines(each_line(&service, &body).await),
        Form::Envelope => take(&service, parse(&body)?).await?,
        Form::Document(media_type) => {
            let document = RawDocument {
                content: body.to_vec(),
                media_type: Some(media_type),
                key: None,
                url: None,
                source: None,
                defaults: None,
                retrieved_at: Instant::now(),
            };
            take(&service, document).await?
        }
    };
    if let Some(repeat) = repeat {
        repeat.remember(&service, &answer).await?;
    }
    Ok(answer.into_response())
}

enum Form {
    Document(String),
    Envelope,
    Lines,
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let unsupported = |detail: String| Problem::new(Code::UnsupportedMediaType, detail);
        if let Some(coding) = headers.get(header::CONTENT_ENCODING) {
            return Err(unsupported(format!("Content-Encoding: expected none, found {coding:?}")));
        }
        let given = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        match given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/json" => Ok(Self::Envelope),
            "application/x-ndjson" | "application/ndjson" => Ok(Self::Lines),
            "text/plain" | "text/html" | "text/markdown" | "application/xhtml+xml" | "application/xml" | "text/xml" => {
                Ok(Self::Document(given.to_owned()))
            }
            feed if feed::MEDIA_TYPES.contains(&feed) => Ok(Self::Document(given.to_owned())),
            _ => Err(unsupported(format!(
                "Content-Type: expected text/plain, text/html, text/markdown, application/json, application/x-ndjson \
                 or {}, found {given:?}",
                feed::MEDIA_TYPES.join(", ")
            ))),
        }
    }
}

/// The body, whole, and refused before it is received where its length is told.
async fn receive(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Code::DocumentTooLarge, format!("the body is over {BODY_BYTES} bytes"));
    let told = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|it| it > BODY_BYTES) {
        return Err(too_large());
    }
    to_bytes(body, BODY_BYTES).await.map_err(|error| {
        let cause = std::error::Error::source(&error);
        match cause.is_some_and(|it| it.is::<http_body_util::LengthLimitError>()) {
            true => too_large(),
            false => Problem::new(Code::UnreadableBody, "the body ended before its end"),
        }
    })
}

fn parse(json: &[u8]) -> Result<RawDocument, Problem> {
    envelope::parse(json, Instant::now()).map_err(|bad| IngestError::BadEnvelope(bad).into())
}

/// Of a feed a line for each entry, of any other document its receipt or its problem.
async fn take(service: &Service, document: RawDocument) -> Result<Answer, Problem> {
    let mut taken = service.archive.take(document).await;
    match taken.as_slice() {
        [Taken { entry: None, .. }] => match taken.remove(0).ingested {
            Ok(ingested) => Answer::one(&receipt(ingested)),
            Err(error) => Err(error.into()),
        },
        _ => Ok(Answer::lines(taken.into_iter().enumerate().map(|(at, it)| line_receipt(at + 1, it)).collect())),
    }
}

fn receipt(Ingested { outcome, id, revision, .. }: Ingested) -> Receipt {
    Receipt { outcome, revision, location: format!("/v1/articles/{id}"), id }
}

fn line_receipt(line: usize, Taken { entry, ingested }: Taken) -> LineReceipt {
    match ingested {
        Ok(ingested) => LineReceipt::Taken { line, entry, receipt: receipt(ingested) },
        Err(error) => failed(line, entry, error.into()),
    }
}

fn failed(line: usize, entry: Option<String>, it: Problem) -> LineReceipt {
    LineReceipt::Failed { line, entry, outcome: "failed", code: it.code.name(), detail: it.detail, errors: it.errors }
}

/// One after another: two lines may hold two versions of one article, and the later line is the later version.
async fn each_line(service: &Service, body: &[u8]) -> Vec<LineReceipt> {
    let lines = body.split(|it| *it == b'\n').enumerate().filter(|(_, it)| !it.trim_ascii().is_empty());
    let mut receipts = Vec::new();
    for (at, (index, text)) in lines.enumerate() {
        let line = index + 1;
        match parse(text) {
            _ if at >= LINES_MAX => {
                let detail = format!("a request takes {LINES_MAX} documents at most");
                receipts.push(failed(line, None, Problem::new(Code::DocumentTooLarge, detail)));
            }
            Ok(document) => {
                receipts.extend(service.archive.take(document).await.into_iter().map(|it| line_receipt(line, it)));
            }
            Err(problem) => receipts.push(failed(line, None, problem)),
        }
    }
    receipts
}

/// An answer that can be given again, letter for letter.
#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    media_type: String,
    location: Option<String>,
    body: String,
}

impl Answer {
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
        let line = |it| serde_json::to_string(&it).expect("a receipt has string keys and cannot fail") + "\n";
        Self {
            status: StatusCode::OK.as_u16(),
            media_type: "application/x-ndjson".to_owned(),
            location: None,
            body: receipts.into_iter().map(line).collect(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let headers = [(header::CONTENT_TYPE, self.media_type), (header::CACHE_CONTROL, "no-store".to_owned())];
        let location = self.location.map(|it| [(header::LOCATION, it)]);
        match location {
            Some(location) => (status, headers, location, self.body).into_response(),
            None => (status, headers, self.body).into_response(),
        }
    }
}

/// A request that may come again under its key.
struct Repeat {
    key: String,
    fingerprint: String,
}

impl Repeat {
    fn of(headers: &HeaderMap, body: &[u8]) -> Result<Option<Self>, Problem> {
        let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let legal = key.to_str().ok().filter(|it| (1..=IDEMPOTENCY_KEY_BYTES).contains(&it.len()));
        let Some(key) = legal else {
            let detail = format!("Idempotency-Key: expected 1 to {IDEMPOTENCY_KEY_BYTES} visible ASCII characters");
            return Err(Problem::new(Code::InvalidParameter, detail));
        };
        let media_type = headers.get(header::CONTENT_TYPE).map(|it| it.as_bytes()).unwrap_or_default();
        let digest = Sha256::new().chain_update(media_type).chain_update([0]).chain_update(body).finalize();
        let fingerprint = digest.iter().map(|it| format!("{it:02x}")).collect();
        Ok(Some(Self { key: key.to_owned(), fingerprint }))
    }

    async fn answered(&self, service: &Service) -> Result<Option<Answer>, Problem> {
        let remembered = service.archive.store().remembered_answer(&self.key).await?;
        let Some((fingerprint, answer)) = remembered else { return Ok(None) };
        if fingerprint != self.fingerprint {
            let detail = "the key was used with another body; a new document needs a new key";
            return Err(Problem::new(Code::IdempotencyKeyReused, detail));
        }
        serde_json::from_str(&answer).map(Some).map_err(|error| Problem::internal(&error))
    }

    /// Ingest itself is idempotent, so a process that ends before this loses the wording of an answer and no more.
    async fn remember(&self, service: &Service, answer: &Answer) -> Result<(), Problem> {
        let until = Instant::now().timestamp().as_second() + IDEMPOTENCY_HOURS * 3600;
        let answer = serde_json::to_string(answer).map_err(|error| Problem::internal(&error))?;
        service.archive.store().remember_answer(&self.key, &self.fingerprint, &answer, until).await?;
        Ok(())
    }
}
