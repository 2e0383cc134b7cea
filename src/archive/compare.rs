//! What differs between two revisions of an article, by name: what a reader of its history is told first.

use crate::article::{Article, Basis, Facts, Instant, Published};

/// A part of an article that its publisher changes as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Headline or deck.
    Headline,
    Body,
    /// When it was published or modified, where the document says so.
    Dates,
    /// What it is about: topics, people, organisations, places.
    Topics,
    /// Everything else that is stated of it.
    Metadata,
}

impl Part {
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

/// In the order of [`Part`].
pub fn changed(before: &Article, after: &Article) -> Vec<Part> {
    let (a, b) = (&before.facts, &after.facts);
    let differs = [
        (Part::Headline, (&a.headline, &a.deck) != (&b.headline, &b.deck)),
        (Part::Body, before.detail.body != after.detail.body),
        (Part::Dates, dates(a) != dates(b)),
        (Part::Topics, (&a.topics, &a.entities) != (&b.topics, &b.entities)),
        (Part::Metadata, metadata(a) != metadata(b)),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
}

/// An inferred date moves with every visit and says nothing of the publisher.
fn dates(facts: &Facts) -> (Option<&Published>, Option<Instant>) {
    let stated = Some(&facts.published).filter(|it| it.basis == Some(Basis::Explicit));
    (stated, facts.modified_at)
}

/// The facts without what has a part of its own, and without what is counted from the body.
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
