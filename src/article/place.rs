//! Places, countries and datelines.

use serde::{Deserialize, Serialize};

/// A country code: ISO 3166-1 alpha-2, upper case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(value_type = String, pattern = "^[A-Z]{2}$", examples("PK"))]
#[serde(try_from = "String", into = "String")]
pub struct CountryCode(String);

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("expected a two-letter ISO 3166-1 country code (PK)")]
pub struct BadCountryCode;

impl CountryCode {
    pub fn parse(text: &str) -> Result<Self, BadCountryCode> {
        let two_letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if two_letters { Ok(Self(text.to_ascii_uppercase())) } else { Err(BadCountryCode) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CountryCode {
    type Error = BadCountryCode;
    fn try_from(text: String) -> Result<Self, BadCountryCode> {
        Self::parse(&text)
    }
}

impl From<CountryCode> for String {
    fn from(code: CountryCode) -> String {
        code.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Place {
    /// A slug, stable over time: `islamabad`.
    pub id: String,
    pub name: String,
    pub country: Option<CountryCode>,
}

/// The place that an article was filed from, as printed before its first sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Dateline {
    /// As printed, without its punctuation: `ISLAMABAD`, `KYIV, Ukraine`.
    pub text: String,
    /// `null` if the name is not in the places table.
    pub place: Option<Place>,
}
