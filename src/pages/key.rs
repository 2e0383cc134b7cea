//! The key of a reader who signs in: a form stores it in a cookie that no script can read and that no other site can
//! make a browser send.

use super::{forms, layout::Page};
use crate::http::in_process::Api;
use crate::{access::KEY_COOKIE, http::problem::Problem};
use axum::{body::Body, extract::State, response::Response};
use http::{HeaderMap, HeaderValue, header};
use maud::{Markup, html};

/// Seconds until a browser forgets the key.
const MAX_AGE: u32 = 30 * 24 * 60 * 60;

/// The form, for a page that needs a key.
pub fn form(back: &str) -> Markup {
    html! {
        form.add action="/key" method="post" {
            input type="hidden" name="back" value=(back);
            p { label for="key" { "API key" } input id="key" name="key" type="password" required autocomplete="current-password"; }
            button type="submit" { "Use this key" }
            p.about { "The key stays in this browser for 30 days. " code { "dateline keys create" } " makes one." }
        }
    }
}

pub async fn ask() -> Response {
    Page::new("Key", html! { h1 { "Use an API key" } (form("/")) (forget()) }).respond()
}

fn forget() -> Markup {
    html! { form action="/key" method="post" { input type="hidden" name="forget" value="yes"; button type="submit" { "Forget the key of this browser" } } }
}

/// `POST /key`: remembers a key, or forgets it, and leads back.
pub async fn remember(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let form = forms::receive(&api.admission, &headers, body).await?;
    // Only a path of this origin: `//` would begin another host.
    let back = form.get("back").filter(|back| back.starts_with('/') && !back.starts_with("//") && !back.contains('\\'));
    let mut response = forms::lead_to(back.unwrap_or("/"));
    let is_forgotten = form.get("forget").is_some();
    let key = form.get("key").unwrap_or_default().trim();
    let is_safe = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let (value, age) = if is_forgotten || !is_safe { ("", 0) } else { (key, MAX_AGE) };
    let secure = if forms::is_encrypted(&headers) { "; Secure" } else { "" };
    let cookie = format!("{KEY_COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
