//! Content negotiation: `?format=`, else the format that the `Accept` header prefers (RFC 9110, 12.5.1).

use super::problem::{Code, Problem};
use crate::query::ParameterReader;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};
use strum::VariantArray;

const JSON: &str = "application/json";

#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Format {
    Json,
    Text,
    Markdown,
    JsonLd,
    Ninjs,
    /// `Accept` selects the version before, because both have one media type.
    #[strum(serialize = "ninjs-2.2")]
    Ninjs22,
    NewsmlG2,
}

impl Format {
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => JSON,
            Self::Text => "text/plain",
            Self::Markdown => "text/markdown",
            Self::JsonLd => "application/ld+json",
            Self::Ninjs | Self::Ninjs22 => "application/vnd.iptc.ninjs+json",
            Self::NewsmlG2 => "application/vnd.iptc.g2.newsitem+xml",
        }
    }

    /// Reads `?format=`.
    pub fn read(params: &mut ParameterReader<'_>) -> Option<Self> {
        params.choice("format", Self::VARIANTS, Self::name)
    }

    /// Returns the format with the highest quality, the first on a tie; JSON if there is no header.
    pub fn accepted(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(accept) = accept(headers) else { return Ok(Self::Json) };
        let best = Self::VARIANTS.iter().copied().rev().map(|format| (quality(&accept, format.media_type()), format));
        match best.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((quality, format)) if quality > 0.0 => Ok(format),
            _ => {
                let supported = Self::VARIANTS.iter().copied().map(Self::media_type).collect::<Vec<_>>().join(", ");
                let detail = format!("Accept: expected one of {supported}, found {accept:?}");
                Err(Problem::new(Code::NotAcceptable, detail))
            }
        }
    }
}

/// Whether a client prefers a page to JSON: a browser does, and a client that accepts anything does not.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    accept(headers).is_some_and(|accept| quality(&accept, "text/html") > quality(&accept, JSON))
}

/// Returns the `Accept` header; nothing if it is missing or empty, which accepts everything.
fn accept(headers: &HeaderMap) -> Option<String> {
    let accept: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accept = accept.join(",");
    (!accept.trim().is_empty()).then_some(accept)
}

/// Refuses a read whose response is JSON, if the client accepts none and does not request it by `format`.
pub async fn require_json(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let by_format = request.uri().query().is_some_and(|query| query.contains("format="));
    let refusing = accept(request.headers()).filter(|accept| reads && !by_format && quality(accept, JSON) == 0.0);
    let response = next.run(request).await;
    let is_json = || response.headers().get(header::CONTENT_TYPE).is_some_and(|header| header == JSON);
    match refusing {
        Some(accept) if response.status() == StatusCode::OK && is_json() => {
            Problem::new(Code::NotAcceptable, format!("Accept: expected {JSON}, found {accept:?}")).into_response()
        }
        _ => response,
    }
}

/// Returns the quality that an `Accept` header gives a media type: that of the most specific range that matches it.
fn quality(accept: &str, media_type: &str) -> f64 {
    let main_type = media_type.split('/').next().unwrap_or_default();
    let specificity = |range: &str| match range {
        "*/*" => Some(0),
        range if range.strip_suffix("/*") == Some(main_type) => Some(1),
        range if range.eq_ignore_ascii_case(media_type) => Some(2),
        _ => None,
    };
    let ranges = accept.split(',').filter_map(|range| {
        let mut pieces = range.split(';').map(str::trim);
        let specificity = specificity(pieces.next()?)?;
        let quality =
            pieces.find_map(|piece| piece.strip_prefix("q=")).map_or(Some(1.0), |qvalue| qvalue.parse::<f64>().ok());
        Some((specificity, quality.unwrap_or(0.0)))
    });
    ranges.max_by_key(|(specificity, _)| *specificity).map_or(0.0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_prefer_pages() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("*/*", false),
            ("application/json, text/html;q=0.5", false),
            ("text/html;q=0", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().expect("a header value"))]);
            assert_eq!(prefers_html(&headers), expected, "{accept}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }

    #[test]
    fn the_accept_header_selects_the_format() {
        for (accept, expected) in [
            (None, Some(Format::Json)),
            (Some(""), Some(Format::Json)),
            (Some("*/*"), Some(Format::Json)),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Format::Json)),
            (Some("text/plain"), Some(Format::Text)),
            (Some("text/*;q=0.5, application/json;q=0.1"), Some(Format::Text)),
            (Some("text/markdown, text/plain;q=0.9"), Some(Format::Markdown)),
            (Some("application/json;q=0, */*;q=0.1"), Some(Format::Text)),
            (Some("application/ld+json, application/json;q=0.5"), Some(Format::JsonLd)),
            (Some("application/vnd.iptc.ninjs+json"), Some(Format::Ninjs)),
            (Some("application/vnd.iptc.g2.newsitem+xml"), Some(Format::NewsmlG2)),
            (Some("image/png"), None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().expect("the sample is a valid header value"));
            }
            assert_eq!(Format::accepted(&headers).ok(), expected, "{accept:?}");
        }
    }
}
