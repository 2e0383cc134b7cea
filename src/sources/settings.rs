//! What a source is told: what to poll, how often, and what to take of it.

use super::rules::{Rule, Rules};
use crate::article::{CountryCode, Defaults};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// Between two polls, where a source does not say otherwise; and what it may say.
pub const MINIMUM_SECONDS: u64 = 300;
pub const MAXIMUM_SECONDS: u64 = 86_400;
pub const LOWEST_SECONDS: u64 = 60;
pub const HIGHEST_SECONDS: u64 = 7 * 86_400;
const TITLE_BYTES: usize = 200;
const URL_BYTES: usize = 2_000;
const HEADERS: usize = 10;
const HEADER_BYTES: usize = 4_000;

/// What a source is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub url: String,
    pub title: Option<String>,
    pub minimum_interval_seconds: u64,
    pub maximum_interval_seconds: u64,
    /// What holds where its documents are silent: its publisher's name, their language, the country it is published in.
    pub publisher: Option<String>,
    pub language: Option<String>,
    pub country: Option<String>,
    /// Whether each entry's page is fetched and archived in place of what the feed has of it.
    pub full_text: bool,
    pub include: Vec<Rule>,
    pub exclude: Vec<Rule>,
    /// Sent with every request to its host. They may hold credentials, and are shown to nobody.
    pub headers: BTreeMap<String, String>,
    pub paused: bool,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    pub member: &'static str,
    pub detail: String,
}

impl Settings {
    pub fn new(url: String) -> Self {
        Self {
            url,
            title: None,
            publisher: None,
            language: None,
            country: None,
            full_text: false,
            include: Vec::new(),
            exclude: Vec::new(),
            minimum_interval_seconds: MINIMUM_SECONDS,
            maximum_interval_seconds: MAXIMUM_SECONDS,
            headers: BTreeMap::new(),
            paused: false,
        }
    }

    /// Every fault, or the settings with their URL as it will be asked for.
    pub fn checked(mut self) -> Result<Self, Vec<BadSetting>> {
        let mut bad = Vec::new();
        let mut refuse = |member, detail: String| bad.push(BadSetting { member, detail });
        match Url::parse(&self.url) {
            _ if self.url.len() > URL_BYTES => refuse("url", format!("expected at most {URL_BYTES} bytes")),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                refuse(
                    "url",
                    "expected no name and no password in it: they belong in headers, which are not shown".to_owned(),
                );
            }
            Ok(mut url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                url.set_fragment(None);
                self.url = url.to_string();
            }
            _ => refuse("url", format!("expected a URL of http or https, found {:?}", self.url)),
        }
        for (member, text) in [("title", &self.title), ("publisher", &self.publisher)] {
            if text.as_ref().is_some_and(|it| it.trim().is_empty() || it.len() > TITLE_BYTES) {
                refuse(member, format!("expected 1 to {TITLE_BYTES} bytes"));
            }
        }
        if let Some(language) = self.language.as_deref().filter(|it| !is_language(it)) {
            refuse("language", format!("expected a code of BCP 47 such as en or pt-BR, found {language:?}"));
        }
        if let Some(country) = self.country.as_deref().filter(|it| CountryCode::parse(it).is_err()) {
            refuse("country", format!("expected a code of ISO 3166-1 such as PK, found {country:?}"));
        }
        let legal = LOWEST_SECONDS..=HIGHEST_SECONDS;
        for (member, seconds) in [
            ("minimum_interval_seconds", self.minimum_interval_seconds),
            ("maximum_interval_seconds", self.maximum_interval_seconds),
        ] {
            if !legal.contains(&seconds) {
                refuse(member, format!("expected {LOWEST_SECONDS} to {HIGHEST_SECONDS}, found {seconds}"));
            }
        }
        if self.minimum_interval_seconds > self.maximum_interval_seconds {
            refuse("maximum_interval_seconds", "expected no less than the minimum".to_owned());
        }
        let bytes: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if self.headers.len() > HEADERS || bytes > HEADER_BYTES {
            refuse("headers", format!("expected at most {HEADERS} headers and {HEADER_BYTES} bytes"));
        }
        if let Err(name) = headers(&self.headers) {
            refuse("headers", format!("expected a name and a value as HTTP has them, found {name:?}"));
        }
        bad.extend(Rules::compile(&self.include, &self.exclude).err().unwrap_or_default());
        if bad.is_empty() { Ok(self) } else { Err(bad) }
    }

    /// Whether the same document would come to the same with both.
    pub fn take_the_same_as(&self, other: &Self) -> bool {
        let taking = |it: &Self| (it.url.clone(), it.full_text, it.include.clone(), it.exclude.clone(), it.defaults());
        taking(self) == taking(other)
    }

    pub fn defaults(&self) -> Option<Defaults> {
        let country = self.country.as_deref().and_then(|it| CountryCode::parse(it).ok());
        Defaults { publisher: self.publisher.clone(), language: self.language.clone(), country }.said()
    }

    pub fn headers(&self) -> HeaderMap {
        headers(&self.headers).unwrap_or_default()
    }
}

/// A primary tag and what narrows it, as far as their form goes.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is = |it: &str, length: std::ops::RangeInclusive<usize>| {
        length.contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric())
    };
    let primary = parts.next().is_some_and(|it| is(it, 2..=3) && it.bytes().all(|it| it.is_ascii_alphabetic()));
    primary && parts.all(|it| is(it, 2..=8))
}

/// Or the name of the first that is none.
fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let pair = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
        let (header, mut value) = pair.ok_or_else(|| name.clone())?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_setting_is_named() {
        let mut settings = Settings::new("ftp://a.example/feed".to_owned());
        settings.title = Some(" ".to_owned());
        settings.minimum_interval_seconds = 1;
        settings.language = Some("English".to_owned());
        settings.country = Some("Pakistan".to_owned());
        settings.headers.insert("bad name".to_owned(), "x".to_owned());
        let named: Vec<&str> = settings.checked().expect_err("bad").into_iter().map(|it| it.member).collect();
        assert_eq!(named, ["url", "title", "language", "country", "minimum_interval_seconds", "headers"]);
        let secret = Settings::new("https://user:secret@a.example/feed".to_owned());
        assert_eq!(secret.checked().expect_err("bad")[0].member, "url");
        assert!(Settings::new("https://a.example/feed#top".to_owned()).checked().is_ok_and(|it| !it.url.contains('#')));
    }
}
