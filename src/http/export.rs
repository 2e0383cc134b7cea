//! `GET /v1/export.ndjson`, `.csv`, `.parquet`: everything that matches, in one response.
//!
//! The response is streamed while the archive is read, a batch at a time. Where responses are limited, as in a function,
//! it ends after the limit, and a link leads to the next part: the parts, one after the other, are the whole export.

use super::problem::docs as problem_docs;
use super::{
    Service,
    articles::FilterParameters,
    params::pairs,
    problem::Problem,
    responses::{header_value, next_page},
};
use crate::{
    article::Article,
    export::{Export, ExportQuery, increment::Increment, position_of},
    formats::csv,
    json::to_json,
    query::{BadParameter, change_token},
    search::SearchError,
};
use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{TryStreamExt, stream};
use http::{HeaderName, HeaderValue, header};
use serde_json::json;
use std::time::Duration;
use utoipa::IntoParams;

/// The token of the changes after this export.
pub const DATELINE_SINCE: HeaderName = HeaderName::from_static("dateline-since");
/// A part of an export ends after this time: a function's time limit is 25 seconds.
const PART_TIME: Duration = Duration::from_secs(10);
const NDJSON: &str = "application/x-ndjson";

/// Marks a response whose body is made while it is sent. It has no ETag and is not cached.
#[derive(Clone, Copy, Debug)]
pub struct Streamed;

/// The parameters of an export, besides its filter.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive, never built")]
struct ExportParameters {
    /// A day or a time: the articles as they were then. Bounded like that of `GET /v1/articles`.
    as_of: Option<String>,
    /// `ID:REVISION` of a row: the export continues after it, without a header. So a broken export continues after its
    /// last complete line or row.
    after: Option<String>,
    /// From the link to the next part.
    cursor: Option<String>,
}

/// Export as JSON Lines
///
/// Each line is an article as in `GET /v1/articles/{id}`, newest first. The header `dateline-since` is a token: `since`
/// with it exports what changed after this export began. A part or a continuation has no such header: keep
/// that of the first. Lines of an increment are current articles,
/// `{"id", "removed": "deleted" | "no_longer_matches", "at"}`, and at the end `{"since", "more"}`.
///
/// The response is streamed. A function limits it: then `Link` has the next part (`rel="next"`).
#[utoipa::path(get, path = "/v1/export.ndjson", operation_id = "export_ndjson", tag = "articles",
    params(FilterParameters, ExportParameters,
        ("since" = Option<String>, Query, description = "A token of `dateline-since`, of an increment, or of `GET /v1/changes`: only what changed since. Not with `q`, `story`, `as_of` or `after`")),
    responses(
        (status = 200, description = "The articles", body = String, content_type = "application/x-ndjson",
            headers(("dateline-since", description = "The token of the changes after this export"), ("link", description = "The next part, RFC 8288"))),
        problem_docs::InvalidParameter,
        problem_docs::SearchUnavailable,
))]
pub async fn ndjson(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let request = parse(raw.as_deref())?;
    if let Some(since) = request.since {
        let store = service.archive.store().clone();
        let walk = Walk::Changes(Box::new(Increment::new(store, request.articles.filter, since)));
        return respond(
            &service,
            "/v1/export.ndjson",
            raw.as_deref(),
            NDJSON,
            Rows { walk, format: RowFormat::Ndjson },
        )
        .await;
    }
    export(&service, raw.as_deref(), request, RowFormat::Ndjson).await
}

/// Export as CSV
///
/// RFC 4180 with a header, a row an article, newest first; lists are joined with `|`. The response is streamed. A function
/// limits it: then `Link` has the next part (`rel="next"`).
#[utoipa::path(get, path = "/v1/export.csv", operation_id = "export_csv", tag = "articles", params(FilterParameters, ExportParameters), responses(
    (status = 200, description = "The articles", body = String, content_type = "text/csv",
        headers(("dateline-since", description = "The token of the changes after this export"), ("link", description = "The next part, RFC 8288"))),
    problem_docs::InvalidParameter,
    problem_docs::SearchUnavailable,
))]
pub async fn csv(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let request = without_since(parse(raw.as_deref())?)?;
    let header = !request.continues();
    export(&service, raw.as_deref(), request, RowFormat::Csv { header }).await
}

/// Export as Parquet
///
/// A row an article, with the members and the nesting of its JSON, in row groups by month. Functions do not write Parquet:
/// there, `dateline export --aws` does.
#[utoipa::path(get, path = "/v1/export.parquet", operation_id = "export_parquet", tag = "articles", params(FilterParameters,
        ("as_of" = Option<String>, Query, description = "A day or a time: the articles as they were then")), responses(
    (status = 200, description = "The articles", content_type = "application/vnd.apache.parquet"),
    problem_docs::InvalidParameter,
    problem_docs::SearchUnavailable,
    problem_docs::PathNotFound,
))]
pub async fn parquet(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let request = without_since(parse(raw.as_deref())?)?;
    if request.continues() {
        let given = if request.after.is_some() { "after" } else { "cursor" };
        return Err(refused(given, "expected no such parameter: a Parquet file cannot be continued"));
    }
    write_parquet(&service, request)
}

#[cfg(feature = "local")]
fn write_parquet(service: &Service, request: ExportQuery) -> Result<Response, Problem> {
    let rows = parquet_rows::ParquetRows::new(Export::new(service.search.clone(), request.articles))?;
    Ok(streamed("application/vnd.apache.parquet", rows.into_body()))
}

#[cfg(not(feature = "local"))]
fn write_parquet(_: &Service, _: ExportQuery) -> Result<Response, Problem> {
    Err(Problem::new(
        super::problem::Code::PathNotFound,
        "this server does not write Parquet; `dateline export --aws` does",
    ))
}

fn parse(raw: Option<&str>) -> Result<ExportQuery, Problem> {
    ExportQuery::parse(&pairs(raw)).map_err(Problem::parameters)
}

fn without_since(request: ExportQuery) -> Result<ExportQuery, Problem> {
    match request.since {
        Some(_) => Err(refused("since", "expected with .ndjson: rows cannot say what was removed")),
        None => Ok(request),
    }
}

fn refused(parameter: &str, detail: &str) -> Problem {
    Problem::parameters(vec![BadParameter { parameter: parameter.to_owned(), detail: detail.to_owned() }])
}

async fn export(
    service: &Service,
    raw: Option<&str>,
    mut request: ExportQuery,
    format: RowFormat,
) -> Result<Response, Problem> {
    let store = service.archive.store();
    let continues = request.continues();
    if let Some((id, revision)) = &request.after {
        let position = position_of(store, id, *revision).await?;
        let unknown = || refused("after", &format!("expected a stored revision, found {id}:{revision}"));
        request.articles.after = Some(position.ok_or_else(unknown)?);
    }
    // Before the first article is read: what changes during the export is in the increment too.
    let since = change_token::write(store.last_changes().await?);
    let (path, media_type) = match format {
        RowFormat::Ndjson => ("/v1/export.ndjson", NDJSON),
        RowFormat::Csv { .. } => ("/v1/export.csv", "text/csv; charset=utf-8"),
    };
    let walk = Walk::Articles(Box::new(Export::new(service.search.clone(), request.articles)));
    let mut response = respond(service, path, raw, media_type, Rows { walk, format }).await?;
    if !continues {
        response.headers_mut().insert(DATELINE_SINCE, header_value(&since)?);
    }
    Ok(response)
}

async fn respond(
    service: &Service,
    path: &str,
    raw: Option<&str>,
    media_type: &'static str,
    mut rows: Rows,
) -> Result<Response, Problem> {
    let Some(limit) = service.export_bytes else { return Ok(streamed(media_type, rows.into_body())) };
    let mut part = Vec::new();
    // A filter that few articles match may take longer to read than a response may take.
    let until = tokio::time::Instant::now() + PART_TIME;
    while let Some(rows) = rows.next().await? {
        part.extend_from_slice(&rows);
        if part.len() > limit || tokio::time::Instant::now() > until {
            break;
        }
    }
    part.extend_from_slice(&rows.end());
    let mut response = streamed(media_type, Body::from(part));
    if let Some(cursor) = rows.walk.cursor() {
        let link = format!("<{}>; rel=\"next\"", next_page(path, raw, &cursor));
        response.headers_mut().insert(header::LINK, header_value(&link)?);
    }
    Ok(response)
}

fn streamed(media_type: &'static str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let mut response = (headers, body).into_response();
    response.extensions_mut().insert(Streamed);
    response
}

#[derive(Clone, Copy, Debug)]
enum RowFormat {
    Ndjson,
    Csv { header: bool },
}

enum Walk {
    Articles(Box<Export>),
    Changes(Box<Increment>),
}

impl Walk {
    /// Returns where the next part begins. An increment says it in its last line.
    fn cursor(&self) -> Option<String> {
        match self {
            Self::Articles(export) => export.cursor().filter(|_| !export.has_ended()),
            Self::Changes(_) => None,
        }
    }
}

/// A walk whose batches are written as rows.
struct Rows {
    walk: Walk,
    format: RowFormat,
}

impl Rows {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, SearchError> {
        Ok(match &mut self.walk {
            Walk::Articles(export) => export.next().await?.map(|articles| self.format.write(&articles)),
            Walk::Changes(increment) => increment
                .next()
                .await?
                .map(|lines| lines.iter().map(|line| to_json(line) + "\n").collect::<String>().into_bytes()),
        })
    }

    /// Returns what follows the last row: of an increment, the token from which the next one begins.
    fn end(&self) -> Vec<u8> {
        match &self.walk {
            Walk::Articles(_) => Vec::new(),
            Walk::Changes(increment) => {
                let since = change_token::write(increment.position());
                format!("{}\n", json!({"since": since, "more": !increment.has_ended()})).into_bytes()
            }
        }
    }

    fn into_body(self) -> Body {
        let chunks = stream::try_unfold(Some(self), |rows| async {
            let Some(mut rows) = rows else { return Ok::<_, SearchError>(None) };
            Ok(Some(match rows.next().await? {
                Some(written) => (Bytes::from(written), Some(rows)),
                None => (Bytes::from(rows.end()), None),
            }))
        });
        Body::from_stream(chunks.inspect_err(|error| {
            // The status is sent already: the client sees a response that breaks off.
            tracing::error!(cause = crate::logs::chain(error), "export stopped");
        }))
    }
}

impl RowFormat {
    fn write(&mut self, articles: &[Article]) -> Vec<u8> {
        match self {
            Self::Ndjson => articles.iter().map(|article| to_json(article) + "\n").collect::<String>().into_bytes(),
            Self::Csv { header } => csv::write(articles, std::mem::take(header)),
        }
    }
}

#[cfg(feature = "local")]
mod parquet_rows {
    //! Parquet as a body: the writer fills a buffer, which is sent after each batch.

    use super::{Body, Bytes, Export, Problem};
    use crate::formats::parquet::{CannotWrite, ParquetFile};
    use futures::{TryStreamExt, stream};
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex, PoisonError},
    };

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Buffer {
        fn take(&self) -> Bytes {
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
        }
    }

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub struct ParquetRows {
        export: Export,
        file: ParquetFile<Buffer>,
        buffer: Buffer,
    }

    impl ParquetRows {
        pub fn new(export: Export) -> Result<Self, Problem> {
            let buffer = Buffer::default();
            let file = ParquetFile::new(buffer.clone()).map_err(|error| Problem::internal(&error))?;
            Ok(Self { export, file, buffer })
        }

        pub fn into_body(self) -> Body {
            let chunks = stream::try_unfold(Some(self), |rows| async {
                let Some(mut rows) = rows else { return Ok::<_, io::Error>(None) };
                let failed = |error: CannotWrite| io::Error::other(error);
                Ok(Some(match rows.export.next().await.map_err(io::Error::other)? {
                    Some(articles) => {
                        rows.file.write(&articles).map_err(failed)?;
                        (rows.buffer.take(), Some(rows))
                    }
                    None => {
                        rows.file.finish().map_err(failed)?;
                        (rows.buffer.take(), None)
                    }
                }))
            });
            Body::from_stream(chunks.inspect_err(|error| {
                tracing::error!(cause = crate::logs::chain(error), "export stopped");
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::parameter_names;

    #[test]
    fn the_specification_lists_exactly_the_valid_parameters() {
        let filters = FilterParameters::into_params(|| None);
        let all = filters.into_iter().chain(ExportParameters::into_params(|| None));
        let specified: Vec<String> = all.map(|parameter| parameter.name).chain(["since".to_owned()]).collect();
        assert_eq!(specified, parameter_names().collect::<Vec<_>>());
    }
}
