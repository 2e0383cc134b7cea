//! A DynamoDB endpoint on loopback, for functions that run on this machine: dynoxide, in this process. The benchmarks
//! use it too.

use axum::{Router, body::Bytes, extract::State, response::IntoResponse, routing::post};
use dateline::config::Config;
use dynoxide::{Database, DynoxideError};
use http::{HeaderMap, StatusCode, header};
use std::{io, net::Ipv4Addr};
use tokio::net::TcpListener;

pub const TABLE: &str = "dateline";

/// Serves the engine for as long as the process lives; returns the endpoint.
pub async fn serve(engine: Database) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, routes(engine)).await });
    Ok(format!("http://{address}"))
}

/// The endpoint's one route: every operation is a POST.
pub fn routes(engine: Database) -> Router {
    Router::new().route("/", post(call)).with_state(engine)
}

/// Returns the settings of a client of an endpoint, with objects in a folder.
pub fn config(endpoint: &str, objects: &std::path::Path) -> Config {
    Config {
        table: Some(TABLE.to_owned()),
        objects: Some(format!("file://{}", objects.display())),
        table_endpoint: Some(endpoint.to_owned()),
        region: Some("eu-west-1".to_owned()),
        access_key_id: Some("key".to_owned()),
        secret_access_key: Some("secret".to_owned()),
        ..Config::default()
    }
}

async fn call(State(engine): State<Database>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let target = headers.get("x-amz-target").and_then(|header| header.to_str().ok()).unwrap_or_default().to_owned();
    let answered = tokio::task::spawn_blocking(move || answer(&engine, &target, &body)).await;
    let (status, body) = answered.unwrap_or((500, String::new()));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body)
}

/// Answers one call of the protocol: takes the `x-amz-target` header and a JSON body, returns a status and JSON.
fn answer(engine: &Database, target: &str, body: &[u8]) -> (u16, String) {
    let operation = target.strip_prefix("DynamoDB_20120810.").unwrap_or(target);
    match dispatch(engine, operation, body) {
        Ok(json) => (200, json),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

fn dispatch(engine: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    macro_rules! call {
        ($method:ident) => {{
            let request =
                serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
            let response = engine.$method(request)?;
            serde_json::to_string(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
        }};
    }
    match operation {
        "BatchGetItem" => call!(batch_get_item),
        "CreateTable" => call!(create_table),
        "DeleteItem" => call!(delete_item),
        "GetItem" => call!(get_item),
        "PutItem" => call!(put_item),
        "Query" => call!(query),
        "Scan" => call!(scan),
        "TransactWriteItems" => call!(transact_write_items),
        "UpdateTimeToLive" => call!(update_time_to_live),
        other => Err(DynoxideError::ValidationException(format!("{other} is not supported"))),
    }
}
