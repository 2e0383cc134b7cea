//! The article, in three parts that its JSON joins into one object: archive metadata, extracted facts, and the detail
//! that only the full article has. A card is the same object without the detail.

use super::{ArticleId, CountryCode, Dateline, Evidence, Instant, MentionedDate, Published, RawSummary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Article {
    #[serde(flatten)]
    pub head: Head,
    #[serde(flatten)]
    pub facts: Facts,
    #[serde(flatten)]
    pub detail: Detail,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Card {
    #[serde(flatten)]
    pub head: Head,
    #[serde(flatten)]
    pub facts: Facts,
}

/// The article extracted from a raw document, before the archive assigns an identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The raw document's media type, with the detected encoding.
    pub media_type: String,
    pub facts: Facts,
    pub detail: Detail,
    pub evidence: Evidence,
}

/// The archive's metadata of an article.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Head {
    pub id: ArticleId,
    pub revision: u32,
    /// The story (cluster of near-duplicates) that it belongs to. It is the article's own id until the article joins the
    /// story of another, seconds after it was stored (on AWS about a minute). Earlier ids redirect to the story.
    pub story: ArticleId,
    /// The id of the feed or site it came from.
    pub source: Option<String>,
    pub first_seen_at: Instant,
    pub changed_at: Instant,
    pub raw: RawSummary,
    /// The version of the extraction rules that produced this revision.
    pub rules_version: String,
}

/// The extracted facts that a card shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    pub url: Option<String>,
    pub headline: Option<String>,
    pub deck: Option<String>,
    pub publisher: Option<Publisher>,
    /// At most 100, like `keywords`; the evidence records when more are stated.
    pub authors: Vec<Author>,
    /// The news agency credited, apart from the authors: `AP`.
    pub agency: Option<String>,
    pub dateline: Option<Dateline>,
    pub published: Published,
    pub modified_at: Option<Instant>,
    /// BCP 47.
    pub language: Option<String>,
    /// ISO 15924.
    pub script: Option<String>,
    pub word_count: u32,
    pub reading_seconds: u32,
    pub summary: Option<String>,
    pub keywords: Vec<String>,
    pub image: Option<String>,
    pub section: Option<String>,
    /// Whether the document contained only part of the article.
    pub partial: bool,
    pub topics: Vec<Topic>,
    pub entities: Vec<Entity>,
}

/// The members that only the full article has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Detail {
    /// Paragraphs.
    pub body: Vec<String>,
    pub quantities: Vec<Quantity>,
    pub mentioned_dates: Vec<MentionedDate>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Publisher {
    /// A slug of the name.
    pub id: String,
    pub name: String,
    pub domain: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Author {
    pub name: String,
}

/// A subject from the IPTC Media Topics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Topic {
    pub code: String,
    pub label: String,
    pub score: f64,
    /// The words that the topic was assigned for.
    pub because: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entity {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: EntityType,
    pub name: String,
    pub role: Option<String>,
    pub country: Option<CountryCode>,
    /// Whether the evidence is strong enough for the entity to be a facet.
    pub strong: bool,
    /// Omitted from cards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum EntityType {
    Person,
    Organisation,
    Place,
    Country,
}

impl EntityType {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A half-open range of UTF-8 byte offsets in one paragraph of the article's own text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextSpan {
    pub field: String,
    pub paragraph: u32,
    pub start: u32,
    pub end: u32,
}

pub type Mention = TextSpan;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quantity {
    pub kind: QuantityKind,
    /// Whole numbers are serialised as integers.
    #[serde(serialize_with = "plain")]
    pub value: f64,
    /// The ISO 4217 code of money; `null` if several currencies share the name and the country is unknown.
    pub currency: Option<String>,
    /// For a count of people, what happened to them: `killed`, `hurt`.
    pub counted: Option<String>,
    pub text: String,
    pub at: TextSpan,
}

/// 2^53: every whole number up to this is represented exactly as an `f64`.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

fn plain<S: serde::Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && value.abs() <= WHOLE_MAX {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum QuantityKind {
    Money,
    Percent,
    Count,
}

impl Article {
    pub fn card(&self) -> Card {
        let mut facts = self.facts.clone();
        for entity in &mut facts.entities {
            entity.mentions = Vec::new();
        }
        Card { head: self.head.clone(), facts }
    }

    /// Returns the time that lists are ordered by: the publication time if known, otherwise the last moment at which the
    /// article can have been published. That is at the latest when it was first seen.
    pub fn listed_at(&self) -> Instant {
        let published = &self.facts.published;
        let bound = || published.latest.and_then(Instant::just_before).unwrap_or(self.head.first_seen_at);
        published.at.unwrap_or_else(|| bound().min(self.head.first_seen_at))
    }
}
