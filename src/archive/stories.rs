//! Which story an article belongs to.
//!
//! Every article is a story of its own until another is found that is nearly the same: then the later one joins the
//! earlier one's. The bands of its text name the articles worth comparing, of the last two weeks around it; the texts
//! themselves decide ([`crate::enrich::likeness`]). An article that is like members of several stories merges them into
//! the one that was there first, whose id they all go by; the ids of the others lead there.

use super::Archive;
use crate::{
    article::{Article, ArticleId, Instant, TextSpan},
    enrich::likeness::{self, Likeness, Shingles},
    store::{Band, List, MERGES_MAX, StoreError, Story, StoryChanges, StoryPut},
};
use std::collections::HashMap;

/// The articles that are compared, those with the most bands in common.
const CANDIDATES_MAX: usize = 20;
/// How far apart two articles of one story are published; where that is not known of both, first seen.
const DAYS_APART: i64 = 14;
/// The members of a story that are compared with each other when it is told.
pub const COMPARED_MAX: usize = 20;
/// The most members of a story. It bounds the item and what reading a story takes.
pub const MEMBERS_MAX: usize = 200;

/// Where an article goes.
pub(super) struct Joined {
    pub story: ArticleId,
    pub changes: StoryChanges,
    /// Why it did not go where it belongs, for the evidence.
    pub left_out: Option<String>,
}

/// A story that an article is in, or is like.
struct Node {
    id: ArticleId,
    /// `None` of an article that is alone.
    record: Option<Story>,
    since: Instant,
}

impl Node {
    fn members(&self) -> Vec<ArticleId> {
        self.record.as_ref().map_or_else(|| vec![self.id.clone()], |it| it.members.clone())
    }

    fn put(&self, members: Vec<ArticleId>, merged_into: Option<ArticleId>) -> StoryPut {
        let story = Story {
            id: self.id.clone(),
            version: self.record.as_ref().map_or(0, |it| it.version),
            created_at: self.record.as_ref().map_or(self.since, |it| it.created_at),
            members,
            merged_into,
        };
        StoryPut { story, was_listed: self.record.as_ref().is_some_and(Story::is_listed) }
    }
}

fn are_near(one: &Article, other: &Article) -> bool {
    let published = one.facts.published.at.zip(other.facts.published.at);
    let (a, b) = published.unwrap_or((one.head.first_seen_at, other.head.first_seen_at));
    a.timestamp().duration_since(b.timestamp()).abs().as_hours() <= DAYS_APART * 24
}

impl Archive {
    /// `own`: the story that the article is in by now, where it is no new one.
    pub(super) async fn join(&self, article: &Article, own: Option<&ArticleId>) -> Result<Joined, StoreError> {
        let id = &article.head.id;
        let shingles = Shingles::of(&article.detail.body);
        let bands = self.store().bands(&shingles.bands()).await?;
        let mut nodes: Vec<Node> = Vec::new();
        if let Some(own) = own {
            nodes.push(self.node(own, article.head.first_seen_at).await?);
        }
        let own_id = nodes.first().map(|it| it.id.clone());
        for it in self.alike(article, &shingles, &bands).await? {
            let node = self.node(&it.head.story, it.head.first_seen_at).await?;
            if !nodes.iter().any(|it| it.id == node.id) {
                nodes.push(node);
            }
        }
        let position = List::All.position(article);
        let missing = bands.into_iter().filter(|it| !it.has(id)).map(|it| it.with(position.clone()));
        let mut changes = StoryChanges { stories: Vec::new(), bands: missing.collect() };
        // The one that readers know goes before one that is only one article, and the older one before the newer.
        nodes.sort_by_key(|it| (it.record.is_none(), it.since, it.id.clone()));
        // The story that the article is in now is never among those that are left for another time.
        let own_node = nodes.iter().position(|it| Some(&it.id) == own_id.as_ref());
        if let Some(at) = own_node.filter(|it| *it > MERGES_MAX) {
            nodes.swap(MERGES_MAX, at);
        }
        nodes.truncate(1 + MERGES_MAX);
        let Some((target, others)) = nodes.split_first() else {
            return Ok(Joined { story: id.clone(), changes, left_out: None });
        };
        let mut members = target.members();
        let more = others.iter().flat_map(Node::members).chain([id.clone()]);
        for it in more {
            if !members.contains(&it) {
                members.push(it);
            }
        }
        if members.len() > MEMBERS_MAX {
            let left_out = format!("story: {} has {MEMBERS_MAX} members, and takes no more", target.id);
            return Ok(Joined { story: own.unwrap_or(id).clone(), changes, left_out: Some(left_out) });
        }
        if members != target.members() {
            changes.stories.push(target.put(members, None));
        }
        changes.stories.extend(others.iter().map(|it| it.put(Vec::new(), Some(target.id.clone()))));
        Ok(Joined { story: target.id.clone(), changes, left_out: None })
    }

    async fn node(&self, story: &ArticleId, first_seen_at: Instant) -> Result<Node, StoreError> {
        let (id, record) = self.store().living_story(story).await?;
        let since = record.as_ref().map_or(first_seen_at, |it| it.created_at);
        Ok(Node { id, record, since })
    }

    /// The articles of about the same time whose texts are nearly the same.
    async fn alike(&self, article: &Article, shingles: &Shingles, bands: &[Band]) -> Result<Vec<Article>, StoreError> {
        let mut common: HashMap<&ArticleId, usize> = HashMap::new();
        for member in bands.iter().flat_map(|it| &it.members).filter(|it| it.id != article.head.id) {
            *common.entry(&member.id).or_default() += 1;
        }
        let mut candidates: Vec<(&ArticleId, usize)> = common.into_iter().collect();
        candidates.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        candidates.truncate(CANDIDATES_MAX);
        let ids: Vec<ArticleId> = candidates.into_iter().map(|it| it.0.clone()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (found, _) = self.store().articles(&ids).await?;
        let near = found.into_iter().map(|it| it.article).filter(|it| are_near(article, it));
        let compared = near.map(|it| (shingles.likeness(&Shingles::of(&it.detail.body)), it));
        let mut alike: Vec<_> = compared.filter(|it| it.0.is_of_one_story()).collect();
        // Batches come in no order, and the same archive must decide the same.
        alike.sort_by(|a, b| b.0.similarity.total_cmp(&a.0.similarity).then(a.1.head.id.cmp(&b.1.head.id)));
        let alike: Vec<Article> = alike.into_iter().map(|it| it.1).collect();
        // One without a date is near to all; it must not bring together what is years apart.
        let Some(best) = alike.first().cloned() else { return Ok(alike) };
        Ok(alike.into_iter().filter(|it| are_near(&best, it)).collect())
    }

    /// What a deletion changes of the story that the article is in.
    pub(super) async fn leave(&self, article: &Article) -> Result<StoryChanges, StoreError> {
        let node = self.node(&article.head.story, article.head.first_seen_at).await?;
        let mut members = node.members();
        members.retain(|it| *it != article.head.id);
        let was_in = node.record.as_ref().is_some_and(|it| it.members.contains(&article.head.id));
        let stories = was_in.then(|| node.put(members, None)).into_iter().collect();
        Ok(StoryChanges { stories, bands: Vec::new() })
    }
}

/// What stands under a story's id.
pub enum Told {
    Story(Box<TheStory>),
    /// The story that it was merged into.
    Merged(ArticleId),
}

/// A story with its members, and why they belong together.
pub struct TheStory {
    pub id: ArticleId,
    pub created_at: Instant,
    /// The canonical one first: by the time of publication, or of first sight where that is not known.
    pub members: Vec<Article>,
    /// Of every two of the first members.
    pub pairs: Vec<(ArticleId, ArticleId, Likeness)>,
    /// What each of the first members shares with the canonical one.
    pub shared: Vec<(ArticleId, Vec<(TextSpan, TextSpan)>)>,
}

impl Archive {
    /// `None` where no article is, or is any more, of such a story.
    pub async fn story(&self, id: &ArticleId) -> Result<Option<Told>, StoreError> {
        let (living, record) = self.store().living_story(id).await?;
        if living != *id {
            return Ok(Some(Told::Merged(living)));
        }
        let ids = record.as_ref().map_or_else(|| vec![id.clone()], |it| it.members.clone());
        let mut members = self.members(&ids).await?;
        // An article that joined another story is none of its own.
        members.retain(|it| record.is_some() || it.head.story == *id);
        let Some(canonical) = members.first() else { return Ok(None) };
        let created_at = record.map_or(canonical.head.first_seen_at, |it| it.created_at);
        // Comparing is work for a processor.
        let compared: Vec<Article> = members.iter().take(COMPARED_MAX).cloned().collect();
        let (pairs, shared) = tokio::task::spawn_blocking(move || compare(&compared)).await.unwrap_or_default();
        Ok(Some(Told::Story(Box::new(TheStory { id: living, created_at, members, pairs, shared }))))
    }

    /// The articles of those ids that exist, in the order of a story's members.
    pub async fn members(&self, ids: &[ArticleId]) -> Result<Vec<Article>, StoreError> {
        let (found, _) = self.store().articles(ids).await?;
        let mut members: Vec<Article> = found.into_iter().map(|it| it.article).collect();
        members.sort_by_key(|it| (it.listed_at(), it.head.first_seen_at, it.head.id.clone()));
        Ok(members)
    }
}

type Pairs = Vec<(ArticleId, ArticleId, Likeness)>;
type Shared = Vec<(ArticleId, Vec<(TextSpan, TextSpan)>)>;

fn compare(members: &[Article]) -> (Pairs, Shared) {
    let shingles: Vec<Shingles> = members.iter().map(|it| Shingles::of(&it.detail.body)).collect();
    let id = |at: usize| members[at].head.id.clone();
    let pairs = (0..members.len()).flat_map(|a| (a + 1..members.len()).map(move |b| (a, b)));
    let pairs = pairs.map(|(a, b)| (id(a), id(b), shingles[a].likeness(&shingles[b]))).collect();
    let (canonical, others) = members.split_first().expect("a story has a member");
    let shared = |it: &Article| (it.head.id.clone(), likeness::shared(&canonical.detail.body, &it.detail.body));
    (pairs, others.iter().map(shared).collect())
}
