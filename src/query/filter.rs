//! A filter: which articles belong in a list.

use crate::{
    article::{Article, ArticleId, Facet, FacetValue, Has, Instant, MENTIONS, edtf_interval},
    store::{List, Posting},
};

/// All of it must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub clauses: Vec<Clause>,
    pub has: Vec<(Has, bool)>,
    /// Matches only articles whose publication date is known.
    pub published: Range,
    pub changed: Range,
    /// Matches articles whose text speaks of a date that overlaps it.
    pub mentions: Range,
    /// Which stories' members belong; what those are is told by the archive ([`super::stories`]).
    pub stories: Vec<StoryClause>,
}

/// A member of one of the stories, or of none of them.
#[derive(Clone, Debug, PartialEq)]
pub struct StoryClause {
    pub stories: Vec<ArticleId>,
    pub negated: bool,
}

/// One of the values, or none of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub facet: Facet,
    /// In the facet's canonical spelling.
    pub values: Vec<String>,
    pub negated: bool,
}

/// Half-open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
}

impl Range {
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn overlaps(&self, (from, to): (Instant, Instant)) -> bool {
        self.from.is_none_or(|it| it < to) && self.to.is_none_or(|it| from < it)
    }

    fn holds(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// The interval of a code that says which date the text speaks of.
fn mentioned(code: &str) -> Option<(Instant, Instant)> {
    edtf_interval(code.strip_prefix(MENTIONS)?)
}

impl Clause {
    pub fn facet_values(&self) -> impl Iterator<Item = FacetValue> {
        self.values.iter().map(|value| FacetValue { facet: self.facet, value: value.clone() })
    }

    fn holds(&self, codes: &[String]) -> bool {
        let found = self.facet_values().any(|it| codes.contains(&it.to_string()));
        found != self.negated
    }
}

impl Filter {
    /// The canonical form: a query string with the parameters in a fixed order. Cursors are bound to it, so its spelling
    /// never changes.
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

    /// Decides on a posting alone: it carries all codes of its article. Of stories it knows nothing.
    pub fn matches(&self, posting: &Posting) -> bool {
        let has = |has: Has| posting.codes.contains(&format!("has:{}", has.name()));
        self.clauses.iter().all(|it| it.holds(&posting.codes))
            && self.has.iter().all(|(it, wanted)| has(*it) == *wanted)
            && (self.published.is_open() || has(Has::Published) && self.published.holds(posting.listed_at))
            && self.changed.holds(posting.changed_at)
            && (self.mentions.is_open() || posting.codes.iter().any(|it| self.mentions_overlap(it)))
    }

    /// Decides on an article, as lists do on its postings.
    pub fn fits(&self, article: &Article) -> bool {
        self.matches(&Posting::of(article, &List::All))
    }

    /// Whether a code says that the text speaks of a date that belongs.
    pub fn mentions_overlap(&self, code: &str) -> bool {
        mentioned(code).is_some_and(|it| self.mentions.overlaps(it))
    }
}
