//! Joins articles to stories, and takes deleted ones out of them.
//!
//! Every article is the only one in its story until a near-duplicate is found: then the later article joins the story
//! of the earlier one. Comparing the texts decides ([`crate::enrich::near_duplicates`]). An article that resembles
//! members of several stories merges them into the first one, whose id they all share. The ids of the others lead to
//! it, and so does the id of every article that joined it, which was the id of its story before.
//!
//! Each step may be repeated: what is already as it should be is not written again. A consumer that is killed between
//! the story and the articles that show it completes them when it repeats the change.

use super::Archive;
use crate::{
    article::{Article, ArticleId, Instant},
    enrich::near_duplicates::{Shingles, Similarity},
    limits::STORY_MEMBERS,
    store::{ArticleRecord, RetryOnConflict, StoreError, Story, StoryPut},
};

/// Maximum stories that one article may merge into another at once.
const MERGES_MAX: usize = 2;
/// Maximum days between the publication of two articles of one story; if either date is unknown, between their first
/// sight.
const DAYS_APART: i64 = 14;

/// A story of several articles, or of one.
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
    /// Joins an article to the story of its near-duplicates among the candidates, if there are any.
    pub async fn join_story(
        &self,
        stored: &ArticleRecord,
        shingles: &Shingles,
        candidates: &[ArticleId],
    ) -> Result<(), StoreError> {
        let near = self.near_duplicates(&stored.article, shingles, candidates).await?;
        let head = &stored.article.head;
        if near.is_empty() && head.revision == 1 && head.story == head.id {
            return Ok(());
        }
        let mut retries = RetryOnConflict::default();
        loop {
            match self.join(stored, &near).await {
                Err(conflict @ StoreError::Conflict) => retries.pause(conflict).await?,
                joined => return joined,
            }
        }
    }

    async fn join(&self, stored: &ArticleRecord, near: &[ArticleRecord]) -> Result<(), StoreError> {
        let id = &stored.article.head.id;
        let own = self.node(id, stored).await?;
        let own_id = own.id.clone();
        let mut nodes = vec![own];
        for other in near {
            let node = self.node(&other.article.head.story, other).await?;
            if nodes.iter().all(|known| known.id != node.id) {
                nodes.push(node);
            }
        }
        // Recorded stories, whose ids readers know, come before single articles, and older ones before newer ones.
        nodes.sort_by_key(|node| (node.record.is_none(), node.since, node.id.clone()));
        // The limit on merges never cuts off the article's own story.
        let own_node = nodes.iter().position(|node| node.id == own_id);
        if let Some(at) = own_node.filter(|own_node| *own_node > MERGES_MAX) {
            nodes.swap(MERGES_MAX, at);
        }
        nodes.truncate(1 + MERGES_MAX);
        let (target, others) = nodes.split_first().expect("the article has a story");
        let mut members = target.members();
        for member in others.iter().flat_map(StoryNode::members).chain([id.clone()]) {
            if !members.contains(&member) {
                members.push(member);
            }
        }
        if members.len() > STORY_MEMBERS {
            let left_out = format!("story: {} has {STORY_MEMBERS} members, and takes no more", target.id);
            return unless_revised(self.store().add_left_out(stored, &left_out).await);
        }
        let mut puts = Vec::new();
        if members != target.members() {
            puts.push(target.put(members.clone(), None));
        }
        puts.extend(others.iter().map(|other| other.put(Vec::new(), Some(target.id.clone()))));
        if !puts.is_empty() {
            self.store().put_stories(&puts).await?;
        }
        let shows_another =
            |record: &ArticleRecord| members.contains(&record.article.head.id) && !shows(record, &target.id);
        match std::iter::once(stored).chain(near).any(shows_another) {
            true => self.show_on(&members, &target.id).await,
            false => Ok(()),
        }
    }

    /// Writes the id of their story on those of the members that have another.
    async fn show_on(&self, members: &[ArticleId], story: &ArticleId) -> Result<(), StoreError> {
        let (packed, _) = self.store().packed_articles(members).await?;
        for member in packed {
            if !member.shows(story)? {
                unless_revised(self.store().show_story(&member.unpack()?, story).await)?;
            }
        }
        Ok(())
    }

    async fn node(&self, story: &ArticleId, of: &ArticleRecord) -> Result<StoryNode, StoreError> {
        let (id, record) = self.store().resolve_story(story).await?;
        let since = record.as_ref().map_or(of.article.head.first_seen_at, |record| record.created_at);
        Ok(StoryNode { id, record, since })
    }

    /// Returns those of the candidates that are near-duplicates of an article and close to it in time.
    async fn near_duplicates(
        &self,
        article: &Article,
        shingles: &Shingles,
        candidates: &[ArticleId],
    ) -> Result<Vec<ArticleRecord>, StoreError> {
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let (mut others, _) = self.store().packed_articles(candidates).await?;
        // Batch reads return items in no order; this is the candidates' own.
        others.sort_by_cached_key(|other| candidates.iter().position(|id| *id == other.id));
        let mut matching: Vec<(Similarity, ArticleRecord)> = Vec::new();
        for other in others {
            // One member is enough to find a story, and reading and comparing take long for long texts.
            let of_known: Result<Vec<bool>, _> =
                matching.iter().map(|(_, member)| other.shows(&member.article.head.story)).collect();
            if of_known?.contains(&true) {
                continue;
            }
            let other = other.unpack()?;
            if !are_near(article, &other.article) {
                continue;
            }
            let similarity = shingles.similarity(&Shingles::of(&other.article.detail.body));
            if similarity.is_of_one_story() {
                matching.push((similarity, other));
            }
        }
        matching
            .sort_by(|a, b| b.0.jaccard.total_cmp(&a.0.jaccard).then(a.1.article.head.id.cmp(&b.1.article.head.id)));
        let mut matching: Vec<ArticleRecord> = matching.into_iter().map(|(_, record)| record).collect();
        // An article without a date may be near to articles that are years apart; it must not join them.
        if let Some(best) = matching.first().map(|record| record.article.clone()) {
            matching.retain(|other| are_near(&best, &other.article));
        }
        Ok(matching)
    }

    /// Takes an article that no longer exists out of its story. The story keeps its id, and the article's own id leads
    /// to it: if the article is restored, it rejoins.
    pub async fn leave_story(&self, article: &ArticleId) -> Result<(), StoreError> {
        let mut retries = RetryOnConflict::default();
        loop {
            let (id, Some(record)) = self.store().resolve_story(article).await? else { return Ok(()) };
            if !record.members.contains(article) {
                return Ok(());
            }
            let node = StoryNode { id, since: record.created_at, record: Some(record) };
            let mut members = node.members();
            members.retain(|member| member != article);
            match self.store().put_stories(&[node.put(members, None)]).await {
                Err(conflict @ StoreError::Conflict) => retries.pause(conflict).await?,
                left => return left,
            }
        }
    }
}

fn shows(record: &ArticleRecord, story: &ArticleId) -> bool {
    record.article.head.story == *story
}

/// A revision that was faster has its own change, which is yet to come.
fn unless_revised(written: Result<(), StoreError>) -> Result<(), StoreError> {
    match written {
        Err(StoreError::Conflict) => Ok(()),
        written => written,
    }
}
