//! Keywords for an article whose publisher states none: its most mentioned entities, and the words behind its topics.

use super::{entities::EntityMatch, topics::TopicMatch};
use crate::article::TextSpan;

const NAMES_MAX: usize = 5;
const WORDS_MAX: usize = 5;

/// Returns the keywords, each with the span of its first occurrence.
pub fn find(entities: &[EntityMatch], topics: &[TopicMatch]) -> Vec<(String, TextSpan)> {
    let mut ranked: Vec<_> = entities.iter().map(|found| &found.entity).filter(|entity| entity.strong).collect();
    ranked.sort_by_key(|entity| std::cmp::Reverse(entity.mentions.len()));
    let names = ranked
        .into_iter()
        .take(NAMES_MAX)
        .filter_map(|entity| Some((entity.name.clone(), entity.mentions.first()?.clone())));
    let mut keywords: Vec<(String, TextSpan)> = names.collect();
    let words = topics.iter().flat_map(|topic| topic.topic.because.iter().cloned().zip(topic.because.iter().cloned()));
    for (word, at) in words.take(WORDS_MAX) {
        if !keywords.iter().any(|(keyword, _)| keyword.to_lowercase() == word) {
            keywords.push((word, at));
        }
    }
    keywords
}
