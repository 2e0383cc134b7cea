//! An answer of the router as API Gateway takes it: text as it is, everything else in base64.
//!
//! `lambda_http` decides by the media type, and decodes text by its charset on the way, which sends other bytes than the
//! digest and the length in the headers speak of. Here what is not UTF-8 is bytes, whatever it calls itself.

use axum::{Router, response::Response};
use http_body_util::BodyExt;
use lambda_http::{Body, IntoResponse, Request};
use std::{convert::Infallible, pin::Pin};
use tower::ServiceExt;

pub async fn answer(router: Router, request: Request) -> Result<Answer, Infallible> {
    router.oneshot(request.map(axum::body::Body::new)).await.map(Answer)
}

pub struct Answer(Response);

impl IntoResponse for Answer {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send>> {
        Box::pin(async move {
            let (parts, body) = self.0.into_parts();
            // The router's bodies are in memory: the validators have collected them already.
            let bytes = body.collect().await.map(|it| it.to_bytes().to_vec()).unwrap_or_default();
            let body = match String::from_utf8(bytes) {
                Ok(text) if text.is_empty() => Body::Empty,
                Ok(text) => Body::Text(text),
                Err(error) => Body::Binary(error.into_bytes()),
            };
            http::Response::from_parts(parts, body)
        })
    }
}
