//! Stories, and the bands that find their members, as items.
//!
//! A band is one item with the recent articles whose texts have it; a story is one item with its members. Both carry a
//! version, and the transaction of a joining article puts each on the condition that it did not change since it was
//! read. So if two copies arrive at the same time, one conflicts, retries and finds the other.

use super::{
    Store, StoreError,
    items::{Attributes, at_version},
    table::{Action, EXPIRES_AT, Item, ItemKey, KeyRange, Write},
    table_keys::{self, ListPosition},
};
use crate::article::{ArticleId, Instant};

/// Time to live of a band after the last article that has it.
const BAND_SECONDS: i64 = 14 * 24 * 60 * 60;
/// Maximum articles of a band; only the latest are kept.
const BAND_MEMBERS: usize = 40;
/// Maximum length of a chain of merges before it is considered corrupt.
const MERGES_FOLLOWED: usize = 16;

/// The articles that have a band, by their positions in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    pub key: String,
    /// Number of times it was put; zero if it does not exist yet.
    pub version: u64,
    pub members: Vec<ListPosition>,
}

impl Band {
    pub fn has(&self, id: &ArticleId) -> bool {
        self.members.iter().any(|member| member.id == *id)
    }

    /// Appends an article as the latest, and drops the oldest beyond the limit.
    pub fn with(mut self, member: ListPosition) -> Self {
        self.members.push(member);
        let excess = self.members.len().saturating_sub(BAND_MEMBERS);
        self.members.drain(..excess);
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub id: ArticleId,
    /// Number of times it was put; zero if it is new.
    pub version: u64,
    pub created_at: Instant,
    /// In joining order.
    pub members: Vec<ArticleId>,
    pub merged_into: Option<ArticleId>,
}

impl Story {
    /// Whether the list of stories contains it: not merged, and with at least two members.
    pub fn is_listed(&self) -> bool {
        self.merged_into.is_none() && self.members.len() >= 2
    }

    /// Returns its position in the list of stories.
    pub fn position(&self) -> ListPosition {
        ListPosition { at: self.created_at, id: self.id.clone() }
    }
}

/// A story's next state, and whether it is in the list of stories now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryPut {
    pub story: Story,
    pub was_listed: bool,
}

/// The changes to stories and bands in an article's transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoryChanges {
    pub stories: Vec<StoryPut>,
    pub bands: Vec<Band>,
}

fn band_item(band: &Band) -> Item {
    let members: Vec<String> = band.members.iter().map(ToString::to_string).collect();
    Item::new(&*band.key, table_keys::BAND)
        .with("version", band.version + 1)
        .with("members", members)
        .with(EXPIRES_AT, Instant::now().timestamp().as_second() + BAND_SECONDS)
}

fn story_item(story: &Story) -> Item {
    let members: Vec<String> = story.members.iter().map(ToString::to_string).collect();
    Item::new(table_keys::story(&story.id), table_keys::HEAD)
        .with("version", story.version + 1)
        .with("created_at", story.created_at.to_string())
        .with("members", members)
        .with_some("merged_into", story.merged_into.as_ref().map(ArticleId::as_str))
}

pub(super) fn read_band(item: &Item) -> Result<Band, StoreError> {
    let attributes = Attributes(item);
    Ok(Band {
        key: item.key.pk.clone(),
        version: attributes.number("version")?,
        members: attributes.all_parsed("members", ListPosition::parse)?,
    })
}

pub(super) fn read_story(item: &Item) -> Result<Story, StoreError> {
    let attributes = Attributes(item);
    let id = |text: &str| ArticleId::parse(text).ok();
    Ok(Story {
        id: attributes.parsed_key(&item.key.pk, |pk| id(pk.strip_prefix(table_keys::STORY)?))?,
        version: attributes.number("version")?,
        created_at: attributes.parsed("created_at", |attribute| Instant::parse(attribute).ok())?,
        members: attributes.all_parsed("members", id)?,
        merged_into: attributes.optional("merged_into").map(|_| attributes.parsed("merged_into", id)).transpose()?,
    })
}

impl Store {
    /// Returns the bands of a text's hashes; none if the text has no hashes.
    pub async fn bands(&self, hashes: &[u64]) -> Result<Vec<Band>, StoreError> {
        let band_keys: Vec<String> =
            hashes.iter().enumerate().map(|(number, hash)| table_keys::band(number, *hash)).collect();
        let keys = band_keys.iter().map(|key| ItemKey::new(&**key, table_keys::BAND)).collect();
        let (items, _) = self.batch(keys).await?;
        let mut bands: Vec<Band> =
            band_keys.into_iter().map(|key| Band { key, version: 0, members: Vec::new() }).collect();
        for item in &items {
            let found = read_band(item)?;
            if let Some(band) = bands.iter_mut().find(|band| band.key == found.key) {
                *band = found;
            }
        }
        Ok(bands)
    }

    /// Returns what is stored under a story's id: the story, or a reference to the one it was merged into.
    pub async fn story(&self, id: &ArticleId) -> Result<Option<Story>, StoreError> {
        self.get(table_keys::story(id), table_keys::HEAD).await?.map(|item| read_story(&item)).transpose()
    }

    /// Follows merges and returns the final story, or only its id if it has a single member and no item.
    pub async fn resolve_story(&self, id: &ArticleId) -> Result<(ArticleId, Option<Story>), StoreError> {
        let mut id = id.clone();
        for _ in 0..MERGES_FOLLOWED {
            let story = self.story(&id).await?;
            match story.as_ref().and_then(|story| story.merged_into.clone()) {
                Some(into) => id = into,
                None => return Ok((id, story)),
            }
        }
        Err(StoreError::Item { key: table_keys::story(&id), problem: "cyclic or too long chain of merges".to_owned() })
    }

    /// Returns a page of the list of stories, newest first, and whether there are more.
    pub async fn stories(&self, after: Option<&ListPosition>, limit: usize) -> Result<(Vec<Story>, bool), StoreError> {
        let high = after.map_or_else(|| "~".to_owned(), ListPosition::just_before);
        let bounds = ("#".to_owned(), high);
        let query = KeyRange::new(table_keys::STORIES, bounds, limit + 1).newest_first(true);
        let answer = self.query_range(query).await?;
        let more = answer.items.len() > limit;
        let mut keys = Vec::new();
        for item in answer.items.iter().take(limit) {
            let position = Attributes(item).parsed_key(&item.key.sk, ListPosition::parse)?;
            keys.push(ItemKey::new(table_keys::story(&position.id), table_keys::HEAD));
        }
        let (items, _) = self.batch(keys).await?;
        let mut stories = items.iter().map(read_story).collect::<Result<Vec<_>, _>>()?;
        stories.sort_by_key(|story| std::cmp::Reverse(story.position()));
        Ok((stories, more))
    }

    /// Removes an article from all of its bands.
    pub async fn forget_bands(&self, id: &ArticleId, hashes: &[u64]) -> Result<(), StoreError> {
        loop {
            let bands: Vec<Band> = self.bands(hashes).await?.into_iter().filter(|band| band.has(id)).collect();
            if bands.is_empty() {
                return Ok(());
            }
            for mut band in bands {
                band.members.retain(|member| member.id != *id);
                match self.put_if_version(band_item(&band), band.version).await {
                    // On a conflict another article joined meanwhile; the band is read again.
                    Ok(()) | Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// Builds the writes for stories and bands. Bands use the `room` that is left in the transaction; a new article always
/// has room for all of them.
pub(super) fn writes(changes: &StoryChanges, room: usize) -> Vec<Write> {
    let mut writes = Vec::new();
    for StoryPut { story, was_listed } in &changes.stories {
        writes.push(Action::Put(story_item(story)).only_if(at_version(story.version)));
        let entry = Item::new(table_keys::STORIES, story.position().to_string());
        match (was_listed, story.is_listed()) {
            (false, true) => writes.push(Action::Put(entry).always()),
            (true, false) => writes.push(Action::Delete(entry.key).always()),
            _ => {}
        }
    }
    let room = room.saturating_sub(writes.len());
    let bands = changes.bands.iter().take(room);
    writes.extend(bands.map(|band| Action::Put(band_item(band)).only_if(at_version(band.version))));
    writes
}
