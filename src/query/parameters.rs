//! Is this parameter legal: what a list request may say, and what it says then.
//!
//! Every fault is named, not only the first, and what is unknown is refused: a misspelt filter that is ignored would
//! answer with articles that nobody asked for.

use super::{
    Clause, Filter, Range, StoryClause, Text,
    cursor::{self, Rank},
    plan::VALUES_LIMIT,
    stories::STORIES_LIMIT,
};
use crate::{
    article::{ArticleId, Facet, Has, Instant},
    store::{Direction, Position},
};

pub const LIMIT_DEFAULT: usize = 20;
pub const LIMIT_MAX: usize = 100;
/// How often one parameter may be given.
const REPEATS_MAX: usize = 10;

/// The members of a card, which are also what `fields` may name.
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    PublishedNewest,
    PublishedOldest,
    ChangedNewest,
    /// Only with a text.
    Relevance,
}

impl Sort {
    pub const ALL: [Self; 4] = [Self::PublishedNewest, Self::PublishedOldest, Self::ChangedNewest, Self::Relevance];

    pub fn name(self) -> &'static str {
        match self {
            Self::PublishedNewest => "-published",
            Self::PublishedOldest => "published",
            Self::ChangedNewest => "-changed",
            Self::Relevance => "relevance",
        }
    }

    /// Of its times; where relevance is equal, the newest is first.
    pub fn direction(self) -> Direction {
        match self {
            Self::PublishedNewest | Self::ChangedNewest | Self::Relevance => Direction::NewestFirst,
            Self::PublishedOldest => Direction::OldestFirst,
        }
    }
}

/// A list request, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    pub filter: Filter,
    pub sort: Sort,
    /// What the text must say; answered by the search index.
    pub text: Option<Text>,
    /// Whether each card shows where its article says so.
    pub highlight: bool,
    /// Whether each story is shown once: by the member that comes first in the list's order.
    pub collapse: bool,
    /// The list as it was then.
    pub as_of: Option<Instant>,
    pub limit: usize,
    /// Where the page begins, exclusive.
    pub after: Option<Position>,
    /// The same in the order of relevance.
    pub rank: Option<Rank>,
    /// The members asked for; `None` for a whole card.
    pub fields: Option<Vec<String>>,
    pub needs_article: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadParameter {
    pub parameter: String,
    pub detail: String,
}

impl ListQuery {
    /// From the pairs of a query string, in their order.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut reading = Reading::begin(pairs, &names().collect::<Vec<_>>());
        let (filter, text) = (reading.filter(), reading.text());
        let sort = reading.sort();
        if sort == Sort::Relevance && text.is_none() {
            reading.refuse("sort", "expected q with relevance: without it all are equally relevant".to_owned());
        }
        let highlight = reading.highlight(text.is_some());
        let collapse = reading.collapse();
        let as_of = reading.instant("as_of");
        if text.is_some() && as_of.is_some() {
            reading.refuse("as_of", "expected without q: texts are searched as they are now".to_owned());
        }
        if as_of.is_some() && (collapse || !filter.stories.is_empty()) {
            let detail = "expected without story and collapse: stories are told as they are now".to_owned();
            reading.refuse("as_of", detail);
        }
        let limit = reading.limit(LIMIT_MAX);
        let fields = reading.fields();
        let needs_article = fields.iter().flatten().any(|it| ARTICLE_FIELDS.contains(&it.as_str()));
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
        if let Some(text) = reading.once("cursor") {
            match cursor::read(text, &query.fingerprint()) {
                Ok((position, rank)) if rank.is_some() == (query.sort == Sort::Relevance) => {
                    (query.after, query.rank) = (Some(position), rank);
                }
                Ok(_) => reading.refuse("cursor", cursor::BadCursor.to_string()),
                Err(error) => reading.refuse("cursor", error.to_string()),
            }
        }
        if reading.bad.is_empty() { Ok(query) } else { Err(reading.bad) }
    }

    /// The newest article that matches.
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

    /// What a cursor is bound to: which articles, in which order. Not how many at a time, nor which members of them.
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

    /// `rank`: in the order of relevance.
    pub fn cursor(&self, position: &Position, rank: Option<&Rank>) -> String {
        cursor::write(position, rank, &self.fingerprint())
    }
}

/// What narrows a list beside its facets, and whatever counts it.
const FILTERS: [&str; 9] = [
    "story",
    "published_from",
    "published_to",
    "changed_from",
    "changed_to",
    "mentions_from",
    "mentions_to",
    "has",
    "q",
];
/// What shapes a list.
const SHAPES: [&str; 7] = ["sort", "highlight", "collapse", "as_of", "limit", "cursor", "fields"];

/// The names of all parameters of a list.
pub fn names() -> impl Iterator<Item = &'static str> {
    filter_names().chain(SHAPES)
}

/// The names of those that say which articles belong.
pub fn filter_names() -> impl Iterator<Item = &'static str> {
    Facet::ALL.into_iter().map(Facet::name).chain(FILTERS)
}

/// The pairs of a query string while they are read.
pub(super) struct Reading<'a> {
    pairs: &'a [(String, String)],
    pub(super) bad: Vec<BadParameter>,
}

impl<'a> Reading<'a> {
    /// Refuses what is not among the known names.
    pub(super) fn begin(pairs: &'a [(String, String)], known: &[&str]) -> Self {
        let mut reading = Self { pairs, bad: Vec::new() };
        reading.refuse_unknown(known);
        reading
    }

    pub(super) fn refuse(&mut self, parameter: &str, detail: String) {
        self.bad.push(BadParameter { parameter: parameter.to_owned(), detail });
    }

    fn refuse_unknown(&mut self, known: &[&str]) {
        for (name, _) in self.pairs {
            if !known.contains(&name.as_str()) {
                self.refuse(name, format!("unknown parameter; expected one of {}", known.join(", ")));
            }
        }
    }

    pub(super) fn filter(&mut self) -> Filter {
        let filter = Filter {
            clauses: Facet::ALL.into_iter().flat_map(|it| self.clauses(it)).collect(),
            has: self.has(),
            published: self.range("published_from", "published_to"),
            changed: self.range("changed_from", "changed_to"),
            mentions: self.range("mentions_from", "mentions_to"),
            stories: self.stories(),
        };
        let values: usize = filter.clauses.iter().filter(|it| !it.negated).map(|it| it.values.len()).sum();
        if values > VALUES_LIMIT {
            let detail = format!("expected at most {VALUES_LIMIT} values in all filters together, found {values}");
            let last = filter.clauses.last().map_or("source", |it| it.facet.name());
            self.refuse(last, detail);
        }
        filter
    }

    pub(super) fn text(&mut self) -> Option<Text> {
        let given = self.once("q")?;
        Text::parse(given).map_err(|error| self.refuse("q", error.to_string())).ok()
    }

    fn highlight(&mut self, text: bool) -> bool {
        match self.once("highlight") {
            None | Some("false") => false,
            Some("true") if text => true,
            Some("true") => {
                self.refuse("highlight", "expected with q: there is nothing to highlight without it".to_owned());
                false
            }
            Some(given) => {
                self.refuse("highlight", format!("expected true or false, found {given:?}"));
                false
            }
        }
    }

    fn all(&mut self, name: &str) -> Vec<&'a str> {
        let found: Vec<&str> =
            self.pairs.iter().filter(|(it, _)| it == name).map(|(_, value)| value.as_str()).collect();
        if found.len() > REPEATS_MAX {
            self.refuse(name, format!("expected at most {REPEATS_MAX} times, found {}", found.len()));
        }
        found
    }

    pub(super) fn once(&mut self, name: &str) -> Option<&'a str> {
        let found = self.all(name);
        if found.len() > 1 {
            self.refuse(name, format!("expected once, found {} times", found.len()));
        }
        found.first().copied()
    }

    fn clauses(&mut self, facet: Facet) -> Vec<Clause> {
        let clauses = self.alternatives(facet.name(), |it| facet.canonical(it));
        clauses.into_iter().map(|(values, negated)| Clause { facet, values, negated }).collect()
    }

    fn stories(&mut self) -> Vec<StoryClause> {
        let mut clauses = Vec::new();
        for (values, negated) in self.alternatives("story", str::to_owned) {
            match values.iter().map(|it| ArticleId::parse(it)).collect() {
                Ok(stories) => clauses.push(StoryClause { stories, negated }),
                Err(error) => self.refuse("story", error.to_string()),
            }
        }
        let named: usize = clauses.iter().map(|it| it.stories.len()).sum();
        if named > STORIES_LIMIT {
            self.refuse("story", format!("expected at most {STORIES_LIMIT} stories, found {named}"));
        }
        clauses
    }

    fn collapse(&mut self) -> bool {
        match self.once("collapse") {
            None => false,
            Some("story") => true,
            Some(given) => {
                self.refuse("collapse", format!("expected story, found {given:?}"));
                false
            }
        }
    }

    /// `a,b` is either, the parameter twice is both, `-a` is not, `-a,-b` is neither.
    fn alternatives(&mut self, name: &'static str, canonical: impl Fn(&str) -> String) -> Vec<(Vec<String>, bool)> {
        let mut clauses = Vec::new();
        for given in self.all(name) {
            let parts: Vec<&str> = given.split(',').map(str::trim).collect();
            let negated = parts.iter().filter(|it| it.starts_with('-')).count();
            let mut values: Vec<String> =
                parts.iter().map(|it| canonical(it.strip_prefix('-').unwrap_or(it))).collect();
            if values.iter().any(String::is_empty) {
                self.refuse(name, format!("expected a value, or values separated by commas, found {given:?}"));
            } else if negated != 0 && negated != parts.len() {
                let detail =
                    format!("expected values that all have a minus or none, found {given:?}; give the parameter twice");
                self.refuse(name, detail);
            } else {
                values.sort();
                values.dedup();
                clauses.push((values, negated != 0));
            }
        }
        clauses
    }

    fn has(&mut self) -> Vec<(Has, bool)> {
        let mut found = Vec::new();
        for given in self.all("has") {
            for part in given.split(',').map(str::trim) {
                let (name, wanted) = part.strip_prefix('-').map_or((part, true), |it| (it, false));
                match Has::parse(name) {
                    Some(has) => found.push((has, wanted)),
                    None => {
                        let known = Has::ALL.map(Has::name).join(", ");
                        self.refuse(
                            "has",
                            format!("expected any of {known}, each with a minus for absent, found {part:?}"),
                        );
                    }
                }
            }
        }
        found
    }

    fn range(&mut self, from_name: &'static str, to_name: &'static str) -> Range {
        let (from, to) = (self.instant(from_name), self.instant(to_name));
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            self.refuse(to_name, format!("expected a time after {from_name}, found {to}"));
        }
        Range { from, to }
    }

    fn instant(&mut self, name: &str) -> Option<Instant> {
        let given = self.once(name)?;
        Instant::parse(given).map_err(|error| self.refuse(name, format!("{error}, found {given:?}"))).ok()
    }

    fn sort(&mut self) -> Sort {
        let Some(given) = self.once("sort") else { return Sort::default() };
        Sort::ALL.into_iter().find(|it| it.name() == given).unwrap_or_else(|| {
            let known = Sort::ALL.map(Sort::name).join(", ");
            self.refuse("sort", format!("expected one of {known}, found {given:?}"));
            Sort::default()
        })
    }

    pub(super) fn limit(&mut self, most: usize) -> usize {
        let Some(given) = self.once("limit") else { return LIMIT_DEFAULT };
        given.parse().ok().filter(|it| (1..=most).contains(it)).unwrap_or_else(|| {
            self.refuse("limit", format!("expected 1 to {most}, found {given:?}"));
            LIMIT_DEFAULT
        })
    }

    fn fields(&mut self) -> Option<Vec<String>> {
        let given = self.once("fields")?;
        let names: Vec<String> = given.split(',').map(|it| it.trim().to_owned()).collect();
        for name in &names {
            if !CARD_FIELDS.iter().chain(&ARTICLE_FIELDS).any(|it| it == name) {
                self.refuse("fields", format!("expected names of an article's members, found {name:?}"));
            }
        }
        Some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<ListQuery, Vec<BadParameter>> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        ListQuery::parse(&pairs)
    }

    #[test]
    fn filters_mean_either_both_and_not() {
        let query = parse("country=pk,in&country=-us&source=b,a,a").expect("legal");
        let clause = |facet, values: &[&str], negated| Clause {
            facet,
            values: values.iter().map(|it| (*it).to_owned()).collect(),
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
    fn every_fault_is_named() {
        let bad =
            parse("limit=500&sort=best&colour=red&country=a,-b&published_from=soon&fields=headline,smell&has=wings")
                .expect_err("illegal");
        let named: Vec<&str> = bad.iter().map(|it| it.parameter.as_str()).collect();
        assert_eq!(named, ["colour", "country", "has", "published_from", "sort", "limit", "fields"]);
        assert_eq!(bad[5].detail, "expected 1 to 100, found \"500\"");
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_refused() {
        assert!(parse("published_from=2025-04-02&published_to=2025-04-01").is_err());
        assert!(parse("published_from=2025-04-01&published_to=2025-04-02").is_ok());
    }

    #[test]
    fn equal_queries_share_cursors_whatever_their_spelling() {
        let fingerprint = |text| parse(text).map(|it| it.fingerprint());
        assert_eq!(fingerprint("country=pk,in"), fingerprint("limit=3&country=IN,PK&fields=body"));
        assert_ne!(fingerprint("country=pk"), fingerprint("country=-pk"));
    }

    /// Clients hold cursors across upgrades: a rename in the code must not change what they are bound to.
    #[test]
    fn the_fingerprint_is_spelled_as_it_always_was() {
        let fingerprint = |text| parse(text).expect("legal").fingerprint();
        assert_eq!(fingerprint(""), "\nsort=-published");
        let filter = "country=pk,in&country=-us&has=author,-image&published_from=2025-04-01&mentions_to=2013-01-01\
                      &source=a%26b&sort=published&collapse=story";
        assert_eq!(
            fingerprint(filter),
            "source=a%26b&country=IN%2CPK&country=-US&has=author&has=-image\
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
