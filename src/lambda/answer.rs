//! Converts the router's response for API Gateway: UTF-8 as text, everything else in base64.
//!
//! `lambda_http` decides by the media type and transcodes text by its charset, so the bytes sent would not match the
//! digest and the length in the headers. Here a body that is not UTF-8 is binary, whatever its media type.

use axum::{Router, response::Response};
use http_body_util::BodyExt;
use lambda_http::{Body, IntoResponse, Request};
use std::{convert::Infallible, pin::Pin};
use tower::ServiceExt;

pub async fn answer(router: Router, request: Request) -> Result<LambdaResponse, Infallible> {
    router.oneshot(request.map(axum::body::Body::new)).await.map(LambdaResponse)
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
