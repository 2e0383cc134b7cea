//! Items of the table: conversion of articles, postings and other types to attributes and back.
//!
//! Long values are JSON compressed with zstd. Short values that a query or a condition may use are plain attributes.

use super::{
    ChangeKind, MAX_FACET_VALUES, PackedCard, PostingList, StoreError,
    compression::{compressed, decompressed},
    piece_columns::PieceColumns,
    table::{Condition, Item, Value, item_size::item_bytes},
    table_keys,
    table_keys::ListPosition,
};
use crate::article::{Article, ArticleId, Detail, Evidence, Facts, Filed, Head, Instant};
use serde::de::DeserializeOwned;

/// Maximum bytes of a posting with its card, below one write unit of 1,024 bytes. A card that does not fit is omitted.
const POSTING_BYTES: usize = 1_000;
/// The posting attribute that contains the card. Cards with other members used `card`; where this attribute is missing,
/// the article is read.
const CARD: &str = "card_2";
/// The revision attribute with the id of the request that caused it.
pub(super) const REQUEST_ID: &str = "request_id";

/// The current revision, and the postings to be deleted when the next one is written.
#[derive(Clone, Debug, PartialEq)]
pub struct ArticleRecord {
    pub article: Article,
    pub content_hash: String,
    /// The partition keys of its postings.
    pub lists: Vec<String>,
    /// The time in their sort keys. It is stored because the rule for it may change.
    pub listed_at: Instant,
}

/// An entry of a list: the codes of everything that the article can be filtered by, and its card.
#[derive(Clone, Debug, PartialEq)]
pub struct Posting {
    pub position: ListPosition,
    pub listed_at: Instant,
    pub changed_at: Instant,
    /// `country:PK`, `has:author`, `on:2021-08`, …
    pub codes: Vec<String>,
    /// `None` if the card is too large for a posting; it can be built from the article.
    pub card: Option<PackedCard>,
}

impl Posting {
    /// Builds an article's posting without its card, for callers that have the article.
    pub fn of(article: &Article, list: &PostingList) -> Self {
        Self {
            position: list.position(article),
            listed_at: article.listed_at(),
            changed_at: article.head.changed_at,
            codes: Filed::of(article, MAX_FACET_VALUES).codes,
            card: None,
        }
    }
}

/// What the archive stores of a deleted article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    pub id: ArticleId,
    /// The number of the deletion, which is a revision too.
    pub revision: u32,
    pub first_seen_at: Instant,
    pub deleted_at: Instant,
    pub reason: Option<String>,
    /// Whether every byte of it was, or is to be, deleted.
    pub purged: bool,
}

/// What is stored under an article's id.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly every value is an article, and values are short-lived")]
pub enum StoredArticle {
    Article(ArticleRecord),
    Tombstone(Tombstone),
}

impl StoredArticle {
    pub fn revision(&self) -> u32 {
        match self {
            Self::Article(stored) => stored.article.head.revision,
            Self::Tombstone(tombstone) => tombstone.revision,
        }
    }

    /// Returns the time of the last change.
    pub fn at(&self) -> Instant {
        match self {
            Self::Article(stored) => stored.article.head.changed_at,
            Self::Tombstone(tombstone) => tombstone.deleted_at,
        }
    }

    pub fn article(self) -> Option<ArticleRecord> {
        match self {
            Self::Article(stored) => Some(stored),
            Self::Tombstone(_) => None,
        }
    }
}

/// An article as it is stored, of which a caller may need no more than its story: its text need not be unpacked for
/// that.
#[derive(Clone, Debug)]
pub struct PackedArticle {
    pub id: ArticleId,
    item: Item,
}

impl PackedArticle {
    /// Returns `None` for a tombstone.
    pub(super) fn of(item: Item) -> Result<Option<Self>, StoreError> {
        let attributes = Attributes(&item);
        let id = attributes.article_id()?;
        Ok(if attributes.has("deleted_at") { None } else { Some(Self { id, item }) })
    }

    /// Whether the article shows this story as its own.
    pub fn shows(&self, story: &ArticleId) -> Result<bool, StoreError> {
        // An article that is alone in its story has no such attribute, nor have earlier items.
        match Attributes(&self.item).optional("story") {
            Some(shown) => Ok(shown == story.as_str()),
            None => Ok(self.unpack()?.article.head.story == *story),
        }
    }

    pub fn unpack(&self) -> Result<ArticleRecord, StoreError> {
        Attributes(&self.item).article_record()
    }
}

/// The reason for a revision.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    utoipa::ToSchema,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum RevisionKind {
    /// The first revision.
    Created,
    /// The publisher changed the content.
    Revised,
    /// The same document was reprocessed with better rules.
    Reprocessed,
    Deleted,
    /// A deletion was undone.
    Restored,
}

impl RevisionKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns the change as a consumer of the change log must handle it.
    pub fn change(self) -> ChangeKind {
        match self {
            Self::Created | Self::Restored => ChangeKind::Created,
            Self::Revised | Self::Reprocessed => ChangeKind::Revised,
            Self::Deleted => ChangeKind::Deleted,
        }
    }
}

/// A revision, without its article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub number: u32,
    pub at: Instant,
    pub kind: RevisionKind,
    /// Names of the members that differ from the previous revision; empty for the first.
    pub changed: Vec<String>,
    /// The reason, if a person gave one.
    pub reason: Option<String>,
    /// The id of the request or message that caused it, as in the log.
    pub request_id: Option<String>,
}

/// The result of the last document that was ingested under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRecord {
    pub key: String,
    pub sha256: String,
    pub article: ArticleId,
    pub revision: u32,
}

/// Returns an article's parts separately, because the flattened object that clients see is slow to deserialise.
fn parts(article: &Article) -> (&Head, &Facts, &Detail) {
    (&article.head, &article.facts, &article.detail)
}

/// The item of the current revision's content.
pub(super) fn head_item(stored: &ArticleRecord) -> Result<Item, StoreError> {
    let head = &stored.article.head;
    Ok(Item::new(table_keys::article(&head.id), table_keys::HEAD)
        .with("revision", head.revision)
        .with("content_hash", &*stored.content_hash)
        .with("lists", stored.lists.clone())
        .with("listed_at", stored.listed_at.to_string())
        .with_some("story", (head.story != head.id).then(|| head.story.as_str()))
        .with("article", compressed(&parts(&stored.article))?))
}

/// The item of the content that the next revision or a tombstone supersedes.
pub(super) fn superseded_item(stored: &ArticleRecord) -> Result<Item, StoreError> {
    let head = &stored.article.head;
    Ok(Item::new(table_keys::article(&head.id), table_keys::superseded(head.revision))
        .with("content_hash", &*stored.content_hash)
        .with("article", compressed(&parts(&stored.article))?))
}

pub(super) fn tombstone_item(tombstone: &Tombstone) -> Item {
    Item::new(table_keys::article(&tombstone.id), table_keys::HEAD)
        .with("revision", tombstone.revision)
        .with("first_seen_at", tombstone.first_seen_at.to_string())
        .with("deleted_at", tombstone.deleted_at.to_string())
        .with("purged", tombstone.purged)
        .with_some("reason", tombstone.reason.as_deref())
}

pub(super) fn revision_item(id: &ArticleId, revision: &Revision) -> Item {
    Item::new(table_keys::article(id), table_keys::revision(revision.number))
        .with("at", revision.at.to_string())
        .with("kind", revision.kind.name())
        .with("changed", revision.changed.clone())
        .with_some("reason", revision.reason.as_deref())
        .with_some(REQUEST_ID, revision.request_id.as_deref())
}

pub(super) fn evidence_item(id: &ArticleId, revision: u32, evidence: &Evidence) -> Result<Item, StoreError> {
    let pieces = compressed(&PieceColumns::of(&evidence.pieces))?;
    let others = Evidence { pieces: Vec::new(), ..evidence.clone() };
    let item = Item::new(table_keys::article(id), table_keys::evidence(revision));
    Ok(item.with("evidence", compressed(&others)?).with("pieces", pieces))
}

/// Builds the item of a posting; except for its keys it is the same in every list.
pub(super) fn posting_item(pk: &str, posting: &Posting) -> Item {
    let item = Item::new(pk, posting.position.to_string())
        .with("listed_at", posting.listed_at.to_string())
        .with("changed_at", posting.changed_at.to_string())
        .with("codes", posting.codes.clone());
    let fits = |card: &&PackedCard| item_bytes(&item) + CARD.len() + card.bytes().len() <= POSTING_BYTES;
    let card = posting.card.as_ref().filter(fits).map(|card| card.bytes().to_vec());
    item.with_some(CARD, card)
}

/// Returns the condition for writing a versioned item: its version has not changed since it was read.
pub(super) fn at_version(version: u64) -> Condition {
    match i64::try_from(version) {
        Ok(0) => Condition::Absent,
        version => Condition::equals("version", version.unwrap_or(i64::MAX)),
    }
}

pub(super) fn document_item(record: &DocumentRecord) -> Item {
    Item::new(table_keys::document(&record.key), table_keys::DOCUMENT)
        .with("key", &*record.key)
        .with("sha256", &*record.sha256)
        .with("article", record.article.as_str())
        .with("revision", record.revision)
}

/// Reads an item's attributes. Errors for missing or malformed attributes name the item: they mean corruption, not a
/// client's mistake.
pub(super) struct Attributes<'a>(pub &'a Item);

impl Attributes<'_> {
    pub fn problem(&self, problem: impl Into<String>) -> StoreError {
        StoreError::Item { key: self.0.key.to_string(), problem: problem.into() }
    }

    pub fn text(&self, name: &str) -> Result<&str, StoreError> {
        self.optional(name).ok_or_else(|| self.problem(format!("expected a string in `{name}`")))
    }

    pub fn optional(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub fn number<T: TryFrom<i64>>(&self, name: &str) -> Result<T, StoreError> {
        let number = self.0.number(name).and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.problem(format!("expected a number in `{name}`")))
    }

    fn texts(&self, name: &str) -> Result<&[String], StoreError> {
        match self.0.get(name) {
            Some(Value::Texts(texts)) => Ok(texts),
            _ => Err(self.problem(format!("expected a list in `{name}`"))),
        }
    }

    fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.0.get(name) {
            Some(Value::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Parses a part of the key.
    pub fn parsed_key<T>(&self, part: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(part).ok_or_else(|| self.problem("malformed key"))
    }

    pub fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(self.text(name)?).ok_or_else(|| self.problem(format!("malformed {name}")))
    }

    /// Parses every member of a list; fails if one is malformed.
    pub fn all_parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, StoreError> {
        let parsed = self.texts(name)?.iter().map(|text| parse(text)).collect::<Option<_>>();
        parsed.ok_or_else(|| self.problem(format!("malformed {name}")))
    }

    fn whole<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        let bytes = self.bytes(name).ok_or_else(|| self.problem(format!("expected bytes in `{name}`")))?;
        decompressed(bytes).map_err(|error| self.problem(error.to_string()))
    }

    fn instant(&self, name: &str) -> Result<Instant, StoreError> {
        self.parsed(name, |text| Instant::parse(text).ok())
    }

    fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    fn article_id(&self) -> Result<ArticleId, StoreError> {
        self.parsed_key(&self.0.key.pk, |pk| ArticleId::parse(pk.strip_prefix(table_keys::ARTICLE)?).ok())
    }

    fn article(&self) -> Result<Article, StoreError> {
        self.whole("article").map(|(head, facts, detail)| Article { head, facts, detail })
    }

    pub fn stored_article(&self) -> Result<StoredArticle, StoreError> {
        if !self.has("deleted_at") {
            return self.article_record().map(StoredArticle::Article);
        }
        Ok(StoredArticle::Tombstone(Tombstone {
            id: self.article_id()?,
            revision: self.number("revision")?,
            first_seen_at: self.instant("first_seen_at")?,
            deleted_at: self.instant("deleted_at")?,
            reason: self.optional("reason").map(str::to_owned),
            purged: self.0.get("purged") == Some(&Value::Bool(true)),
        }))
    }

    pub fn revision(&self) -> Result<Revision, StoreError> {
        let number = |text: &str| text.strip_prefix(table_keys::REVISIONS)?.parse().ok();
        Ok(Revision {
            number: self.parsed_key(&self.0.key.sk, number)?,
            at: self.instant("at")?,
            kind: self.parsed("kind", RevisionKind::parse)?,
            changed: self.texts("changed")?.to_vec(),
            reason: self.optional("reason").map(str::to_owned),
            request_id: self.optional(REQUEST_ID).map(str::to_owned),
        })
    }

    /// Returns the article that an item holds, with its content hash; `None` if it holds none.
    pub fn revised_article(&self) -> Result<Option<(Article, String)>, StoreError> {
        match self.has("article") {
            true => Ok(Some((self.article()?, self.text("content_hash")?.to_owned()))),
            false => Ok(None),
        }
    }

    pub fn article_record(&self) -> Result<ArticleRecord, StoreError> {
        let article = self.article()?;
        // Items without this attribute were listed by the publication time, else by the time first seen.
        let listed_at = match self.has("listed_at") {
            true => self.instant("listed_at")?,
            false => article.facts.published.at.unwrap_or(article.head.first_seen_at),
        };
        Ok(ArticleRecord {
            article,
            content_hash: self.text("content_hash")?.to_owned(),
            lists: self.texts("lists")?.to_vec(),
            listed_at,
        })
    }

    pub fn evidence(&self) -> Result<Evidence, StoreError> {
        let evidence: Evidence = self.whole("evidence")?;
        // Evidence was stored with its pieces before.
        if !self.has("pieces") {
            return Ok(evidence);
        }
        let pieces = self.whole::<PieceColumns>("pieces")?.pieces();
        Ok(Evidence { pieces: pieces.ok_or_else(|| self.problem("malformed pieces"))?, ..evidence })
    }

    pub fn document_record(&self) -> Result<DocumentRecord, StoreError> {
        Ok(DocumentRecord {
            key: self.text("key")?.to_owned(),
            sha256: self.text("sha256")?.to_owned(),
            article: self.parsed("article", |id| ArticleId::parse(id).ok())?,
            revision: self.number("revision")?,
        })
    }
}

/// Reads a posting. It takes the item's codes and card: a page reads many postings, and copies nothing.
pub(super) fn posting(mut item: Item) -> Result<Posting, StoreError> {
    let attributes = Attributes(&item);
    attributes.texts("codes")?;
    let mut posting = Posting {
        position: attributes.parsed_key(&item.key.sk, ListPosition::parse)?,
        listed_at: attributes.instant("listed_at")?,
        changed_at: attributes.instant("changed_at")?,
        codes: Vec::new(),
        card: None,
    };
    if let Some(Value::Texts(codes)) = item.attributes.remove("codes") {
        posting.codes = codes;
    }
    if let Some(Value::Bytes(card)) = item.attributes.remove(CARD) {
        posting.card = Some(PackedCard::packed(card));
    }
    Ok(posting)
}
