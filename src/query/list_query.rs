//! A list request: which articles, in which order, how many, and which of their members.

use super::{
    Filter, ParameterReader, TextQuery,
    cursor::{self, Rank},
    parameters::{BadParameter, list_names},
};
use crate::{
    article::Instant,
    limits::{PAGE_DEFAULT, PAGE_MAX},
    store::{Direction, ListPosition},
};
use strum::VariantArray;

/// The members of a card, which `fields` can name.
pub const CARD_FIELDS: [&str; 28] = [
    "id",
    "revision",
    "story",
    "source",
    "first_seen_at",
    "changed_at",
    "raw",
    "rules_version",
    "url",
    "headline",
    "deck",
    "publisher",
    "authors",
    "agency",
    "dateline",
    "published",
    "modified_at",
    "language",
    "script",
    "word_count",
    "reading_seconds",
    "summary",
    "keywords",
    "image",
    "section",
    "partial",
    "topics",
    "entities",
];
/// The members that only a whole article has; naming one reads the articles.
pub const ARTICLE_FIELDS: [&str; 3] = ["body", "quantities", "mentioned_dates"];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
pub enum Sort {
    #[default]
    #[strum(serialize = "-published")]
    PublishedNewest,
    #[strum(serialize = "published")]
    PublishedOldest,
    #[strum(serialize = "-changed")]
    ChangedNewest,
    /// Only with `q`.
    #[strum(serialize = "relevance")]
    Relevance,
}

impl Sort {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the order in time; among equally relevant articles, the newest is first.
    pub fn direction(self) -> Direction {
        match self {
            Self::PublishedNewest | Self::ChangedNewest | Self::Relevance => Direction::NewestFirst,
            Self::PublishedOldest => Direction::OldestFirst,
        }
    }
}

/// A parsed list request.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    pub filter: Filter,
    pub sort: Sort,
    /// The text query, which the search index answers.
    pub text: Option<TextQuery>,
    /// Whether each card shows where its article matches the text query.
    pub highlight: bool,
    /// Whether each story is shown once: by the member that comes first in the list's order.
    pub collapse: bool,
    /// The time at which the list is read; `None` for now.
    pub as_of: Option<Instant>,
    pub limit: usize,
    /// Where the page begins, exclusive.
    pub after: Option<ListPosition>,
    /// The same in the order of relevance.
    pub rank: Option<Rank>,
    /// The requested members; `None` for a whole card.
    pub fields: Option<Vec<String>>,
    pub needs_article: bool,
}

impl ListQuery {
    /// Parses the pairs of a query string, in their order.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut params = ParameterReader::new(pairs, &list_names().collect::<Vec<_>>());
        let (filter, text) = (params.filter(), params.text());
        let sort = params.choice("sort", Sort::VARIANTS, Sort::name).unwrap_or_default();
        if sort == Sort::Relevance && text.is_none() {
            params.refuse("sort", "expected q with relevance: without it all articles are equally relevant".to_owned());
        }
        let highlight = params.flag("highlight");
        if highlight && text.is_none() {
            params.refuse("highlight", "expected with q: there is nothing to highlight without it".to_owned());
        };
        let collapse = params.choice("collapse", &["story"], |name| name).is_some();
        let as_of = params.instant("as_of");
        if text.is_some() && as_of.is_some() {
            params.refuse("as_of", "expected without q: only current texts can be searched".to_owned());
        }
        if as_of.is_some() && (collapse || !filter.stories.is_empty()) {
            let detail = "expected without story and collapse: only current stories are available".to_owned();
            params.refuse("as_of", detail);
        }
        let limit = params.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT);
        let fields = read_fields(&mut params);
        let needs_article = fields.iter().flatten().any(|field| ARTICLE_FIELDS.contains(&field.as_str()));
        let mut query = Self {
            filter,
            text,
            highlight,
            sort,
            collapse,
            as_of,
            limit,
            after: None,
            rank: None,
            fields,
            needs_article,
        };
        if let Some(given) = params.once("cursor") {
            match cursor::read(given, &query.fingerprint()) {
                Ok((position, rank)) if rank.is_some() == (query.sort == Sort::Relevance) => {
                    (query.after, query.rank) = (Some(position), rank);
                }
                Ok(_) => params.refuse("cursor", cursor::BadCursor.to_string()),
                Err(error) => params.refuse("cursor", error.to_string()),
            }
        }
        params.finish(query)
    }

    /// Returns the query of the newest article that matches.
    pub fn newest(filter: Filter) -> Self {
        Self {
            filter,
            text: None,
            highlight: false,
            sort: Sort::PublishedNewest,
            collapse: false,
            as_of: None,
            limit: 1,
            after: None,
            rank: None,
            fields: None,
            needs_article: false,
        }
    }

    /// Returns the text that a cursor is bound to: the filter and the order, but not the limit or the fields.
    /// It is part of every cursor that a client holds, so its spelling never changes.
    pub fn fingerprint(&self) -> String {
        let mut fingerprint = format!("{}\nsort={}", self.filter.canonical(), self.sort.name());
        if let Some(text) = &self.text {
            fingerprint.push_str(&format!("\nq={}", text.canonical()));
        }
        if self.collapse {
            fingerprint.push_str("\ncollapse=story");
        }
        if let Some(as_of) = self.as_of {
            fingerprint.push_str(&format!("\nas_of={as_of}"));
        }
        fingerprint
    }

    /// Returns the cursor of a position. `rank`: its rank in the order of relevance.
    pub fn cursor(&self, position: &ListPosition, rank: Option<&Rank>) -> String {
        cursor::write(position, rank, &self.fingerprint())
    }
}

fn read_fields(params: &mut ParameterReader<'_>) -> Option<Vec<String>> {
    let given = params.once("fields")?;
    let names: Vec<String> = given.split(',').map(|part| part.trim().to_owned()).collect();
    for name in &names {
        if !CARD_FIELDS.iter().chain(&ARTICLE_FIELDS).any(|card_field| card_field == name) {
            params.refuse("fields", format!("expected names of an article's members, found {name:?}"));
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{article::Facet, query::Clause};

    fn parse(query: &str) -> Result<ListQuery, Vec<BadParameter>> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        ListQuery::parse(&pairs)
    }

    #[test]
    fn filters_combine_as_either_both_and_not() {
        let query = parse("country=pk,in&country=-us&source=b,a,a").expect("a valid query");
        let clause = |facet, values: &[&str], negated| Clause {
            facet,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            negated,
        };
        assert_eq!(
            query.filter.clauses,
            [
                clause(Facet::Source, &["a", "b"], false),
                clause(Facet::Country, &["IN", "PK"], false),
                clause(Facet::Country, &["US"], true),
            ]
        );
    }

    #[test]
    fn every_invalid_parameter_is_reported() {
        let bad =
            parse("limit=500&sort=best&colour=red&country=a,-b&published_from=soon&fields=headline,smell&has=wings")
                .expect_err("invalid");
        let names: Vec<&str> = bad.iter().map(|error| error.parameter.as_str()).collect();
        assert_eq!(names, ["colour", "country", "has", "published_from", "sort", "limit", "fields"]);
        assert_eq!(bad[5].detail, "expected 1 to 100, found \"500\"");
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_refused() {
        assert!(parse("published_from=2025-04-02&published_to=2025-04-01").is_err());
        assert!(parse("published_from=2025-04-01&published_to=2025-04-02").is_ok());
    }

    #[test]
    fn equal_queries_share_cursors_whatever_their_spelling() {
        let fingerprint = |text| parse(text).map(|query| query.fingerprint());
        assert_eq!(fingerprint("country=pk,in"), fingerprint("limit=3&country=IN,PK&fields=body"));
        assert_ne!(fingerprint("country=pk"), fingerprint("country=-pk"));
    }

    /// Clients hold cursors across upgrades: a rename in the code must not change what they are bound to.
    #[test]
    fn the_spelling_of_the_fingerprint_never_changes() {
        let fingerprint = |text| parse(text).expect("a valid query").fingerprint();
        assert_eq!(fingerprint(""), "\nsort=-published");
        let filter = "country=pk,in&country=-us&has=author,-image&published_from=2025-04-01&mentions_to=2013-01-01\
                      &source=a%26b&sort=published&collapse=story";
        assert_eq!(
            fingerprint(filter),
            "source=a-b&country=IN%2CPK&country=-US&has=author&has=-image\
             &published_from=2025-04-01T00%3A00%3A00.000Z&mentions_to=2013-01-01T00%3A00%3A00.000Z\
             \nsort=published\ncollapse=story"
        );
        let text = "q=flood%20OR%20headline:(%22harbour%20tunnel%22~5%20-harb*)&sort=relevance";
        assert_eq!(
            fingerprint(text),
            "\nsort=relevance\nq=OR(word\"flood\" AND(headline:phrase~5\"harbour tunnel\" NOT(headline:prefix\"harb\")))"
        );
        assert_eq!(fingerprint("as_of=2025-04-01"), "\nsort=-published\nas_of=2025-04-01T00:00:00.000Z");
    }
}
