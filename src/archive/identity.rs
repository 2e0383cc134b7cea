//! An article's identity: its canonical URL, else its key, else the hash of its content.

use crate::article::RawDocument;
use url::Url;

/// Query parameters that track the visitor and do not select the page. An entry that ends in `_` is a prefix.
///
/// Each with the product whose documentation lists it.
const TRACKING: &[(&str, &str)] = &[
    ("utm_", "Google Analytics, campaign parameters"),
    ("gclid", "Google Ads, auto-tagging"),
    ("gbraid", "Google Ads, app campaigns"),
    ("wbraid", "Google Ads, web to app"),
    ("dclid", "Google Marketing Platform, click id"),
    ("fbclid", "Meta, click id"),
    ("msclkid", "Microsoft Advertising, auto-tagging"),
    ("twclid", "X Ads, click id"),
    ("ttclid", "TikTok Ads, click id"),
    ("li_fat_id", "LinkedIn, first-party ad tracking"),
    ("igshid", "Instagram, share id"),
    ("yclid", "Yandex Direct, click id"),
    ("mc_cid", "Mailchimp, campaign id"),
    ("mc_eid", "Mailchimp, e-mail id"),
    ("mkt_tok", "Adobe Marketo, e-mail token"),
    ("_hsenc", "HubSpot, e-mail tracking"),
    ("_hsmi", "HubSpot, e-mail tracking"),
    ("pk_", "Matomo, campaign parameters (formerly Piwik)"),
    ("mtm_", "Matomo, campaign parameters"),
    ("_ga", "Google Analytics, cross-domain linker"),
];

pub fn is_tracking_parameter(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TRACKING.iter().any(|(parameter, _)| match parameter.strip_suffix('_') {
        Some(_) => name.starts_with(parameter),
        None => name == *parameter,
    })
}

/// Returns the URL without what does not change the page: fragment, credentials, tracking. `None` if it is not an http
/// or https URL, and for a site's front page, which many sites wrongly declare as the canonical URL of every page.
pub fn canonical_url(text: &str) -> Option<String> {
    let mut url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !is_tracking_parameter(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if kept.is_empty() {
        url.set_query(None);
    } else if url.query_pairs().count() != kept.len() {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    let is_front_page = url.path() == "/" && url.query().is_none();
    (!is_front_page).then(|| url.to_string())
}

/// Returns the text that identifies the article. http and https are the same, because a site that moves to https does
/// not publish its articles again. `key`: the document's key within its source, or the id of a feed's entry.
pub fn identify(canonical_url: Option<&str>, source: Option<&str>, key: Option<&str>, content_hash: &str) -> String {
    match (canonical_url, key) {
        (Some(url), _) => format!("url:{}", url.strip_prefix("http:").or(url.strip_prefix("https:")).unwrap_or(url)),
        (None, Some(key)) => format!("key:{}:{key}", source.unwrap_or_default()),
        (None, None) => format!("content:{content_hash}"),
    }
}

/// Returns the name of a document: its key, else its URL, else its hash.
pub(super) fn document_name(document: &RawDocument, sha256: &str) -> String {
    let source = document.source.as_deref().unwrap_or_default();
    match document.key.as_deref().or(document.url.as_deref()) {
        Some(name) => format!("{source}:{name}"),
        None => format!("sha256:{sha256}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_urls_omit_what_does_not_change_the_page() {
        for (url, expected) in [
            ("https://News.Example/a?utm_source=x&id=7#top", Some("https://news.example/a?id=7")),
            ("https://news.example/a?fbclid=1", Some("https://news.example/a")),
            ("https://user:secret@news.example:443/a?b=c%20d", Some("https://news.example/a?b=c%20d")),
            ("https://news.example/a?utm=keep", Some("https://news.example/a?utm=keep")),
            ("https://news.example/", None),
            ("https://news.example/?p=12", Some("https://news.example/?p=12")),
            ("ftp://news.example/a", None),
            ("javascript:alert(1)", None),
            ("/relative", None),
        ] {
            assert_eq!(canonical_url(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn http_and_https_urls_have_the_same_identity() {
        let identity = |url| identify(url, None, Some("k"), "hash");
        assert_eq!(identity(Some("http://a.example/b")), identity(Some("https://a.example/b")));
        assert_eq!(identity(None), "key::k");
    }
}
