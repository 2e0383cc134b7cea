//! Exports: everything that matches a filter, a batch at a time, in bounded memory.
//!
//! | file | decides |
//! | --- | --- |
//! | here | the request, and the walk over all articles |
//! | [`increment`] | what changed since a token |
//! | [`file`] | a file that a killed export continues (feature `local`) |
//!
//! Articles come in the order of the default list, newest first, so an export can continue after any of them.

#[cfg(feature = "local")]
pub mod file;
pub mod increment;

use crate::{
    article::{Article, ArticleId},
    limits::PAGE_MAX,
    query::{BadParameter, ListQuery, PageItem, ParameterReader, change_token, parameters::filter_names},
    search::{Search, SearchError},
    store::{ChangePosition, ListPosition, Store, StoreError, StoredArticle},
};

/// What to export.
#[derive(Clone, Debug)]
pub struct ExportQuery {
    pub articles: ListQuery,
    /// The article after which the export continues.
    pub after: Option<ArticleId>,
    /// Only what changed since this position.
    pub since: Option<ChangePosition>,
}

/// Returns the names of all parameters of an export.
pub fn parameter_names() -> impl Iterator<Item = &'static str> {
    filter_names().chain(["as_of", "after", "since"])
}

impl ExportQuery {
    /// Parses the pairs of a query string.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut params = ParameterReader::new(pairs, &parameter_names().collect::<Vec<_>>());
        let after = params.once("after").and_then(|given| {
            ArticleId::parse(given).map_err(|error| params.refuse("after", format!("{error}, found {given:?}"))).ok()
        });
        let since = params.once("since").and_then(|token| {
            change_token::read(token).map_err(|error| params.refuse("since", error.to_string())).ok()
        });
        if since.is_some() {
            for name in ["as_of", "after", "q", "story"] {
                if params.once(name).is_some() {
                    params.refuse(name, "expected without since: an increment has current articles".to_owned());
                }
            }
        }
        let bad = params.finish(()).err().unwrap_or_default();
        let is_of_list = |name: &str| name == "as_of" || filter_names().any(|filter| filter == name);
        let of_list: Vec<_> = pairs.iter().filter(|(name, _)| is_of_list(name)).cloned().collect();
        match ListQuery::parse(&of_list) {
            Ok(articles) if bad.is_empty() => {
                Ok(Self { articles: ListQuery { limit: PAGE_MAX, needs_article: true, ..articles }, after, since })
            }
            Ok(_) => Err(bad),
            Err(more) => Err(bad.into_iter().chain(more).collect()),
        }
    }
}

/// A walk over all articles that match.
pub struct Export {
    search: Search,
    query: ListQuery,
    ended: bool,
}

impl Export {
    pub fn new(search: Search, query: ListQuery) -> Self {
        Self { search, query, ended: false }
    }

    /// Returns the next articles, `None` at the end. A batch may be empty.
    pub async fn next(&mut self) -> Result<Option<Vec<Article>>, SearchError> {
        if self.ended {
            return Ok(None);
        }
        let (page, _) = self.search.list(&self.query).await?;
        self.ended = page.next.is_none();
        if page.next.is_some() {
            self.query.after = page.next;
        }
        let articles = page.cards.into_iter().filter_map(|(_, item)| match item {
            PageItem::Article(article) => Some(*article),
            PageItem::Card(_) => None,
        });
        Ok(Some(articles.collect()))
    }

    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the cursor that continues after the articles so far.
    pub fn cursor(&self) -> Option<String> {
        self.query.after.as_ref().map(|position| self.query.cursor(position, None))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CannotContinue {
    #[error("the archive has no article {0}")]
    Unknown(ArticleId),
    #[error("the article {0} was deleted: the export cannot continue after it")]
    Deleted(ArticleId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the position of an article in the list that a query exports.
pub async fn position_of(store: &Store, id: &ArticleId, query: &ListQuery) -> Result<ListPosition, CannotContinue> {
    let article = match query.as_of {
        None => match store.stored_article(id).await? {
            Some(StoredArticle::Article(stored)) => stored.article,
            Some(StoredArticle::Tombstone(_)) => return Err(CannotContinue::Deleted(id.clone())),
            None => return Err(CannotContinue::Unknown(id.clone())),
        },
        Some(at) => {
            let unknown = || CannotContinue::Unknown(id.clone());
            let found = store.revision_at(id, at).await?.ok_or_else(unknown)?;
            let revision = store.revision(id, found.number).await?.and_then(|(_, article)| article);
            revision.ok_or_else(unknown)?.0
        }
    };
    Ok(ListPosition { at: article.listed_at(), id: id.clone() })
}
