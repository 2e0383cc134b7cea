//! Reads stories: their members, how similar these are, and the passages that they share.

use super::Archive;
use crate::{
    article::{Article, ArticleId, Instant, TextSpan},
    enrich::near_duplicates::{self, Shingles, Similarity},
    limits::STORY_MEMBERS_COMPARED,
    store::StoreError,
};

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
        let members = self.members(&ids).await?;
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
