//! What handlers read from a request: the query string, ids in the path, the representation, and JSON bodies.
//!
//! The rules of single parameters are in [`crate::query::parameters`]. Every reader here names all faults in one
//! answer.

use super::{
    negotiate::Format,
    problem::{Code, Fault, Problem},
};
use crate::{
    article::ArticleId,
    json::parse_object,
    limits::{BODY_BYTES, BODY_SECONDS},
    query::ParameterReader,
};
use axum::body::{Body, HttpBody};
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Returns the decoded pairs of a query string, in order.
pub fn pairs(raw: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Reads the parameters of an endpoint that knows exactly these names.
pub fn read_params<T>(
    raw: Option<&str>,
    known: &[&str],
    read: impl FnOnce(&mut ParameterReader<'_>) -> T,
) -> Result<T, Problem> {
    let pairs = pairs(raw);
    let mut reader = ParameterReader::new(&pairs, known);
    let value = read(&mut reader);
    reader.finish(value).map_err(Problem::parameters)
}

/// Refuses every parameter.
pub fn no_params(raw: Option<&str>) -> Result<(), Problem> {
    read_params(raw, &[], |_| ())
}

/// Returns the format of `?format=`, else the best that `Accept` allows.
pub fn requested_format(format: Option<Format>, headers: &HeaderMap) -> Result<Format, Problem> {
    format.map_or_else(|| Format::accepted(headers), Ok)
}

pub fn article_id(id: &str) -> Result<ArticleId, Problem> {
    ArticleId::parse(id).map_err(|error| Problem::new(Code::ArticleNotFound, error.to_string()))
}

/// Receives a body of at most `limit` bytes. Each frame is added to one piece of memory, which does not grow if the length
/// was declared.
pub async fn receive_body(body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let refuse = |error: Box<dyn std::error::Error + Send + Sync>| match error.is::<LengthLimitError>() {
        true => Problem::new(Code::DocumentTooLarge, format!("expected at most {limit} bytes")),
        false => Problem::new(Code::UnreadableBody, "the body could not be received completely"),
    };
    let declared = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    let mut received = Vec::with_capacity(declared.unwrap_or_default().min(limit));
    let mut frames = Limited::new(body, limit);
    let receive = async {
        while let Some(frame) = frames.frame().await {
            if let Ok(data) = frame?.into_data() {
                received.extend_from_slice(&data);
            }
        }
        Ok(())
    };
    let too_slow = |_| Problem::new(Code::RequestTimeout, format!("expected the body within {BODY_SECONDS} seconds"));
    tokio::time::timeout(Duration::from_secs(BODY_SECONDS), receive).await.map_err(too_slow)?.map_err(refuse)?;
    Ok(received)
}

/// Receives a refused body without keeping it: a client that is still sending would not read the response. One that
/// waits for permission to send is not given it.
pub async fn discard(headers: &HeaderMap, body: Body) {
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let mut data = Limited::new(body, BODY_BYTES);
    let receive = async { while let Some(Ok(_)) = data.frame().await {} };
    let _ = tokio::time::timeout(Duration::from_secs(BODY_SECONDS), receive).await;
}

/// Receives a JSON body of at most `limit` bytes; another media type is refused.
pub async fn receive_json(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|header| header.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = format!("Content-Type: expected application/json, found {given:?}");
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    receive_body(body, limit).await
}

/// Parses a JSON body of settings; a fault carries the JSON pointer of the first invalid member.
pub fn parse_settings<T: DeserializeOwned>(body: &[u8], code: Code) -> Result<T, Problem> {
    parse_object(body).map_err(|bad| {
        let fault = Fault { parameter: None, pointer: Some(bad.pointer), detail: bad.detail };
        Problem::new(code, "expected a JSON object of settings").with_errors(vec![fault])
    })
}

/// Returns a problem for settings whose members are invalid.
pub fn invalid_settings(code: Code, bad: impl IntoIterator<Item = (&'static str, String)>) -> Problem {
    let (members, errors): (Vec<&str>, Vec<Fault>) =
        bad.into_iter().map(|(member, detail)| (member, Fault::at(member, detail))).unzip();
    Problem::new(code, format!("invalid settings: {}", members.join(", "))).with_errors(errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_refused() {
        let never = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let refused = receive_body(never, 10).await.expect_err("the body never ends");
        assert_eq!(refused.code, Code::RequestTimeout);
    }
}
