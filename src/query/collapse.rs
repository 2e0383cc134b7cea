//! Collapses a list to one article per story: the first member that matches, in the order of the list.
//!
//! Lists and searches decide differently which member is the first; [`FirstMember`] is that difference.

use crate::{
    article::ArticleId,
    limits::COLLAPSE_MEMBERS_READ,
    store::{ListPosition, Posting, Store, StoreError, Story},
};
use futures::future::try_join_all;
use serde::Deserialize;
use std::collections::HashMap;

/// Stories that are read concurrently: sequential reads would take time in proportion to the page.
const AT_ONCE: usize = 16;

/// The postings of a run that are shown.
#[derive(Default)]
pub struct Kept {
    pub postings: Vec<Posting>,
    /// Whether collapsing stopped before the end of the run.
    pub stopped: bool,
    /// The position of the last decided posting, if any.
    pub decided: Option<ListPosition>,
}

/// Finds the first of a story's members that matches, in the order of the list.
pub trait FirstMember {
    type Error: From<StoreError>;

    fn first_member(
        &mut self,
        members: Vec<ArticleId>,
    ) -> impl Future<Output = Result<Option<ArticleId>, Self::Error>> + Send;
}

/// Shows each story once.
pub struct Collapse<'a, F> {
    store: &'a Store,
    pub first_member: F,
    left: usize,
    /// The member that represents each story met so far.
    shown: HashMap<ArticleId, Option<ArticleId>>,
}

/// The one member of a card's JSON that is read here.
#[derive(Deserialize)]
struct CardStory {
    story: ArticleId,
}

impl<'a, F: FirstMember> Collapse<'a, F> {
    pub fn new(store: &'a Store, first_member: F) -> Self {
        Self { store, first_member, left: COLLAPSE_MEMBERS_READ, shown: HashMap::new() }
    }

    /// Takes matching postings in list order and returns those that represent their stories, at most one more than
    /// `wanted`.
    pub async fn keep(&mut self, postings: Vec<Posting>, wanted: usize) -> Result<Kept, F::Error> {
        let mut kept = Kept::default();
        let mut rest = postings.into_iter().peekable();
        while rest.peek().is_some() {
            let chunk: Vec<Posting> = rest.by_ref().take(AT_ONCE.min(wanted + 1)).collect();
            let stories = try_join_all(chunk.iter().map(|posting| self.story_of(posting))).await?;
            for (posting, story) in chunk.into_iter().zip(stories) {
                if self.left == 0 || kept.postings.len() > wanted {
                    kept.stopped = true;
                    return Ok(kept);
                }
                kept.decided = Some(posting.position.clone());
                if self.represents(&posting.position.id, story).await? {
                    kept.postings.push(posting);
                }
            }
        }
        Ok(kept)
    }

    /// Returns the story of an article, if it has other members.
    async fn story_of(&self, posting: &Posting) -> Result<Option<Story>, StoreError> {
        let card = posting.card.as_ref().and_then(|card| card.open().ok());
        let in_card = card.and_then(|card| serde_json::from_str::<CardStory>(card.get()).ok()).map(|card| card.story);
        let story = match in_card {
            Some(story) => story,
            None => match self.store.article(&posting.position.id).await? {
                Some(record) => record.article.head.story,
                None => return Ok(None),
            },
        };
        let (_, record) = self.store.resolve_story(&story).await?;
        Ok(record.filter(|record| record.members.len() > 1))
    }

    /// Whether an article represents its story.
    async fn represents(&mut self, id: &ArticleId, story: Option<Story>) -> Result<bool, F::Error> {
        self.left -= 1;
        let Some(story) = story else { return Ok(true) };
        if !self.shown.contains_key(&story.id) {
            self.left = self.left.saturating_sub(story.members.len());
            let first = self.first_member.first_member(story.members).await?;
            self.shown.insert(story.id.clone(), first);
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
        store::{Direction, PostingList, PostingRange, embedded},
    };

    /// The articles of this test are stories of one, so no first member is asked for.
    struct Unasked;

    impl FirstMember for Unasked {
        type Error = StoreError;

        async fn first_member(&mut self, _: Vec<ArticleId>) -> Result<Option<ArticleId>, StoreError> {
            unreachable!("every story has one member")
        }
    }

    /// A page that has used up its reads leaves every undecided posting to the next page.
    #[tokio::test]
    async fn undecided_postings_are_left_to_the_next_page() {
        let (store, _) = embedded::memory().expect("an engine in memory");
        let archive = Archive::new(store);
        for number in 0..4 {
            let document = RawDocument {
                key: Some(number.to_string()),
                media_type: Some("text/plain".to_owned()),
                ..RawDocument::new(
                    format!("Tram {number} returns\n\nThe tram ran again on Monday.\n").into_bytes(),
                    Instant::now(),
                )
            };
            archive.ingest(document).await.expect("ingested");
        }
        let range = PostingRange {
            list: PostingList::All,
            direction: Direction::NewestFirst,
            after: None,
            from: None,
            to: None,
            limit: 4,
        };
        let postings = archive.store().list(&range).await.expect("read").postings;
        let mut collapse = Collapse { left: 2, ..Collapse::new(archive.store(), Unasked) };
        let first = collapse.keep(postings[..2].to_vec(), 10).await.expect("read");
        assert_eq!((first.postings.len(), first.stopped), (2, false));
        let second = collapse.keep(postings[2..].to_vec(), 10).await.expect("read");
        assert_eq!((second.postings.len(), second.stopped, second.decided), (0, true, None));
        let mut again = Collapse { left: 1, ..Collapse::new(archive.store(), Unasked) };
        let third = again.keep(postings[2..].to_vec(), 10).await.expect("read");
        assert_eq!((third.postings.len(), third.stopped), (1, true));
        assert_eq!(third.decided.as_ref(), Some(&postings[2].position));
    }
}
