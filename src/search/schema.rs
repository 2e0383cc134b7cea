//! The schema: the fields of an article in the index.
//!
//! | field | content | purpose |
//! | --- | --- | --- |
//! | `headline`, `deck`, `body`, `author` | words as written, with positions | phrases, prefixes, relevance |
//! | `headline_stems`, `deck_stems`, `body_stems` | stems of words, with their language | words |
//! | `codes` | the codes of its postings ([`Filed`]): facet values and `has:` | filters |
//! | a column for each facet, `mentions` | values | counts, dates that the text mentions |
//! | `listed`, `changed`, `published` | milliseconds; whether `listed` is when it was published | order, ranges, timelines |
//! | `head` | the first 33 bits of the id | ties in the order, and finding an article without a dictionary of ids |
//! | `id` | stored | |
//!
//! What clients see of an article is not in the index: it is read from the table.

use super::analyzer::{Stems, Token, WordShape, tokens};
use crate::{
    article::{Article, ArticleId, Facet, Filed, Has, MENTIONS},
    query::QueryField,
    store::MAX_FACET_VALUES,
};
use std::sync::LazyLock;
use strum::VariantArray;
use tantivy::{
    DocId, TantivyDocument,
    index::SegmentReader,
    schema::{Field, IndexRecordOption, STORED, Schema, SchemaBuilder, TextFieldIndexing, TextOptions, Value},
    tokenizer::{TokenStream, Tokenizer, TokenizerManager},
};

/// Changes when an earlier index can no longer be read or its fields change meaning; the index is then rebuilt.
pub const VERSION: u32 = 4;

/// Positions skipped between paragraphs, so that no phrase matches across their boundary unless its slop is as large.
const PARAGRAPH_GAP: usize = 10;
/// The number of first characters of an id that make its `head`.
const HEAD_CHARACTERS: usize = 7;

pub struct IndexFields {
    pub schema: Schema,
    pub codes: Field,
    id: Field,
    pub listed: Field,
    changed: Field,
    published: Field,
    head: Field,
    mentions: Field,
    facets: Vec<(Facet, Field)>,
    words: Vec<(QueryField, Field)>,
    stems: Vec<(QueryField, Field)>,
}

pub const LISTED: &str = "listed";
pub const CHANGED: &str = "changed";
pub const PUBLISHED: &str = "published";
pub const HEAD: &str = "head";
pub const MENTIONED: &str = "mentions";

/// Returns the name of a facet's column: the words of authors are in a field of that name.
pub fn facet_column(facet: Facet) -> String {
    format!("{}_values", facet.name())
}

pub static FIELDS: LazyLock<IndexFields> = LazyLock::new(IndexFields::define);

impl IndexFields {
    fn define() -> Self {
        let mut builder = Schema::builder();
        let indexed = |record: IndexRecordOption, tokenizer| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
            TextOptions::default().set_indexing_options(indexing.set_fieldnorms(record.has_positions()))
        };
        let column = |builder: &mut SchemaBuilder, name: &str| {
            builder.add_text_field(name, TextOptions::default().set_fast("raw"))
        };
        let positions = indexed(IndexRecordOption::WithFreqsAndPositions, TOKENS);
        let words = QueryField::VARIANTS
            .iter()
            .map(|field| (*field, builder.add_text_field(field.name(), positions.clone())))
            .collect();
        let alone = indexed(IndexRecordOption::Basic, TOKENS);
        let stems = QueryField::UNNAMED
            .map(|field| (field, builder.add_text_field(&format!("{}_stems", field.name()), alone.clone())));
        Self {
            codes: builder.add_text_field("codes", indexed(IndexRecordOption::Basic, "raw")),
            id: builder.add_text_field("id", STORED),
            listed: builder.add_i64_field(LISTED, tantivy::schema::FAST),
            changed: builder.add_i64_field(CHANGED, tantivy::schema::FAST),
            published: builder.add_u64_field(PUBLISHED, tantivy::schema::FAST),
            head: builder.add_u64_field(HEAD, tantivy::schema::FAST),
            mentions: column(&mut builder, MENTIONED),
            facets: Facet::VARIANTS.iter().map(|facet| (*facet, column(&mut builder, &facet_column(*facet)))).collect(),
            words,
            stems: stems.to_vec(),
            schema: builder.build(),
        }
    }

    pub fn words(&self, field: QueryField) -> Field {
        self.words[field as usize].1
    }

    /// Returns the field of stems, if there is one: authors' names are not stemmed.
    pub fn stems(&self, field: QueryField) -> Option<Field> {
        self.stems.get(field as usize).map(|stem| stem.1)
    }

    pub fn document(&self, article: &Article) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_text(self.id, article.head.id.as_str());
        document.add_i64(self.listed, article.listed_at().timestamp().as_millisecond());
        document.add_i64(self.changed, article.head.changed_at.timestamp().as_millisecond());
        document.add_u64(self.published, u64::from(Has::of(article).contains(&Has::Published)));
        document.add_u64(self.head, head(&article.head.id));
        let filed = Filed::of(article, MAX_FACET_VALUES);
        for code in &filed.codes {
            match code.starts_with(MENTIONS) {
                true => document.add_text(self.mentions, code),
                false => document.add_text(self.codes, code),
            }
        }
        for value in &filed.values {
            let field = self.facets.iter().find(|(facet, _)| *facet == value.facet);
            document.add_text(field.expect("every facet has its column").1, &value.value);
        }
        let stems = Stems::of(article.facts.language.as_deref());
        for field in QueryField::VARIANTS.iter().copied() {
            let (mut words, mut stemmed) = (String::new(), String::new());
            for paragraph in paragraphs(article, field) {
                for token in tokens(paragraph) {
                    if token.shape == WordShape::Word {
                        stemmed.push_str(&stems.term(&token.folded));
                        stemmed.push(TOKEN_SEPARATOR);
                    }
                    words.push_str(&token.folded);
                    words.push(TOKEN_SEPARATOR);
                }
                words.push(TOKEN_SEPARATOR);
            }
            if let Some(field) = self.stems(field) {
                document.add_text(field, stemmed);
            }
            document.add_text(self.words(field), words);
        }
        document
    }

    /// Reads the id of a document from the segment's store.
    pub fn id_of(&self, segment: &SegmentReader, store: &Store, doc: DocId) -> tantivy::Result<ArticleId> {
        let document: TantivyDocument = store.get(doc)?;
        let text = document.get_first(self.id).and_then(|text| text.as_str().map(str::to_owned));
        let id = text.as_deref().and_then(|text| ArticleId::parse(text).ok());
        let missing = || format!("document {doc} of segment {} has no id", segment.segment_id().short_uuid_string());
        id.ok_or_else(|| tantivy::TantivyError::SystemError(missing()))
    }
}

pub type Store = tantivy::store::StoreReader;

/// Returns the paragraphs of a field. Each author is a paragraph.
pub fn paragraphs(article: &Article, field: QueryField) -> Box<dyn Iterator<Item = &str> + '_> {
    match field {
        QueryField::Headline => Box::new(article.facts.headline.iter().map(String::as_str)),
        QueryField::Deck => Box::new(article.facts.deck.iter().map(String::as_str)),
        QueryField::Body => Box::new(article.detail.body.iter().map(String::as_str)),
        QueryField::Author => Box::new(article.facts.authors.iter().map(|author| author.name.as_str())),
    }
}

/// Returns a function that tokenizes the paragraphs of a field in turn, with token positions in the field.
pub fn positioned() -> impl FnMut(&str) -> Vec<Token> {
    let mut begin = 0;
    move |paragraph| {
        let mut tokens = tokens(paragraph);
        for token in &mut tokens {
            token.position += begin;
        }
        begin = tokens.last().map_or(begin, |token| token.position + 1 + PARAGRAPH_GAP);
        tokens
    }
}

/// Returns the head of an id. Ids sort as their heads do where those differ.
pub fn head(id: &ArticleId) -> u64 {
    let digit = |byte: u8| u64::from(if byte.is_ascii_digit() { byte - b'0' } else { letter(byte) });
    id.as_str().bytes().take(HEAD_CHARACTERS).fold(0, |sum, byte| sum * 32 + digit(byte))
}

/// Returns the value of a letter. Letters follow the digits in order, without those that the alphabet omits.
fn letter(byte: u8) -> u8 {
    let omitted = [b'i', b'l', b'o', b'u'].iter().filter(|omitted| **omitted < byte).count();
    byte - b'a' + 10 - u8::try_from(omitted).unwrap_or_default()
}

/// Follows every token, and once more every paragraph, in texts passed to the index library. No token contains it.
const TOKEN_SEPARATOR: char = '\u{1}';
const TOKENS: &str = "tokens";

/// Returns the library's tokenizers and ours.
pub fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(TOKENS, Split::default());
    tokenizers
}

/// Splits a text that was joined from tokens back into them.
#[derive(Clone, Default)]
struct Split {
    token: tantivy::tokenizer::Token,
}

struct SplitTokens<'a> {
    rest: &'a str,
    next: usize,
    token: &'a mut tantivy::tokenizer::Token,
}

impl Tokenizer for Split {
    type TokenStream<'a> = SplitTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SplitTokens<'a> {
        SplitTokens { rest: text, next: 0, token: &mut self.token }
    }
}

impl TokenStream for SplitTokens<'_> {
    fn advance(&mut self) -> bool {
        while let Some((token, rest)) = self.rest.split_once(TOKEN_SEPARATOR) {
            self.rest = rest;
            if token.is_empty() {
                self.next += PARAGRAPH_GAP;
                continue;
            }
            self.token.text.clear();
            self.token.text.push_str(token);
            self.token.position = self.next;
            self.next += 1;
            return true;
        }
        false
    }

    fn token(&self) -> &tantivy::tokenizer::Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut tantivy::tokenizer::Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_sort_as_ids() {
        let mut ids: Vec<ArticleId> = (0..2_000).map(|number| ArticleId::of_identity(&number.to_string())).collect();
        ids.sort();
        assert!(ids.windows(2).all(|window| head(&window[0]) <= head(&window[1])));
        assert!(ids.iter().all(|id| head(id) < 1 << 33));
    }
}
