//! A client of the API in the same process: how pages and agents' tools reach the archive. So they show nothing that the
//! API does not say, and refuse what the API refuses.

use super::{admission::Admission, problem::Problem};
use axum::{Router, body::Body, response::Response};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

#[derive(Clone, Debug)]
pub struct Api {
    /// The routes of the API, without layers: the caller's request has passed them already.
    pub routes: Router,
    /// What forms may send at once.
    pub admission: Admission,
}

impl Api {
    /// Gets a JSON resource.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.call(Method::GET, path, None).await
    }

    /// Gets a resource that may not exist.
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Problem> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(problem) if matches!(problem.code.status(), StatusCode::NOT_FOUND | StatusCode::GONE) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Sends a JSON body, and returns the JSON of the response.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Problem> {
        self.call(Method::POST, path, Some(("application/json", body.to_string()))).await
    }

    /// Sends a document, and returns the JSON of the response.
    pub async fn post_text<T: DeserializeOwned>(
        &self,
        path: &str,
        media_type: &str,
        text: String,
    ) -> Result<T, Problem> {
        self.call(Method::POST, path, Some((media_type, text))).await
    }

    /// Sends a JSON body, or none.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(), Problem> {
        let body = body.map(|body| ("application/json", body.to_string()));
        self.respond(method, path, body).await.map(drop)
    }

    /// Sends a document of a media type; returns the JSON response.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Result<T, Problem> {
        let mut response = self.respond(method, path, body).await?;
        // The id of a story that was merged leads on to the remaining one.
        if let Some(onward) = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok())
            && response.status().is_redirection()
        {
            let onward = onward.to_owned();
            response = self.respond(Method::GET, &onward, None).await?;
        }
        let unreadable = |error: &dyn std::error::Error| Problem::internal(error);
        let bytes = response.into_body().collect().await.map_err(|error| unreadable(&error))?.to_bytes();
        serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))
    }

    /// Returns a response that succeeded; else the problem.
    async fn respond(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Result<Response, Problem> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((media_type, body)) = &body {
            request = request.header(header::CONTENT_TYPE, *media_type).header(header::CONTENT_LENGTH, body.len());
        }
        let body = body.map_or(Body::empty(), |(_, body)| body.into());
        let request = request.body(body).map_err(|error| Problem::internal(&error))?;
        let Ok(mut response) = self.routes.clone().oneshot(request).await;
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            return Err(problem);
        }
        if response.status().is_client_error() || response.status().is_server_error() {
            let unexpected = std::io::Error::other(format!("{path} was answered with {}", response.status()));
            return Err(Problem::internal(&unexpected));
        }
        Ok(response)
    }

    /// Passes a request on as it is.
    pub async fn pass(&self, request: axum::extract::Request) -> Response {
        let Ok(response) = self.routes.clone().oneshot(request).await;
        response
    }
}

/// A segment of a path, escaped.
pub fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, UNRESERVED)
}

/// What RFC 3986, 2.3 reserves nothing for.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
