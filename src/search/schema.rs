//! What the index holds of an article.
//!
//! | field | of | for |
//! | --- | --- | --- |
//! | `headline`, `deck`, `body`, `author` | words as written, with positions | phrases, prefixes, relevance |
//! | `headline_stems`, `deck_stems`, `body_stems` | stems of words, with their language | words |
//! | `codes` | what its postings carry ([`Filed`]): facet values and `has:` | filters |
//! | a column for each facet, `mentions` | values | counts, dates that the text speaks of |
//! | `listed`, `changed`, `published` | milliseconds; whether `listed` is when it was published | order, ranges, timelines |
//! | `head` | the first 33 bits of the id | ties in the order, and finding an article without a dictionary of ids |
//! | `id` | stored | |
//!
//! What is shown of an article is not here: that comes out of the table.

use super::words::{Shape, Stems, Token, tokens};
use crate::{
    article::{Article, ArticleId, Facet, Filed, Has, MENTIONS},
    query::TextField,
    store::MAX_FACET_VALUES,
};
use std::sync::LazyLock;
use tantivy::{
    DocId, TantivyDocument,
    index::SegmentReader,
    schema::{Field, IndexRecordOption, STORED, Schema, SchemaBuilder, TextFieldIndexing, TextOptions, Value},
    tokenizer::{TokenStream, Tokenizer, TokenizerManager},
};

/// Changes when an index that was built before can no longer be read, or means something else; it is then built anew.
pub const VERSION: u32 = 1;

/// The end of a paragraph counts as so many words: no phrase reaches over it, unless its words may make so many moves.
const PARAGRAPH_GAP: usize = 10;
/// The characters of an id that make its `head`.
const HEAD_CHARACTERS: usize = 7;

pub struct Fields {
    pub schema: Schema,
    pub codes: Field,
    id: Field,
    pub listed: Field,
    changed: Field,
    published: Field,
    head: Field,
    mentions: Field,
    facets: Vec<(Facet, Field)>,
    words: Vec<(TextField, Field)>,
    stems: Vec<(TextField, Field)>,
}

pub const LISTED: &str = "listed";
pub const CHANGED: &str = "changed";
pub const PUBLISHED: &str = "published";
pub const HEAD: &str = "head";
pub const MENTIONED: &str = "mentions";

pub static FIELDS: LazyLock<Fields> = LazyLock::new(Fields::define);

impl Fields {
    fn define() -> Self {
        let mut builder = Schema::builder();
        let indexed = |record: IndexRecordOption, tokenizer| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
            TextOptions::default().set_indexing_options(indexing.set_fieldnorms(record.has_positions()))
        };
        let column =
            |builder: &mut SchemaBuilder, name| builder.add_text_field(name, TextOptions::default().set_fast("raw"));
        let positions = indexed(IndexRecordOption::WithFreqsAndPositions, TOKENS);
        let words = TextField::ALL.map(|it| (it, builder.add_text_field(it.name(), positions.clone())));
        let alone = indexed(IndexRecordOption::Basic, TOKENS);
        let stems =
            TextField::UNNAMED.map(|it| (it, builder.add_text_field(&format!("{}_stems", it.name()), alone.clone())));
        Self {
            codes: builder.add_text_field("codes", indexed(IndexRecordOption::Basic, "raw")),
            id: builder.add_text_field("id", STORED),
            listed: builder.add_i64_field(LISTED, tantivy::schema::FAST),
            changed: builder.add_i64_field(CHANGED, tantivy::schema::FAST),
            published: builder.add_u64_field(PUBLISHED, tantivy::schema::FAST),
            head: builder.add_u64_field(HEAD, tantivy::schema::FAST),
            mentions: column(&mut builder, MENTIONED),
            facets: Facet::ALL.iter().map(|it| (*it, column(&mut builder, it.name()))).collect(),
            words: words.to_vec(),
            stems: stems.to_vec(),
            schema: builder.build(),
        }
    }

    pub fn words(&self, field: TextField) -> Field {
        self.words[field as usize].1
    }

    /// Authors have names, which have no stems.
    pub fn stems(&self, field: TextField) -> Option<Field> {
        self.stems.get(field as usize).map(|it| it.1)
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
            let field = self.facets.iter().find(|it| it.0 == value.facet);
            document.add_text(field.expect("every facet has its column").1, &value.value);
        }
        let stems = Stems::of(article.facts.language.as_deref());
        for field in TextField::ALL {
            let (mut words, mut stemmed) = (String::new(), String::new());
            for paragraph in paragraphs(article, field) {
                for token in tokens(paragraph) {
                    if token.shape == Shape::Word {
                        stemmed.push_str(&stems.term(&token.folded));
                        stemmed.push(BETWEEN);
                    }
                    words.push_str(&token.folded);
                    words.push(BETWEEN);
                }
                words.push(BETWEEN);
            }
            if let Some(field) = self.stems(field) {
                document.add_text(field, stemmed);
            }
            document.add_text(self.words(field), words);
        }
        document
    }

    /// The id that a segment stores.
    pub fn id_of(&self, segment: &SegmentReader, store: &Store, doc: DocId) -> tantivy::Result<ArticleId> {
        let document: TantivyDocument = store.get(doc)?;
        let text = document.get_first(self.id).and_then(|it| it.as_str().map(str::to_owned));
        let id = text.as_deref().and_then(|it| ArticleId::parse(it).ok());
        let missing = || format!("document {doc} of segment {} has no id", segment.segment_id().short_uuid_string());
        id.ok_or_else(|| tantivy::TantivyError::SystemError(missing()))
    }
}

pub type Store = tantivy::store::StoreReader;

/// The paragraphs of a field. Each author is one.
pub fn paragraphs(article: &Article, field: TextField) -> Box<dyn Iterator<Item = &str> + '_> {
    match field {
        TextField::Headline => Box::new(article.facts.headline.iter().map(String::as_str)),
        TextField::Deck => Box::new(article.facts.deck.iter().map(String::as_str)),
        TextField::Body => Box::new(article.detail.body.iter().map(String::as_str)),
        TextField::Author => Box::new(article.facts.authors.iter().map(|it| it.name.as_str())),
    }
}

/// The tokens of one paragraph after another, each at its position in the field.
pub fn positioned() -> impl FnMut(&str) -> Vec<Token> {
    let mut begin = 0;
    move |paragraph| {
        let mut tokens = tokens(paragraph);
        for token in &mut tokens {
            token.position += begin;
        }
        begin = tokens.last().map_or(begin, |it| it.position + 1 + PARAGRAPH_GAP);
        tokens
    }
}

/// Ids sort as their heads do, where those differ.
pub fn head(id: &ArticleId) -> u64 {
    let digit = |it: u8| u64::from(if it.is_ascii_digit() { it - b'0' } else { letter(it) });
    id.as_str().bytes().take(HEAD_CHARACTERS).fold(0, |sum, it| sum * 32 + digit(it))
}

/// Letters follow the digits in their order; those that the alphabet leaves out leave gaps, which do no harm to it.
fn letter(it: u8) -> u8 {
    let left_out = [b'i', b'l', b'o', b'u'].iter().filter(|skipped| **skipped < it).count();
    it - b'a' + 10 - u8::try_from(left_out).unwrap_or_default()
}

/// Stands behind every token where a text goes to the index library, and once more behind every paragraph. No token has it.
const BETWEEN: char = '\u{1}';
const TOKENS: &str = "tokens";

/// The library's tokenizers, ours among them.
pub fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(TOKENS, Split::default());
    tokenizers
}

/// Parts a text into the tokens that it was made of.
#[derive(Clone, Default)]
struct Split {
    token: tantivy::tokenizer::Token,
}

struct Parts<'a> {
    rest: &'a str,
    next: usize,
    token: &'a mut tantivy::tokenizer::Token,
}

impl Tokenizer for Split {
    type TokenStream<'a> = Parts<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Parts<'a> {
        Parts { rest: text, next: 0, token: &mut self.token }
    }
}

impl TokenStream for Parts<'_> {
    fn advance(&mut self) -> bool {
        while let Some((token, rest)) = self.rest.split_once(BETWEEN) {
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
        let mut ids: Vec<ArticleId> = (0..2_000).map(|it| ArticleId::of_identity(&it.to_string())).collect();
        ids.sort();
        assert!(ids.windows(2).all(|it| head(&it[0]) <= head(&it[1])));
        assert!(ids.iter().all(|it| head(it) < 1 << 33));
    }
}
