//! Stories in a list: only their members, none of them, or each story once.
//!
//! A posting does not know its story, because a story may be merged into another at any time and takes no list along. So
//! what a list says of stories is asked of the stories themselves, at a cost that is bounded here.

use super::{ListQuery, StoryClause};
use crate::{
    article::ArticleId,
    store::{HeldArticle, List, Position, Posting, Store, StoreError},
};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// The stories that one filter may name.
pub const STORIES_LIMIT: usize = 5;
/// How many members of stories one page reads at most to show each story once; a page that needs more is short.
const MEMBERS_READ: usize = 400;

/// The members of the stories that a filter names.
pub struct Members(Vec<(HashSet<ArticleId>, bool)>);

impl Members {
    pub async fn of(store: &Store, clauses: &[StoryClause]) -> Result<Self, StoreError> {
        let mut all = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let mut members = HashSet::new();
            for story in &clause.stories {
                members.extend(members_of(store, story).await?);
            }
            all.push((members, clause.negated));
        }
        Ok(Self(all))
    }

    pub fn hold(&self, id: &ArticleId) -> bool {
        self.0.iter().all(|(members, negated)| members.contains(id) != *negated)
    }

    /// The articles that alone can match, where a clause asks for members.
    pub fn only(&self) -> Option<Vec<ArticleId>> {
        let fewest = self.0.iter().filter(|it| !it.1).min_by_key(|it| it.0.len())?;
        Some(fewest.0.iter().cloned().collect())
    }
}

/// Of a story that has no item, the one article that it is.
async fn members_of(store: &Store, story: &ArticleId) -> Result<Vec<ArticleId>, StoreError> {
    let (id, record) = store.living_story(story).await?;
    Ok(record.map_or_else(|| vec![id], |it| it.members))
}

/// The list that a sort walks, where it walks every article.
pub(super) fn walked(query: &ListQuery) -> List {
    if query.sort == super::Sort::ChangedNewest { List::Changed } else { List::All }
}

/// The postings of articles that match, in the order of the list, with the read units that they took.
pub async fn matching(
    store: &Store,
    query: &ListQuery,
    members: &Members,
    ids: &[ArticleId],
) -> Result<(Vec<Posting>, f64), StoreError> {
    let (articles, read_units) = store.articles(ids).await?;
    let (mut postings, more) = postings(store, query, &articles).await?;
    postings.retain(|it| query.filter.matches(it) && members.hold(&it.position.id));
    Ok((postings, read_units + more))
}

async fn postings(
    store: &Store,
    query: &ListQuery,
    articles: &[HeldArticle],
) -> Result<(Vec<Posting>, f64), StoreError> {
    let (mut postings, read_units) = store.postings(&walked(query), articles).await?;
    postings.sort_by(|a, b| query.sort.direction().order(&a.position, &b.position));
    Ok((postings, read_units))
}

/// Shows each story once.
pub struct Collapse<'a> {
    store: &'a Store,
    query: &'a ListQuery,
    members: &'a Members,
    left: usize,
    /// Of each story that was met: the member that shows it.
    shown: HashMap<ArticleId, Option<ArticleId>>,
    pub read_units: f64,
}

/// The one member of a card that is asked for here.
#[derive(Deserialize)]
struct OfStory {
    story: ArticleId,
}

impl<'a> Collapse<'a> {
    pub fn new(store: &'a Store, query: &'a ListQuery, members: &'a Members) -> Self {
        Self { store, query, members, left: MEMBERS_READ, shown: HashMap::new(), read_units: 0.0 }
    }

    /// Of postings that match and follow each other, those that show their stories, one more than wanted at most; and the
    /// last that was decided upon, where that is not the last of all.
    pub async fn keep(
        &mut self,
        postings: Vec<Posting>,
        wanted: usize,
    ) -> Result<(Vec<Posting>, Option<Position>), StoreError> {
        let mut kept = Vec::new();
        let mut decided = None;
        for posting in postings {
            if self.left == 0 || kept.len() > wanted {
                return Ok((kept, decided));
            }
            decided = Some(posting.position.clone());
            if self.shows(&posting).await? {
                kept.push(posting);
            }
        }
        Ok((kept, None))
    }

    async fn shows(&mut self, posting: &Posting) -> Result<bool, StoreError> {
        let id = &posting.position.id;
        let card = posting.card.as_ref().and_then(|it| it.open().ok());
        let told = card.and_then(|it| serde_json::from_str::<OfStory>(it.get()).ok());
        let story = match told {
            Some(it) => it.story,
            None => match self.store.article(id).await? {
                Some(held) => held.article.head.story,
                None => return Ok(true),
            },
        };
        self.left -= 1;
        let (story, record) = self.store.living_story(&story).await?;
        let Some(record) = record.filter(|it| it.members.len() > 1) else { return Ok(true) };
        if !self.shown.contains_key(&story) {
            self.left = self.left.saturating_sub(record.members.len());
            let (first, read_units) = matching(self.store, self.query, self.members, &record.members).await?;
            self.read_units += read_units;
            self.shown.insert(story.clone(), first.into_iter().next().map(|it| it.position.id));
        }
        Ok(self.shown[&story].as_ref() == Some(id))
    }
}
