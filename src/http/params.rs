//! What handlers read from a request: the query string, ids in the path, the representation, and JSON bodies.
//!
//! The rules of single parameters are in [`crate::query::parameters`]. Every reader here names all faults in one
//! answer.

use super::{
    negotiate::Format,
    problem::{Code, Fault, Problem},
};
use crate::{archive::envelope, article::ArticleId, query::ParameterReader};
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

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

/// Receives a body of at most `limit` bytes.
pub async fn receive_body(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let too_large = |_| Problem::new(Code::DocumentTooLarge, format!("expected at most {limit} bytes"));
    to_bytes(body, limit).await.map_err(too_large)
}

/// Parses a JSON body of settings; a fault carries the JSON pointer of the first invalid member.
pub fn parse_settings<T: DeserializeOwned>(body: &[u8], code: Code) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = Some(envelope::pointer(error.path()));
        let fault = Fault { parameter: None, pointer, detail: error.inner().to_string() };
        Problem::new(code, "expected a JSON object of settings").with_errors(vec![fault])
    })
}

/// Returns a problem for settings whose members are invalid.
pub fn invalid_settings(code: Code, bad: impl IntoIterator<Item = (&'static str, String)>) -> Problem {
    let (members, errors): (Vec<&str>, Vec<Fault>) =
        bad.into_iter().map(|(member, detail)| (member, Fault::at(member, detail))).unzip();
    Problem::new(code, format!("invalid settings: {}", members.join(", "))).with_errors(errors)
}
