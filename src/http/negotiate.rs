//! Which representation: `?format=`, else the best that the `Accept` header takes (RFC 9110, 12.5.1).

use super::problem::{Code, Problem};
use http::{HeaderMap, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Text,
    Markdown,
}

impl Format {
    const ALL: [Self; 3] = [Self::Json, Self::Text, Self::Markdown];

    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Markdown => "markdown",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain",
            Self::Markdown => "text/markdown",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The format of the highest quality; of equal ones, the first of `ALL`. Without a header, JSON.
    pub fn accepted(headers: &HeaderMap) -> Result<Self, Problem> {
        let accept: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok()).collect();
        if accept.is_empty() {
            return Ok(Self::Json);
        }
        let accept = accept.join(",");
        let best = Self::ALL.into_iter().rev().map(|it| (quality(&accept, it.media_type()), it));
        match best.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((quality, format)) if quality > 0.0 => Ok(format),
            _ => {
                let known = Self::ALL.map(Self::media_type).join(", ");
                Err(Problem::new(Code::NotAcceptable, format!("Accept: expected one of {known}, found {accept:?}")))
            }
        }
    }
}

/// The quality that an `Accept` header gives a media type: that of the most specific range that holds it.
fn quality(accept: &str, media_type: &str) -> f64 {
    let group = media_type.split('/').next().unwrap_or_default();
    let specificity = |range: &str| match range {
        "*/*" => Some(0),
        range if range.strip_suffix("/*") == Some(group) => Some(1),
        range if range.eq_ignore_ascii_case(media_type) => Some(2),
        _ => None,
    };
    let ranges = accept.split(',').filter_map(|part| {
        let mut pieces = part.split(';').map(str::trim);
        let specificity = specificity(pieces.next()?)?;
        let quality = pieces.find_map(|it| it.strip_prefix("q=")).map_or(Some(1.0), |it| it.parse::<f64>().ok());
        Some((specificity, quality.unwrap_or(0.0)))
    });
    ranges.max_by_key(|(specificity, _)| *specificity).map_or(0.0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_header_decides() {
        for (accept, expected) in [
            (None, Some(Format::Json)),
            (Some("*/*"), Some(Format::Json)),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Format::Json)),
            (Some("text/plain"), Some(Format::Text)),
            (Some("text/*;q=0.5, application/json;q=0.1"), Some(Format::Text)),
            (Some("text/markdown, text/plain;q=0.9"), Some(Format::Markdown)),
            (Some("application/json;q=0, */*;q=0.1"), Some(Format::Text)),
            (Some("image/png"), None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().expect("a header"));
            }
            assert_eq!(Format::accepted(&headers).ok(), expected, "{accept:?}");
        }
    }
}
