//! Who and what an article is about: people, organisations, places, countries.
//!
//! Precision first. A name becomes an entity by a rule that names its evidence, and a facet only where that evidence is
//! strong: a filter that finds the wrong Georgia once is not used twice. In order, each leaving alone what the ones before
//! it claimed:
//! 1. [`people`]: a title or an office before a name, an age or a role behind it, a verb of saying beside it.
//! 2. [`organisations`]: an acronym in brackets, a word like Ministry or University in the name, a list of known names.
//! 3. [`places`]: countries by table, cities by table where the text places them.
//!
//! Headlines and decks that are set in title case, or in capitals, show names but not where they end: there only names
//! that the story proved are found again.

mod claims;
mod names;
mod organisations;
mod people;
mod places;
mod tables;

use super::{
    passage::{Field, Passage, Word},
    sentences::ends_as_sentence,
};
use crate::article::{CountryCode, Dateline, Entity, EntityType, TextSpan, slug};
use claims::Claims;
use std::{collections::BTreeMap, ops::Range};

/// What one article may have: more is a list of names and no story.
pub const ENTITIES_MAX: usize = 40;
pub const MENTIONS_MAX: usize = 50;

/// An entity with the rule that found it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub entity: Entity,
    pub rule: &'static str,
}

/// A passage in which names are looked for.
struct Text<'a> {
    passage: &'a Passage<'a>,
    words: &'a [Word<'a>],
    /// Which of the words may be of a person's name.
    names: Vec<bool>,
    /// Whether capital letters tell names from other words in it.
    cased: bool,
}

impl<'a> Text<'a> {
    fn new(passage: &'a Passage<'a>) -> Self {
        let words = passage.words.as_slice();
        // Title case leaves small words small, so those do not count in a line that is no sentence.
        let sentence = passage.field == Field::Body && ends_as_sentence(passage.text);
        let least = if sentence { 1 } else { 4 };
        let counted = words.iter().filter(|it| it.text.chars().count() >= least);
        let (all, capitals) = counted.fold((0, 0), |(all, some), it| (all + 1, some + usize::from(it.is_capital())));
        let cased = capitals * 10 < all * if sentence { 9 } else { 7 };
        let names = words.iter().map(|it| names::is_name_word(it.text)).collect();
        Self { passage, words, names, cased }
    }

    /// Whether nothing but a blank stands between a word and the next, or the full stop of an abbreviated title.
    fn joined(&self, at: usize) -> bool {
        let (Some(word), Some(next)) = (self.words.get(at), self.words.get(at + 1)) else { return false };
        match &self.passage.text[word.end..next.start] {
            " " | "\u{a0}" => true,
            ". " => tables::title(&format!("{}.", self.low(at))).is_some(),
            _ => false,
        }
    }

    /// What stands between a word and the next, or the end.
    fn after(&self, at: usize) -> &'a str {
        let end = self.words.get(at + 1).map_or(self.passage.text.len(), |it| it.start);
        &self.passage.text[self.words[at].end..end]
    }

    /// The word directly before another, if it has a capital letter.
    fn capital_before(&self, at: usize) -> Option<usize> {
        at.checked_sub(1).filter(|it| self.joined(*it) && self.words[*it].is_capital())
    }

    /// The word directly behind another, if it has a capital letter.
    fn capital_behind(&self, at: usize) -> Option<usize> {
        Some(at + 1).filter(|it| self.joined(at) && self.words[*it].is_capital())
    }

    /// Whether some words are a part of a firm's name that is in two: `Barnes & Noble`.
    fn of_firm(&self, words: &Range<usize>) -> bool {
        let joins = |at: usize| self.after(at) == " & " && self.words.get(at + 1).is_some_and(|it| it.is_capital());
        self.cased && (words.start.checked_sub(1).is_some_and(joins) || joins(words.end - 1))
    }

    fn may_be_name(&self, at: usize) -> bool {
        self.names.get(at).is_some_and(|it| *it)
    }

    fn opens_sentence(&self, at: usize) -> bool {
        let before = self.passage.text[..self.words[at].start].trim_end().trim_end_matches(['"', '“', '‘', '«', '(']);
        let before = before.trim_end();
        before.is_empty() || before.ends_with(['.', '!', '?', ':', '…'])
    }

    fn low(&self, at: usize) -> &str {
        self.passage.low(at)
    }

    fn range(&self, words: &Range<usize>) -> Range<usize> {
        self.words[words.start].start..self.words[words.end - 1].end
    }

    fn text(&self, words: &Range<usize>) -> &'a str {
        &self.passage.text[self.range(words)]
    }

    fn mention(&self, words: &Range<usize>) -> TextSpan {
        self.passage.at(&self.range(words))
    }
}

/// Words that the text has side by side in small letters too: a term that is set in title case somewhere, and nobody's
/// name.
struct Terms<'a> {
    texts: &'a [Text<'a>],
    /// What was looked for, and whether it is one.
    known: BTreeMap<String, bool>,
}

/// So many are looked for in one text: each is held against every word of it. What comes beyond counts as a name.
const TERMS_MAX: usize = 300;

impl<'a> Terms<'a> {
    fn new(texts: &'a [Text<'a>]) -> Self {
        Self { texts, known: BTreeMap::new() }
    }

    fn has(&mut self, words: &[&str]) -> bool {
        let low: Vec<String> = words.iter().map(|it| it.to_lowercase()).collect();
        let term = low.join(" ");
        if let Some(known) = self.known.get(&term) {
            return *known;
        }
        if self.known.len() == TERMS_MAX {
            return false;
        }
        let here = |words: &[Word<'_>]| words.iter().map(|it| it.text).eq(low.iter().map(String::as_str));
        let found = !low.is_empty() && self.texts.iter().any(|it| it.words.windows(low.len()).any(here));
        self.known.insert(term, found);
        found
    }
}

/// An entity in the making.
struct Draft {
    kind: EntityType,
    name: String,
    role: Option<String>,
    country: Option<CountryCode>,
    strong: bool,
    rule: &'static str,
    mentions: Vec<TextSpan>,
}

/// The entities in the order of their first mention, and how many were left out.
pub fn find(passages: &[Passage<'_>], dateline: Option<&Dateline>, authors: &[String]) -> (Vec<Found>, usize) {
    let texts: Vec<Text<'_>> = passages.iter().map(Text::new).collect();
    let mut claims = Claims::default();
    let mut terms = Terms::new(&texts);
    let mut drafts = people::find(&texts, &mut terms, &mut claims);
    drafts.retain(|it| !authors.contains(&it.name));
    drafts.extend(organisations::find(&texts, &mut terms, &mut claims));
    drafts.extend(places::find(&texts, dateline, &mut claims));
    let order = |it: &TextSpan| {
        let field = [Field::Headline, Field::Deck, Field::Body].iter().position(|field| field.name() == it.field);
        (field, it.paragraph, it.start)
    };
    for draft in &mut drafts {
        draft.mentions.sort_by_key(order);
    }
    drafts.sort_by_key(|it| it.mentions.first().map(order));
    // What is certain goes before what is only seen, should the limit cut.
    let left_out = drafts.len().saturating_sub(ENTITIES_MAX);
    if left_out > 0 {
        drafts.sort_by_key(|it| !it.strong);
        drafts.truncate(ENTITIES_MAX);
        drafts.sort_by_key(|it| it.mentions.first().map(order));
    }
    (drafts.into_iter().filter_map(finish).collect(), left_out)
}

fn finish(mut draft: Draft) -> Option<Found> {
    let id = slug(&draft.name);
    draft.mentions.truncate(MENTIONS_MAX);
    let entity = Entity {
        id: id.clone(),
        kind: draft.kind,
        name: draft.name,
        role: draft.role,
        country: draft.country,
        strong: draft.strong,
        mentions: draft.mentions,
    };
    (!id.is_empty()).then_some(Found { entity, rule: draft.rule })
}

#[cfg(test)]
mod tests;
