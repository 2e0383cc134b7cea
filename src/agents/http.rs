//! The protocol over HTTP: stateless, with JSON responses, which a function can give. And `/llms.txt`, which lists
//! the API and the tools for agents that read pages.

use super::McpServer;
use crate::{
    http::{in_process::Api, params::receive_body, problem::Problem, responses},
    limits::MCP_REQUEST_BYTES,
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http_body_util::BodyExt;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use std::sync::Arc;

const LLMS_TXT: &str = include_str!("llms.txt");

/// Answers a message. The layers of the API have checked its host, its origin and its key.
pub async fn serve(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = Body::from(receive_body(body, MCP_REQUEST_BYTES).await?);
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
        .disable_allowed_hosts();
    let server = McpServer::new(api);
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    let response = service.handle(Request::from_parts(parts, body)).await;
    Ok(response.map(|body| Body::new(body.map_err(|never| match never {}))))
}

pub async fn llms_txt() -> Response {
    responses::text("text/plain; charset=utf-8", LLMS_TXT)
}
