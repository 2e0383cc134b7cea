//! Named entities of an article: people, organisations, places, countries.
//!
//! Precision comes before recall. A name becomes an entity by a rule that names its evidence, and a facet only if that
//! evidence is strong: a filter that finds the wrong Georgia once is not used twice. In English texts a [`tagger`] gives
//! each name a probability, which is sufficient evidence where it is high, and refutes other evidence where it is low.
//! The stages run in order, and each skips words that an earlier one claimed:
//! 1. [`people`]: a title or an office before a name, an age or a role after it, a reporting verb next to it, the tagger;
//!    in other languages, lists of names.
//! 2. [`organisations`]: an acronym in brackets, a word like Ministry or University in the name, a list of known names,
//!    the tagger.
//! 3. [`countries`] by tables in the text's language, then [`places`]: cities by table if the text gives evidence of them.
//!
//! Headlines and decks in title case or in capitals contain names but do not show where they end: only names with
//! evidence elsewhere in the article are matched there.

mod claims;
mod countries;
mod country_names;
mod names;
mod organisations;
mod people;
mod places;
mod tables;
mod tagger;

use super::{
    sentences::ends_as_sentence,
    text_fields::{Field, TextField, Word},
};
use crate::article::{CountryCode, Dateline, Entity, EntityType, TextSpan, slug};
use crate::limits::{ARTICLE_ENTITIES, ENTITY_MENTIONS, TAGGED_WORDS};
use claims::Claims;
use std::{collections::BTreeMap, ops::Range};
use tagger::Tags;

/// An entity with the rule that found it.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityMatch {
    pub entity: Entity,
    pub rule: &'static str,
}

/// Whether the first of at least two words is a first name on the tagger's list.
pub fn begins_with_first_name(name: &str) -> bool {
    name.split_once(' ').is_some_and(|(first, _)| tagger::is_first_name(&first.to_lowercase()))
}

/// A field that is searched for names.
struct EntityText<'a> {
    field: &'a TextField<'a>,
    words: &'a [Word<'a>],
    /// For each word, whether it may be part of a person's name.
    names: Vec<bool>,
    /// Whether capital letters distinguish names from other words in it.
    cased: bool,
    /// What the tagger found in it; nothing in texts that it does not know the language of.
    tags: Tags,
}

impl<'a> EntityText<'a> {
    fn new(field: &'a TextField<'a>) -> Self {
        let words = field.words.as_slice();
        // Title case keeps short words in lower case, so they do not count in a line that is not a sentence.
        let sentence = field.field == Field::Body && ends_as_sentence(field.text);
        let letters_min = if sentence { 1 } else { 4 };
        let counted = words.iter().filter(|word| word.text.chars().count() >= letters_min);
        let (all, capitals) =
            counted.fold((0, 0), |(all, capitals), word| (all + 1, capitals + usize::from(word.is_capital())));
        let cased = capitals * 10 < all * if sentence { 9 } else { 7 };
        let names = words.iter().map(|word| names::is_name_word(word.text)).collect();
        Self { field, words, names, cased, tags: Tags::default() }
    }

    /// Whether only a blank, or the full stop of an abbreviated title and a blank, separates a word from the next.
    fn joined(&self, at: usize) -> bool {
        let (Some(word), Some(next)) = (self.words.get(at), self.words.get(at + 1)) else { return false };
        match &self.field.text[word.end..next.start] {
            " " | "\u{a0}" => true,
            ". " => tables::title(&format!("{}.", self.low(at))).is_some(),
            _ => false,
        }
    }

    /// Returns the text between a word and the next one, or the end.
    fn after(&self, at: usize) -> &'a str {
        let end = self.words.get(at + 1).map_or(self.field.text.len(), |word| word.start);
        &self.field.text[self.words[at].end..end]
    }

    /// Returns the index of the word directly before another, if it has a capital letter.
    fn capital_before(&self, at: usize) -> Option<usize> {
        at.checked_sub(1).filter(|before| self.joined(*before) && self.words[*before].is_capital())
    }

    /// Returns the index of the word directly after another, if it has a capital letter.
    fn capital_behind(&self, at: usize) -> Option<usize> {
        Some(at + 1).filter(|next| self.joined(at) && self.words[*next].is_capital())
    }

    /// Whether words are a part of a firm's name with an ampersand: `Barnes & Noble`.
    fn of_firm(&self, words: &Range<usize>) -> bool {
        let joins = |at: usize| self.after(at) == " & " && self.words.get(at + 1).is_some_and(|word| word.is_capital());
        self.cased && (words.start.checked_sub(1).is_some_and(joins) || joins(words.end - 1))
    }

    fn may_be_name(&self, at: usize) -> bool {
        self.names.get(at).is_some_and(|name| *name)
    }

    fn opens_sentence(&self, at: usize) -> bool {
        let before = self.field.text[..self.words[at].start].trim_end().trim_end_matches(['"', '“', '‘', '«', '(']);
        let before = before.trim_end();
        before.is_empty() || before.ends_with(['.', '!', '?', ':', '…'])
    }

    fn low(&self, at: usize) -> &str {
        self.field.low(at)
    }

    fn range(&self, words: &Range<usize>) -> Range<usize> {
        self.words[words.start].start..self.words[words.end - 1].end
    }

    fn text(&self, words: &Range<usize>) -> &'a str {
        &self.field.text[self.range(words)]
    }

    fn mention(&self, words: &Range<usize>) -> TextSpan {
        self.field.at(&self.range(words))
    }
}

/// Phrases that the text also has in lower case: common terms that are in title case somewhere, not names.
struct Terms<'a> {
    texts: &'a [EntityText<'a>],
    /// The phrases looked up so far, and whether each is a term.
    cache: BTreeMap<String, bool>,
}

/// Maximum phrases looked up in one text, since each is compared with every word of it. Further ones count as names.
const TERMS_MAX: usize = 300;

impl<'a> Terms<'a> {
    fn new(texts: &'a [EntityText<'a>]) -> Self {
        Self { texts, cache: BTreeMap::new() }
    }

    fn has(&mut self, words: &[&str]) -> bool {
        let low: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let term = low.join(" ");
        if let Some(is_term) = self.cache.get(&term) {
            return *is_term;
        }
        if self.cache.len() == TERMS_MAX {
            return false;
        }
        let here = |words: &[Word<'_>]| words.iter().map(|word| word.text).eq(low.iter().map(String::as_str));
        let is_term = !low.is_empty() && self.texts.iter().any(|text| text.words.windows(low.len()).any(here));
        self.cache.insert(term, is_term);
        is_term
    }
}

/// The language of the texts that the tagger was trained on.
const TAGGER_LANGUAGE: &str = "en";

/// An entity before it has an id.
struct EntityDraft {
    kind: EntityType,
    name: String,
    role: Option<String>,
    country: Option<CountryCode>,
    strong: bool,
    rule: &'static str,
    mentions: Vec<TextSpan>,
}

/// The entities of an article, in order of first mention, and what the limits excluded.
pub struct FoundEntities {
    pub entities: Vec<EntityMatch>,
    /// Entities over [`ARTICLE_ENTITIES`].
    pub over_limit: usize,
    /// Words in the paragraphs beyond [`TAGGED_WORDS`].
    pub untagged_words: usize,
}

/// Returns the entities of an article.
pub fn find(
    text_fields: &[TextField<'_>],
    language: Option<&str>,
    dateline: Option<&Dateline>,
    authors: &[String],
) -> FoundEntities {
    let mut texts: Vec<EntityText<'_>> = text_fields.iter().map(EntityText::new).collect();
    let mut untagged_words = 0;
    if language == Some(TAGGER_LANGUAGE) {
        let (tags, untagged) = tagger::tag(&texts, TAGGED_WORDS);
        untagged_words = untagged;
        texts.iter_mut().zip(tags).for_each(|(text, tags)| text.tags = tags);
    }
    let mut claims = Claims::default();
    let mut terms = Terms::new(&texts);
    let mut drafts = people::find(&texts, &mut terms, &mut claims);
    drafts.retain(|draft| !authors.contains(&draft.name));
    drafts.extend(organisations::find(&texts, &mut terms, &mut claims));
    let countries = countries::find(&texts, language, &mut claims);
    let cities = places::find(&texts, language, dateline, &countries, &mut claims);
    drafts.extend(countries.into_iter().chain(cities));
    let order = |span: &TextSpan| {
        let field = [Field::Headline, Field::Deck, Field::Body].iter().position(|field| field.name() == span.field);
        (field, span.paragraph, span.start)
    };
    for draft in &mut drafts {
        draft.mentions.sort_by_key(order);
    }
    drafts.sort_by_key(|draft| draft.mentions.first().map(order));
    // If there are more than the limit, strong entities are kept first.
    let over_limit = drafts.len().saturating_sub(ARTICLE_ENTITIES);
    if over_limit > 0 {
        drafts.sort_by_key(|draft| !draft.strong);
        drafts.truncate(ARTICLE_ENTITIES);
        drafts.sort_by_key(|draft| draft.mentions.first().map(order));
    }
    FoundEntities { entities: drafts.into_iter().filter_map(finish).collect(), over_limit, untagged_words }
}

/// Returns each word of each paragraph with its features, to train the tagger.
pub fn name_examples(paragraphs: &[String]) -> Vec<Vec<(Range<usize>, Vec<u32>)>> {
    let fields: Vec<TextField<'_>> =
        paragraphs.iter().enumerate().map(|(at, text)| TextField::new(Field::Body, at, text)).collect();
    let texts: Vec<EntityText<'_>> = fields.iter().map(EntityText::new).collect();
    let rows = tagger::rows(&texts);
    let words = |(text, rows): (&EntityText<'_>, Vec<Vec<u32>>)| {
        text.words.iter().map(|word| word.start..word.end).zip(rows).collect()
    };
    texts.iter().zip(rows).map(words).collect()
}

fn finish(mut draft: EntityDraft) -> Option<EntityMatch> {
    let id = slug(&draft.name);
    draft.mentions.truncate(ENTITY_MENTIONS);
    let entity = Entity {
        id: id.clone(),
        kind: draft.kind,
        name: draft.name,
        role: draft.role,
        country: draft.country,
        strong: draft.strong,
        mentions: draft.mentions,
    };
    (!id.is_empty()).then_some(EntityMatch { entity, rule: draft.rule })
}

#[cfg(test)]
mod tests;
