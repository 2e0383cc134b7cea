//! `get_story`: who published a story, and who first.

use super::{ToolError, schema, search_articles::FoundArticle};
use crate::{
    article::{Card, Instant},
    http::in_process::{Api, segment},
};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "get_story";
const MEMBERS: usize = 25;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Of a story, or of an article
    id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StoryMembers {
    id: String,
    /// Earliest first
    members: Vec<FoundArticle>,
    /// Members that are not shown
    more: usize,
}

#[derive(Deserialize)]
struct Story {
    id: String,
    members: Vec<Card>,
}

#[derive(Deserialize)]
struct InStory {
    story: String,
}

pub fn tool() -> Tool {
    schema::tool::<Arguments, StoryMembers>(
        NAME,
        "The near-duplicates of an article: who published it, earliest first.",
    )
}

pub async fn call(api: &Api, arguments: Arguments) -> Result<StoryMembers, ToolError> {
    let id = match api.get::<InStory>(&format!("/v1/articles/{}", segment(&arguments.id))).await {
        Ok(article) => article.story,
        // It is no article, so it may be a story.
        Err(problem) if problem.code.status().is_client_error() => arguments.id,
        Err(problem) => return Err(problem.into()),
    };
    let story: Option<Story> = api.find(&format!("/v1/stories/{}", segment(&id))).await?;
    let mut story = match story {
        Some(story) => story,
        // An article that is alone.
        None => Story { members: vec![api.get(&format!("/v1/articles/{}", segment(&id))).await?], id },
    };
    let time = |card: &Card| -> (Option<Instant>, Instant) { (card.facts.published.at, card.head.first_seen_at) };
    story.members.sort_by_key(|card| (time(card).0.unwrap_or(time(card).1), time(card).1));
    let more = story.members.len().saturating_sub(MEMBERS);
    let members = story.members.into_iter().take(MEMBERS).map(|card| FoundArticle::of(card, Vec::new())).collect();
    Ok(StoryMembers { id: story.id, members, more })
}
