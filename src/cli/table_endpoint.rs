//! Serves the embedded engine as a DynamoDB endpoint on loopback, for functions that run on this machine.

use super::CommandError;
use crate::store::embedded;
use axum::{Router, body::Bytes, extract::State, response::IntoResponse, routing::post};
use dynoxide::Database;
use http::{HeaderMap, StatusCode, header};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

/// Any free port of the loopback interface.
pub const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Serves the engine for as long as the process lives; returns the endpoint.
pub async fn serve(engine: Database, address: SocketAddr) -> Result<String, CommandError> {
    let listener = TcpListener::bind(address).await.map_err(CommandError::io(format!("{address}")))?;
    let address = listener.local_addr().map_err(CommandError::io("the engine's endpoint"))?;
    tokio::spawn(async move { axum::serve(listener, routes(engine)).await });
    Ok(format!("http://{address}"))
}

/// The endpoint's one route: every operation is a POST.
pub fn routes(engine: Database) -> Router {
    Router::new().route("/", post(call)).with_state(engine)
}

async fn call(State(engine): State<Database>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let target = headers.get("x-amz-target").and_then(|header| header.to_str().ok()).unwrap_or_default().to_owned();
    let answered = tokio::task::spawn_blocking(move || embedded::answer(&engine, &target, &body)).await;
    let (status, body) = answered.unwrap_or((500, String::new()));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body)
}
