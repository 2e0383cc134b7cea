//! When two readings are the same article: the hash of what the publisher changes.
//!
//! Left out are what reading derives from the rest, and an inferred date, whose upper bound is the time of retrieval
//! and moves with every visit.

use crate::{
    article::{Basis, Draft, Facts, Published},
    reading::DERIVED_KEYWORDS,
};
use sha2::{Digest, Sha256};

pub fn content_hash(draft: &Draft) -> String {
    let mut facts = Facts { word_count: 0, reading_seconds: 0, summary: None, ..draft.facts.clone() };
    facts.language = None;
    facts.script = None;
    facts.topics.clear();
    facts.entities.clear();
    // Keywords are the publisher's where the document states them.
    if draft.evidence.fields.iter().any(|it| it.field == "keywords" && it.rule == DERIVED_KEYWORDS) {
        facts.keywords.clear();
    }
    if facts.published.basis != Some(Basis::Explicit) {
        facts.published = Published::default();
    }
    let content = serde_json::to_vec(&(facts, &draft.detail.body)).expect("the domain's types cannot fail");
    Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect()
}
