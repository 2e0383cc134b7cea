//! Stories in a list: only their members, none of them, or each story once.
//!
//! A posting does not know its story, because a story may be merged into another at any time and takes no list along. So
//! what a list says of stories is asked of the stories themselves, at a cost that is bounded here.

use super::{ListQuery, StoryClause};
use crate::{
    article::ArticleId,
    store::{HeldArticle, List, Position, Posting, Store, StoreError, Story},
};
use futures::future::try_join_all;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// The stories that one filter may name.
pub const STORIES_LIMIT: usize = 5;
/// Stories that are read at once: one after another they would take as long as the page is.
const AT_ONCE: usize = 16;
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

    /// The members of each clause, and whether they are to be left out.
    pub fn sets(&self) -> &[(HashSet<ArticleId>, bool)] {
        &self.0
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

/// What is shown of a run of postings.
#[derive(Default)]
pub struct Kept {
    pub postings: Vec<Posting>,
    /// Whether it ended before the run did.
    pub stopped: bool,
    /// The last posting that was decided upon, if one was.
    pub decided: Option<Position>,
}

/// Shows each story once.
pub struct Collapse<'a> {
    store: &'a Store,
    query: &'a ListQuery,
    members: &'a Members,
    left: usize,
    /// Of each story that was met: the member that shows it.
    shown: HashMap<ArticleId, Option<ArticleId>>,
    /// What reading members took.
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

    /// Of postings that match and follow each other, those that show their stories, one more than wanted at most.
    pub async fn keep(&mut self, postings: Vec<Posting>, wanted: usize) -> Result<Kept, StoreError> {
        let mut kept = Kept::default();
        let mut rest = postings.into_iter().peekable();
        while rest.peek().is_some() {
            let some: Vec<Posting> = rest.by_ref().take(AT_ONCE.min(wanted + 1)).collect();
            let stories = try_join_all(some.iter().map(|it| self.story_of(it))).await?;
            for (posting, story) in some.into_iter().zip(stories) {
                if self.left == 0 || kept.postings.len() > wanted {
                    kept.stopped = true;
                    return Ok(kept);
                }
                kept.decided = Some(posting.position.clone());
                if self.shows(&posting.position.id, story).await? {
                    kept.postings.push(posting);
                }
            }
        }
        Ok(kept)
    }

    /// The story of an article, if it has other members.
    async fn story_of(&self, posting: &Posting) -> Result<Option<Story>, StoreError> {
        let card = posting.card.as_ref().and_then(|it| it.open().ok());
        let told = card.and_then(|it| serde_json::from_str::<OfStory>(it.get()).ok()).map(|it| it.story);
        let story = match told {
            Some(story) => story,
            None => match self.store.article(&posting.position.id).await? {
                Some(held) => held.article.head.story,
                None => return Ok(None),
            },
        };
        let (_, record) = self.store.living_story(&story).await?;
        Ok(record.filter(|it| it.members.len() > 1))
    }

    /// Whether an article is the one of its story that is shown.
    async fn shows(&mut self, id: &ArticleId, story: Option<Story>) -> Result<bool, StoreError> {
        self.left -= 1;
        let Some(story) = story else { return Ok(true) };
        if !self.shown.contains_key(&story.id) {
            self.left = self.left.saturating_sub(story.members.len());
            let (first, read_units) = matching(self.store, self.query, self.members, &story.members).await?;
            self.read_units += read_units;
            self.shown.insert(story.id.clone(), first.into_iter().next().map(|it| it.position.id));
        }
        Ok(self.shown[&story.id].as_ref() == Some(id))
    }
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;
    use crate::{
        archive::Archive,
        article::{Instant, RawDocument},
        store::{Direction, Stretch, embedded},
    };

    /// A page whose reads are spent leaves every posting that it did not decide upon to the next page.
    #[tokio::test]
    async fn what_is_not_decided_upon_is_not_lost() {
        let (store, _) = embedded::memory().await.expect("an engine in memory");
        let archive = Archive::new(store);
        for number in 0..4 {
            let document = RawDocument {
                content: format!("Tram {number} returns\n\nThe tram ran again on Monday.\n").into_bytes(),
                key: Some(number.to_string()),
                media_type: Some("text/plain".to_owned()),
                url: None,
                source: None,
                defaults: None,
                retrieved_at: Instant::now(),
            };
            archive.ingest(document).await.expect("ingested");
        }
        let stretch =
            Stretch { list: List::All, direction: Direction::NewestFirst, after: None, from: None, to: None, limit: 4 };
        let postings = archive.store().list(&stretch).await.expect("read").postings;
        let query = ListQuery::parse(&[("collapse".to_owned(), "story".to_owned())]).expect("legal");
        let members = Members::of(archive.store(), &[]).await.expect("none");
        let mut collapse = Collapse { left: 2, ..Collapse::new(archive.store(), &query, &members) };
        let first = collapse.keep(postings[..2].to_vec(), 10).await.expect("read");
        assert_eq!((first.postings.len(), first.stopped), (2, false));
        let second = collapse.keep(postings[2..].to_vec(), 10).await.expect("read");
        assert_eq!((second.postings.len(), second.stopped, second.decided), (0, true, None));
        let mut again = Collapse { left: 1, ..Collapse::new(archive.store(), &query, &members) };
        let third = again.keep(postings[2..].to_vec(), 10).await.expect("read");
        assert_eq!((third.postings.len(), third.stopped), (1, true));
        assert_eq!(third.decided.as_ref(), Some(&postings[2].position));
    }
}
