//! The state of a list, which is the query string of its URL: the API's own parameters, so that every page of a list is
//! a query that can be copied.

use crate::http::params::pairs;

/// The parameters of a request, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlQuery(Vec<(String, String)>);

impl UrlQuery {
    /// Reads a query string. Empty values are left out: an empty form field is no filter.
    pub fn parse(raw: Option<&str>) -> Self {
        Self(pairs(raw).into_iter().filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The values of a parameter that occurs several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without some parameters.
    pub fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// Only some parameters.
    pub fn only(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect())
    }

    /// Without one occurrence of a parameter.
    pub fn without_pair(&self, name: &str, value: &str) -> Self {
        let mut pairs = self.0.clone();
        if let Some(at) = pairs.iter().position(|pair| pair.0 == name && pair.1 == value) {
            pairs.remove(at);
        }
        Self(pairs)
    }

    /// With a parameter instead of all of its name.
    pub fn with(&self, name: &str, value: &str) -> Self {
        self.without(&[name]).and(name, value)
    }

    /// With one more parameter.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The query string.
    pub fn text(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// A path with this query.
    pub fn at(&self, path: &str) -> String {
        match self.text() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_changed_and_written_again() {
        let query = UrlQuery::parse(Some("q=a+%26+b&topic=1&topic=2&language="));
        assert_eq!(query.at("/"), "/?q=a+%26+b&topic=1&topic=2");
        assert_eq!(query.without_pair("topic", "1").at("/"), "/?q=a+%26+b&topic=2");
        assert_eq!(query.with("q", "c").at("/x"), "/x?topic=1&topic=2&q=c");
        assert_eq!(query.only(&["q"]).text(), "q=a+%26+b");
        assert_eq!(query.without(&["q", "topic"]).at("/"), "/");
        assert_eq!(query.all("topic").collect::<Vec<_>>(), ["1", "2"]);
    }
}
