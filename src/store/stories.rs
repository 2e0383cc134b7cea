//! Stories and the bands by which their members are found, as items.
//!
//! A band is one item with the articles whose texts had it lately, and a story one with its members. Both carry a version,
//! and the transaction of an article that joins puts each under the condition that nobody has put it since it was read. So
//! of two copies that come at the same instant one is refused, looks again, and finds the other.

use super::{
    Store, StoreError,
    items::{self, Attributes, Item, number, text, texts},
    keys::{self, Position},
    table::EXPIRES_AT,
    write::unless_put_since,
};
use crate::article::{ArticleId, Instant};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

/// How long a band is kept after the last article that had it.
const BAND_SECONDS: i64 = 14 * 24 * 60 * 60;
/// The latest articles of a band that are kept.
const BAND_MEMBERS: usize = 40;
/// How many stories one was merged into, one after another, before it is called corrupt.
const MERGES_FOLLOWED: usize = 16;

/// The articles that had a band, as they were listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    pub key: String,
    /// How often it was put; zero where there is none yet.
    pub version: u64,
    pub members: Vec<Position>,
}

impl Band {
    pub fn has(&self, id: &ArticleId) -> bool {
        self.members.iter().any(|it| it.id == *id)
    }

    /// The same with another article, the latest.
    pub fn with(mut self, member: Position) -> Self {
        self.members.push(member);
        let beyond = self.members.len().saturating_sub(BAND_MEMBERS);
        self.members.drain(..beyond);
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub id: ArticleId,
    /// How often it was put; zero where it is new.
    pub version: u64,
    pub created_at: Instant,
    /// In the order in which they joined.
    pub members: Vec<ArticleId>,
    pub merged_into: Option<ArticleId>,
}

impl Story {
    /// A story of one is no news.
    pub fn is_listed(&self) -> bool {
        self.merged_into.is_none() && self.members.len() >= 2
    }

    /// Where it stands in the list of stories.
    pub fn position(&self) -> Position {
        Position { at: self.created_at, id: self.id.clone() }
    }
}

/// A story as it is to be, and whether it is in the list of stories now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryPut {
    pub story: Story,
    pub was_listed: bool,
}

/// What an article changes of stories, in its own transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoryChanges {
    pub stories: Vec<StoryPut>,
    pub bands: Vec<Band>,
}

fn band_item(band: &Band) -> Item {
    let mut item = items::item(band.key.clone(), keys::BAND.to_owned());
    item.insert("version".to_owned(), number(band.version + 1));
    let members: Vec<String> = band.members.iter().map(ToString::to_string).collect();
    item.insert("members".to_owned(), texts(&members));
    item.insert(EXPIRES_AT.to_owned(), number(Instant::now().timestamp().as_second() + BAND_SECONDS));
    item
}

fn story_item(story: &Story) -> Item {
    let mut item = items::item(keys::story(&story.id), keys::HEAD.to_owned());
    item.insert("version".to_owned(), number(story.version + 1));
    item.insert("created_at".to_owned(), text(story.created_at.to_string()));
    let members: Vec<String> = story.members.iter().map(ToString::to_string).collect();
    item.insert("members".to_owned(), texts(&members));
    item.extend(story.merged_into.as_ref().map(|it| ("merged_into".to_owned(), text(it.as_str()))));
    item
}

fn read_story(item: &Item) -> Result<Story, StoreError> {
    let attributes = Attributes(item);
    let id = |it: &str| ArticleId::parse(it).ok();
    Ok(Story {
        id: attributes.parsed(keys::PK, |it| id(it.strip_prefix(keys::STORY)?))?,
        version: attributes.number("version")?,
        created_at: attributes.parsed("created_at", |it| Instant::parse(it).ok())?,
        members: attributes.all_parsed("members", id)?,
        merged_into: attributes.optional("merged_into").map(|_| attributes.parsed("merged_into", id)).transpose()?,
    })
}

impl Store {
    /// The bands of those numbers; of a text that has none, none.
    pub async fn bands(&self, hashes: &[u64]) -> Result<Vec<Band>, StoreError> {
        let wanted: Vec<String> = hashes.iter().enumerate().map(|(number, hash)| keys::band(number, *hash)).collect();
        let keys = wanted.iter().map(|it| (it.clone(), keys::BAND.to_owned())).collect();
        let (items, _) = self.batch(keys).await?;
        let mut bands: Vec<Band> =
            wanted.into_iter().map(|key| Band { key, version: 0, members: Vec::new() }).collect();
        for item in &items {
            let attributes = Attributes(item);
            let key = attributes.text(keys::PK)?;
            if let Some(band) = bands.iter_mut().find(|it| it.key == key) {
                band.version = attributes.number("version")?;
                band.members = attributes.all_parsed("members", Position::parse)?;
            }
        }
        Ok(bands)
    }

    /// What stands under a story's id: the story, or where it was merged into.
    pub async fn story(&self, id: &ArticleId) -> Result<Option<Story>, StoreError> {
        self.get(keys::story(id), keys::HEAD).await?.map(|it| read_story(&it)).transpose()
    }

    /// The story that another was merged into in the end, or the id of one that has one member and no item.
    pub async fn living_story(&self, id: &ArticleId) -> Result<(ArticleId, Option<Story>), StoreError> {
        let mut id = id.clone();
        for _ in 0..MERGES_FOLLOWED {
            let story = self.story(&id).await?;
            match story.as_ref().and_then(|it| it.merged_into.clone()) {
                Some(into) => id = into,
                None => return Ok((id, story)),
            }
        }
        Err(StoreError::Item { key: keys::story(&id), problem: "merged in a circle".to_owned() })
    }

    /// The stories of a page of the list, newest first, and whether there are more.
    pub async fn stories(&self, after: Option<&Position>, limit: usize) -> Result<(Vec<Story>, bool), StoreError> {
        let high = after.map_or_else(|| "~".to_owned(), Position::just_before);
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(keys::STORIES))
            .expression_attribute_values(":low", text("#"))
            .expression_attribute_values(":high", text(high))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::call("Query", error))?;
        let more = answer.items().len() > limit;
        let mut keys = Vec::new();
        for item in answer.items().iter().take(limit) {
            let position = Attributes(item).parsed(keys::SK, Position::parse)?;
            keys.push((keys::story(&position.id), keys::HEAD.to_owned()));
        }
        let (items, _) = self.batch(keys).await?;
        let mut stories = items.iter().map(read_story).collect::<Result<Vec<_>, _>>()?;
        stories.sort_by_key(|it| std::cmp::Reverse(it.position()));
        Ok((stories, more))
    }

    /// Takes an article out of bands: nothing of it stays behind.
    pub async fn forget_bands(&self, id: &ArticleId, hashes: &[u64]) -> Result<(), StoreError> {
        loop {
            let with_it: Vec<Band> = self.bands(hashes).await?.into_iter().filter(|it| it.has(id)).collect();
            if with_it.is_empty() {
                return Ok(());
            }
            for mut band in with_it {
                band.members.retain(|it| it.id != *id);
                match self.put_if_version(band_item(&band), band.version).await {
                    // Somebody joined it meanwhile; it is read again.
                    Ok(()) | Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Bands take what room the transaction has left: an article that is new always has room for all of them.
    pub(super) fn story_actions(
        &self,
        changes: &StoryChanges,
        mut room: usize,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut actions = Vec::new();
        for StoryPut { story, was_listed } in &changes.stories {
            actions.push(self.put_versioned(story_item(story), story.version)?);
            let listing = items::item(keys::STORIES.to_owned(), story.position().to_string());
            match (was_listed, story.is_listed()) {
                (false, true) => {
                    let put = Put::builder().table_name(&self.table).set_item(Some(listing)).build()?;
                    actions.push(TransactWriteItem::builder().put(put).build());
                }
                (true, false) => {
                    let delete = Delete::builder().table_name(&self.table).set_key(Some(listing)).build()?;
                    actions.push(TransactWriteItem::builder().delete(delete).build());
                }
                _ => {}
            }
        }
        room = room.saturating_sub(actions.len());
        for band in changes.bands.iter().take(room) {
            actions.push(self.put_versioned(band_item(band), band.version)?);
        }
        Ok(actions)
    }

    fn put_versioned(&self, item: Item, version: u64) -> Result<TransactWriteItem, StoreError> {
        let (condition, values) = unless_put_since(version);
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression(condition).set_expression_attribute_values(values);
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }
}
