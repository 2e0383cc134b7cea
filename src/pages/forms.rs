//! What the pages' forms send, and where a form leads.

use super::query::UrlQuery;
use crate::{
    http::{params::receive_body, problem::Problem},
    limits::BODY_BYTES,
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

/// Receives the fields of a form.
pub async fn receive(body: Body) -> Result<UrlQuery, Problem> {
    let body = receive_body(body, BODY_BYTES).await?;
    Ok(UrlQuery::parse(Some(&String::from_utf8_lossy(&body))))
}

/// Leads on to a page after a form has done its work, so that reloading does not repeat it.
pub fn lead_to(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned()), (header::CACHE_CONTROL, "no-store".to_owned())])
        .into_response()
}

/// Whether a connection to the client is encrypted, as the gateway in front says.
pub fn is_encrypted(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https")
}
