//! The URL at which a client reaches this server: formats that leave it, such as feeds, need absolute URLs.
//!
//! It is `DATELINE_PUBLIC_URL` where that is set. Otherwise the request states it: the host that it was sent to, which
//! [`super::origin`] has checked, and the scheme, which behind a gateway or proxy is in `X-Forwarded-Proto`.

use super::{Service, origin::authority};
use crate::article::ArticleId;
use axum::extract::FromRequestParts;
use http::{HeaderName, request::Parts};
use std::convert::Infallible;

pub const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Without a slash at its end.
pub struct BaseUrl(String);

impl BaseUrl {
    /// Returns the absolute URL of a path.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Returns the URL of an article's page.
    pub fn article_page(&self, id: &ArticleId) -> String {
        self.join(&format!("/articles/{id}"))
    }
}

impl FromRequestParts<Service> for BaseUrl {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Infallible> {
        if let Some(url) = &service.public_url {
            return Ok(Self(url.trim_end_matches('/').to_owned()));
        }
        let forwarded = parts.headers.get(X_FORWARDED_PROTO).and_then(|scheme| scheme.to_str().ok());
        let scheme = forwarded.or(parts.uri.scheme_str()).filter(|scheme| *scheme == "https").unwrap_or("http");
        let authority = authority(&parts.uri, &parts.headers);
        Ok(Self(format!("{scheme}://{}", authority.as_ref().map_or("localhost", |authority| authority.as_str()))))
    }
}
