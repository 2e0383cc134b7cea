//! `GET /v1/stories`: clusters of near-duplicate articles, and why they belong together.

use super::problem::docs as problem_docs;
use super::{
    Service,
    params::{article_id, no_params, read_params},
    problem::{Code, Problem},
    responses::{json, next_page},
};
use crate::{
    archive::stories::{ComparedStory, StoryLookup},
    article::{Article, ArticleId, Card, Instant, TextSpan},
    enrich::near_duplicates::Similarity,
    limits::{PAGE_DEFAULT, PAGE_MAX, STORIES_MEMBERS_READ, STORY_MEMBERS_COMPARED},
    query::cursor,
    store::Story,
};
use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

/// Names this list in its cursors.
const BINDING: &str = "stories";

/// A story in the list of stories.
#[derive(Serialize, ToSchema)]
pub struct StoryEntry {
    id: ArticleId,
    /// When its second member was added.
    created_at: Instant,
    /// Number of articles in the story.
    members: usize,
    /// The card of the earliest article.
    #[schema(value_type = Card)]
    canonical: Box<RawValue>,
    location: String,
}

#[derive(Serialize, ToSchema)]
pub struct StoryList {
    stories: Vec<StoryEntry>,
    /// A relative URL; only `null` means the end of the list.
    next: Option<String>,
}

/// List stories
///
/// Stories that have several articles, newest first. A story's time is when its first article was first seen, and does
/// not change; a story that was merged into another leaves the list.
///
/// Stories are formed a moment after their articles are stored: within seconds, on AWS within about a minute.
#[utoipa::path(get, path = "/v1/stories", operation_id = "list_stories", tag = "stories",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "1 to 100, default 20. A page may be short while `next` is not null"),
           ("cursor" = Option<String>, Query, description = "From `next`")),
    responses(
        (status = 200, description = "A page of stories", body = StoryList),
        problem_docs::InvalidParameter,
))]
pub async fn stories(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let (limit, after) = read_params(raw.as_deref(), &["limit", "cursor"], |params| {
        (params.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT), params.position(BINDING))
    })?;
    let (found, more) = service.archive.store().stories(after.as_ref(), limit).await?;
    let (all, mut ids) = (found.len(), Vec::new());
    let mut selected: Vec<Story> = Vec::new();
    for story in found {
        if !selected.is_empty() && ids.len() + story.members.len() > STORIES_MEMBERS_READ {
            break;
        }
        ids.extend(story.members.iter().cloned());
        selected.push(story);
    }
    let last = selected.last().map(Story::position);
    let short = selected.len() < all;
    let articles = service.archive.members(&ids).await?;
    let mut stories = Vec::with_capacity(selected.len());
    for story in selected {
        let members: Vec<&Article> =
            articles.iter().filter(|article| story.members.contains(&article.head.id)).collect();
        // Deleted members leave the story a moment later.
        let [canonical, _, ..] = members.as_slice() else { continue };
        stories.push(StoryEntry {
            location: path(&story.id),
            id: story.id,
            created_at: story.created_at,
            members: members.len(),
            canonical: card(canonical)?,
        });
    }
    let next = last.filter(|_| more || short);
    let next = next.map(|position| next_page("/v1/stories", raw.as_deref(), &cursor::write(&position, None, BINDING)));
    json(&StoryList { stories, next })
}

/// The canonical member, and the reason.
#[derive(Serialize, ToSchema)]
pub struct Canonical {
    id: ArticleId,
    /// `earliest_published`, or `earliest_seen` if it states no date.
    because: &'static str,
}

/// The similarity of two members.
#[derive(Serialize, ToSchema)]
pub struct Pair {
    a: ArticleId,
    b: ArticleId,
    #[serde(flatten)]
    similarity: Similarity,
}

/// A passage that the canonical article and another member share.
#[derive(Serialize, ToSchema)]
pub struct SharedPassage {
    canonical: TextSpan,
    member: TextSpan,
}

/// The passages of at least eight words that a member shares with the canonical article.
#[derive(Serialize, ToSchema)]
pub struct SharedWith {
    member: ArticleId,
    passages: Vec<SharedPassage>,
}

#[derive(Serialize, ToSchema)]
pub struct StoryDetail {
    id: ArticleId,
    created_at: Instant,
    canonical: Canonical,
    /// The canonical article first, then by the time they were published or first seen.
    #[schema(value_type = Vec<Card>)]
    members: Vec<Box<RawValue>>,
    /// For every pair of the first 20 members: the share of three-word shingles that both have, of all of theirs and of
    /// the shorter text's.
    similarity: Vec<Pair>,
    shared: Vec<SharedWith>,
    /// Number of members that are listed but not compared.
    not_compared: usize,
}

/// Get a story
///
/// Returns its members, their similarity, and the passages that they share.
///
/// Every article has its own story, with its own id, until it joins that of another. The id of a story that was merged,
/// or left by its only article, redirects to the remaining story.
#[utoipa::path(get, path = "/v1/stories/{id}", operation_id = "get_story", tag = "stories",
    params(("id" = String, Path, description = "The story's id")),
    responses(
        (status = 200, description = "The story", body = StoryDetail),
        (status = 301, description = "Merged into the story in `Location`"),
        problem_docs::StoryNotFound,
))]
pub async fn story(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    no_params(raw.as_deref())?;
    let id = article_id(&id).map_err(|error| Problem::new(Code::StoryNotFound, error.detail))?;
    match service.archive.story(&id).await? {
        None => Err(Problem::new(Code::StoryNotFound, format!("the archive has no story {id}"))),
        Some(StoryLookup::Merged(into)) => {
            Ok((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, path(&into))]).into_response())
        }
        Some(StoryLookup::Story(story)) => json(&detail(*story)?),
    }
}

fn path(id: &ArticleId) -> String {
    format!("/v1/stories/{id}")
}

fn card(article: &Article) -> Result<Box<RawValue>, Problem> {
    to_raw_value(&article.card()).map_err(|error| Problem::internal(&error))
}

fn detail(story: ComparedStory) -> Result<StoryDetail, Problem> {
    let not_found = || Problem::new(Code::StoryNotFound, format!("the archive has no story {}", story.id));
    let canonical = story.members.first().ok_or_else(not_found)?;
    let because = if canonical.facts.published.at.is_some() { "earliest_published" } else { "earliest_seen" };
    let passages = |(member, passages): (ArticleId, Vec<(TextSpan, TextSpan)>)| SharedWith {
        member,
        passages: passages.into_iter().map(|(canonical, member)| SharedPassage { canonical, member }).collect(),
    };
    Ok(StoryDetail {
        id: story.id,
        created_at: story.created_at,
        canonical: Canonical { id: canonical.head.id.clone(), because },
        members: story.members.iter().map(card).collect::<Result<_, _>>()?,
        similarity: story.pairs.into_iter().map(|(a, b, similarity)| Pair { a, b, similarity }).collect(),
        shared: story.shared.into_iter().map(passages).collect(),
        not_compared: story.members.len().saturating_sub(STORY_MEMBERS_COMPARED),
    })
}
