//! Stories as items: a story with its members, or a reference to the story that it was merged into.
//!
//! Stories are derived from the articles by a consumer of the change log (`search::story_former`). An article that is
//! alone in its story has no item. A story carries a version, and is put on the condition that it did not change since
//! it was read.

use super::{
    ArticleRecord, PackedCard, Posting, Store, StoreError, StoredArticle,
    items::{self, Attributes, at_version},
    table::{Action, Condition, Item, ItemKey, KeyRange},
    table_keys::{self, ListPosition},
    transaction::posting_keys,
};
use crate::article::{ArticleId, Instant};

/// Maximum length of a chain of merges before it is considered corrupt.
const MERGES_FOLLOWED: usize = 16;

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

fn story_item(story: &Story) -> Item {
    let members: Vec<String> = story.members.iter().map(ToString::to_string).collect();
    Item::new(table_keys::story(&story.id), table_keys::HEAD)
        .with("version", story.version + 1)
        .with("created_at", story.created_at.to_string())
        .with("members", members)
        .with_some("merged_into", story.merged_into.as_ref().map(ArticleId::as_str))
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

    /// Puts the next states of stories, all or none; returns `Conflict` if one changed since it was read.
    pub async fn put_stories(&self, puts: &[StoryPut]) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for StoryPut { story, was_listed } in puts {
            writes.push(Action::Put(story_item(story)).only_if(at_version(story.version)));
            let entry = Item::new(table_keys::STORIES, story.position().to_string());
            match (was_listed, story.is_listed()) {
                (false, true) => writes.push(Action::Put(entry).always()),
                (true, false) => writes.push(Action::Delete(entry.key).always()),
                _ => {}
            }
        }
        self.transact(writes).await.map(|_| ())
    }

    /// Writes the id of its story on an article and on its cards in every list, and lets the id of its earlier story
    /// lead there directly. It is no revision: nothing of the article changes but this reference. Returns `Conflict` if
    /// the article changed since it was read.
    pub async fn show_story(&self, stored: &ArticleRecord, story: &ArticleId) -> Result<(), StoreError> {
        let revision = stored.article.head.revision;
        let keys = posting_keys(Some(&StoredArticle::Article(stored.clone())));
        // All of an article's postings are the same except for their keys.
        let listed = keys.first().ok_or(StoreError::Conflict)?;
        let (found, _) = self.batch(vec![listed.clone()]).await?;
        let listed = found.into_iter().next().ok_or(StoreError::Conflict).and_then(items::posting)?;
        let mut next = stored.clone();
        next.article.head.story = story.clone();
        let card = PackedCard::pack(&next.article.card());
        let head = items::head_item(&next)?;
        let mut writes = vec![Action::Put(head).only_if(Condition::equals("revision", revision.into()))];
        for key in keys {
            let position = ListPosition::parse(&key.sk).ok_or(StoreError::Conflict)?;
            let posting = Posting { position, card: card.clone(), ..listed.clone() };
            writes.push(Action::Put(items::posting_item(&key.pk, &posting)).always());
        }
        let own = self.story(&stored.article.head.id).await?;
        if let Some(own) = own.filter(|own| own.merged_into.as_ref().is_some_and(|into| into != story)) {
            let direct = Story { merged_into: Some(story.clone()), ..own };
            writes.push(Action::Put(story_item(&direct)).only_if(at_version(direct.version)));
        }
        self.transact(writes).await.map(|_| ())
    }

    /// Adds what was left out to the evidence of an article's current revision; returns `Conflict` if there is a newer
    /// one.
    pub async fn add_left_out(&self, stored: &ArticleRecord, left_out: &str) -> Result<(), StoreError> {
        let (id, revision) = (&stored.article.head.id, stored.article.head.revision);
        let mut evidence = self.evidence(id, revision).await?.ok_or(StoreError::Conflict)?;
        if evidence.left_out.iter().any(|known| known == left_out) {
            return Ok(());
        }
        evidence.left_out.push(left_out.to_owned());
        let head = ItemKey::new(table_keys::article(id), table_keys::HEAD);
        let writes = vec![
            Action::Check(head).only_if(Condition::equals("revision", revision.into())),
            Action::Put(items::evidence_item(id, revision, &evidence)?).always(),
        ];
        self.transact(writes).await.map(|_| ())
    }
}
