//! What the `authorize` function is called with: a request of the keyed API, before it reaches the `api` function.
//!
//! The gateway asks it for every route that is not open; it decides by the same rules as the command's server does.

use crate::{
    access::{Denied, Policy},
    archive::Archive,
};
use futures::future::BoxFuture;
use http::Method;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Of a Lambda authorizer's request in format 2.0, what decides.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    raw_path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: Context,
}

#[derive(Deserialize)]
struct Context {
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

/// Where a request comes here at all, its route asks for a key.
const KEYED: Policy = Policy { keyed_reads: true, keyed_writes: true };

/// A simple response: yes or no. What cannot be told is an error, which the gateway answers with 500.
pub fn authorize(archive: &Archive, event: LambdaEvent<Value>) -> BoxFuture<'_, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let failed = |kind: &str, message: String| Diagnostic { error_type: kind.to_owned(), error_message: message };
        let asked: Asked = serde_json::from_value(event.payload)
            .map_err(|error| failed("unknown_event", format!("expected an authorizer's request 2.0: {error}")))?;
        let method = Method::from_bytes(asked.request_context.http.method.as_bytes());
        let method = method.map_err(|error| failed("unknown_event", error.to_string()))?;
        let authorization = asked.headers.iter().find(|it| it.0.eq_ignore_ascii_case("authorization"));
        let authorization = authorization.map(|it| it.1.as_str());
        match KEYED.check(archive.store(), &method, &asked.raw_path, authorization).await {
            Ok(()) => Ok(json!({"isAuthorized": true})),
            Err(Denied::Store(error)) => Err(failed("keys_unavailable", crate::logs::chain(&error))),
            Err(denied) => {
                tracing::info!(%method, path = asked.raw_path, reason = %denied, "refused");
                Ok(json!({"isAuthorized": false}))
            }
        }
    })
}
