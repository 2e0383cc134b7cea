//! Records which words of which field already belong to an entity, so that a name belongs to only one.

use std::{collections::BTreeMap, ops::Range};

#[derive(Default)]
pub struct Claims(BTreeMap<(usize, usize), usize>);

impl Claims {
    pub fn is_free(&self, field: usize, words: &Range<usize>) -> bool {
        let before = self.0.range(..(field, words.end)).next_back();
        before.is_none_or(|((claimed, _), end)| *claimed != field || *end <= words.start)
    }

    pub fn take(&mut self, field: usize, words: &Range<usize>) {
        self.0.insert((field, words.start), words.end);
    }
}
