//! Table keys: only this module builds them.
//!
//! | item | pk | sk | read by |
//! | --- | --- | --- | --- |
//! | article | `A#<id>` | `HEAD` | one article, or its tombstone; its next revision |
//! | revision | `A#<id>` | `R#<n>` | history, deletions included |
//! | superseded content | `A#<id>` | `V#<n>` | the article as of a revision that is not the current one |
//! | evidence | `A#<id>` | `E#<n>` | the evidence of a revision |
//! | posting | `F#<list>` | `<time>#<id>` | a list, newest or oldest first, from any position |
//! | story | `S#<id>` | `HEAD` | its members, or the story that it was merged into |
//! | list of stories | `L#stories` | `<time>#<id>` | the stories with at least two members, newest first |
//! | record | `L#<kind>` | `<id>` | one source, source's URL, failure, API key or webhook, or all of a kind ([`super::records`]) |
//! | record's time | `L#<kind>#time` | `<time>#<id>` | the records that are due, or the latest |
//! | change | `C#<shard>` | `<n>` | the change log, in the order of commits ([`super::changes`]) |
//! | last change | `C#last` | `<shard>` | the number of a shard's last change |
//! | consumer | `P#<hash of its name>` | `POSITION` | the position of a consumer of the change log |
//! | document | `D#<hash of the document key>` | `DOC` | whether the same bytes were ingested before |
//! | idempotency key | `I#<hash>` | `KEY` | the response to a repeated request; expires |
//!
//! Every list is ordered by the same `<time>#<id>`, so a position in one list is valid in all of them.
//!
//! Lists are not split by month. A partition key without local secondary indexes may hold any number of items, and
//! accepts 1,000 write units per second, which is 500 articles per second: ten times what the world publishes. With a
//! split, every walk would have to look up the months that exist, at the cost of a query for each.

use crate::article::{Article, ArticleId, FacetValue, Instant};
use sha2::{Digest, Sha256};

pub const PK: &str = "pk";
pub const SK: &str = "sk";
pub const HEAD: &str = "HEAD";
pub const DOCUMENT: &str = "DOC";
pub const IDEMPOTENCY: &str = "KEY";
pub const POSITION: &str = "POSITION";
/// Partition key of the list of stories.
pub const STORIES: &str = "L#stories";

/// Partition keys of records.
pub const SOURCES: &str = "L#sources";
pub const SOURCE_URLS: &str = "L#source-urls";
pub const FAILURES: &str = "L#failures";
pub const KEYS: &str = "L#keys";
pub const WEBHOOKS: &str = "L#webhooks";
pub const SUBSCRIBERS: &str = "L#subscribers";

/// Prefix of an article's partition key.
pub const ARTICLE: &str = "A#";

pub fn article(id: &ArticleId) -> String {
    format!("{ARTICLE}{id}")
}

/// Prefix of the sort keys of an article's revisions.
pub const REVISIONS: &str = "R#";

/// Six digits, so that the revisions of an article sort in order of creation.
pub fn revision(number: u32) -> String {
    format!("{REVISIONS}{number:06}")
}

/// Prefix of the sort keys of superseded content.
pub const SUPERSEDED: &str = "V#";

pub fn superseded(number: u32) -> String {
    format!("{SUPERSEDED}{number:06}")
}

pub fn evidence(number: u32) -> String {
    format!("E#{number:06}")
}

/// Prefix of a story's partition key.
pub const STORY: &str = "S#";

pub fn story(id: &ArticleId) -> String {
    format!("{STORY}{id}")
}

pub fn changes(shard: usize) -> String {
    format!("C#{shard:02}")
}

/// Partition key of the numbers of the last changes, so that one query finds the shards that have new ones.
pub const LAST_CHANGES: &str = "C#last";

pub fn last_change(shard: usize) -> String {
    format!("{shard:02}")
}

/// Twelve digits, so that the changes of a shard sort in commit order.
pub fn change(number: u64) -> String {
    format!("{number:012}")
}

pub fn by_time(at: Instant, record: &str) -> String {
    format!("{at}#{record}")
}

pub fn consumer(name: &str) -> String {
    format!("P#{}", hashed(name))
}

pub fn document(key: &str) -> String {
    format!("D#{}", hashed(key))
}

pub fn idempotency(key: &str) -> String {
    format!("I#{}", hashed(key))
}

/// Hashes an external key, which may have any length and contain any character.
fn hashed(key: &str) -> String {
    hex::encode(&Sha256::digest(key.as_bytes())[..16])
}

/// Prefix of the partition keys of lists of articles.
pub const POSTINGS: &str = "F#";

/// A list of articles, ordered by [`ListPosition`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PostingList {
    /// Every article, by listing time.
    All,
    /// Every article, by the time of its last change.
    Changed,
    /// The articles with a facet value, by listing time.
    Facet(FacetValue),
}

impl PostingList {
    pub fn pk(&self) -> String {
        match self {
            Self::All => "F#all".to_owned(),
            Self::Changed => "F#changed".to_owned(),
            Self::Facet(facet) => format!("F#{}#{}", facet.facet.name(), facet.value),
        }
    }

    /// Returns an article's position in the list.
    pub fn position(&self, article: &Article) -> ListPosition {
        let at = if *self == Self::Changed { article.head.changed_at } else { article.listed_at() };
        ListPosition { at, id: article.head.id.clone() }
    }
}

/// A position in the order of lists: the time that orders an article, then its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListPosition {
    pub at: Instant,
    pub id: ArticleId,
}

impl ListPosition {
    pub fn parse(sk: &str) -> Option<Self> {
        let (at, id) = sk.split_once('#')?;
        Some(Self { at: Instant::parse(at).ok()?, id: ArticleId::parse(id).ok()? })
    }

    /// Returns a bound directly below this position and above every lower one: all positions have the same length, so
    /// one that differs only in the last character is a neighbour.
    pub fn just_before(&self) -> String {
        let mut key = self.to_string();
        let last = key.pop().expect("a position is never empty");
        let below = char::from_u32(u32::from(last) - 1).expect("the last character belongs to an id, which is ASCII");
        format!("{key}{below}~")
    }

    /// Returns a bound directly above this position.
    pub fn just_after(&self) -> String {
        format!("{self}~")
    }
}

impl std::fmt::Display for ListPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.at, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_round_trips_and_sorts_like_its_key() {
        let id = |name: &str| ArticleId::of_identity(name);
        let at = |text: &str| Instant::parse(text).expect("a time");
        let earlier = ListPosition { at: at("2025-04-07T09:30:00.999Z"), id: id("a") };
        let later = ListPosition { at: at("2025-04-07T09:30:01Z"), id: id("b") };
        assert_eq!(ListPosition::parse(&earlier.to_string()), Some(earlier.clone()));
        assert!(earlier < later && earlier.to_string() < later.to_string());
        assert!(later.just_before() < later.to_string() && later.to_string() < later.just_after());
        assert!(earlier.to_string() < later.just_before() && earlier.just_after() < later.to_string());
        assert_eq!(ListPosition::parse("2025-04-07#nobody"), None);
    }
}
