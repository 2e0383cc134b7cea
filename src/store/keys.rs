//! The keys: the only place that spells one.
//!
//! | item | pk | sk | read by |
//! | --- | --- | --- | --- |
//! | article | `A#<id>` | `HEAD` | one article, or its tombstone; its next revision |
//! | revision | `A#<id>` | `R#<n>` | history, deletions included |
//! | evidence | `A#<id>` | `E#<n>` | the evidence of a revision |
//! | posting | `F#<list>` | `<time>#<id>` | a list, newest or oldest first, from any position |
//! | band | `B#<i>#<hash>` | `BAND` | the articles whose texts have it, lately ([`super::stories`]); expires |
//! | story | `S#<id>` | `HEAD` | its members, or the story that it was merged into |
//! | list of stories | `L#stories` | `<time>#<id>` | the stories that have members to show, newest first |
//! | record | `L#<kind>` | `<id>` | one source, failure, key or webhook, or all of them ([`super::records`]) |
//! | record's time | `L#<kind>#time` | `<time>#<id>` | the records whose time has come, or the latest |
//! | change | `C#<shard>` | `<n>` | what changed, in the order of commits ([`super::changes`]) |
//! | follower | `P#<hash of its name>` | `POSITION` | how far a follower of the change feed has come |
//! | document | `D#<hash of the key it came under>` | `DOC` | whether these very bytes were ingested before |
//! | idempotency key | `I#<hash>` | `KEY` | the answer to a repeated request; expires |
//!
//! Every list is ordered by the same `<time>#<id>`, so a position in one is a position in all of them.
//!
//! Lists are not split by month. A partition key without local secondary indexes may hold any number of items, and takes
//! 1,000 write units a second, which is 500 articles a second: ten times what the world publishes. A split would make
//! every walk read the months that exist, and cost a query for each.

use crate::article::{Article, ArticleId, FacetValue, Instant};
use sha2::{Digest, Sha256};

pub const PK: &str = "pk";
pub const SK: &str = "sk";
pub const HEAD: &str = "HEAD";
pub const DOCUMENT: &str = "DOC";
pub const IDEMPOTENCY: &str = "KEY";
pub const BAND: &str = "BAND";
pub const POSITION: &str = "POSITION";
/// The partition of the list of stories.
pub const STORIES: &str = "L#stories";

/// The partitions of records.
pub const SOURCES: &str = "L#sources";
pub const FAILURES: &str = "L#failures";
pub const KEYS: &str = "L#keys";
pub const WEBHOOKS: &str = "L#webhooks";

/// What the partition of an article begins with.
pub const ARTICLE: &str = "A#";

pub fn article(id: &ArticleId) -> String {
    format!("{ARTICLE}{id}")
}

/// What the keys of an article's revisions begin with.
pub const REVISIONS: &str = "R#";

/// Six digits, so that the revisions of an article sort as they were made.
pub fn revision(number: u32) -> String {
    format!("{REVISIONS}{number:06}")
}

pub fn evidence(number: u32) -> String {
    format!("E#{number:06}")
}

pub fn band(number: usize, hash: u64) -> String {
    format!("B#{number:02}#{hash:016x}")
}

/// What the partition of a story begins with.
pub const STORY: &str = "S#";

pub fn story(id: &ArticleId) -> String {
    format!("{STORY}{id}")
}

pub fn changes(shard: usize) -> String {
    format!("C#{shard:02}")
}

/// Twelve digits, so that the changes of a shard sort as they were committed.
pub fn change(number: u64) -> String {
    format!("{number:012}")
}

pub fn by_time(at: Instant, record: &str) -> String {
    format!("{at}#{record}")
}

pub fn follower(name: &str) -> String {
    format!("P#{}", hashed(name))
}

pub fn document(key: &str) -> String {
    format!("D#{}", hashed(key))
}

pub fn idempotency(key: &str) -> String {
    format!("I#{}", hashed(key))
}

/// Keys from outside may be of any length and hold any character.
fn hashed(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A list of articles, ordered by [`Position`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Every article, by the time it is listed at.
    All,
    /// Every article, by the time it last changed.
    Changed,
    /// The articles that have a facet value, by the time they are listed at.
    Facet(FacetValue),
}

impl List {
    pub fn pk(&self) -> String {
        match self {
            Self::All => "F#all".to_owned(),
            Self::Changed => "F#changed".to_owned(),
            Self::Facet(it) => format!("F#{}#{}", it.facet.name(), it.value),
        }
    }

    /// Where an article stands in the list.
    pub fn position(&self, article: &Article) -> Position {
        let at = if *self == Self::Changed { article.head.changed_at } else { article.listed_at() };
        Position { at, id: article.head.id.clone() }
    }
}

/// A place in the order of lists: the time an article is listed at, then its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub at: Instant,
    pub id: ArticleId,
}

impl Position {
    pub fn parse(sk: &str) -> Option<Self> {
        let (at, id) = sk.split_once('#')?;
        Some(Self { at: Instant::parse(at).ok()?, id: ArticleId::parse(id).ok()? })
    }

    /// A bound that lies directly below this position and above every other one below it: all positions are spelled in
    /// the same length, so what differs from this one in the last character alone is a neighbour.
    pub fn just_before(&self) -> String {
        let mut spelled = self.to_string();
        let last = spelled.pop().expect("a position is never empty");
        let below = char::from_u32(u32::from(last) - 1).expect("the last character is one of an id's, all ASCII");
        format!("{spelled}{below}~")
    }

    /// A bound that lies directly above this position.
    pub fn just_after(&self) -> String {
        format!("{self}~")
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.at, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_and_sorts_as_its_spelling() {
        let id = |name: &str| ArticleId::of_identity(name);
        let at = |text: &str| Instant::parse(text).expect("a time");
        let earlier = Position { at: at("2025-04-07T09:30:00.999Z"), id: id("a") };
        let later = Position { at: at("2025-04-07T09:30:01Z"), id: id("b") };
        assert_eq!(Position::parse(&earlier.to_string()), Some(earlier.clone()));
        assert!(earlier < later && earlier.to_string() < later.to_string());
        assert!(later.just_before() < later.to_string() && later.to_string() < later.just_after());
        assert!(earlier.to_string() < later.just_before() && earlier.just_after() < later.to_string());
        assert_eq!(Position::parse("2025-04-07#nobody"), None);
    }
}
