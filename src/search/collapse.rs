//! Each story once: by the one of its members that match which comes first in the order, as in lists without a text.

use super::{
    Asked, SearchError,
    collect::{Hit, Matching},
    view::{View, articles, blocking},
};
use crate::{
    article::ArticleId,
    query::Sort,
    store::{Store, Story},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Of hits that follow each other, those that show their stories.
pub async fn shown(
    store: &Store,
    view: &Arc<View>,
    asked: Arc<Asked>,
    sort: Sort,
    hits: Vec<Hit>,
) -> Result<Vec<Hit>, SearchError> {
    let found = articles(store, hits.iter().map(|it| it.position.id.clone()).collect()).await?;
    let story_of: HashMap<ArticleId, ArticleId> = found.into_iter().map(|it| (it.head.id, it.head.story)).collect();
    let mut first_of: HashMap<ArticleId, Option<ArticleId>> = HashMap::new();
    let mut shown = Vec::with_capacity(hits.len());
    for hit in hits {
        let id = &hit.position.id;
        // Gone since it was found.
        let Some(story) = story_of.get(id) else { continue };
        let (living, story) = store.living_story(story).await?;
        let shows = match story.filter(|it| it.members.len() > 1) {
            None => true,
            Some(story) => {
                if !first_of.contains_key(&living) {
                    first_of.insert(living.clone(), first(view, &asked, sort, story).await?);
                }
                first_of[&living].as_ref() == Some(id)
            }
        };
        if shows {
            shown.push(hit);
        }
    }
    Ok(shown)
}

/// Of a story's members, the first that matches.
async fn first(
    view: &Arc<View>,
    asked: &Arc<Asked>,
    sort: Sort,
    story: Story,
) -> Result<Option<ArticleId>, SearchError> {
    let (view, asked) = (view.clone(), asked.clone());
    let found = blocking(move || {
        let mut members = asked.members.sets().to_vec();
        members.push((story.members.into_iter().collect::<HashSet<_>>(), false));
        let matching = Matching { members: &members, ..asked.matching() };
        matching.first(&view, sort, None, 1)
    });
    Ok(found.await?.into_iter().next().map(|it| it.position.id))
}
