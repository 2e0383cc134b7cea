//! Names the parts that differ between two revisions of an article: the overview that its history starts with.

use crate::article::{Article, Basis, Facts, Instant, Published};

/// A part of an article that its publisher changes as a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangedPart {
    /// Headline or deck.
    Headline,
    Body,
    /// The stated dates of publication and modification.
    Dates,
    /// Topics and entities: people, organisations, places.
    Topics,
    /// All other metadata.
    Metadata,
}

impl ChangedPart {
    pub fn name(self) -> &'static str {
        match self {
            Self::Headline => "headline",
            Self::Body => "body",
            Self::Dates => "dates",
            Self::Topics => "topics",
            Self::Metadata => "metadata",
        }
    }
}

/// Returns the parts that differ, in the order of [`ChangedPart`].
pub fn changed(before: &Article, after: &Article) -> Vec<ChangedPart> {
    let (a, b) = (&before.facts, &after.facts);
    let differs = [
        (ChangedPart::Headline, (&a.headline, &a.deck) != (&b.headline, &b.deck)),
        (ChangedPart::Body, before.detail.body != after.detail.body),
        (ChangedPart::Dates, dates(a) != dates(b)),
        (ChangedPart::Topics, (&a.topics, &a.entities) != (&b.topics, &b.entities)),
        (ChangedPart::Metadata, metadata(a) != metadata(b)),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
}

/// Returns the stated dates. An inferred date moves with every visit and is no change by the publisher.
fn dates(facts: &Facts) -> (Option<&Published>, Option<Instant>) {
    let stated = Some(&facts.published).filter(|published| published.basis == Some(Basis::Explicit));
    (stated, facts.modified_at)
}

/// Returns the facts without those of the other parts, and without what is counted from the body.
fn metadata(facts: &Facts) -> Facts {
    Facts {
        headline: None,
        deck: None,
        published: Published::default(),
        modified_at: None,
        topics: Vec::new(),
        entities: Vec::new(),
        word_count: 0,
        reading_seconds: 0,
        ..facts.clone()
    }
}
