//! `GET /v1/stories`: near-duplicates, together; and why.

use super::{
    Service, json,
    one::{article_id, limit, next_page, parameter, refuse_parameters},
    problem::{Code, Problem},
};
use crate::{
    archive::stories::{COMPARED_MAX, TheStory, Told},
    article::{Article, ArticleId, Card, Instant, TextSpan},
    enrich::likeness::Likeness,
    query::{BadParameter, cursor},
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

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;
/// So many articles are read for one page of stories; a page that needs more is short.
const MEMBERS_READ: usize = 400;
/// What a cursor of this list is bound to.
const BINDING: &str = "stories";

/// A story in the list of stories.
#[derive(Serialize, ToSchema)]
pub struct StoryEntry {
    id: ArticleId,
    /// When its second member came.
    created_at: Instant,
    /// How many articles it has.
    members: usize,
    /// The earliest of them.
    #[schema(value_type = Card)]
    canonical: Box<RawValue>,
    location: String,
}

#[derive(Serialize, ToSchema)]
pub struct StoryList {
    stories: Vec<StoryEntry>,
    /// A relative URL; only `null` ends a walk.
    next: Option<String>,
}

/// The stories that have several articles, newest first.
///
/// A story's time is that at which its second article came, and does not move; one that was merged into another is gone
/// from the list.
#[utoipa::path(get, path = "/v1/stories", tag = "stories",
    params(("limit" = Option<usize>, Query, description = "1 to 100, default 20. A page may be short while `next` is not null"),
           ("cursor" = Option<String>, Query, description = "From `next`")),
    responses(
        (status = 200, description = "A page of stories", body = StoryList),
        (status = 400, description = "A parameter is not legal", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn stories(State(service): State<Service>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &["limit", "cursor"])?;
    let refuse = |parameter: &str, detail: String| {
        Problem::parameters(vec![BadParameter { parameter: parameter.to_owned(), detail }])
    };
    let limit = limit(raw.as_deref(), LIMIT_MAX, LIMIT_DEFAULT)?;
    let after = match parameter(raw.as_deref(), "cursor")? {
        None => None,
        Some(text) => Some(cursor::read(&text, BINDING).map_err(|error| refuse("cursor", error.to_string()))?.0),
    };
    let (found, more) = service.archive.store().stories(after.as_ref(), limit).await?;
    let (all, mut ids) = (found.len(), Vec::new());
    let mut shown: Vec<Story> = Vec::new();
    for story in found {
        if !shown.is_empty() && ids.len() + story.members.len() > MEMBERS_READ {
            break;
        }
        ids.extend(story.members.iter().cloned());
        shown.push(story);
    }
    let last = shown.last().map(Story::position);
    let short = shown.len() < all;
    let articles = service.archive.members(&ids).await?;
    let mut stories = Vec::with_capacity(shown.len());
    for story in shown {
        let members: Vec<&Article> = articles.iter().filter(|it| story.members.contains(&it.head.id)).collect();
        // All of them may have been deleted at this very moment.
        let Some(canonical) = members.first() else { continue };
        stories.push(StoryEntry {
            location: path(&story.id),
            id: story.id,
            created_at: story.created_at,
            members: members.len(),
            canonical: card(canonical)?,
        });
    }
    let next = last.filter(|_| more || short);
    let next = next.map(|it| next_page("/v1/stories", raw.as_deref(), &cursor::write(&it, None, BINDING)));
    json(&StoryList { stories, next })
}

/// Which of the members is canonical, and why.
#[derive(Serialize, ToSchema)]
pub struct Canonical {
    id: ArticleId,
    /// `earliest_published`, or `earliest_seen` where it states no date.
    because: &'static str,
}

/// How alike two members are.
#[derive(Serialize, ToSchema)]
pub struct Pair {
    a: ArticleId,
    b: ArticleId,
    #[serde(flatten)]
    likeness: Likeness,
}

/// The same words in the canonical article and in another member.
#[derive(Serialize, ToSchema)]
pub struct SharedPassage {
    canonical: TextSpan,
    member: TextSpan,
}

/// The passages of eight words and more that a member shares with the canonical article.
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
    /// The canonical one first, then as they were published or first seen.
    #[schema(value_type = Vec<Card>)]
    members: Vec<Box<RawValue>>,
    /// Of every two of the first 20 members: the share of the three-word runs that both have, and of the shorter one's.
    likeness: Vec<Pair>,
    shared: Vec<SharedWith>,
    /// How many members are told but not compared.
    not_compared: usize,
}

/// A story: its members, how alike they are, and the passages that they share.
///
/// Every article is a story of its own until another joins. The id of a story that was merged into another leads there.
#[utoipa::path(get, path = "/v1/stories/{id}", tag = "stories",
    params(("id" = String, Path, description = "The story's id")),
    responses(
        (status = 200, description = "The story", body = StoryDetail),
        (status = 301, description = "It was merged into the story in `Location`"),
        (status = 404, description = "There is no such story", body = super::problem::ProblemBody, content_type = "application/problem+json"),
))]
pub async fn story(
    State(service): State<Service>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    refuse_parameters(raw.as_deref(), &[])?;
    let id = article_id(&id).map_err(|error| Problem::new(Code::StoryNotFound, error.detail))?;
    match service.archive.story(&id).await? {
        None => Err(Problem::new(Code::StoryNotFound, format!("the archive holds no story {id}"))),
        Some(Told::Merged(into)) => {
            Ok((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, path(&into))]).into_response())
        }
        Some(Told::Story(story)) => json(&detail(*story)?),
    }
}

fn path(id: &ArticleId) -> String {
    format!("/v1/stories/{id}")
}

fn card(article: &Article) -> Result<Box<RawValue>, Problem> {
    to_raw_value(&article.card()).map_err(|error| Problem::internal(&error))
}

fn detail(story: TheStory) -> Result<StoryDetail, Problem> {
    let gone = || Problem::new(Code::StoryNotFound, format!("the archive holds no story {}", story.id));
    let canonical = story.members.first().ok_or_else(gone)?;
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
        likeness: story.pairs.into_iter().map(|(a, b, likeness)| Pair { a, b, likeness }).collect(),
        shared: story.shared.into_iter().map(passages).collect(),
        not_compared: story.members.len().saturating_sub(COMPARED_MAX),
    })
}
