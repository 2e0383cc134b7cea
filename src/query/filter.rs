//! Filters: which articles a list contains.

use crate::{
    article::{Article, ArticleId, Facet, FacetValue, Has, Instant, MENTIONS, edtf_interval},
    store::{Posting, PostingList},
};

/// A conjunction: an article must match every member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub clauses: Vec<Clause>,
    pub has: Vec<(Has, bool)>,
    /// Matches only articles whose publication date is known.
    pub published: Range,
    pub changed: Range,
    /// Matches articles whose text mentions a date that overlaps it.
    pub mentions: Range,
    /// Restricts the list by stories, whose members [`super::stories`] reads.
    pub stories: Vec<StoryClause>,
}

/// Matches the members of any of the stories or, if negated, of none of them.
#[derive(Clone, Debug, PartialEq)]
pub struct StoryClause {
    pub stories: Vec<ArticleId>,
    pub negated: bool,
}

/// Matches any of the values or, if negated, none of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub facet: Facet,
    /// In the facet's canonical spelling.
    pub values: Vec<String>,
    pub negated: bool,
}

/// A half-open interval of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
}

impl Range {
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn overlaps(&self, (start, end): (Instant, Instant)) -> bool {
        self.from.is_none_or(|from| from < end) && self.to.is_none_or(|to| start < to)
    }

    fn contains(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// Returns the interval of a code that names a mentioned date.
fn mentioned_interval(code: &str) -> Option<(Instant, Instant)> {
    edtf_interval(code.strip_prefix(MENTIONS)?)
}

impl Clause {
    pub fn facet_values(&self) -> impl Iterator<Item = FacetValue> {
        self.values.iter().map(|value| FacetValue { facet: self.facet, value: value.clone() })
    }

    fn matches(&self, codes: &[String]) -> bool {
        let any = self.facet_values().any(|facet_value| codes.contains(&facet_value.to_string()));
        any != self.negated
    }
}

impl Filter {
    /// Returns the canonical form: a query string with the parameters in a fixed order. Cursors are bound to it, so its
    /// spelling never changes.
    pub fn canonical(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let values = |values: &[String], negated: bool| {
            let minus = if negated { "-" } else { "" };
            values.iter().map(|value| format!("{minus}{value}")).collect::<Vec<_>>().join(",")
        };
        for clause in &self.clauses {
            form.append_pair(clause.facet.name(), &values(&clause.values, clause.negated));
        }
        for (has, wanted) in &self.has {
            form.append_pair("has", &values(&[has.name().to_owned()], !wanted));
        }
        for (name, range) in [("published", self.published), ("changed", self.changed), ("mentions", self.mentions)] {
            for (end, instant) in [("from", range.from), ("to", range.to)] {
                if let Some(instant) = instant {
                    form.append_pair(&format!("{name}_{end}"), &instant.to_string());
                }
            }
        }
        for clause in &self.stories {
            let stories: Vec<String> = clause.stories.iter().map(ToString::to_string).collect();
            form.append_pair("story", &values(&stories, clause.negated));
        }
        form.finish()
    }

    /// Whether a posting, which carries all codes of its article, matches. The clauses on stories are not checked.
    pub fn matches(&self, posting: &Posting) -> bool {
        let has = |has: Has| posting.codes.contains(&format!("has:{}", has.name()));
        self.clauses.iter().all(|clause| clause.matches(&posting.codes))
            && self.has.iter().all(|(member, wanted)| has(*member) == *wanted)
            && (self.published.is_open() || has(Has::Published) && self.published.contains(posting.listed_at))
            && self.changed.contains(posting.changed_at)
            && (self.mentions.is_open() || posting.codes.iter().any(|code| self.mentions_overlap(code)))
    }

    /// Whether an article matches, by the rules for its postings.
    pub fn fits(&self, article: &Article) -> bool {
        self.matches(&Posting::of(article, &PostingList::All))
    }

    /// Whether a code names a mentioned date that overlaps the filter's range.
    pub fn mentions_overlap(&self, code: &str) -> bool {
        mentioned_interval(code).is_some_and(|interval| self.mentions.overlaps(interval))
    }
}
