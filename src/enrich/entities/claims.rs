//! Which words of which passage already belong to an entity: a name is of one thing.

use std::{collections::BTreeMap, ops::Range};

#[derive(Default)]
pub struct Claims(BTreeMap<(usize, usize), usize>);

impl Claims {
    pub fn is_free(&self, passage: usize, words: &Range<usize>) -> bool {
        let before = self.0.range(..(passage, words.end)).next_back();
        before.is_none_or(|((of, _), end)| *of != passage || *end <= words.start)
    }

    pub fn take(&mut self, passage: usize, words: &Range<usize>) {
        self.0.insert((passage, words.start), words.end);
    }
}
