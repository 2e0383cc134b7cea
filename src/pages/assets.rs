//! The style sheet, the script and the icon: one file each, whose URL changes with its content.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::header;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

use crate::http::problem::{Code, Problem};

pub struct Asset {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
    version: LazyLock<String>,
}

pub static STYLE: Asset = Asset {
    name: "pages.css",
    media_type: "text/css; charset=utf-8",
    text: include_str!("pages.css"),
    version: LazyLock::new(|| version(include_str!("pages.css"))),
};
pub static SCRIPT: Asset = Asset {
    name: "pages.js",
    media_type: "text/javascript; charset=utf-8",
    text: include_str!("pages.js"),
    version: LazyLock::new(|| version(include_str!("pages.js"))),
};
pub static ICON: Asset = Asset {
    name: "icon.svg",
    media_type: "image/svg+xml",
    text: include_str!("icon.svg"),
    version: LazyLock::new(|| version(include_str!("icon.svg"))),
};

impl Asset {
    /// The URL of this content.
    pub fn url(&self) -> String {
        format!("/assets/{}?{}", self.name, *self.version)
    }
}

fn version(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..6])
}

/// `GET /assets/{name}`
pub async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let asset = [&STYLE, &SCRIPT, &ICON].into_iter().find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| Problem::new(Code::PathNotFound, format!("there is no asset {name:?}")))?;
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, asset.text).into_response())
}
