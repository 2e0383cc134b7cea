//! Items of the table, and how an article, its postings and the rest become attributes and return.
//!
//! Long values are JSON compressed with zstd. Short ones, that a query or a condition may want, are attributes.

use super::{ChangeKind, List, MAX_FACET_VALUES, PackedCard, StoreError, keys, keys::Position};
use crate::article::{Article, ArticleId, Detail, Evidence, Facts, Filed, Head, Instant};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;

pub(super) type Item = HashMap<String, AttributeValue>;

/// An item holds 400 KB; this much of it may be one compressed value, the rest is for keys and posting names.
pub(super) const COMPRESSED_BYTES: usize = 380_000;
/// A posting stays under one write unit of 1,024 bytes: this much is for its card, the rest for keys and codes.
const POSTING_BYTES: usize = 1_000;
/// The attribute of a posting that is its card. Cards of other members were `card`; where this one is not, the article is
/// read.
const CARD: &str = "card_2";
const LEVEL: i32 = 9;

/// The current revision, and what must be taken away when the next one comes.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldArticle {
    pub article: Article,
    pub content_hash: String,
    /// The partition keys of its postings.
    pub lists: Vec<String>,
}

/// An entry of a list: the codes of everything the article can be filtered by, and its card.
#[derive(Clone, Debug, PartialEq)]
pub struct Posting {
    pub position: Position,
    pub listed_at: Instant,
    pub changed_at: Instant,
    /// `country:PK`, `has:author`, `on:2021-08`, …
    pub codes: Vec<String>,
    /// `None` where the card is too large for a posting; the article has it.
    pub card: Option<PackedCard>,
}

impl Posting {
    /// The one that an article has, without its card: the article is at hand.
    pub fn of(article: &Article, list: &List) -> Self {
        Self {
            position: list.position(article),
            listed_at: article.listed_at(),
            changed_at: article.head.changed_at,
            codes: Filed::of(article, MAX_FACET_VALUES).codes,
            card: None,
        }
    }
}

/// What the archive knows of an article that is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    pub id: ArticleId,
    /// Of the deletion: it is a revision too.
    pub revision: u32,
    pub first_seen_at: Instant,
    pub deleted_at: Instant,
    pub reason: Option<String>,
    /// Whether every byte of it was, or is to be, taken away.
    pub purged: bool,
}

/// What stands under an article's id.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly every one is an article, and none is kept")]
pub enum Held {
    Article(HeldArticle),
    Tombstone(Tombstone),
}

impl Held {
    pub fn revision(&self) -> u32 {
        match self {
            Self::Article(held) => held.article.head.revision,
            Self::Tombstone(it) => it.revision,
        }
    }

    /// When it last changed.
    pub fn at(&self) -> Instant {
        match self {
            Self::Article(held) => held.article.head.changed_at,
            Self::Tombstone(it) => it.deleted_at,
        }
    }

    pub fn article(self) -> Option<HeldArticle> {
        match self {
            Self::Article(held) => Some(held),
            Self::Tombstone(_) => None,
        }
    }
}

/// Why there is a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RevisionKind {
    /// The first.
    Created,
    /// The publisher changed the content.
    Revised,
    /// The same document was read by better rules.
    Reread,
    Deleted,
    /// A deletion was taken back.
    Restored,
}

impl RevisionKind {
    pub const ALL: [Self; 5] = [Self::Created, Self::Revised, Self::Reread, Self::Deleted, Self::Restored];

    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Revised => "revised",
            Self::Reread => "reread",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// As a consumer of the change feed must act on it.
    pub fn change(self) -> ChangeKind {
        match self {
            Self::Created | Self::Restored => ChangeKind::Created,
            Self::Revised | Self::Reread => ChangeKind::Revised,
            Self::Deleted => ChangeKind::Deleted,
        }
    }
}

/// A revision, without the article as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub number: u32,
    pub at: Instant,
    pub kind: RevisionKind,
    /// What differs from the one before, by name; nothing of the first.
    pub changed: Vec<String>,
    /// Why, where a person told.
    pub reason: Option<String>,
}

/// What became of the document that last came under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRecord {
    pub key: String,
    pub sha256: String,
    pub article: ArticleId,
    pub revision: u32,
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn texts(values: &[String]) -> AttributeValue {
    AttributeValue::L(values.iter().map(text).collect())
}

pub(super) fn item(pk: String, sk: String) -> Item {
    Item::from([(keys::PK.to_owned(), text(pk)), (keys::SK.to_owned(), text(sk))])
}

fn compress(value: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(value).expect("the domain's types have string keys and cannot fail");
    zstd::bulk::compress(&json, LEVEL).expect("the output buffer is as large as zstd asks")
}

fn whole(value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    let bytes = compress(value);
    if bytes.len() > COMPRESSED_BYTES {
        return Err(StoreError::TooLarge { bytes: bytes.len(), limit: COMPRESSED_BYTES });
    }
    Ok(AttributeValue::B(Blob::new(bytes)))
}

/// An article's parts side by side: the one object that readers see is slow to take apart again.
fn parts(article: &Article) -> (&Head, &Facts, &Detail) {
    (&article.head, &article.facts, &article.detail)
}

pub(super) fn head_item(held: &HeldArticle) -> Result<Item, StoreError> {
    let head = &held.article.head;
    let mut item = item(keys::article(&head.id), keys::HEAD.to_owned());
    item.insert("revision".to_owned(), number(head.revision));
    item.insert("content_hash".to_owned(), text(&held.content_hash));
    item.insert("lists".to_owned(), texts(&held.lists));
    item.insert("article".to_owned(), whole(&parts(&held.article))?);
    Ok(item)
}

pub(super) fn tombstone_item(it: &Tombstone) -> Item {
    let mut item = item(keys::article(&it.id), keys::HEAD.to_owned());
    item.insert("revision".to_owned(), number(it.revision));
    item.insert("first_seen_at".to_owned(), text(it.first_seen_at.to_string()));
    item.insert("deleted_at".to_owned(), text(it.deleted_at.to_string()));
    item.insert("purged".to_owned(), AttributeValue::Bool(it.purged));
    item.extend(it.reason.as_ref().map(|it| ("reason".to_owned(), text(it))));
    item
}

/// `held`: the article as it is from this revision on; a deletion has none.
pub(super) fn revision_item(id: &ArticleId, it: &Revision, held: Option<&HeldArticle>) -> Result<Item, StoreError> {
    let mut item = item(keys::article(id), keys::revision(it.number));
    item.insert("at".to_owned(), text(it.at.to_string()));
    item.insert("kind".to_owned(), text(it.kind.name()));
    item.insert("changed".to_owned(), texts(&it.changed));
    item.extend(it.reason.as_ref().map(|it| ("reason".to_owned(), text(it))));
    if let Some(held) = held {
        item.insert("content_hash".to_owned(), text(&held.content_hash));
        item.insert("article".to_owned(), whole(&parts(&held.article))?);
    }
    Ok(item)
}

pub(super) fn evidence_item(id: &ArticleId, revision: u32, evidence: &Evidence) -> Result<Item, StoreError> {
    let mut item = item(keys::article(id), keys::evidence(revision));
    item.insert("evidence".to_owned(), whole(evidence)?);
    Ok(item)
}

/// The attributes of a posting, the same in every list but for its keys.
pub(super) fn posting_item(pk: &str, posting: &Posting) -> Item {
    let mut item = item(pk.to_owned(), posting.position.to_string());
    item.insert("listed_at".to_owned(), text(posting.listed_at.to_string()));
    item.insert("changed_at".to_owned(), text(posting.changed_at.to_string()));
    item.insert("codes".to_owned(), texts(&posting.codes));
    let fits = |it: &&PackedCard| item_bytes(&item) + CARD.len() + it.bytes().len() <= POSTING_BYTES;
    if let Some(card) = posting.card.as_ref().filter(fits) {
        item.insert(CARD.to_owned(), AttributeValue::B(Blob::new(card.bytes())));
    }
    item
}

/// The size that capacity units are counted in: names and values; a list's overhead is 3 bytes and 1 a member.
fn item_bytes(item: &Item) -> usize {
    let value_bytes = |value: &AttributeValue| match value {
        AttributeValue::S(it) | AttributeValue::N(it) => it.len(),
        AttributeValue::L(all) => 3 + all.iter().map(|it| 1 + it.as_s().map_or(0, String::len)).sum::<usize>(),
        _ => 0,
    };
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

pub(super) fn document_item(record: &DocumentRecord) -> Item {
    let mut item = item(keys::document(&record.key), keys::DOCUMENT.to_owned());
    item.insert("key".to_owned(), text(&record.key));
    item.insert("sha256".to_owned(), text(&record.sha256));
    item.insert("article".to_owned(), text(record.article.as_str()));
    item.insert("revision".to_owned(), number(record.revision));
    item
}

/// Attributes read back. What is missing or malformed names its item: it is corruption, not a client's mistake.
pub(super) struct Attributes<'a>(pub &'a Item);

impl Attributes<'_> {
    pub fn problem(&self, problem: impl Into<String>) -> StoreError {
        let part = |name: &str| self.0.get(name).and_then(|it| it.as_s().ok()).cloned().unwrap_or_default();
        StoreError::Item { key: format!("{} {}", part(keys::PK), part(keys::SK)), problem: problem.into() }
    }

    pub fn text(&self, name: &str) -> Result<&str, StoreError> {
        let value = self.0.get(name).and_then(|it| it.as_s().ok());
        value.map(String::as_str).ok_or_else(|| self.problem(format!("no text {name}")))
    }

    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, StoreError> {
        let value = self.0.get(name).and_then(|it| it.as_n().ok());
        value.and_then(|it| it.parse().ok()).ok_or_else(|| self.problem(format!("no number {name}")))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let values = self.0.get(name).and_then(|it| it.as_l().ok());
        let values = values.ok_or_else(|| self.problem(format!("no list {name}")))?;
        let texts = values.iter().map(|it| it.as_s().ok().cloned()).collect::<Option<_>>();
        texts.ok_or_else(|| self.problem(format!("malformed {name}")))
    }

    pub fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(self.text(name)?).ok_or_else(|| self.problem(format!("malformed {name}")))
    }

    /// A list of which every member can be read.
    pub fn all_parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, StoreError> {
        let parsed = self.texts(name)?.iter().map(|it| parse(it)).collect::<Option<_>>();
        parsed.ok_or_else(|| self.problem(format!("malformed {name}")))
    }

    fn whole<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        let bytes = self.0.get(name).and_then(|it| it.as_b().ok());
        let bytes = bytes.ok_or_else(|| self.problem(format!("no bytes {name}")))?;
        let json = zstd::stream::decode_all(bytes.as_ref()).map_err(|error| self.problem(error.to_string()))?;
        serde_json::from_slice(&json).map_err(|error| self.problem(error.to_string()))
    }

    pub fn optional(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(|it| it.as_s().ok()).cloned()
    }

    fn instant(&self, name: &str) -> Result<Instant, StoreError> {
        self.parsed(name, |it| Instant::parse(it).ok())
    }

    fn article(&self) -> Result<Article, StoreError> {
        self.whole("article").map(|(head, facts, detail)| Article { head, facts, detail })
    }

    pub fn held(&self) -> Result<Held, StoreError> {
        if !self.0.contains_key("deleted_at") {
            return self.held_article().map(Held::Article);
        }
        Ok(Held::Tombstone(Tombstone {
            id: self.parsed(keys::PK, |it| ArticleId::parse(it.strip_prefix(keys::ARTICLE)?).ok())?,
            revision: self.number("revision")?,
            first_seen_at: self.instant("first_seen_at")?,
            deleted_at: self.instant("deleted_at")?,
            reason: self.optional("reason"),
            purged: self.0.get("purged").and_then(|it| it.as_bool().ok()).copied().unwrap_or_default(),
        }))
    }

    pub fn revision(&self) -> Result<Revision, StoreError> {
        let number = |it: &str| it.strip_prefix(keys::REVISIONS)?.parse().ok();
        Ok(Revision {
            number: self.parsed(keys::SK, number)?,
            at: self.instant("at")?,
            kind: self.parsed("kind", RevisionKind::parse)?,
            changed: self.texts("changed")?,
            reason: self.optional("reason"),
        })
    }

    /// The article as it was from a revision on, with its content hash; `None` of a deletion.
    pub fn revised_article(&self) -> Result<Option<(Article, String)>, StoreError> {
        match self.0.contains_key("article") {
            true => Ok(Some((self.article()?, self.text("content_hash")?.to_owned()))),
            false => Ok(None),
        }
    }

    pub fn held_article(&self) -> Result<HeldArticle, StoreError> {
        Ok(HeldArticle {
            article: self.article()?,
            content_hash: self.text("content_hash")?.to_owned(),
            lists: self.texts("lists")?,
        })
    }

    pub fn evidence(&self) -> Result<Evidence, StoreError> {
        self.whole("evidence")
    }

    pub fn posting(&self) -> Result<Posting, StoreError> {
        let card = self.0.get(CARD).and_then(|it| it.as_b().ok());
        Ok(Posting {
            position: self.parsed(keys::SK, Position::parse)?,
            listed_at: self.instant("listed_at")?,
            changed_at: self.instant("changed_at")?,
            codes: self.texts("codes")?,
            card: card.map(|it| PackedCard::packed(it.as_ref().to_vec())),
        })
    }

    pub fn document_record(&self) -> Result<DocumentRecord, StoreError> {
        Ok(DocumentRecord {
            key: self.text("key")?.to_owned(),
            sha256: self.text("sha256")?.to_owned(),
            article: self.parsed("article", |it| ArticleId::parse(it).ok())?,
            revision: self.number("revision")?,
        })
    }
}
