//! What the pages' forms send, and where a form leads.

use super::query::UrlQuery;
use crate::{
    http::{admission::Admission, params::receive_body, problem::Problem},
    limits::BODY_BYTES,
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

/// Receives the fields of a form; what is being received counts as documents do.
pub async fn receive(admission: &Admission, headers: &HeaderMap, body: Body) -> Result<UrlQuery, Problem> {
    let (_admitted, body) = admission.admit_body(headers, body).await?;
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
