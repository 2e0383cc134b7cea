//! Keywords for an article whose publisher states none: whom it names most, and the words that told its topics.

use super::{entities, topics};
use crate::article::TextSpan;

const NAMES_MAX: usize = 5;
const WORDS_MAX: usize = 5;

/// Each with the place where it stands first.
pub fn find(entities: &[entities::Found], topics: &[topics::Found]) -> Vec<(String, TextSpan)> {
    let mut named: Vec<_> = entities.iter().map(|it| &it.entity).filter(|it| it.strong).collect();
    named.sort_by_key(|it| std::cmp::Reverse(it.mentions.len()));
    let names =
        named.into_iter().take(NAMES_MAX).filter_map(|it| Some((it.name.clone(), it.mentions.first()?.clone())));
    let mut keywords: Vec<(String, TextSpan)> = names.collect();
    let words = topics.iter().flat_map(|it| it.topic.because.iter().cloned().zip(it.because.iter().cloned()));
    for (word, at) in words.take(WORDS_MAX) {
        if !keywords.iter().any(|(known, _)| known.to_lowercase() == word) {
            keywords.push((word, at));
        }
    }
    keywords
}
