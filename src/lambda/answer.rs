//! Converts the router's response for API Gateway: UTF-8 as text, everything else in base64.
//!
//! `lambda_http` decides by the media type and transcodes text by its charset, so the bytes sent would not match the
//! digest and the length in the headers. Here a body that is not UTF-8 is binary, whatever its media type.

use super::Metrics;
use crate::{http::request_log::REQUEST_ID, logs::for_request};
use axum::{Router, response::Response};
use http::HeaderValue;
use http_body_util::BodyExt;
use lambda_http::{Body, IntoResponse, Request, RequestExt, request::RequestContext};
use std::{convert::Infallible, pin::Pin};
use tower::ServiceExt;

/// Answers a request. Unless the client sends an id, the request has API Gateway's, as in the access log; else the log
/// lines name both.
pub async fn answer(router: Router, metrics: &Metrics, mut request: Request) -> Result<LambdaResponse, Infallible> {
    let id = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    };
    if let Ok(id) = HeaderValue::from_str(&id)
        && !id.is_empty()
    {
        request.headers_mut().entry(REQUEST_ID).or_insert(id);
    }
    let work = for_request(&id, router.oneshot(request.map(axum::body::Body::new)));
    metrics.measure(&id, work, |answered| vec![(outcome(answered), 1)]).await.map(LambdaResponse)
}

fn outcome(answered: &Result<Response, Infallible>) -> &'static str {
    match answered.as_ref().map(Response::status) {
        Ok(status) if status.is_server_error() => "Failed",
        Ok(status) if status.is_client_error() => "Refused",
        _ => "Succeeded",
    }
}

pub struct LambdaResponse(Response);

impl IntoResponse for LambdaResponse {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send>> {
        Box::pin(async move {
            let (parts, body) = self.0.into_parts();
            // The router's bodies are in memory: computing the validators has already collected them.
            let bytes = body.collect().await.map(|collected| collected.to_bytes().to_vec()).unwrap_or_default();
            let body = match String::from_utf8(bytes) {
                Ok(text) if text.is_empty() => Body::Empty,
                Ok(text) => Body::Text(text),
                Err(error) => Body::Binary(error.into_bytes()),
            };
            http::Response::from_parts(parts, body)
        })
    }
}
