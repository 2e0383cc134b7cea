//! The domain model: articles, and the evidence for each of their fields.
//!
//! Nothing here extracts, stores or serves articles. The JSON that these types serialise to is the public contract: an
//! unknown value is `null` or an empty list, never a missing member.

mod evidence;
mod facet;
mod id;
mod instant;
pub mod labels;
mod language_tag;
mod media_topics;
mod mentioned_date;
mod offset;
mod place;
mod published;
mod raw;
mod slug;
mod whole;

pub use evidence::{Evidence, FieldEvidence, Label, Normalisation, Piece, Span};
pub use facet::{Facet, FacetValue, Filed, Has, MENTIONS};
pub use id::{ArticleId, BadArticleId};
pub use instant::Instant;
pub use language_tag::{canonical_language_tag, language_ranges};
pub use media_topics::{MEDIA_TOPICS, MediaTopic, media_topic};
pub use mentioned_date::{MentionedDate, edtf_interval};
pub use offset::Offset;
pub use place::{CountryCode, Dateline, Place};
pub use published::{Basis, Precision, Published};
pub use raw::{Defaults, RawDocument, RawSummary};
pub use slug::slug;
pub use whole::{
    Article, Author, Card, Detail, Draft, Entity, EntityType, Facts, Head, Mention, Publisher, Quantity, QuantityKind,
    TextSpan, Topic,
};
