//! Assigns articles to stories.
//!
//! Every article is the only one in its story until a near-duplicate is found: then the later article joins the story
//! of the earlier one. The bands of its text select the candidates, within two weeks of it; comparing the texts decides
//! ([`crate::enrich::near_duplicates`]). An article that resembles members of several stories merges them into the
//! first one, whose id they all share; the ids of the others redirect to it.

use super::Archive;
use crate::{
    article::{Article, ArticleId, Instant, TextSpan},
    enrich::near_duplicates::{self, Shingles, Similarity},
    limits::{STORY_MEMBERS, STORY_MEMBERS_COMPARED},
    store::{Band, MERGES_MAX, PostingList, StoreError, Story, StoryChanges, StoryPut},
};
use std::collections::HashMap;

/// Maximum articles that are compared: those with the most bands in common.
const CANDIDATES_MAX: usize = 20;
/// Maximum days between the publication of two articles of one story; if either date is unknown, between their first
/// sight.
const DAYS_APART: i64 = 14;

/// The story that an article is assigned to.
pub(super) struct StoryAssignment {
    pub story: ArticleId,
    pub changes: StoryChanges,
    /// Why the article did not join a matching story, for the evidence.
    pub left_out: Option<String>,
}

/// The story of an article or of one of its near-duplicates.
struct StoryNode {
    id: ArticleId,
    /// `None` if the story is a single article.
    record: Option<Story>,
    since: Instant,
}

impl StoryNode {
    fn members(&self) -> Vec<ArticleId> {
        self.record.as_ref().map_or_else(|| vec![self.id.clone()], |record| record.members.clone())
    }

    fn put(&self, members: Vec<ArticleId>, merged_into: Option<ArticleId>) -> StoryPut {
        let story = Story {
            id: self.id.clone(),
            version: self.record.as_ref().map_or(0, |record| record.version),
            created_at: self.record.as_ref().map_or(self.since, |record| record.created_at),
            members,
            merged_into,
        };
        StoryPut { story, was_listed: self.record.as_ref().is_some_and(Story::is_listed) }
    }
}

fn are_near(a: &Article, b: &Article) -> bool {
    let published = a.facts.published.at.zip(b.facts.published.at);
    let (at_a, at_b) = published.unwrap_or((a.head.first_seen_at, b.head.first_seen_at));
    at_a.timestamp().duration_since(at_b.timestamp()).abs().as_hours() <= DAYS_APART * 24
}

impl Archive {
    /// Chooses the story of an article. `own`: its current story; `None` if the article is new.
    pub(super) async fn assign_story(
        &self,
        article: &Article,
        own: Option<&ArticleId>,
    ) -> Result<StoryAssignment, StoreError> {
        let id = &article.head.id;
        let shingles = Shingles::of(&article.detail.body);
        let bands = self.store().bands(&shingles.bands()).await?;
        let mut nodes: Vec<StoryNode> = Vec::new();
        if let Some(own) = own {
            nodes.push(self.node(own, article.head.first_seen_at).await?);
        }
        let own_id = nodes.first().map(|node| node.id.clone());
        for near_duplicate in self.near_duplicates(article, &shingles, &bands).await? {
            let node = self.node(&near_duplicate.head.story, near_duplicate.head.first_seen_at).await?;
            if !nodes.iter().any(|other| other.id == node.id) {
                nodes.push(node);
            }
        }
        let position = PostingList::All.position(article);
        let missing = bands.into_iter().filter(|band| !band.has(id)).map(|band| band.with(position.clone()));
        let mut changes = StoryChanges { stories: Vec::new(), bands: missing.collect() };
        // Recorded stories, whose ids readers know, come before single articles, and older ones before newer ones.
        nodes.sort_by_key(|node| (node.record.is_none(), node.since, node.id.clone()));
        // The limit on merges never cuts off the article's current story.
        let own_node = nodes.iter().position(|node| Some(&node.id) == own_id.as_ref());
        if let Some(at) = own_node.filter(|own_node| *own_node > MERGES_MAX) {
            nodes.swap(MERGES_MAX, at);
        }
        nodes.truncate(1 + MERGES_MAX);
        let Some((target, others)) = nodes.split_first() else {
            return Ok(StoryAssignment { story: id.clone(), changes, left_out: None });
        };
        let mut members = target.members();
        let added = others.iter().flat_map(StoryNode::members).chain([id.clone()]);
        for member in added {
            if !members.contains(&member) {
                members.push(member);
            }
        }
        if members.len() > STORY_MEMBERS {
            let left_out = format!("story: {} has {STORY_MEMBERS} members, and takes no more", target.id);
            return Ok(StoryAssignment { story: own.unwrap_or(id).clone(), changes, left_out: Some(left_out) });
        }
        if members != target.members() {
            changes.stories.push(target.put(members, None));
        }
        changes.stories.extend(others.iter().map(|other| other.put(Vec::new(), Some(target.id.clone()))));
        Ok(StoryAssignment { story: target.id.clone(), changes, left_out: None })
    }

    async fn node(&self, story: &ArticleId, first_seen_at: Instant) -> Result<StoryNode, StoreError> {
        let (id, record) = self.store().resolve_story(story).await?;
        let since = record.as_ref().map_or(first_seen_at, |record| record.created_at);
        Ok(StoryNode { id, record, since })
    }

    /// Returns the near-duplicates of an article that are close to it in time.
    async fn near_duplicates(
        &self,
        article: &Article,
        shingles: &Shingles,
        bands: &[Band],
    ) -> Result<Vec<Article>, StoreError> {
        let mut common: HashMap<&ArticleId, usize> = HashMap::new();
        for member in bands.iter().flat_map(|band| &band.members).filter(|member| member.id != article.head.id) {
            *common.entry(&member.id).or_default() += 1;
        }
        let mut candidates: Vec<(&ArticleId, usize)> = common.into_iter().collect();
        candidates.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        candidates.truncate(CANDIDATES_MAX);
        let ids: Vec<ArticleId> = candidates.into_iter().map(|(id, _)| id.clone()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (records, _) = self.store().articles(&ids).await?;
        let mut near: Vec<Article> =
            records.into_iter().map(|record| record.article).filter(|other| are_near(article, other)).collect();
        // Batch reads return items in no order; this is the candidates' own.
        near.sort_by_cached_key(|other| ids.iter().position(|id| *id == other.head.id));
        let mut matching: Vec<(Similarity, Article)> = Vec::new();
        for other in near {
            // One member is enough to find a story, and comparing takes long for long texts.
            if matching.iter().any(|(_, member)| member.head.story == other.head.story) {
                continue;
            }
            let similarity = shingles.similarity(&Shingles::of(&other.detail.body));
            if similarity.is_of_one_story() {
                matching.push((similarity, other));
            }
        }
        matching.sort_by(|a, b| b.0.jaccard.total_cmp(&a.0.jaccard).then(a.1.head.id.cmp(&b.1.head.id)));
        let matching: Vec<Article> = matching.into_iter().map(|(_, article)| article).collect();
        // An article without a date may be near to articles that are years apart; it must not join them.
        let Some(best) = matching.first().cloned() else { return Ok(matching) };
        Ok(matching.into_iter().filter(|other| are_near(&best, other)).collect())
    }

    /// Returns the changes to the article's story when the article is deleted.
    pub(super) async fn remove_from_story(&self, article: &Article) -> Result<StoryChanges, StoreError> {
        let node = self.node(&article.head.story, article.head.first_seen_at).await?;
        let mut members = node.members();
        members.retain(|member| *member != article.head.id);
        let is_member = node.record.as_ref().is_some_and(|record| record.members.contains(&article.head.id));
        let stories = is_member.then(|| node.put(members, None)).into_iter().collect();
        Ok(StoryChanges { stories, bands: Vec::new() })
    }
}

/// The result of looking up a story's id.
pub enum StoryLookup {
    Story(Box<ComparedStory>),
    /// The id of the story that it was merged into.
    Merged(ArticleId),
}

/// A story with its members and their similarity.
pub struct ComparedStory {
    pub id: ArticleId,
    pub created_at: Instant,
    /// The canonical one first: sorted by publication, or by first sight if that is unknown.
    pub members: Vec<Article>,
    /// The similarity of every two of the first [`STORY_MEMBERS_COMPARED`] members.
    pub pairs: Vec<(ArticleId, ArticleId, Similarity)>,
    /// The spans that each of those members shares with the canonical one.
    pub shared: Vec<(ArticleId, Vec<(TextSpan, TextSpan)>)>,
}

impl Archive {
    /// Returns `None` if the story does not exist or has no articles any more.
    pub async fn story(&self, id: &ArticleId) -> Result<Option<StoryLookup>, StoreError> {
        let (resolved, record) = self.store().resolve_story(id).await?;
        if resolved != *id {
            return Ok(Some(StoryLookup::Merged(resolved)));
        }
        let ids = record.as_ref().map_or_else(|| vec![id.clone()], |record| record.members.clone());
        let mut members = self.members(&ids).await?;
        // An article that joined another story no longer has one.
        members.retain(|member| record.is_some() || member.head.story == *id);
        let Some(canonical) = members.first() else { return Ok(None) };
        let created_at = record.map_or(canonical.head.first_seen_at, |record| record.created_at);
        // Comparing is CPU-bound.
        let compared: Vec<Article> = members.iter().take(STORY_MEMBERS_COMPARED).cloned().collect();
        let (pairs, shared) = tokio::task::spawn_blocking(move || compare(&compared)).await.unwrap_or_default();
        Ok(Some(StoryLookup::Story(Box::new(ComparedStory { id: resolved, created_at, members, pairs, shared }))))
    }

    /// Returns the articles of `ids` that exist, in the order of a story's members.
    pub async fn members(&self, ids: &[ArticleId]) -> Result<Vec<Article>, StoreError> {
        let (records, _) = self.store().articles(ids).await?;
        let mut members: Vec<Article> = records.into_iter().map(|record| record.article).collect();
        members.sort_by_key(|member| (member.listed_at(), member.head.first_seen_at, member.head.id.clone()));
        Ok(members)
    }
}

type Pairs = Vec<(ArticleId, ArticleId, Similarity)>;
type Shared = Vec<(ArticleId, Vec<(TextSpan, TextSpan)>)>;

fn compare(members: &[Article]) -> (Pairs, Shared) {
    let shingles: Vec<Shingles> = members.iter().map(|member| Shingles::of(&member.detail.body)).collect();
    let id = |at: usize| members[at].head.id.clone();
    let pairs = (0..members.len()).flat_map(|a| (a + 1..members.len()).map(move |b| (a, b)));
    let pairs = pairs.map(|(a, b)| (id(a), id(b), shingles[a].similarity(&shingles[b]))).collect();
    let (canonical, others) = members.split_first().expect("a story has a member");
    let shared = |article: &Article| {
        (article.head.id.clone(), near_duplicates::shared(&canonical.detail.body, &article.detail.body))
    };
    (pairs, others.iter().map(shared).collect())
}
