//! The content hash: equal for two readings unless the publisher changed the article.
//!
//! It leaves out what reading derives from the rest, and an inferred date, because its upper bound is the time of
//! retrieval and moves with every visit.

use crate::{
    article::{Basis, Draft, Facts, Published},
    json::to_json,
    reading::DERIVED_KEYWORDS,
};
use sha2::{Digest, Sha256};

pub fn content_hash(draft: &Draft) -> String {
    let mut facts = Facts { word_count: 0, reading_seconds: 0, summary: None, ..draft.facts.clone() };
    facts.language = None;
    facts.script = None;
    facts.topics.clear();
    facts.entities.clear();
    // Derived keywords are left out; stated ones are the publisher's.
    if draft.evidence.fields.iter().any(|field| field.field == "keywords" && field.rule == DERIVED_KEYWORDS) {
        facts.keywords.clear();
    }
    if facts.published.basis != Some(Basis::Explicit) {
        facts.published = Published::default();
    }
    let content = to_json(&(facts, &draft.detail.body));
    hex::encode(Sha256::digest(&content))
}
