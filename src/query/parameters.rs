//! Parses and validates the parameters of a list request.
//!
//! Every invalid parameter is reported, not only the first, and unknown ones are refused: ignoring a misspelt filter
//! would return articles that the client did not ask for.

use super::{Clause, Filter, Range, StoryClause, TextQuery, cursor};
use crate::{
    article::{ArticleId, Facet, Has, Instant},
    limits::{FILTER_STORIES, FILTER_VALUES, PARAMETER_REPEATS},
    store::ListPosition,
};
use strum::VariantArray;

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadParameter {
    pub parameter: String,
    pub detail: String,
}

/// The parameters, besides the facets, that filter lists and counts.
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
/// The parameters of a list that do not filter it.
const SHAPES: [&str; 7] = ["sort", "highlight", "collapse", "as_of", "limit", "cursor", "fields"];

/// Returns the names of all parameters of a list.
pub fn list_names() -> impl Iterator<Item = &'static str> {
    filter_names().chain(SHAPES)
}

/// Returns the names of the parameters that filter.
pub fn filter_names() -> impl Iterator<Item = &'static str> {
    Facet::VARIANTS.iter().copied().map(Facet::name).chain(FILTERS)
}

/// A parser of the pairs of a query string.
pub struct ParameterReader<'a> {
    pairs: &'a [(String, String)],
    bad: Vec<BadParameter>,
}

impl<'a> ParameterReader<'a> {
    /// Starts a parser, and refuses parameters that are not in `allowed`.
    pub fn new(pairs: &'a [(String, String)], allowed: &[&str]) -> Self {
        let mut reader = Self::lenient(pairs);
        reader.refuse_unknown(allowed);
        reader
    }

    /// Ignores unknown parameters, for protocols in which the other side may add some.
    pub fn lenient(pairs: &'a [(String, String)]) -> Self {
        Self { pairs, bad: Vec::new() }
    }

    /// Returns the value that was read, or every fault.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<BadParameter>> {
        if self.bad.is_empty() { Ok(value) } else { Err(self.bad) }
    }

    /// Reads a number within a range.
    pub fn number<T>(&mut self, name: &str, range: RangeInclusive<T>, default: T) -> T
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(given) = self.once(name) else { return default };
        given.parse().ok().filter(|number| range.contains(number)).unwrap_or_else(|| {
            self.refuse(name, format!("expected {} to {}, found {given:?}", range.start(), range.end()));
            default
        })
    }

    /// Reads `true` or `false`; missing means false.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.once(name) {
            None | Some("false") => false,
            Some("true") => true,
            Some(given) => {
                self.refuse(name, format!("expected true or false, found {given:?}"));
                false
            }
        }
    }

    /// Reads one of several names.
    pub fn choice<T: Copy>(&mut self, name: &str, all: &[T], name_of: impl Fn(T) -> &'static str) -> Option<T> {
        let given = self.once(name)?;
        let found = all.iter().copied().find(|candidate| name_of(*candidate) == given);
        if found.is_none() {
            self.refuse(name, format!("expected one of {}, found {given:?}", names(all, name_of)));
        }
        found
    }

    /// Refuses a missing parameter.
    pub fn require<T: Copy>(&mut self, name: &str, all: &[T], name_of: impl Fn(T) -> &'static str) {
        if self.pairs.iter().all(|(parameter, _)| parameter != name) {
            self.refuse(name, format!("expected one of {}", names(all, name_of)));
        }
    }

    /// Reads several of the names, separated by commas.
    pub fn choices<T: Copy + PartialEq>(
        &mut self,
        name: &str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Option<Vec<T>> {
        let given = self.once(name)?;
        let mut found = Vec::new();
        for part in given.split(',').map(str::trim) {
            match all.iter().copied().find(|candidate| name_of(*candidate) == part) {
                Some(repeated) if found.contains(&repeated) => {
                    self.refuse(name, format!("expected each value once, found {part} twice"));
                }
                Some(candidate) => found.push(candidate),
                None => {
                    let names = names(all, &name_of);
                    self.refuse(name, format!("expected any of {names}, separated by commas, found {part:?}"));
                }
            }
        }
        Some(found)
    }

    /// Reads a cursor that was sealed for `binding`.
    pub fn cursor(&mut self, binding: &str) -> Option<String> {
        let given = self.once("cursor")?;
        cursor::open(given, binding).map_err(|error| self.refuse("cursor", error.to_string())).ok()
    }

    /// Reads a cursor that is a position in a list.
    pub fn position(&mut self, binding: &str) -> Option<ListPosition> {
        let given = self.once("cursor")?;
        let read = cursor::read(given, binding).map_err(|error| self.refuse("cursor", error.to_string()));
        read.ok().map(|(position, _)| position)
    }

    pub fn refuse(&mut self, parameter: &str, detail: String) {
        self.bad.push(BadParameter { parameter: parameter.to_owned(), detail });
    }

    fn refuse_unknown(&mut self, allowed: &[&str]) {
        for (name, _) in self.pairs {
            if !allowed.contains(&name.as_str()) {
                self.refuse(name, format!("unknown parameter; expected one of {}", allowed.join(", ")));
            }
        }
    }

    pub(super) fn filter(&mut self) -> Filter {
        let filter = Filter {
            clauses: Facet::VARIANTS.iter().copied().flat_map(|facet| self.clauses(facet)).collect(),
            has: self.has(),
            published: self.range("published_from", "published_to"),
            changed: self.range("changed_from", "changed_to"),
            mentions: self.range("mentions_from", "mentions_to"),
            stories: self.stories(),
        };
        let values: usize =
            filter.clauses.iter().filter(|clause| !clause.negated).map(|clause| clause.values.len()).sum();
        if values > FILTER_VALUES {
            let detail = format!("expected at most {FILTER_VALUES} values in all filters together, found {values}");
            let last = filter.clauses.last().map_or("source", |clause| clause.facet.name());
            self.refuse(last, detail);
        }
        filter
    }

    pub(super) fn text(&mut self) -> Option<TextQuery> {
        let given = self.once("q")?;
        TextQuery::parse(given).map_err(|error| self.refuse("q", error.to_string())).ok()
    }

    fn values(&mut self, name: &str) -> Vec<&'a str> {
        let values: Vec<&str> =
            self.pairs.iter().filter(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str()).collect();
        if values.len() > PARAMETER_REPEATS {
            self.refuse(name, format!("expected at most {PARAMETER_REPEATS} times, found {}", values.len()));
        }
        values
    }

    pub fn once(&mut self, name: &str) -> Option<&'a str> {
        let values = self.values(name);
        if values.len() > 1 {
            self.refuse(name, format!("expected once, found {} times", values.len()));
        }
        values.first().copied()
    }

    fn clauses(&mut self, facet: Facet) -> Vec<Clause> {
        let clauses = self.alternatives(facet.name(), |value| facet.canonical(value));
        for value in clauses.iter().flat_map(|(values, _)| values) {
            if let Err(error) = facet.validate(value) {
                self.refuse(facet.name(), format!("{error}, found {value:?}"));
            }
        }
        clauses.into_iter().map(|(values, negated)| Clause { facet, values, negated }).collect()
    }

    fn stories(&mut self) -> Vec<StoryClause> {
        let mut clauses = Vec::new();
        for (values, negated) in self.alternatives("story", str::to_owned) {
            match values.iter().map(|value| ArticleId::parse(value)).collect() {
                Ok(stories) => clauses.push(StoryClause { stories, negated }),
                Err(error) => self.refuse("story", error.to_string()),
            }
        }
        let named: usize = clauses.iter().map(|clause| clause.stories.len()).sum();
        if named > FILTER_STORIES {
            self.refuse("story", format!("expected at most {FILTER_STORIES} stories, found {named}"));
        }
        clauses
    }

    /// Parses clauses: `a,b` means either, a repeated parameter both, `-a` not, `-a,-b` neither.
    fn alternatives(&mut self, name: &'static str, canonical: impl Fn(&str) -> String) -> Vec<(Vec<String>, bool)> {
        let mut clauses = Vec::new();
        for given in self.values(name) {
            let parts: Vec<&str> = given.split(',').map(str::trim).collect();
            let negated = parts.iter().filter(|part| part.starts_with('-')).count();
            let mut values: Vec<String> =
                parts.iter().map(|part| canonical(part.strip_prefix('-').unwrap_or(part))).collect();
            if values.iter().any(String::is_empty) {
                self.refuse(name, format!("expected a value, or values separated by commas, found {given:?}"));
            } else if negated != 0 && negated != parts.len() {
                let detail =
                    format!("expected a minus before all values or none, found {given:?}; repeat the parameter");
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
        let mut conditions = Vec::new();
        for given in self.values("has") {
            for part in given.split(',').map(str::trim) {
                let (name, wanted) = part.strip_prefix('-').map_or((part, true), |rest| (rest, false));
                match Has::parse(name) {
                    Some(has) => conditions.push((has, wanted)),
                    None => {
                        let allowed = Has::VARIANTS.iter().copied().map(Has::name).collect::<Vec<_>>().join(", ");
                        self.refuse(
                            "has",
                            format!("expected any of {allowed}, each with a minus for absent, found {part:?}"),
                        );
                    }
                }
            }
        }
        conditions
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

    pub fn instant(&mut self, name: &str) -> Option<Instant> {
        let given = self.once(name)?;
        Instant::parse(given).map_err(|error| self.refuse(name, format!("{error}, found {given:?}"))).ok()
    }
}

/// The names of values, as an error lists them.
fn names<T: Copy>(all: &[T], name_of: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|value| name_of(*value)).collect::<Vec<_>>().join(", ")
}
