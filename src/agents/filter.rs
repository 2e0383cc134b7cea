//! The filters of lists, as arguments of tools.

use schemars::JsonSchema;
use serde::Deserialize;

/// `a,b`: either; `-a`: not.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ArticleFilter {
    /// Words, "phrases", prefix*, OR, -not, headline:word
    pub query: Option<String>,
    /// Ids as from suggest: `a,b` either, `-a` not
    pub person: Option<String>,
    pub organisation: Option<String>,
    pub place: Option<String>,
    /// IPTC code or label
    pub topic: Option<String>,
    pub publisher: Option<String>,
    /// ISO 3166: PK
    pub country: Option<String>,
    /// BCP 47
    pub language: Option<String>,
    /// Published from this day
    pub from: Option<String>,
    /// Published before this day
    pub to: Option<String>,
}

impl ArticleFilter {
    /// Returns the parameters of the API.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [
            ("q", &self.query),
            ("person", &self.person),
            ("organisation", &self.organisation),
            ("place", &self.place),
            ("topic", &self.topic),
            ("publisher", &self.publisher),
            ("country", &self.country),
            ("language", &self.language),
            ("published_from", &self.from),
            ("published_to", &self.to),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

/// Returns a path with a query.
pub fn with_query(path: &str, pairs: &[(&str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("{path}?{}", query.finish())
}

/// Returns the value of a parameter in the URL of a next page.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}
