//! The article that a path names, or the problem: there is none, or it was deleted.

use super::{
    Service,
    params::article_id,
    problem::{Code, Problem},
};
use crate::{
    article::Article,
    store::{StoredArticle, Tombstone},
};

pub async fn stored_article(service: &Service, id: &str) -> Result<Article, Problem> {
    let id = article_id(id)?;
    match service.archive.store().stored_article(&id).await? {
        Some(StoredArticle::Article(stored)) => Ok(stored.article),
        Some(StoredArticle::Tombstone(tombstone)) => Err(deleted(&tombstone)),
        None => Err(not_found(id.as_str())),
    }
}

fn deleted(tombstone: &Tombstone) -> Problem {
    let reason = tombstone.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let how = if tombstone.purged { "purged" } else { "deleted" };
    Problem::new(
        Code::ArticleDeleted,
        format!("the article {} was {how} at {}{reason}", tombstone.id, tombstone.deleted_at),
    )
}

pub fn not_found(id: &str) -> Problem {
    Problem::new(Code::ArticleNotFound, format!("the archive has no article {id}"))
}
