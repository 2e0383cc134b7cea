//! The representations of an article, as responses; [`crate::formats`] writes them.

use super::{base_url::BaseUrl, negotiate::Format, problem::Problem, responses::json};
use crate::{
    article::Article,
    formats::{json_ld, markdown, newsml, ninjs, plain_text},
};
use axum::response::{IntoResponse, Response};
use http::header;

pub fn represent(article: &Article, format: Format, base: &BaseUrl) -> Result<Response, Problem> {
    let text = match format {
        Format::Json => return json(article),
        Format::Text => plain_text::write(article),
        Format::Markdown => markdown::write(article),
        Format::JsonLd => json_ld::write(article, &base.article_page(&article.head.id)).to_string(),
        Format::Ninjs => ninjs::write(article, ninjs::Version::V3_1).to_string(),
        Format::Ninjs22 => ninjs::write(article, ninjs::Version::V2_2).to_string(),
        Format::NewsmlG2 => newsml::write(article),
    };
    let media_type = format.media_type();
    // JSON is always UTF-8, and its media types have no such parameter (RFC 8259, 11).
    let charset = if media_type.ends_with("json") { "" } else { "; charset=utf-8" };
    let headers =
        [(header::CONTENT_TYPE, format!("{media_type}{charset}")), (header::CACHE_CONTROL, "no-cache".to_owned())];
    Ok((headers, text).into_response())
}
