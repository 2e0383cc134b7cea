//! The page itself: how many of the postings that were found fit one response, and what each shows.

use super::ListQuery;
use crate::{
    article::{Article, ArticleId},
    json::to_json,
    limits::PAGE_BYTES,
    store::{ListPosition, Posting, Store, StoreError},
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

#[derive(Clone, Debug, Default)]
pub struct ArticlePage {
    pub cards: Vec<(ArticleId, PageItem)>,
    /// Where the next page begins, or `None` at the end of the list.
    pub next: Option<ListPosition>,
    pub cost: Cost,
}

/// A card, or the whole article if the query needs more than a card.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum PageItem {
    Card(Box<RawValue>),
    Article(Box<Article>),
}

impl PageItem {
    fn json_bytes(&self) -> usize {
        match self {
            Self::Card(card) => card.get().len(),
            Self::Article(article) => to_json(article).len(),
        }
    }
}

/// The cost of a page, in the units that it is billed by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    pub queries: usize,
    pub read_units: f64,
}

/// The postings that a page shows, in its order.
#[derive(Debug, Default)]
pub struct FoundPostings {
    pub postings: Vec<Posting>,
    /// The position after which the candidates continue, if they do.
    pub rest: Option<ListPosition>,
    pub cost: Cost,
}

/// Builds the page of the postings that were found. `fetched`: articles that are read already.
pub async fn build(
    store: &Store,
    query: &ListQuery,
    found: FoundPostings,
    fetched: HashMap<ArticleId, Article>,
) -> Result<ArticlePage, StoreError> {
    let FoundPostings { mut postings, rest, mut cost } = found;
    let full = postings.len() > query.limit || postings.len() == query.limit && rest.is_some();
    let next = if full {
        postings.truncate(query.limit);
        postings.last().map(|posting| posting.position.clone())
    } else {
        rest
    };
    let (items, read_units) = fill(store, postings, query.needs_article, fetched).await?;
    cost.read_units += read_units;
    let fitting = fitting(&items);
    let next = if fitting < items.len() { Some(items[fitting - 1].0.clone()) } else { next };
    let cards = items.into_iter().take(fitting).map(|(position, item)| (position.id, item)).collect();
    Ok(ArticlePage { cards, next, cost })
}

/// Returns how many items fit one response, at least one; a page of long items is short.
fn fitting(items: &[(ListPosition, PageItem)]) -> usize {
    let mut bytes = 0;
    let over = items.iter().position(|(_, item)| {
        bytes += item.json_bytes();
        bytes > PAGE_BYTES
    });
    over.map_or(items.len(), |at| at.max(1))
}

/// Returns the items of a page, and the read units. Cards come from the postings; what a posting could not hold is read
/// from the articles, in batches. `fetched`: articles that are read already.
async fn fill(
    store: &Store,
    postings: Vec<Posting>,
    needs_article: bool,
    mut fetched: HashMap<ArticleId, Article>,
) -> Result<(Vec<(ListPosition, PageItem)>, f64), StoreError> {
    let missing =
        |posting: &&Posting| (needs_article || posting.card.is_none()) && !fetched.contains_key(&posting.position.id);
    let ids: Vec<ArticleId> = postings.iter().filter(missing).map(|posting| posting.position.id.clone()).collect();
    let (records, read_units) = if ids.is_empty() { Default::default() } else { store.articles(&ids).await? };
    fetched.extend(records.into_iter().map(|record| (record.article.head.id.clone(), record.article)));
    let mut items = Vec::with_capacity(postings.len());
    for Posting { position, card, .. } in postings {
        let item = match (fetched.remove(&position.id), card) {
            (Some(article), _) if needs_article => PageItem::Article(Box::new(article)),
            (Some(article), _) => {
                PageItem::Card(RawValue::from_string(to_json(&article.card())).expect("a card is JSON"))
            }
            (None, Some(card)) if !needs_article => {
                let card = card.open();
                let problem = |error: std::io::Error| StoreError::Item {
                    key: format!("the card at {position}"),
                    problem: error.to_string(),
                };
                PageItem::Card(card.map_err(problem)?)
            }
            // The article is missing: it changed after the list was read.
            (None, _) => continue,
        };
        items.push((position, item));
    }
    Ok((items, read_units))
}
