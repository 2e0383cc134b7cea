//! The settings of a source: what to poll, how often, and which entries to archive.

use super::rules::{EntryRule, Rules};
use crate::{
    article::{CountryCode, Defaults, canonical_language_tag},
    limits::{
        INTERVAL_DEFAULT_MAXIMUM, INTERVAL_DEFAULT_MINIMUM, INTERVAL_HIGHEST, INTERVAL_LOWEST, SOURCE_HEADER_BYTES,
        SOURCE_HEADERS, SOURCE_TITLE_BYTES, URL_BYTES,
    },
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// The settings of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceSettings {
    pub url: String,
    pub title: Option<String>,
    pub minimum_interval_seconds: u64,
    pub maximum_interval_seconds: u64,
    /// Defaults for documents that do not state them: the publisher's name, the language, the country of publication.
    pub publisher: Option<String>,
    pub language: Option<String>,
    pub country: Option<String>,
    /// Whether each entry's page is fetched and archived instead of the feed's version.
    pub full_text: bool,
    pub include: Vec<EntryRule>,
    pub exclude: Vec<EntryRule>,
    /// Sent with every request to its origin. They may hold credentials, and are never shown.
    pub headers: BTreeMap<String, String>,
    pub paused: bool,
}

/// An invalid setting: its member and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    pub member: &'static str,
    pub detail: String,
}

impl SourceSettings {
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
            minimum_interval_seconds: INTERVAL_DEFAULT_MINIMUM,
            maximum_interval_seconds: INTERVAL_DEFAULT_MAXIMUM,
            headers: BTreeMap::new(),
            paused: false,
        }
    }

    /// Validates the settings. Returns them with their URL and language normalised, or every invalid setting.
    pub fn checked(mut self) -> Result<Self, Vec<BadSetting>> {
        let mut bad = Vec::new();
        let mut refuse = |member, detail: String| bad.push(BadSetting { member, detail });
        match Url::parse(&self.url) {
            _ if self.url.len() > URL_BYTES => refuse("url", format!("expected at most {URL_BYTES} bytes")),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                refuse(
                    "url",
                    "expected no user name and no password: they belong in headers, which are not shown".to_owned(),
                );
            }
            Ok(mut url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                url.set_fragment(None);
                self.url = url.to_string();
            }
            _ => refuse("url", format!("expected an http or https URL, found {:?}", self.url)),
        }
        for (member, text) in [("title", &self.title), ("publisher", &self.publisher)] {
            if text.as_ref().is_some_and(|text| text.trim().is_empty() || text.len() > SOURCE_TITLE_BYTES) {
                refuse(member, format!("expected 1 to {SOURCE_TITLE_BYTES} bytes"));
            }
        }
        match self.language.as_deref().map(|language| canonical_language_tag(language).ok_or(language)) {
            None => {}
            Some(Ok(canonical)) => self.language = Some(canonical),
            Some(Err(found)) => {
                refuse("language", format!("expected a BCP 47 code such as en or pt-BR, found {found:?}"))
            }
        }
        if let Some(country) = self.country.as_deref().filter(|country| CountryCode::parse(country).is_err()) {
            refuse("country", format!("expected an ISO 3166-1 code such as PK, found {country:?}"));
        }
        let valid = INTERVAL_LOWEST..=INTERVAL_HIGHEST;
        for (member, seconds) in [
            ("minimum_interval_seconds", self.minimum_interval_seconds),
            ("maximum_interval_seconds", self.maximum_interval_seconds),
        ] {
            if !valid.contains(&seconds) {
                refuse(member, format!("expected {INTERVAL_LOWEST} to {INTERVAL_HIGHEST}, found {seconds}"));
            }
        }
        if self.minimum_interval_seconds > self.maximum_interval_seconds {
            refuse("maximum_interval_seconds", "expected at least the minimum interval".to_owned());
        }
        let bytes: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if self.headers.len() > SOURCE_HEADERS || bytes > SOURCE_HEADER_BYTES {
            refuse("headers", format!("expected at most {SOURCE_HEADERS} headers and {SOURCE_HEADER_BYTES} bytes"));
        }
        if let Err(name) = headers(&self.headers) {
            refuse("headers", format!("expected a valid HTTP header name and value, found {name:?}"));
        }
        bad.extend(Rules::compile(&self.include, &self.exclude).err().unwrap_or_default());
        if bad.is_empty() { Ok(self) } else { Err(bad) }
    }

    /// Whether both settings give the same articles for the same document.
    pub fn take_the_same_as(&self, other: &Self) -> bool {
        let relevant = |settings: &Self| {
            let (include, exclude) = (settings.include.clone(), settings.exclude.clone());
            (settings.url.clone(), settings.full_text, include, exclude, settings.defaults())
        };
        relevant(self) == relevant(other)
    }

    pub fn defaults(&self) -> Option<Defaults> {
        let country = self.country.as_deref().and_then(|country| CountryCode::parse(country).ok());
        Defaults { publisher: self.publisher.clone(), language: self.language.clone(), country }.non_empty()
    }

    pub fn headers(&self) -> HeaderMap {
        headers(&self.headers).unwrap_or_default()
    }
}

/// Converts headers, or returns the name of the first invalid one.
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
    fn every_invalid_setting_is_reported() {
        let mut settings = SourceSettings::new("ftp://a.example/feed".to_owned());
        settings.title = Some(" ".to_owned());
        settings.minimum_interval_seconds = 1;
        settings.language = Some("English".to_owned());
        settings.country = Some("Pakistan".to_owned());
        settings.headers.insert("bad name".to_owned(), "x".to_owned());
        let named: Vec<&str> = settings.checked().expect_err("bad").into_iter().map(|setting| setting.member).collect();
        assert_eq!(named, ["url", "title", "language", "country", "minimum_interval_seconds", "headers"]);
        let secret = SourceSettings::new("https://user:secret@a.example/feed".to_owned());
        assert_eq!(secret.checked().expect_err("bad")[0].member, "url");
        assert!(
            SourceSettings::new("https://a.example/feed#top".to_owned())
                .checked()
                .is_ok_and(|settings| !settings.url.contains('#'))
        );
    }
}
