//! Is it the same article? The first of: its canonical URL, the key it came under, the hash of its content.

use crate::article::RawDocument;
use url::Url;

/// Query parameters that tell how a reader came and not what is read. An entry that ends in `_` is a prefix.
///
/// Each with where its owner documents it.
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
    TRACKING.iter().any(|(known, _)| match known.strip_suffix('_') {
        Some(_) => name.starts_with(known),
        None => name == *known,
    })
}

/// The URL without what does not change the page: fragment, credentials, tracking. `None` for what is not a page on the
/// web, and for a site's front page, which many sites wrongly call the canonical URL of everything.
pub fn canonical_url(text: &str) -> Option<String> {
    let mut url = Url::parse(text.trim()).ok().filter(|it| matches!(it.scheme(), "http" | "https"))?;
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

/// The text that names the article. Schemes are not told apart: a site that moves to https publishes nothing anew.
/// `key`: what it came under within its source, of a feed's entry its id.
pub fn identify(canonical_url: Option<&str>, source: Option<&str>, key: Option<&str>, content_hash: &str) -> String {
    match (canonical_url, key) {
        (Some(url), _) => format!("url:{}", url.strip_prefix("http:").or(url.strip_prefix("https:")).unwrap_or(url)),
        (None, Some(key)) => format!("key:{}:{key}", source.unwrap_or_default()),
        (None, None) => format!("content:{content_hash}"),
    }
}

/// The name a document goes by: what it came under, else its bytes.
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
    fn urls_lose_what_does_not_change_the_page() {
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
    fn a_scheme_is_no_part_of_an_identity() {
        let identity = |url| identify(url, None, Some("k"), "hash");
        assert_eq!(identity(Some("http://a.example/b")), identity(Some("https://a.example/b")));
        assert_eq!(identity(None), "key::k");
    }
}
