//! Handler of the `authorize` function: it checks a request of the keyed API before the request reaches the `api`
//! function.
//!
//! The gateway calls it for every route that needs a key. It applies the same rules as the server of the command line.

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

/// The relevant members of a Lambda authorizer's request in format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerRequest {
    raw_path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
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

/// Every request that reaches this function is for a route that needs a key.
const KEYED: Policy = Policy { keyed_reads: true, keyed_writes: true };

/// Returns a simple response: allowed or denied. A check that cannot complete is an error, which the gateway answers
/// with 500.
pub fn authorize(archive: &Archive, event: LambdaEvent<Value>) -> BoxFuture<'_, Result<Value, Diagnostic>> {
    Box::pin(async move {
        let failed = |kind: &str, message: String| Diagnostic { error_type: kind.to_owned(), error_message: message };
        let request: AuthorizerRequest = serde_json::from_value(event.payload)
            .map_err(|error| failed("unknown_event", format!("expected a Lambda authorizer request 2.0: {error}")))?;
        let method = Method::from_bytes(request.request_context.http.method.as_bytes());
        let method = method.map_err(|error| failed("unknown_event", error.to_string()))?;
        let authorization = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let authorization = authorization.map(|(_, value)| value.as_str());
        let cookies = (!request.cookies.is_empty()).then(|| request.cookies.join("; "));
        let checked = KEYED.check(archive.store(), &method, &request.raw_path, authorization, cookies.as_deref());
        match checked.await {
            Ok(()) => Ok(json!({"isAuthorized": true})),
            Err(Denied::Store(error)) => Err(failed("keys_unavailable", crate::logs::chain(&error))),
            Err(denied) => {
                tracing::info!(%method, path = request.raw_path, reason = %denied, "request denied");
                Ok(json!({"isAuthorized": false}))
            }
        }
    })
}
